"""A street on which every kind of charge line comes about, billed by the real run; for tests of what is printed.

Лесная ул., October 2026, 4,20 a kWh (day 4,83, night 1,50):
house 10, a building meter and a cap on common needs:
    flat 1 rolled over; 2 two zones; 3 by norm; 4 by average; 5 by norm with the increasing coefficient;
    6 through transformers; 7 a meter replaced on the 11th; 10 empty, with an advance;
house 2а, no building meter: flats 1 and 2; house 2, whose flats add up to more than its meter: flats 1 and 2;
house 100, a private one whose reading fell: parked.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import NAMESPACE_OID, uuid5

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
    ReadingSource,
    Register,
    SupplyPoint,
    Zone,
)
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.contexts.parties.models import Branch, Party, Supplier
from abonent.contexts.payments.models import AgentKind
from abonent.contexts.places.models import (
    Building,
    BuildingKind,
    BuildingTerms,
    CommonNeeds,
    District,
    Premise,
    PremiseKind,
    Street,
)
from abonent.kernel.identifiers import account_number
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, packs, take_payment

MONTH = Month(2026, 10)
BEFORE = MONTH.previous()
AT = datetime(2026, 11, 1, 9, tzinfo=UTC)
_SINCE = DateRange(date(2020, 1, 1), None)
_ENTERED = datetime(2026, 10, 20, 9, tzinfo=UTC)
_READ_SINCE = MONTH.shift(-8)


@dataclass
class Built:
    supplier: Supplier
    branch: Branch
    street: Street
    group: TariffGroup
    buildings: dict[str, Building] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)  # "10/4": house and flat; "100": a whole house
    runs: list[int] = field(default_factory=list)

    def flat(
        self,
        name: str,
        *,
        residents: int = 2,
        uplift_cause: int = 0,
        area_dm2: int = 5_000,
        kind: PremiseKind = PremiseKind.LIVING,
        parent: Premise | None = None,
        agreed_wh_per_month: int = 0,
    ) -> Account:
        """Settle a household in a flat of a house, or in a house of its own; or whoever pays for what else there is."""
        house, _, flat = name.partition("/")
        building = self.buildings[house]
        premise = Premise.objects.create(
            building=building,
            number=flat,
            sort_key=int(flat) if flat.isdigit() else 0,
            kind=kind,
            parent=parent,
        )
        party = Party.objects.create(last_name="Соколова", first_name="Анна", middle_name=f"Ильинична {name}")
        PremiseTerms.objects.create(
            premise=premise,
            building=building,
            during=_SINCE,
            tariff_group=self.group,
            area_dm2=area_dm2,
            rooms=2,
            residents=residents,
            uplift_cause=uplift_cause,
            agreed_wh_per_month=agreed_wh_per_month,
        )
        account = Account.objects.create(
            number=account_number(66_000_000 + len(self.accounts)),
            premise=premise,
            building=building,
            party=party,
            during=_SINCE,
        )
        AccountService.objects.create(
            account=account, premise=premise, building=building, service=1, during=_SINCE
        )
        self.accounts[name] = account
        return account

    def meter(
        self,
        name: str,
        serial: str,
        monthly_kwh: dict[Zone, int],
        *,
        start_kwh: int = 1_000,
        digits: int = 5,
        ratio: int = 1,
        months: tuple[Month, Month] = (_READ_SINCE, MONTH),
        during: DateRange = _SINCE,
        due_on: date = date(2036, 1, 1),
        premise: Premise | None = None,
    ) -> list[Installation]:
        """Hang a meter in a flat, or on the whole house for a name without one; read on the 20th of every month.

        `premise`: where nobody has an account, a communal flat.
        """
        house, _, flat = name.partition("/")
        building = self.buildings[house]
        whole = not flat and name not in self.accounts
        premise = premise or (None if whole else self.accounts[name].premise)
        role = PointRole.BUILDING if whole else PointRole.INDIVIDUAL
        model, _ = MeterModel.objects.get_or_create(name=f"Меркурий {200 + digits}", digits=digits)
        meter = Meter.objects.create(
            model=model, serial=serial, verified_on=date(2020, 1, 1), verification_due_on=due_on
        )
        supply, _ = SupplyPoint.objects.get_or_create(building=building, premise=premise)
        point, _ = MeteringPoint.objects.get_or_create(
            supply_point=supply, building=building, premise=premise, role=role
        )
        places = []
        for zone, kwh in monthly_kwh.items():
            place = Installation.objects.create(
                register=Register.objects.create(meter=meter, zone=zone, digits=digits),
                meter=meter,
                metering_point=point,
                building=building,
                premise=premise,
                role=role,
                zone=zone,
                digits=digits,
                ratio=ratio,
                during=during,
            )
            for number, month in enumerate(months[0].until(months[1].next())):
                self.read(place, date(month.year, month.month, 20), (start_kwh + kwh * number) % 10**digits)
            places.append(place)
        return places

    def read(
        self,
        place: Installation,
        day: date,
        kwh: int,
        *,
        source: ReadingSource = ReadingSource.SUBSCRIBER,
        entered_at: datetime = _ENTERED,
    ) -> None:
        Reading.objects.create(
            installation=place,
            building_id=place.building_id,
            taken_on=day,
            value_wh=kwh * 1000,
            source=source,
            entered_at=entered_at,
        )

    def building(
        self, number: str, *, kind: BuildingKind = BuildingKind.APARTMENT, **terms: object
    ) -> Building:
        building = Building.objects.create(
            branch=self.branch, street=self.street, number=number, floors=5, kind=kind
        )
        if kind == BuildingKind.APARTMENT:
            terms = {"premises_area_dm2": 40_000, "common_area_dm2": 5_000} | terms
            BuildingTerms.objects.create(building=building, during=_SINCE, **terms)
        self.buildings[number] = building
        return building

    def pay(self, name: str, amount_minor: int, *, day: date, origin: str) -> None:
        take_payment.take(
            supplier_id=self.supplier.pk,
            agent_id=take_payment.own_agent(supplier_id=self.supplier.pk, kind=AgentKind.BY_HAND).pk,
            account_id=self.accounts[name].pk,
            amount_minor=amount_minor,
            paid_on=day,
            booked_on=day,
            key=uuid5(NAMESPACE_OID, origin),
            actor_id=None,
            at=AT,
        )

    def bill(self, month: Month) -> int:
        """Rate the month for the whole supplier and approve it."""
        run_id = billing_run.create(
            scope=billing_run.Scope(self.supplier.pk),
            period=month,
            at=AT,
            pack_version=packs.pack().version,
            parameter_hash=packs.pack_parameters().hash,
        )
        billing_run.rate(run_id, parameters=packs.pack_parameters(), clock=lambda: AT)
        billing_run.approve(run_id=run_id, actor_id=None, at=AT)
        self.runs.append(run_id)
        return run_id


def found(*, months: tuple[Month, ...] = (BEFORE, MONTH), read_since: Month = _READ_SINCE) -> Built:
    """Make the supplier with its street, one tariff group and its prices, and open the months."""
    ensure_reading_partitions(first=read_since, last=months[-1])
    supplier = Supplier.objects.create(
        name="Акционерное общество «Образцовая энергосбытовая компания»",
        short_name="АО «Образец-Энерго»",
        inn="7707083893",
        kpp="770701001",
        address="г. Образцов, ул. Ленина, д. 1",
        phones="8-800-100-00-00",
        bank_name="ПАО СБЕРБАНК",
        bic="044525225",
        bank_account="40702810900000012345",
        correspondent_account="30101810400000000225",
    )
    branch = Branch.objects.create(supplier=supplier, code="01", name="Городское отделение")
    district = District.objects.create(branch=branch, name="Центральный район")
    street = Street.objects.create(district=district, kind="ул.", name="Лесная")
    group = TariffGroup.objects.create(
        code="urban", name="Городское население, газовые плиты", norm_category=1
    )
    for zone, price_e5 in ((1, 420_000), (21, 483_000), (22, 150_000)):
        Price.objects.create(
            supplier=supplier,
            tariff_group=group,
            zone=zone,
            price_e5=price_e5,
            during=_SINCE,
            act="Приказ № 37/9-П",
        )
    for month in months:
        BillingPeriod.objects.create(supplier=supplier, month=month.first_day)
    return Built(supplier, branch, street, group)


def build(*, billed: bool = True) -> Built:
    """Make the street; `billed`: with September and October in the books and a payment in October."""
    built = found()
    _house_10(built)
    _house_2a(built)
    _house_2(built)
    _house_100(built)
    if billed:
        built.bill(BEFORE)
        built.pay("10/1", 50_000, day=date(2026, 10, 12), origin="test:payment")
        built.pay("10/10", 12_345, day=date(2026, 10, 13), origin="test:advance")
        built.bill(MONTH)
    return built


def _house_10(built: Built) -> None:
    built.building("10", common_norm_category=1, common_needs=CommonNeeds.CONSUMERS)
    for flat in ("1", "2", "3", "4", "6", "7"):
        built.flat(f"10/{flat}")
    built.flat("10/5", uplift_cause=2)
    built.flat("10/10", residents=1)
    built.meter(
        "10/1", "11000001", {Zone.SINGLE: 150}, start_kwh=98_900
    )  # 99 950 in September, 100 in October
    zoned = {Zone.DAY: 210, Zone.NIGHT: 90}
    built.meter("10/2", "11000002", zoned, due_on=date(2026, 8, 14))
    built.meter("10/4", "11000004", {Zone.SINGLE: 120}, months=(_READ_SINCE, BEFORE))
    built.meter("10/6", "11000006", {Zone.SINGLE: 7}, ratio=20)
    (old,) = built.meter(
        "10/7",
        "11000007",
        {Zone.SINGLE: 100},
        months=(_READ_SINCE, BEFORE),
        during=DateRange(date(2020, 1, 1), date(2026, 10, 11)),
    )
    built.read(old, date(2026, 10, 11), 1_840, source=ReadingSource.REMOVAL)
    (new,) = built.meter(
        "10/7",
        "11000017",
        {Zone.SINGLE: 0},
        months=(MONTH, BEFORE),  # no monthly readings yet
        during=DateRange(date(2026, 10, 11), None),
    )
    built.read(new, date(2026, 10, 11), 0, source=ReadingSource.INSTALLATION)
    built.read(new, date(2026, 10, 20), 33)
    built.meter("10/10", "11000010", {Zone.SINGLE: 0})
    built.meter("10", "23000010", {Zone.SINGLE: 1_400}, digits=8)


def _house_2a(built: Built) -> None:
    built.building("2а", premises_area_dm2=12_345, common_area_dm2=2_222, common_norm_category=2)
    for flat in ("1", "2"):
        built.flat(f"2а/{flat}", area_dm2=4_321)
        built.meter(f"2а/{flat}", f"1200000{flat}", {Zone.SINGLE: 80})


def _house_2(built: Built) -> None:
    built.building("2", premises_area_dm2=10_000)
    built.flat("2/1", residents=3)
    built.flat("2/2", residents=1)
    built.meter("2/1", "13000001", {Zone.SINGLE: 10})
    built.meter("2/2", "13000002", {Zone.SINGLE: 190})
    built.meter("2", "23000002", {Zone.SINGLE: 170}, digits=8)


def _house_100(built: Built) -> None:
    built.building("100", kind=BuildingKind.PRIVATE)
    built.flat("100", area_dm2=9_000)
    (place,) = built.meter("100", "14000001", {Zone.SINGLE: 200}, months=(_READ_SINCE, BEFORE))
    built.read(place, date(2026, 10, 20), 1_500)
