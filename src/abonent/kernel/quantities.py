"""Energy in whole watt-hours, prices in 1e-5 of a rouble per kWh, areas in whole square decimetres."""

from abonent.kernel.decimals import format_scaled, parse_scaled
from abonent.kernel.rounding import divide_half_away

# watt-hours times hundred-thousandths of a rouble per kWh, brought down to kopecks
_WH_E5_PER_MINOR = 1_000 * 100_000 // 100


def format_wh(usage_wh: int, /, *, language: str | None = None) -> str:
    """140461 -> "140.461" (kWh); 150000 -> "150"."""
    return format_scaled(usage_wh, places=3, least=0, language=language)


def parse_kwh(text: str, /) -> int:
    """ "140,461" -> 140461 (Wh). Raises FigureError."""
    return parse_scaled(text, places=3, what="kWh")


def format_price(price_e5: int, /, *, language: str | None = None) -> str:
    """420000 -> "4.20" (roubles per kWh), with as many more places as the price has."""
    return format_scaled(price_e5, places=5, least=2, language=language)


def parse_price(text: str, /) -> int:
    """ "4,20" -> 420000. Raises FigureError."""
    return parse_scaled(text, places=5, what="price per kWh")


def format_area(area_dm2: int, /, *, language: str | None = None) -> str:
    """6050 -> "60.5" (m²)."""
    return format_scaled(area_dm2, places=2, least=0, language=language)


def parse_area(text: str, /) -> int:
    """ "60,5" -> 6050 (dm²). Raises FigureError."""
    return parse_scaled(text, places=2, what="area in m²")


def price_of(quantity_wh: int, /, *, price_e5: int) -> int:
    """Return the amount in kopecks, rounded once, halves away from zero."""
    return divide_half_away(quantity_wh * price_e5, _WH_E5_PER_MINOR)
