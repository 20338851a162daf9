"""Meters of a scenario file: what they showed, when they came and went."""

from datetime import date

from abonent.kernel.periods import DateRange
from abonent.kernel.quantities import parse_kwh
from abonent.usecases.scenario_check import model
from abonent.usecases.scenario_check.nodes import LONG_AGO, Node

_BY = {"subscriber": 1, "inspector": 2, "executor": 3, "amr": 4, "import": 5, "handover": 9}
_INSTALLATION, _REMOVAL = 7, 8
_ZONE_SETS = {
    frozenset({"single"}): {"single": model.SINGLE},
    frozenset({"day", "night"}): {"day": model.DAY, "night": model.NIGHT},
    frozenset({"peak", "semi_peak", "night"}): {
        "peak": model.PEAK,
        "semi_peak": model.SEMI_PEAK,
        "night": model.NIGHT_OF_THREE,
    },
}
_ZONE_KEYS = ("single", "day", "night", "peak", "semi_peak")


def parse_meters(node: Node | None) -> tuple[model.Meter, ...]:
    return tuple(_meter(item) for item in node.items()) if node else ()


def _meter(node: Node) -> model.Meter:
    node.keys("number", "digits", "ratio", "installed", "removed", "readings", required=("number",))
    number, digits, ratio = node.get("number"), node.get("digits"), node.get("ratio")
    installed, removed, readings = node.get("installed"), node.get("removed"), node.get("readings")
    rows = [(installed, _INSTALLATION)] if installed else []
    rows += [(item, 0) for item in readings.items()] if readings else []
    rows += [(removed, _REMOVAL)] if removed else []
    zones = _zones(node, [row for row, _ in rows])
    taken = tuple(reading for row, source in rows if (reading := _reading(row, source, zones)))
    came = _day_of(installed) or LONG_AGO
    went = _day_of(removed)
    if went and went <= came:
        node.refuse(f"it was removed on {went}, before it was installed", key="removed")
        went = None
    _refuse_wrong_days(node, taken, came, went)
    return model.Meter(
        number=number.text(longest=30) if number else "",
        digits=digits.whole(least=3, most=12) if digits else 6,
        ratio=ratio.whole(least=1, most=100_000) if ratio else 1,
        during=DateRange(came, went),
        zones=tuple(zones.values()),
        readings=taken,
        came_known_in=installed.entered() if installed else None,
        went_known_in=removed.entered() if removed else None,
    )


def _day_of(node: Node | None) -> date | None:
    on = node.get("on") if node else None
    return on.day() if on else None


def _zones(node: Node, rows: list[Node]) -> dict[str, int]:
    used = frozenset(
        key for row in rows if isinstance(row.value, dict) for key in row.value if key in _ZONE_KEYS
    )
    if used not in _ZONE_SETS:
        node.refuse(
            "its readings must be of one kind: single, or day and night, or peak, semi_peak and night",
            key="readings",
        )
        return {}
    return _ZONE_SETS[used]


def _reading(node: Node, source: int, zones: dict[str, int]) -> model.MeterReading | None:
    # an unreadable meter is refused once, not again for each of its readings
    if not zones:
        return None
    known = ("on", "entered", *zones) if source else ("on", "by", "entered", "annulled", *zones)
    if not node.keys(*known, required=("on", *zones)):
        return None
    on, by = node.get("on"), node.get("by")
    values = {code: child.figure(parse_kwh) for zone, code in zones.items() if (child := node.get(zone))}
    taken_by = source or (by.choice(_BY) if by else _BY["subscriber"])
    if on is None:
        return None
    return model.MeterReading(on.day(), taken_by, values, node.entered(), node.entered("annulled"))


def _refuse_wrong_days(
    node: Node, readings: tuple[model.MeterReading, ...], came: date, went: date | None
) -> None:
    days = [reading.on for reading in readings if reading.annulled_in is None]
    for day in sorted({day for day in days if days.count(day) > 1}):
        node.refuse(f"two readings on {day}", key="readings")
    for day in (reading.on for reading in readings):
        if day < came or (went and day > went):
            node.refuse(f"a reading on {day}, when the meter was not there", key="readings")
