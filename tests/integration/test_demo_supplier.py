"""The sample supplier: the same for the same seed, sound, with every case it promises, and all there or not at all."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import psycopg
import pytest
from django.db import connection, transaction

from abonent.contexts.charging.models import BuildingBalance, RunException
from abonent.contexts.contracts.models import Account, PremiseTerms, UnauthorisedUse
from abonent.contexts.contracts.queries import accounts, row_payer
from abonent.contexts.contracts.search import search_text
from abonent.contexts.metering.models import (
    Act,
    ActKind,
    Installation,
    Meter,
    Reading,
    ReadingSource,
    Seal,
)
from abonent.contexts.parties.models import Party, Supplier
from abonent.contexts.places.models import Building, PremiseKind
from abonent.contexts.places.queries import row_address
from abonent.gateways import bulk_schema, scratch_database
from abonent.kernel.identifiers import (
    is_account_number,
    is_bank_account,
    is_bic,
    is_correspondent_account,
    is_inn,
)
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, demo_supplier, packs
from abonent.usecases.demo_supplier import BuildingCase, Loaded, Sample, SampleRefused, UnitCase, loading
from abonent.usecases.demo_supplier.loading import TABLES
from abonent.usecases.device_acts import violations
from abonent.usecases.device_acts.forms import act_document
from abonent.usecases.device_acts.given import Drawn

PERIOD = Month(2026, 10)
SAMPLE = Sample(accounts=1000, seed=1, months=7, period=PERIOD)
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conparentid = 0 AND conrelid::regclass::text !~ '_\\d{6}$'
"""
INDEXES = """
SELECT tablename, indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename !~ '_(\\d{6}|other)$'
"""


def load(sample: Sample = SAMPLE) -> Loaded:
    return demo_supplier.load(sample=sample, parameters=packs.pack_parameters(), at=AT)


def rows(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall()


def schema() -> set[tuple]:
    return set(rows(CONSTRAINTS)) | set(rows(INDEXES))


def contents() -> dict[str, tuple]:
    """Return the number of rows of each table and a digest of them."""
    return {
        table: rows(f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} t")[0]
        for table in TABLES
    }


@pytest.fixture(scope="module")
def copies(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[scratch_database.Template]:
    with django_db_blocker.unblock(), scratch_database.template() as template:  # type: ignore[attr-defined]
        yield template


@pytest.fixture(scope="module")
def town(copies: scratch_database.Template) -> Iterator[Loaded]:
    """The sample supplier, loaded once for the tests that only look."""
    with copies.copy():
        yield load()


@pytest.fixture
def empty(copies: scratch_database.Template) -> Iterator[None]:
    with copies.copy():
        yield


@pytest.fixture
def account_of(town: Loaded) -> Callable[[UnitCase | BuildingCase], Account]:
    found = {case.case: case.account for case in demo_supplier.special_cases(town.town)}
    return lambda case: Account.objects.get(number=found[case])


@pytest.fixture
def building_of(town: Loaded) -> Callable[[BuildingCase], Building]:
    found = {case.case: case.address for case in demo_supplier.special_cases(town.town)}

    def find(case: BuildingCase) -> Building:
        (building,) = [one for one in Building.objects.select_related("street") if one.address == found[case]]
        return building

    return find


def readings_of(account: Account, **conditions: object) -> list[tuple[date, int, int]]:
    found = Reading.objects.filter(installation__premise=account.premise_id, **conditions)
    return [
        (one.taken_on, one.value_wh // 1000, one.source) for one in found.order_by("taken_on", "installation")
    ]


def test_all_accounts_are_there_in_whole_buildings(town: Loaded) -> None:
    assert Account.objects.count() == SAMPLE.accounts == town.town.buildings["flats"].sum()
    assert (
        town.rows
        == sum(count for count, _ in contents().values())
        - Supplier.objects.count()
        - rows(
            "SELECT (SELECT count(*) FROM parties_branch) + (SELECT count(*) FROM metering_metermodel)"
            " + (SELECT count(*) FROM contracts_tariffgroup) + (SELECT count(*) FROM contracts_price)"
            " + (SELECT count(*) FROM charging_billingperiod) + (SELECT count(*) FROM contracts_benefitcategory)"
        )[0][0]
    )
    private = Building.objects.filter(kind=2).count()
    assert 150 < private < 400, "a fifth of a large town"
    shares = {
        "flats without a meter": 1
        - Installation.objects.filter(premise__kind=1, during__contains=date(2026, 10, 31))
        .values("premise")
        .distinct()
        .count()
        / 1000
    }
    assert 0.02 < shares["flats without a meter"] < 0.09


def test_numbers_carry_right_check_digits(town: Loaded) -> None:
    assert all(map(is_account_number, Account.objects.values_list("number", flat=True)))
    supplier = Supplier.objects.get()
    assert is_inn(supplier.inn)
    assert is_bic(supplier.bic)
    assert is_bank_account(supplier.bank_account, bic=supplier.bic)
    assert is_correspondent_account(supplier.correspondent_account, bic=supplier.bic)


def test_areas_of_buildings_hold_their_premises(town: Loaded) -> None:
    poor = rows(
        """SELECT b.id FROM places_buildingterms b
           JOIN (SELECT building_id, sum(area_dm2) AS area FROM contracts_premiseterms
                 WHERE upper_inf(during) AND NOT room_meters_agreed GROUP BY 1) t USING (building_id)
           WHERE t.area > b.premises_area_dm2"""
    )
    assert len(poor) == 1, "only the building without areas, on purpose"
    share = rows(
        "SELECT min(common_area_dm2 * 100 / premises_area_dm2), max(common_area_dm2 * 100 / premises_area_dm2)"
        " FROM places_buildingterms WHERE premises_area_dm2 > 0"
    )[0]
    assert 11 <= share[0] <= share[1] <= 20


def test_people_are_named_in_one_gender(town: Loaded) -> None:
    for party in Party.objects.all():
        woman = party.middle_name.endswith("на")
        assert party.last_name.endswith(("а", "ая", "ко", "ук", "юк", "ян")) or not woman
        assert woman or not party.last_name.endswith(("ова", "ева", "ёва", "ина", "ая"))
        assert woman == party.first_name.endswith(("а", "я", "овь")) or party.first_name in {"Илья", "Никита"}


def test_accounts_are_found_by_what_search_writes(town: Loaded) -> None:
    serials = {
        installation.premise_id: installation.meter.serial
        for installation in Installation.objects.filter(during__contains=date(2026, 10, 31)).select_related(
            "meter"
        )
    }
    stored = dict(rows("SELECT account_id, text FROM contracts_accountsearch"))
    for row in accounts():
        expected = search_text(
            number=row["number"],
            payer=row_payer(row),
            address=row_address(row),
            serials=[serials[row["premise_id"]]] if row["premise_id"] in serials else [],
        )
        assert stored[row["id"]] == expected


def test_registers_of_a_meter_are_those_of_its_model(town: Loaded) -> None:
    zones = {1: [1], 2: [21, 22], 3: [31, 32, 33]}
    found = rows(
        """SELECT m.zones, m.digits, array_agg(r.zone ORDER BY r.zone), array_agg(DISTINCT r.digits),
                  array_agg(DISTINCT i.zone ORDER BY i.zone), array_agg(DISTINCT i.digits)
           FROM metering_meter x JOIN metering_metermodel m ON m.id = x.model_id
           JOIN metering_register r ON r.meter_id = x.id JOIN metering_installation i ON i.register_id = r.id
           GROUP BY x.id, m.id"""
    )
    assert all(a == i == zones[n] and d == e == [digits] for n, digits, a, d, i, e in found)
    shares = Counter(
        rows(
            "SELECT m.zones FROM metering_installation i JOIN metering_meter x ON x.id = i.meter_id"
            " JOIN metering_metermodel m ON m.id = x.model_id WHERE i.role = 1 AND i.zone IN (1, 21, 31)"
        )
    )
    assert shares[1,] > 5 * shares[2,] / 2 > 0 < shares[3,]
    assert 0 < Meter.objects.filter(verification_due_on__lt=PERIOD.first_day).count() < 100
    ratios = Installation.objects.filter(role=2).values_list("ratio", flat=True)
    assert set(ratios) <= {20, 30, 40, 60}
    assert set(Installation.objects.filter(role=1).values_list("ratio", flat=True)) == {1}


def test_readings_rise_in_their_days_but_for_the_cases(town: Loaded, account_of: Callable) -> None:
    fallen = rows(
        """SELECT a.number FROM (
               SELECT i.premise_id, value_wh,
                      lag(value_wh) OVER (PARTITION BY installation_id ORDER BY taken_on) AS before
               FROM metering_reading r JOIN metering_installation i ON i.id = r.installation_id) x
           JOIN contracts_account a ON a.premise_id = x.premise_id WHERE value_wh < before"""
    )
    assert {number for (number,) in fallen} == {
        account_of(case).number
        for case in (UnitCase.ROLLED_OVER, UnitCase.BELOW_PREVIOUS, UnitCase.CONTROL_FELL)
    }
    odd_days = rows(
        "SELECT DISTINCT source FROM metering_reading WHERE extract(day FROM taken_on) NOT BETWEEN 15 AND 26"
    )
    assert {source for (source,) in odd_days} <= {ReadingSource.INSTALLATION, ReadingSource.HANDOVER}
    assert not rows(
        "SELECT 1 FROM metering_reading r JOIN metering_installation i ON i.id = r.installation_id"
        " WHERE NOT (i.during @> r.taken_on OR upper(i.during) = r.taken_on) OR r.value_wh >= 10 ^ (i.digits + 3)"
    )
    sources = set(Reading.objects.values_list("source", flat=True))
    assert sources >= {
        ReadingSource.SUBSCRIBER,
        ReadingSource.INSPECTOR,
        ReadingSource.AMR,
        ReadingSource.IMPORT,
    }
    months = rows(
        "SELECT DISTINCT to_char(taken_on, 'YYYY-MM') FROM metering_reading WHERE source <> 7 ORDER BY 1"
    )
    assert [month for (month,) in months] == [str(PERIOD.shift(step)) for step in range(-8, 1)]
    assert not Reading.objects.filter(entered_at__gt=AT).exists()


def test_a_meter_rolled_over(account_of: Callable) -> None:
    account = account_of(UnitCase.ROLLED_OVER)
    before, after = readings_of(account)[-2:]
    assert (before[1], after[1]) == (99_980, 120)
    assert Installation.objects.get(premise=account.premise_id).digits == 5


def test_a_meter_was_replaced_in_the_middle_of_the_month(account_of: Callable) -> None:
    account = account_of(UnitCase.METER_REPLACED)
    old, new = Installation.objects.filter(premise=account.premise_id).order_by("id")
    day = date(2026, 10, 16)
    assert old.during.upper == new.during.lower == day
    assert old.meter_id != new.meter_id
    last = readings_of(account)[-3:]
    assert [(taken_on, source) for taken_on, _, source in last] == [
        (day, ReadingSource.REMOVAL), (day, ReadingSource.INSTALLATION), (date(2026, 10, 25), ReadingSource.SUBSCRIBER)
    ]  # fmt: skip
    assert last[1][1] == 0 < last[2][1]


def test_those_without_readings(account_of: Callable) -> None:
    unmetered = account_of(UnitCase.NO_METER)
    assert not Installation.objects.filter(premise=unmetered.premise_id).exists()
    assert max(readings_of(account_of(UnitCase.STOPPED)))[0] < date(2026, 9, 1)
    (only,) = readings_of(account_of(UnitCase.NEVER_SENT))
    assert only[2] == ReadingSource.INSTALLATION


def test_residents_changed_within_the_period(account_of: Callable) -> None:
    terms = PremiseTerms.objects.filter(premise=account_of(UnitCase.RESIDENTS_CHANGED).premise_id).order_by(
        "during"
    )
    assert [(one.during.upper, one.residents) for one in terms] == [(date(2026, 10, 15), 2), (None, 3)]


def terms_of(account: Account) -> list[tuple[date, date | None, int]]:
    found = PremiseTerms.objects.filter(premise=account.premise_id).order_by("during")
    return [(one.during.lower, one.during.upper, one.uplift_cause) for one in found]


def test_violations_have_their_acts(account_of: Callable) -> None:
    (before, since), (_, end, cause) = [
        (row[:2] if place == 0 else row)
        for place, row in enumerate(terms_of(account_of(UnitCase.ADMISSION_REFUSED)))
    ]
    assert (since, end, cause) == (date(2026, 10, 1), None, 2)
    assert before < since
    refused = Act.objects.filter(premise=account_of(UnitCase.ADMISSION_REFUSED).premise_id).order_by("id")
    assert [(act.kind, act.drawn_on, act.facts["refusal_no"]) for act in refused] == [
        (ActKind.ACCESS_REFUSED, date(2026, 10, 11), 1),
        (ActKind.ACCESS_REFUSED, date(2026, 10, 18), 2),
    ]
    tampered = terms_of(account_of(UnitCase.TAMPERING))[1]
    assert tampered == (date(2026, 7, 18), date(2026, 10, 21), 3)
    assert terms_of(account_of(UnitCase.UNAUTHORISED_UNKNOWN))[1] == (
        date(2026, 10, 9),
        date(2026, 10, 18),
        4,
    )
    (use,) = UnauthorisedUse.objects.filter(premise=account_of(UnitCase.UNAUTHORISED).premise_id)
    act = Act.objects.get(pk=use.act_id)
    assert (use.during.lower, use.during.upper) == (date(2026, 10, 9), date(2026, 10, 18))
    assert (act.kind, act.facts["power_w"]) == (ActKind.UNAUTHORISED, use.power_w)
    assert act_document(act).accounts[0][0] == account_of(UnitCase.UNAUTHORISED).number


def test_acts_say_what_the_product_makes_of_them(town: Loaded) -> None:
    """The terms of every premise are what its acts amount to: following them anew changes nothing."""
    for act in Act.objects.filter(premise__isnull=False).order_by("id"):
        before = terms_of(Account.objects.filter(premise=act.premise_id).latest("id"))
        drawn = Drawn(
            building_id=act.building_id,
            premise_id=act.premise_id,
            drawn_on=act.drawn_on,
            today=PERIOD.last_day,
            actor_id=None,
            at=AT,
        )
        with transaction.atomic():
            violations.follow(drawn)
            after = terms_of(Account.objects.filter(premise=act.premise_id).latest("id"))
            transaction.set_rollback(True)
        assert after == before


def test_one_payer_follows_another(town: Loaded) -> None:
    leaver, newcomer = accounts_of(town, UnitCase.HANDOVER)
    assert leaver.premise_id == newcomer.premise_id
    assert leaver.during.upper == newcomer.during.lower == date(2026, 10, 13)
    readings = readings_of(leaver)[-3:]
    assert [source for *_, source in readings][1] == ReadingSource.HANDOVER
    assert readings[1][0] == date(2026, 10, 12)
    assert readings[0][1] <= readings[1][1] <= readings[2][1]


def accounts_of(town: Loaded, case: UnitCase) -> list[Account]:
    numbers = [one.account for one in demo_supplier.special_cases(town.town) if one.case == case]
    return [Account.objects.get(number=number) for number in numbers]


def test_shares_of_premises_add_up(town: Loaded) -> None:
    assert not rows(
        """SELECT 1 FROM contracts_accountservice s, (VALUES (DATE '2026-09-30'), (DATE '2026-10-31')) d (day)
           WHERE service = 1 AND during @> d.day GROUP BY premise_id, d.day
           HAVING sum(share_numerator::numeric / share_denominator) NOT BETWEEN 0.9999 AND 1.0001"""
    )
    first, second = accounts_of(town, UnitCase.CO_OWNERS)
    shares = [
        (one.share_numerator, one.share_denominator)
        for account in (first, second)
        for one in account.services.filter(service=1)
    ]
    assert shares == [(2, 3), (1, 3)]


def test_communal_flats_of_every_form(town: Loaded) -> None:
    def told(case: UnitCase) -> tuple[int, list[bool], bool, bool]:
        """Rooms with accounts, which of them have a meter, whether the flat has one, whether they agreed."""
        rooms = [account.premise for account in accounts_of(town, case)]
        root = rooms[0].parent.parent or rooms[0].parent
        metered = set(Installation.objects.values_list("premise_id", flat=True))
        agreed = PremiseTerms.objects.filter(premise=root, room_meters_agreed=True).exists()
        return len(rooms), [room.pk in metered for room in rooms], root.pk in metered, agreed

    assert told(UnitCase.COMMUNAL_FLAT_METER) == (3, [False] * 3, True, False)
    assert told(UnitCase.COMMUNAL_ALL_METERED) == (3, [True] * 3, True, False)
    count, metered, *rest = told(UnitCase.COMMUNAL_AGREED)
    assert (count, set(metered), rest) == (3, {True, False}, [True, True])
    assert told(UnitCase.COMMUNAL_SECTIONS) == (4, [False] * 4, True, False)
    sections = {account.premise.parent for account in accounts_of(town, UnitCase.COMMUNAL_SECTIONS)}
    assert [one.kind for one in sections] == [PremiseKind.SECTION] * 2


def test_some_are_known_by_name(town: Loaded, account_of: Callable) -> None:
    assert account_of(UnitCase.BENEFITS).benefit_holders.count() == 2
    listed = account_of(UnitCase.LISTED).premise
    assert listed.residents.count() == PremiseTerms.objects.get(premise=listed).residents == 3
    assert not rows(
        """SELECT 1 FROM contracts_resident r JOIN contracts_premiseterms t USING (premise_id)
           GROUP BY t.id, t.residents HAVING count(*) <> t.residents"""
    )
    overdue = Meter.objects.get(installations__premise=account_of(UnitCase.OVERDUE).premise_id)
    assert overdue.verification_due_on < PERIOD.first_day
    assert Seal.objects.count() > 100


def test_remarkable_buildings(building_of: Callable, account_of: Callable) -> None:
    meters = {
        case: Installation.objects.filter(building=building_of(case), role=2).order_by("zone")
        for case in (BuildingCase.NO_METER, BuildingCase.THREE_ZONES, BuildingCase.LARGE_RATIO)
    }
    assert not meters[BuildingCase.NO_METER].exists()
    assert [one.zone for one in meters[BuildingCase.THREE_ZONES]] == [31, 32, 33]
    in_flats = Installation.objects.filter(building=building_of(BuildingCase.THREE_ZONES), role=1)
    assert set(in_flats.values_list("zone", flat=True)) == {31, 32, 33}
    assert [one.ratio for one in meters[BuildingCase.LARGE_RATIO]] == [60]
    assert building_of(BuildingCase.NO_AREA).terms.get().premises_area_dm2 == 0
    group = PremiseTerms.objects.get(
        premise=account_of(BuildingCase.GROUP_WITHOUT_PRICE).premise_id
    ).tariff_group
    assert not group.prices.exists()


def test_the_same_seed_draws_the_same_town(town: Loaded, copies: scratch_database.Template) -> None:
    first = contents()
    with copies.copy():
        load()
        assert contents() == first
    with copies.copy():
        load(Sample(accounts=1000, seed=2, months=7, period=PERIOD))
        assert contents()["metering_reading"] != first["metering_reading"]


def test_a_second_load_changes_nothing(town: Loaded) -> None:
    before, defined = contents(), schema()
    again = load()
    assert (again.rows, again.definitions) == (0, 0)
    assert contents() == before
    assert schema() == defined
    with pytest.raises(SampleRefused) as refused:
        load(Sample(accounts=1001, seed=1, months=7, period=PERIOD))
    assert (refused.value.code, refused.value.present) == ("another", SAMPLE)


@pytest.mark.usefixtures("empty")
def test_all_constraints_and_indexes_are_back() -> None:
    before = schema()
    load()
    assert schema() == before
    assert not rows("SELECT 1 FROM pg_index WHERE NOT indisvalid")
    new = Party.objects.create(last_name="Новый")
    assert new.pk == SAMPLE.accounts + 1, "sequences go on after the rows that were loaded"


@pytest.mark.usefixtures("empty")
def test_data_of_somebody_else_are_never_touched() -> None:
    Party.objects.create(last_name="Настоящий")
    with pytest.raises(SampleRefused) as refused:
        load()
    assert refused.value.code == "occupied"
    assert Party.objects.count() == 1


@pytest.mark.usefixtures("empty")
def test_a_load_that_breaks_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema()
    really = loading.copy_frame

    def full_disk(cursor, table, *rest, **options):
        if table == "contracts_accountservice":
            raise psycopg.errors.DiskFull("no space left on device")
        return really(cursor, table, *rest, **options)

    monkeypatch.setattr(loading, "copy_frame", full_disk)
    with pytest.raises(psycopg.errors.DiskFull):
        load()
    assert schema() == before
    assert not Account.objects.exists()
    assert demo_supplier.present() is None
    monkeypatch.undo()
    assert load().rows > 0


@pytest.mark.usefixtures("empty")
def test_a_load_cut_off_between_rows_and_constraints_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema()

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(bulk_schema, "restore", killed)
    with pytest.raises(KeyboardInterrupt):
        load()
    monkeypatch.undo()
    assert schema() < before
    loaded = load()
    assert (loaded.rows, loaded.definitions > 50) == (0, True)
    assert schema() == before


@pytest.mark.usefixtures("empty")
def test_rows_that_break_a_constraint_are_found_when_it_is_made_again() -> None:
    before = schema()
    with connection.cursor() as cursor:
        bulk_schema.set_aside(cursor, ["parties_branch", "places_district"])
        cursor.execute("INSERT INTO places_district (id, branch_id, name) VALUES (1, 77, 'nowhere')")
    assert not rows("SELECT 1 FROM pg_constraint WHERE conname = 'branch_code_unique'")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        bulk_schema.restore(loading._connect)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM places_district")
        assert bulk_schema.is_set_aside(cursor)
        bulk_schema.restore(loading._connect)
        assert not bulk_schema.is_set_aside(cursor)
    assert schema() == before


def test_a_size_out_of_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="1000 to 10000000"):
        demo_supplier.load(
            sample=Sample(accounts=999, seed=1, months=7, period=PERIOD),
            parameters=packs.pack_parameters(),
            at=AT,
        )


@pytest.mark.usefixtures("empty")
def test_the_month_is_billed_with_no_exception_but_those_on_purpose() -> None:
    loaded = load()
    for month in (PERIOD.previous(), PERIOD):
        run_id = billing_run.create(
            scope=billing_run.Scope(Supplier.objects.get().pk),
            period=month,
            at=AT,
            pack_version="test",
            parameter_hash="",
        )
        billing_run.rate(run_id, parameters=packs.pack_parameters(), clock=lambda: AT)
        billing_run.approve(run_id=run_id, actor_id=None, at=AT)
    parked = Counter(RunException.objects.filter(run=run_id).values_list("code", flat=True))
    assert parked == {
        "usage_above_limit": 1,
        "negative_usage": 1,
        "building_incomplete": 1,
        "building_without_area": 1,
        "no_price": 1,
    }
    balances = BuildingBalance.objects.filter(run=run_id)
    of = {
        case.case: balances.get(building=building)
        for case in demo_supplier.special_cases(loaded.town)
        for building in Building.objects.select_related("street")
        if building.address == case.address and balances.filter(building=building).exists()
    }
    assert of[BuildingCase.FLATS_EXCEED_METER].negative_wh > 0
    assert of[BuildingCase.ABOVE_NORM].executor_wh > 0
    assert of[BuildingCase.NO_METER].method == 2
    ordinary = balances.exclude(building__in=[one.building_id for one in of.values()])
    assert ordinary.filter(negative_wh=0).count() > 0.8 * ordinary.count() > 0
    by_meter = [
        one.common_wh / one.building.terms.get().common_area_dm2 / 10
        for one in ordinary.filter(method=1).select_related("building")
    ]
    assert 0.5 < sum(by_meter) / len(by_meter) < 3, "kWh per m² of the common property"
