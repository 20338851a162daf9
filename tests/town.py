"""A town of two buildings made through the models, for tests that look at screens.

An apartment building of four flats with a building meter, and a private house:
flat 1 single-rate meter; flat 2 two zones; flat 3 no meter, by norm; flat 10 a meter whose readings stopped;
the house has a single-rate meter. Readings stand on the 20th of `month` and of the thirteen months before.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count

from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.access.models import Role, User
from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.contracts.models import (
    Account,
    AccountSearch,
    AccountService,
    PremiseTerms,
    Price,
    TariffGroup,
)
from abonent.contexts.contracts.search import search_text
from abonent.contexts.metering.models import (
    Installation,
    Meter,
    MeteringPoint,
    MeterModel,
    PointRole,
    Reading,
    ReadingSource,
    Register,
    SupplyPoint,
    Zone,
)
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.contexts.parties.models import Branch, Party, Supplier
from abonent.contexts.places.models import (
    Building,
    BuildingKind,
    BuildingTerms,
    CommonNeeds,
    District,
    Premise,
    Street,
)
from abonent.kernel.identifiers import account_number
from abonent.kernel.periods import Month

MONTH = Month(2026, 10)
PASSWORD = "long-enough-7"
_SINCE = DateRange(date(2020, 1, 1), None)
_ENTERED = datetime(2026, 10, 20, 9, tzinfo=UTC)


@dataclass
class Town:
    supplier: Supplier
    branch: Branch
    street: Street
    building: Building
    house: Building
    group: TariffGroup
    accounts: dict[str, Account] = field(default_factory=dict)
    installations: dict[tuple[str, int], Installation] = field(default_factory=dict)
    reading_ids: count = field(default_factory=lambda: count(1_000_000_001))  # far from the sequence's own


def user(role: Role, *, language: str = "ru") -> User:
    """A user of a role, whose name is the role's and whose password is PASSWORD."""
    return User.objects.create_user(
        role.value,
        password=PASSWORD,
        role=role,
        language=language,
        first_name="Анна",
        last_name=role.value.title(),
    )


def build(*, month: Month = MONTH) -> Town:
    """Make the town with `month` open and the months before it closed."""
    supplier = Supplier.objects.create(
        name="Акционерное общество «Образцовая энергосбытовая компания»",
        short_name="АО «Образец-Энерго»",
        inn="7707083893",
        kpp="770701001",
        address="г. Образцов, ул. Ленина, д. 1",
        phones="8-800-100-00-00",
        bank_name="АО «Банк»",
        bic="044525225",
        bank_account="40702810900000000001",
        correspondent_account="30101810400000000225",
    )
    branch = Branch.objects.create(supplier=supplier, code="01", name="Городское отделение")
    district = District.objects.create(branch=branch, name="Центральный район")
    street = Street.objects.create(district=district, kind="ул.", name="Ленина")
    building = Building.objects.create(branch=branch, street=street, number="12", floors=5)
    BuildingTerms.objects.create(
        building=building,
        during=_SINCE,
        premises_area_dm2=22_000,
        common_area_dm2=4_000,
        common_norm_category=1,
        common_needs=CommonNeeds.CONSUMERS,
    )
    house = Building.objects.create(branch=branch, street=street, number="2а", kind=BuildingKind.PRIVATE)
    group = TariffGroup.objects.create(
        code="urban_gas", name="Городское население, газовые плиты", norm_category=1
    )
    for zone, price_e5 in ((1, 657_000), (21, 755_000), (22, 328_000)):
        Price.objects.create(
            supplier=supplier, tariff_group=group, zone=zone, price_e5=price_e5, during=_SINCE, act="Приказ 1"
        )
    town = Town(supplier, branch, street, building, house, group)
    ensure_reading_partitions(first=month.shift(-13), last=month)
    for shift in range(-12, 1):
        state = 1 if shift == 0 else 2
        BillingPeriod.objects.create(supplier=supplier, month=month.shift(shift).first_day, state=state)
    single = MeterModel.objects.create(name="Меркурий 201", digits=5)
    double = MeterModel.objects.create(name="Меркурий 200.02", zones=2, digits=6)
    residents = {
        "1": "Иванова Мария Петровна",
        "2": "Петров Пётр Ильич",
        "3": "Сидоров Олег Львович",
        "10": "Кузнецова Анна Олеговна",
    }
    for place, (flat, name) in enumerate(residents.items()):
        _settle(town, building, flat, name, serial=place + 1, area_dm2=5_500)
    _settle(town, house, "", "Новиков Степан Ильич", serial=9, area_dm2=9_000)
    months = [month.shift(shift) for shift in range(-13, 1)]
    _meter(town, building, "1", single, "20100001", {Zone.SINGLE: (1_200_000, 150_000)}, months)
    zones = {Zone.DAY: (5_000_000, 210_000), Zone.NIGHT: (2_000_000, 90_000)}
    _meter(town, building, "2", double, "20200002", zones, months)
    _meter(town, building, "10", single, "20100010", {Zone.SINGLE: (800_000, 120_000)}, months[:-2])
    _meter(town, house, "", single, "20100009", {Zone.SINGLE: (9_000_000, 300_000)}, months)
    whole = {Zone.SINGLE: (40_000_000, 900_000)}
    _meter(
        town,
        building,
        None,
        MeterModel.objects.create(name="Меркурий 234", digits=8),
        "23400077",
        whole,
        months,
    )
    return town


def _settle(town: Town, building: Building, flat: str, name: str, *, serial: int, area_dm2: int) -> None:
    last, first, middle = name.split()
    premise = Premise.objects.create(building=building, number=flat, sort_key=int(flat or 0))
    party = Party.objects.create(
        last_name=last, first_name=first, middle_name=middle, phone="+7 900 000-00-00"
    )
    PremiseTerms.objects.create(
        premise=premise,
        building=building,
        during=_SINCE,
        tariff_group=town.group,
        area_dm2=area_dm2,
        rooms=2,
        residents=3,
    )
    account = Account.objects.create(
        number=account_number(77_000_000 + serial),
        premise=premise,
        building=building,
        party=party,
        during=_SINCE,
    )
    AccountService.objects.create(
        account=account, premise=premise, building=building, service=1, during=_SINCE
    )
    AccountSearch.objects.create(
        account=account,
        text=search_text(number=account.number, payer=name, address=premise.address, serials=[]),
    )
    town.accounts[flat or "house"] = account


def _meter(
    town: Town,
    building: Building,
    flat: str | None,
    model: MeterModel,
    serial: str,
    zones: dict[Zone, tuple[int, int]],
    months: list[Month],
) -> None:
    """Hang a meter whose registers begin at a value and grow by as much each month."""
    premise = None if flat is None else Premise.objects.get(building=building, number=flat)
    role = PointRole.BUILDING if flat is None else PointRole.INDIVIDUAL
    meter = Meter.objects.create(
        model=model, serial=serial, verified_on=date(2020, 1, 1), verification_due_on=date(2036, 1, 1)
    )
    supply = SupplyPoint.objects.create(building=building, premise=premise)
    point = MeteringPoint.objects.create(supply_point=supply, building=building, premise=premise, role=role)
    for zone, (start_wh, step_wh) in zones.items():
        register = Register.objects.create(meter=meter, zone=zone, digits=model.digits)
        place = Installation.objects.create(
            register=register,
            meter=meter,
            metering_point=point,
            building=building,
            premise=premise,
            role=role,
            zone=zone,
            digits=model.digits,
            during=_SINCE,
        )
        town.installations["building" if flat is None else flat or "house", zone] = place
        Reading.objects.bulk_create(
            Reading(
                id=next(town.reading_ids),
                installation=place,
                building=building,
                taken_on=date(month.year, month.month, 20),
                value_wh=start_wh + step_wh * number,
                source=ReadingSource.SUBSCRIBER,
                entered_at=_ENTERED,
            )
            for number, month in enumerate(months)
        )
