"""A lane on which every rule there is charges somebody, billed by the real run: December 2025, then January 2026.

House 1, a building meter, more in common than its norm, and an account of the common property for that:
    flat 1 metered; 2 by average; 3 by norm, with somebody away; 4 by norm with the increasing coefficient;
    5 read again after a gap; 6 energy taken past the meter; 7 a shop by agreement; 8 a communal flat of two rooms;
house 2, no building meter; house 3, whose flats use more than its meter counts;
houses 4 and 5, an executor by the building meter, and one by norm; house 9, one whose building meter was read again
after a month by its average, less than the flat used;
houses 6, 7 and 8, a housing service by readings, by last year's average with its true-up, and by norm.
"""

from datetime import date

from django.db.backends.postgresql.psycopg_any import DateRange
from tests.street import AT, Built, found

from abonent.contexts.contracts.models import Absence, AbsenceState, UnauthorisedUse
from abonent.contexts.metering.models import Installation, Zone
from abonent.contexts.places.models import CommonBasis, CommonNeeds, Premise, PremiseKind
from abonent.kernel.periods import Month
from abonent.usecases.recalculation import manual

BEFORE, MONTH = Month(2025, 12), Month(2026, 1)
_READ_SINCE = Month(2025, 6)


def build() -> Built:
    """Make the lane and bill both months; a decision by hand is posted in the second."""
    built = found(months=(BEFORE, MONTH), read_since=_READ_SINCE)
    _house_1(built)
    _others(built)
    built.bill(BEFORE)
    built.bill(MONTH)
    decision = manual.propose(
        account=built.accounts["2/1"],
        period=MONTH,
        amount_minor=-5_000,
        reason="решение суда",
        document="дело № 2-17/2026",
        actor_id=None,
        at=AT,
    )
    run_id = manual.decide(manual_id=decision.pk, approved=True, booked_period=MONTH, actor_id=None, at=AT)
    assert run_id is not None
    built.runs.append(run_id)
    return built


def _meter(
    built: Built, name: str, monthly_kwh: int, *, until: Month = MONTH, premise: Premise | None = None
) -> Installation:
    (place,) = built.meter(
        name,
        serial=f"11{len(built.accounts):03}{Installation.objects.count():03}",
        monthly_kwh={Zone.SINGLE: monthly_kwh},
        months=(_READ_SINCE, until),
        digits=6,
        premise=premise,
    )
    return place


def _house_1(built: Built) -> None:
    building = built.building("1", premises_area_dm2=60_000)
    for flat in ("1", "2", "3", "5", "6"):
        built.flat(f"1/{flat}")
    built.flat("1/4", uplift_cause=2)
    built.flat("1/7", kind=PremiseKind.NONLIVING, residents=0, agreed_wh_per_month=310_000)
    built.flat("1/МОП", kind=PremiseKind.COMMON, residents=0, area_dm2=0)
    communal = Premise.objects.create(building=building, number="8", sort_key=8)
    for room, residents in (("8-1", 1), ("8-2", 3)):
        built.flat(f"1/{room}", kind=PremiseKind.ROOM, parent=communal, residents=residents, area_dm2=2_000)
    _meter(built, "1", 2_000)
    _meter(built, "1/1", 150)
    _meter(built, "1/2", 120, until=BEFORE.previous())
    _meter(built, "1/6", 90)
    _meter(built, "1/8", 160, premise=communal)
    silent = _meter(built, "1/5", 100, until=BEFORE.previous())
    built.read(silent, date(2026, 1, 20), 1_662)
    Absence.objects.create(
        premise_id=built.accounts["1/3"].premise_id,
        building=building,
        left_on=date(2026, 1, 5),
        returned_on=date(2026, 1, 16),
        applied_on=date(2026, 1, 19),
        document="командировочное удостоверение № 3",
        state=AbsenceState.APPROVED,
        created_at=AT,
    )
    UnauthorisedUse.objects.create(
        premise_id=built.accounts["1/6"].premise_id,
        building=building,
        power_w=1_500,
        during=DateRange(date(2026, 1, 10), date(2026, 1, 12)),
    )


def _house(
    built: Built,
    number: str,
    *,
    flat_kwh: int,
    building_kwh: int | None,
    executor: bool = False,
    until: Month = MONTH,
    **terms: int,
) -> None:
    built.building(number, premises_area_dm2=10_000, **terms)
    built.flat(f"{number}/1", area_dm2=10_000)
    if executor:
        built.flat(f"{number}/МОП", kind=PremiseKind.COMMON, residents=0, area_dm2=0)
    _meter(built, f"{number}/1", flat_kwh)
    if building_kwh is not None:
        _meter(built, number, building_kwh, until=until)


def _others(built: Built) -> None:
    _house(built, "2", flat_kwh=80, building_kwh=None)
    _house(built, "3", flat_kwh=200, building_kwh=180)
    by_executor, housing = {"common_needs": CommonNeeds.EXECUTOR}, {"common_needs": CommonNeeds.HOUSING}
    _house(built, "4", flat_kwh=100, building_kwh=130, executor=True, **by_executor)
    _house(built, "5", flat_kwh=100, building_kwh=None, executor=True, **by_executor)
    _house(built, "9", flat_kwh=100, building_kwh=95, executor=True, until=BEFORE.previous(), **by_executor)
    place = Installation.objects.get(building=built.buildings["9"], premise=None)
    built.read(place, date(2026, 1, 20), 1_000 + 95 * 5 + 300)
    _house(built, "6", flat_kwh=100, building_kwh=130, **housing)
    _house(built, "7", flat_kwh=100, building_kwh=130, common_basis=CommonBasis.AVERAGE, **housing)
    _house(built, "8", flat_kwh=100, building_kwh=130, common_basis=CommonBasis.NORM, **housing)
