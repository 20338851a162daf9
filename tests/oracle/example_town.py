"""Buildings of worked examples in kWh, m² and roubles, billed in June 2022 at 4,20."""

from datetime import date

from tests.oracle import ru_month as oracle
from tests.oracle.ru_month.arithmetic import Span
from tests.oracle.ru_month.town import (
    ACTUAL,
    NOBODY,
    REFUSED,
    SINGLE,
    TAMPERING,
    Building,
    Group,
    Law,
    Payer,
    Premise,
    Price,
    Register,
    Terms,
)

LONG_AGO, FOREVER = date(2000, 1, 1), date(9999, 12, 31)
ALWAYS = LONG_AGO, FOREVER
JUNE = oracle.month_of(2022, 6)
TWO_ROOMS = {1: 96, 2: 60, 3: 46, 4: 38, 5: 33}  # kWh per person, Смоленская область, gas stove
LAW = Law(
    norms={(1, 2, people): kwh * 1000 for people, kwh in TWO_ROOMS.items()},
    common_norms={1: 900, 3: 3940},
    uplifts={REFUSED: 1500, TAMPERING: 10_000},
    average_window=6,
    average_least=3,
    average_most=None,
    building_average_most=3,
    rollover_wh_per_day=100_000,
    negative_percent=30,
    ranges={1: (3_900_000, 6_000_000)},
    social_norms={1: 110_000, 2: 75_000},
    absent_more_than_days=5,
)


def kwh(*values: float) -> list[int]:
    return [round(value * 1000) for value in values]


def register(
    readings: dict[str, float], *, id: int = 1, span: Span = ALWAYS, ratio: int = 1, **sources: int
) -> Register:
    """`readings`: day → kWh; `sources`: d20220331=INSPECTOR."""
    taken = {}
    for day, face in readings.items():
        on = date.fromisoformat(day)
        taken[on] = round(face * 1000), sources.get(f"d{on:%Y%m%d}", ACTUAL)
    return Register(id, SINGLE, 6, ratio, span, taken)


def flat(
    *registers: Register,
    id: int = 1,
    residents: int = 2,
    area_m2: float = 60,
    cause: int = 0,
    payers: list[Payer] | None = None,
    **more: object,
) -> Premise:
    terms = Terms(ALWAYS, 1, round(area_m2 * 100), 2, residents, cause=cause)
    return Premise(id, [Payer(id, ALWAYS)] if payers is None else payers, [terms], list(registers), **more)  # type: ignore[arg-type]


def building(*premises: Premise, month: Span = JUNE, price: float = 4.20, **more: object) -> Building:
    facts: dict[str, object] = {
        "prices": [Price(1, 1, SINGLE, round(price * 100_000), ALWAYS)],
        "groups": {1: Group(1)},
        "meter": [],
        "premises_area_dm2": 240_000,
        "common_area_dm2": 142_600,
        "common_norm_category": 1,
        "common_needs": NOBODY,
        "excess_to_consumers": False,
        **more,
    }
    return Building(month=month, premises=list(premises), **facts)  # type: ignore[arg-type]


def told(lines: list[oracle.Line]) -> list[tuple[int, float, float]]:
    return [(line.rule, line.quantity_wh / 1000, line.amount_minor / 100) for line in lines]
