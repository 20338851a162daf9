"""Whole numbers of a small unit, written and read as decimal figures. No float is ever met."""

import re

# Groups of three are set off by a space in every language, so that a comma is always a decimal mark.
_GROUP = "\u00a0"
_DECIMAL_MARKS = {"ru": ",", "uk": ","}
_FIGURE = re.compile(r"([-−+]?)(\d+|\d{1,3}(?:[ \u00a0\u202f]\d{3})+)(?:[.,](\d+))?", re.ASCII)


class FigureError(ValueError):
    """A text that is not a figure of the wanted kind. `code` is "not_a_number" or "too_precise"."""

    def __init__(self, *, text: str, what: str, code: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}: {text!r}")
        self.text, self.what, self.code = text, what, code


def parse_scaled(text: str, /, *, places: int, what: str) -> int:
    """Read a decimal figure as a whole number of 10**-places; dot or comma, spaces between thousands.

    Raises FigureError when it is no number, or when digits other than zero stand beyond `places`.
    """
    match = _FIGURE.fullmatch(text.strip())
    if match is None:
        raise FigureError(text=text, what=what, code="not_a_number", reason="not a number")
    sign, whole, fraction = match[1], re.sub(r"\D", "", match[2]), match[3] or ""
    if fraction[places:].strip("0"):
        reason = f"more than {places} decimal places" if places else "not a whole number"
        raise FigureError(text=text, what=what, code="too_precise", reason=reason)
    scaled = int(whole + fraction[:places].ljust(places, "0"))
    return -scaled if sign in ("-", "−") else scaled


def format_scaled(value: int, /, *, places: int, least: int, language: str | None = None) -> str:
    """Write a whole number of 10**-places with at least `least` decimal places.

    Without a language: plain digits and a dot, for files. With one: grouped, with its decimal mark.
    """
    whole, fraction = divmod(abs(value), 10**places)
    digits = str(fraction).rjust(places, "0")
    digits = digits[:least] + digits[least:].rstrip("0") if places else ""
    mark = _DECIMAL_MARKS.get(language or "", ".")
    text = f"{whole:,}".replace(",", _GROUP) if language else str(whole)
    return ("-" if value < 0 else "") + text + (mark + digits if digits else "")
