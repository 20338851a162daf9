"""Puts a scenario's town into an empty database, through the models, so that its constraints have their say.

Places, accounts and tariffs stand from the beginning; all that can be learnt later waits in `Loaded.news`.
"""

from dataclasses import dataclass, field

from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.contracts.models import Account, AccountService, TariffGroup
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.contexts.parties.models import Branch, Party, Supplier
from abonent.contexts.places.models import Building, BuildingKind, District, Premise, Street
from abonent.kernel import periods
from abonent.kernel.periods import Month
from abonent.usecases.scenario_check import facts, metering, model, state_benefits
from abonent.usecases.scenario_check.news import News


@dataclass
class Loaded:
    """The ids under which the scenario's names stand in the database, and what is still to be learnt."""

    supplier_id: int = 0
    accounts: dict[int, str] = field(default_factory=dict)
    buildings: dict[int, str] = field(default_factory=dict)
    premises: dict[int, str] = field(default_factory=dict)
    installations: dict[int, str] = field(default_factory=dict)
    news: list[News] = field(default_factory=list)


def load(scenario: model.Scenario) -> Loaded:
    """Load the town; return what its rows are called and the news about it."""
    loaded = Loaded()
    supplier = Supplier.objects.create(
        name="Scenario", short_name="Scenario", inn="", address="", bank_name=""
    )
    loaded.supplier_id = supplier.pk
    branch = Branch.objects.create(supplier=supplier, code="1", name="Scenario")
    street = Street.objects.create(
        district=District.objects.create(branch=branch, name="Scenario"), name="Scenario"
    )
    BillingPeriod.objects.bulk_create(
        BillingPeriod(supplier=supplier, month=month.first_day) for month in scenario.periods
    )
    groups = {tariff.name: _tariff(tariff) for tariff in scenario.tariffs}
    for tariff in scenario.tariffs:
        loaded.news += facts.prices(supplier, groups[tariff.name], tariff)
    _reading_partitions(scenario)
    for number, building in enumerate(scenario.buildings, start=1):
        row = Building.objects.create(
            branch=branch,
            street=street,
            number=str(number),
            kind=BuildingKind.APARTMENT if building.apartments else BuildingKind.PRIVATE,
        )
        loaded.buildings[row.pk] = building.name
        if building.apartments:
            loaded.news += facts.building_terms(row, building)
        loaded.news += metering.hang(building.meters, row, None, loaded.installations)
        _premises(building, row, groups, loaded)
    loaded.news.sort(key=lambda news: (news.due, news.order))
    return loaded


def _reading_partitions(scenario: model.Scenario) -> None:
    days = [
        reading.on
        for building in scenario.buildings
        for meters in (building.meters, *(premise.meters for premise in building.premises))
        for meter in meters
        for reading in meter.readings
    ]
    months = [*map(Month.of, days), *scenario.periods]
    ensure_reading_partitions(first=min(months), last=max(months))


def _tariff(tariff: model.Tariff) -> TariffGroup:
    return TariffGroup.objects.create(
        code=f"scenario-{TariffGroup.objects.count()}",
        name=tariff.name,
        norm_category=tariff.norm_category,
        banding=tariff.banding,
        band_category=tariff.band_category,
    )


def _premises(
    building: model.Building, row: Building, groups: dict[str, TariffGroup], loaded: Loaded
) -> None:
    by_number: dict[str, Premise] = {}
    for place, premise in enumerate(building.premises, start=1):
        parent = by_number[premise.parent] if premise.parent else None
        made = Premise.objects.create(
            building=row, number=premise.number, sort_key=place, kind=premise.kind, parent=parent
        )
        by_number[premise.number] = made
        loaded.premises[made.pk] = premise.number
        loaded.news += metering.hang(premise.meters, row, made, loaded.installations)
        loaded.news += facts.premise_terms(made, premise, groups)
        loaded.news += facts.absences(made, premise.absences)
        loaded.news += facts.equipment(made, premise.equipment)
        accounts = _accounts(premise, made, loaded)
        loaded.news += state_benefits.holders(premise.benefits, accounts)


def _accounts(premise: model.Premise, row: Premise, loaded: Loaded) -> dict[str, Account]:
    """Open the accounts; those at the same time have numbers of their own in the premise."""
    opened = {}
    taken: list[tuple[int, periods.DateRange]] = []
    for holding in premise.accounts:
        busy = {number for number, during in taken if during.overlaps(holding.during)}
        share_no = next(number for number in range(1, len(taken) + 2) if number not in busy)
        taken.append((share_no, holding.during))
        during = days(holding.during)
        account = Account.objects.create(
            number=holding.name,
            premise=row,
            building=row.building,
            party=Party.objects.create(last_name=holding.name),
            share_no=share_no,
            during=during,
        )
        AccountService.objects.create(
            account=account,
            premise=row,
            building=row.building,
            during=during,
            share_numerator=holding.share.numerator,
            share_denominator=holding.share.denominator,
        )
        loaded.accounts[account.pk] = holding.name
        opened[holding.name] = account
    return opened


def days(during: periods.DateRange) -> DateRange:
    return DateRange(during.start, during.end)
