"""Puts a scenario's town into an empty database, through the models, so that its constraints have their say."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.contracts.models import Account, AccountService, PremiseTerms, Price, TariffGroup
from abonent.contexts.metering.models import (
    Installation,
    Meter,
    MeteringPoint,
    MeterModel,
    PointRole,
    Reading,
    Register,
    SupplyPoint,
)
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.contexts.parties.models import Branch, Party, Supplier
from abonent.contexts.places.models import (
    Building,
    BuildingKind,
    BuildingTerms,
    District,
    Premise,
    PremiseKind,
    Street,
)
from abonent.kernel import periods
from abonent.kernel.periods import Month
from abonent.usecases.scenario_check import model

_ALWAYS = DateRange(date(2000, 1, 1), None)


@dataclass
class Loaded:
    """The ids under which the scenario's names stand in the database."""

    supplier_id: int = 0
    accounts: dict[int, str] = field(default_factory=dict)
    buildings: dict[int, str] = field(default_factory=dict)
    installations: dict[int, str] = field(default_factory=dict)


def load(scenario: model.Scenario) -> Loaded:
    """Load everything; return what the rows are called."""
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
    groups = {tariff.name: _tariff(supplier, tariff) for tariff in scenario.tariffs}
    _reading_partitions(scenario)
    for number, building in enumerate(scenario.buildings, start=1):
        row = Building.objects.create(
            branch=branch,
            street=street,
            number=str(number),
            kind=BuildingKind.APARTMENT if building.apartments else BuildingKind.PRIVATE,
        )
        if building.apartments:
            BuildingTerms.objects.create(
                building=row,
                during=_ALWAYS,
                premises_area_dm2=building.premises_area_dm2,
                common_area_dm2=building.common_area_dm2,
                common_norm_category=building.common_norm_category,
                common_needs=building.common_needs,
                excess_to_consumers=building.excess_to_consumers,
            )
        loaded.buildings[row.pk] = building.name
        _hang(building.meters, row, None, loaded)
        for place, premise in enumerate(building.premises, start=1):
            _premise(premise, row, place, groups, loaded)
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


def _range(during: periods.DateRange) -> DateRange:
    return DateRange(during.start, during.end)


def _tariff(supplier: Supplier, tariff: model.Tariff) -> TariffGroup:
    group = TariffGroup.objects.create(
        code=f"scenario-{TariffGroup.objects.count()}", name=tariff.name, norm_category=tariff.norm_category
    )
    for span in tariff.prices:
        Price.objects.create(
            supplier=supplier,
            tariff_group=group,
            zone=span.zone,
            price_e5=span.price_e5,
            during=_range(span.during),
            act="scenario",
        )
    return group


def _premise(
    premise: model.Premise, building: Building, place: int, groups: dict[str, TariffGroup], loaded: Loaded
) -> None:
    kind = PremiseKind.LIVING if premise.living else PremiseKind.NONLIVING
    row = Premise.objects.create(building=building, number=premise.number, sort_key=place, kind=kind)
    _hang(premise.meters, building, row, loaded)
    for terms in premise.terms:
        PremiseTerms.objects.create(
            premise=row,
            building=building,
            during=_range(terms.during),
            tariff_group=groups[terms.tariff],
            area_dm2=terms.area_dm2,
            rooms=terms.rooms,
            residents=terms.residents,
            owners=terms.owners,
            uplift_cause=terms.uplift_cause,
        )
    if premise.account is None:
        return
    billed = _range(premise.billed)
    account = Account.objects.create(
        number=premise.account,
        premise=row,
        building=building,
        party=Party.objects.create(last_name=premise.account),
        during=billed,
    )
    AccountService.objects.create(account=account, premise=row, building=building, during=billed)
    loaded.accounts[account.pk] = premise.account


def _hang(
    meters: tuple[model.Meter, ...], building: Building, premise: Premise | None, loaded: Loaded
) -> None:
    """Hang meters; those that follow one another hang on one metering point, those at the same time on several."""
    points: list[tuple[MeteringPoint, periods.DateRange]] = []
    for meter in meters:
        point = next((point for point, during in points if not during.overlaps(meter.during)), None)
        if point is None:
            supply = SupplyPoint.objects.create(building=building, premise=premise)
            role = PointRole.BUILDING if premise is None else PointRole.INDIVIDUAL
            point = MeteringPoint.objects.create(
                supply_point=supply, building=building, premise=premise, role=role
            )
        points = [(old, during) for old, during in points if old != point] + [(point, meter.during)]
        _meter(meter, point, loaded)


def _meter(meter: model.Meter, point: MeteringPoint, loaded: Loaded) -> None:
    name = f"{len(meter.zones)} zones, {meter.digits} digits"
    meter_model, _ = MeterModel.objects.get_or_create(
        name=name, defaults={"zones": len(meter.zones), "digits": meter.digits}
    )
    device = Meter.objects.create(model=meter_model, serial=meter.number)
    for zone in meter.zones:
        register = Register.objects.create(meter=device, zone=zone, digits=meter.digits)
        installation = Installation.objects.create(
            register=register,
            meter=device,
            metering_point=point,
            building=point.building,
            premise=point.premise,
            role=point.role,
            zone=zone,
            digits=meter.digits,
            ratio=meter.ratio,
            during=_range(meter.during),
        )
        loaded.installations[installation.pk] = f"{meter.number} {model.ZONE_NAMES[zone]}"
        Reading.objects.bulk_create(
            Reading(
                installation=installation,
                building=point.building,
                taken_on=reading.on,
                value_wh=reading.values_wh[zone],
                source=reading.source,
                entered_at=datetime.combine(reading.on, time(12), UTC),
            )
            for reading in meter.readings
        )
