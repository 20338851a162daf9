"""Money: a whole number of minor units (kopecks)."""

from abonent.kernel.decimals import format_scaled, parse_scaled


def format_minor(amount_minor: int, /, *, language: str | None = None) -> str:
    """12345 -> "123.45"; for people, with language "ru", "uk" or "en", grouped: "12 345,67"."""
    return format_scaled(amount_minor, places=2, least=2, language=language)


def parse_minor(text: str, /) -> int:
    """ "123,45" -> 12345. Raises FigureError."""
    return parse_scaled(text, places=2, what="amount of money")
