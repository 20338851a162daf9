"""Buildings, premises and accounts opened, changed from a day on, handed over and closed."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from tests.town import MONTH, Town, build

from abonent.contexts.charging.models import (
    Bill,
    BillingPeriod,
    ChargeLine,
    Recalculation,
    RecalculationCause,
)
from abonent.contexts.contracts.models import (
    Absence,
    AbsenceState,
    Account,
    AccountService,
    Event,
    EventKind,
    PremiseTerms,
    Resident,
    ResidentKind,
    Service,
)
from abonent.contexts.contracts.search import search
from abonent.contexts.metering.models import Reading, ReadingSource
from abonent.contexts.places.models import (
    Building,
    BuildingKind,
    BuildingTerms,
    CommonNeeds,
    Premise,
    PremiseKind,
)
from abonent.kernel.identifiers import is_account_number
from abonent.kernel.periods import DateRange, Month
from abonent.usecases import billing_run, packs
from abonent.usecases.account_history import Kind, history
from abonent.usecases.enter_reading import ReadingRefused, Shown
from abonent.usecases.premises import (
    By,
    PlaceRefused,
    absences,
    accounts,
    buildings,
    final_bills,
    moving,
    premises,
    residents,
    services,
)
from abonent.usecases.premises.accounts import Payer

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
TODAY = date(2026, 11, 2)
BY = By(at=AT, actor_id=7, document="заявление от 02.11.2026")
OCTOBER = date(2026, 10, 1)
NEWCOMER = Payer(last_name="Орлов", first_name="Пётр", middle_name="Ильич")

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Town:
    return build()


@pytest.fixture
def billable(transactional_db: None) -> Town:
    """The town, committed: rating works on a connection of its own."""
    return build()


def bill(town: Town, month: Month = MONTH) -> None:
    """Rate and post a month."""
    run_id = billing_run.create(
        scope=billing_run.Scope(town.supplier.pk),
        period=month,
        at=AT,
        pack_version=packs.pack().version,
        parameter_hash=packs.pack_parameters().hash,
    )
    billing_run.rate(run_id, parameters=packs.pack_parameters(), clock=lambda: AT)
    billing_run.approve(run_id=run_id, actor_id=None, at=AT)


def waiting(cause: RecalculationCause) -> list[tuple[int | None, date]]:
    rows = Recalculation.objects.filter(cause=cause, settled_at=None).order_by("premise_id", "period")
    return list(rows.values_list("premise_id", "period"))


def rows_of(premise: Premise) -> list[tuple[date, date | None, int, int]]:
    rows = PremiseTerms.objects.filter(premise=premise).order_by("during")
    return [(row.during.lower, row.during.upper, row.area_dm2, row.residents) for row in rows]


def refusal(code: str) -> "pytest.RaisesExc[PlaceRefused]":
    return pytest.raises(PlaceRefused, match=f"^{code}")


class TestBuildings:
    def open(self, town: Town, number: str = "14") -> Building:
        return buildings.open_building(
            district=town.street.district,
            street_kind="ул.",
            street="Новая",
            number=number,
            kind=BuildingKind.APARTMENT,
            opened_on=OCTOBER,
            passport={"floors": 9, "entrances": 2, "stove": 2, "built_in": 1984},
            terms={
                "premises_area_dm2": 500_000,
                "common_area_dm2": 60_000,
                "common_norm_category": 3,
                "common_needs": CommonNeeds.CONSUMERS,
                "common_basis": 1,
                "excess_to_consumers": False,
                "decision": "",
            },
            by=BY,
        )

    def test_opened_with_its_street_and_terms(self, town: Town) -> None:
        building = self.open(town)
        assert building.address == "ул. Новая, д. 14"
        assert building.terms.get().during.lower == OCTOBER
        assert Event.objects.get(building=building).kind == EventKind.BUILDING_OPENED
        with refusal("building_known"):
            self.open(town)

    def test_a_change_of_areas_notes_whole_months_of_the_building(self, billable: Town) -> None:
        bill(billable)
        changed = {"premises_area_dm2": 23_000, "decision": "протокол № 2"}
        # from the middle of October on: October goes by its first day, so nothing billed is touched
        assert (
            buildings.change_terms(building=billable.building, on=date(2026, 10, 15), values=changed, by=BY)
            == 0
        )
        again = {"premises_area_dm2": 24_000}
        assert buildings.change_terms(building=billable.building, on=OCTOBER, values=again, by=BY) == 1
        assert waiting(RecalculationCause.AREA) == [(None, OCTOBER)]
        rows = BuildingTerms.objects.filter(building=billable.building).order_by("during")
        assert [(row.during.lower, row.premises_area_dm2) for row in rows] == [
            (date(2020, 1, 1), 22_000),
            (OCTOBER, 24_000),
            (date(2026, 10, 15), 23_000),
        ]

    def test_closed_when_no_account_is_open(self, town: Town) -> None:
        with refusal("accounts_open"):
            buildings.close_building(building=town.house, closed_on=TODAY, by=BY)
        accounts.close_account(account=town.accounts["house"], closes_on=TODAY, by=BY)
        buildings.close_building(building=town.house, closed_on=TODAY, by=BY)
        town.house.refresh_from_db()
        assert town.house.closed_on == TODAY
        with refusal("building_closed"):
            add(town, town.house, "2")


def add(town: Town, building: Building, number: str, kind: PremiseKind = PremiseKind.LIVING, **more: object):
    values = {
        "tariff_group_id": town.group.pk,
        "area_dm2": 4_000,
        "rooms": 1,
        "residents": 0,
        "owners": 1,
        "uplift_cause": 0,
        "room_meters_agreed": False,
        "agreed_wh_per_month": 0,
    }
    return premises.add_premise(
        building=building, kind=kind, number=number, since=OCTOBER, terms=values, by=BY, **more
    )


class TestPremises:
    def test_added_of_all_kinds(self, town: Town) -> None:
        flat = add(town, town.building, "77")
        section = add(town, town.building, "77-1", PremiseKind.SECTION, parent=flat)
        room = add(town, town.building, "77-1-1", PremiseKind.ROOM, parent=section)
        assert room.sort_key == flat.sort_key == 77
        add(town, town.building, "МОП", PremiseKind.COMMON)
        with refusal("premise_known"):
            add(town, town.building, "77")
        with refusal("parent_needed"):
            add(town, town.building, "78-1", PremiseKind.ROOM)
        with refusal("parent_needed"):
            add(town, town.building, "78-1", PremiseKind.SECTION, parent=section)
        with refusal("no_parent_for_this"):
            add(town, town.building, "78", PremiseKind.NONLIVING, parent=flat)

    def test_areas_against_the_passport(self, town: Town) -> None:
        found = premises.areas(building=town.building, on=TODAY)
        assert (found.passport_dm2, found.listed_dm2, found.excess_dm2) == (22_000, 22_000, 0)
        flat = Premise.objects.create(building=town.building, number="88")
        assert premises.areas(building=town.building, on=TODAY).without_terms == ("88",)
        add(town, town.building, "88-1", PremiseKind.ROOM, parent=flat)
        found = premises.areas(building=town.building, on=TODAY)
        assert (found.excess_dm2, found.without_terms) == (4_000, ()), "a room counts for its flat"

    def test_terms_from_a_day_in_the_past(self, billable: Town) -> None:
        bill(billable)
        premise = billable.accounts["3"].premise
        day = date(2026, 10, 11)
        assert premises.change_terms(premise=premise, on=day, values={"area_dm2": 6_000}, by=BY) == 1
        assert rows_of(premise) == [(date(2020, 1, 1), day, 5_500, 3), (day, None, 6_000, 3)]
        assert waiting(RecalculationCause.AREA) == [(premise.pk, OCTOBER)]
        event = Event.objects.get(premise=premise, kind=EventKind.TERMS)
        assert (event.facts["was"], event.facts["now"]) == ({"area_dm2": 5_500}, {"area_dm2": 6_000})
        assert (event.author_id, event.document) == (7, BY.document)
        assert premises.change_terms(premise=premise, on=day, values={"area_dm2": 6_000}, by=BY) == 0
        assert Event.objects.filter(premise=premise).count() == 1


class TestAccounts:
    def test_opened_on_a_new_flat_and_found_by_its_payer(self, town: Town) -> None:
        flat = add(town, town.building, "77")
        account = accounts.open_account(premise=flat, payer=NEWCOMER, opens_on=OCTOBER, by=BY)
        assert is_account_number(account.number)
        assert account.number > max(one.number for one in town.accounts.values())
        on = set(account.services.values_list("service", flat=True))
        assert on == {Service.ELECTRICITY, Service.ELECTRICITY_COMMON}, (
            "the consumers pay for common needs here"
        )
        assert [one.number for one in search(text="орлов петр", on=TODAY).accounts] == [account.number]

    def test_not_without_terms_nor_on_heating(self, town: Town) -> None:
        flat = add(town, town.building, "77")
        with refusal("no_terms"):
            accounts.open_account(premise=flat, payer=NEWCOMER, opens_on=date(2026, 9, 1), by=BY)
        heating = add(town, town.building, "ИТП", PremiseKind.HEATING)
        with refusal("no_account_here"):
            accounts.open_account(premise=heating, payer=NEWCOMER, opens_on=OCTOBER, by=BY)

    def test_a_co_owner_takes_a_share_of_the_others(self, town: Town) -> None:
        first = town.accounts["1"]
        with refusal("shares_not_one"):
            accounts.open_account(
                premise=first.premise, payer=NEWCOMER, opens_on=OCTOBER, share=Fraction(1, 3), by=BY
            )
        assert Account.objects.filter(premise=first.premise).count() == 1, (
            "nothing is left of what was refused"
        )
        second = accounts.open_account(
            premise=first.premise,
            payer=NEWCOMER,
            opens_on=OCTOBER,
            share=Fraction(1, 3),
            others={first.pk: Fraction(2, 3)},
            by=BY,
        )
        assert second.share_no == 2
        day = date(2026, 10, 20)
        with refusal("shares_not_one"):
            services.set_shares(premise=first.premise, on=day, shares={first.pk: Fraction(1, 2)}, by=BY)
        halves = {first.pk: Fraction(1, 2), second.pk: Fraction(1, 2)}
        services.set_shares(premise=first.premise, on=day, shares=halves, by=BY)
        rows = AccountService.objects.filter(account=first, service=1).order_by("during")
        assert [(row.share_numerator, row.share_denominator) for row in rows] == [(1, 1), (2, 3), (1, 2)]
        with refusal("shares_not_one"):
            accounts.close_account(account=second, closes_on=TODAY, by=BY)
        accounts.close_account(account=second, closes_on=TODAY, others={first.pk: Fraction(1)}, by=BY)

    def test_closed_and_noted(self, billable: Town) -> None:
        bill(billable)
        account = billable.accounts["1"]
        assert accounts.close_account(account=account, closes_on=date(2026, 10, 11), by=BY) == 1
        assert account.services.get().during.upper == date(2026, 10, 11)
        assert waiting(RecalculationCause.SERVICE) == [(account.premise_id, OCTOBER)]
        with refusal("account_closed"):
            accounts.close_account(account=account, closes_on=TODAY, by=BY)

    def test_another_payer_under_the_same_number(self, town: Town) -> None:
        account = town.accounts["1"]
        accounts.change_payer(account=account, payer=NEWCOMER, on=TODAY, by=BY)
        account.refresh_from_db()
        assert account.party.display_name == "Орлов Пётр Ильич"
        accounts.change_payer(account=account, payer=NEWCOMER, on=TODAY, by=BY)  # sent twice
        event = Event.objects.get(account=account)
        assert event.facts == {"was": "Иванова Мария Петровна", "now": "Орлов Пётр Ильич"}
        assert search(text="иванова мария", on=TODAY).accounts == []

    def test_a_service_off_for_a_time_and_on_again_back_dated(self, billable: Town) -> None:
        bill(billable)
        account = billable.accounts["1"]
        days = DateRange(date(2026, 10, 5), date(2026, 10, 15))
        assert services.switch_off(account=account, service=Service.ELECTRICITY, during=days, by=BY) == 1
        rows = account.services.order_by("during")
        assert [(row.during.lower, row.during.upper) for row in rows] == [
            (date(2020, 1, 1), days.start),
            (days.end, None),
        ]
        services.switch_on(account=account, service=Service.ELECTRICITY, during=days, by=BY)
        assert account.services.get().during.upper is None
        with refusal("outside_account"):
            services.switch_on(
                account=account, service=Service.ELECTRICITY, during=DateRange(date(2019, 1, 1)), by=BY
            )


class TestResidents:
    def move_in(self, town: Town, flat: str, name: str, during: DateRange, kind: int = 1) -> Resident:
        resident, _months = residents.move_in(
            premise=town.accounts[flat].premise,
            name=name,
            kind=ResidentKind(kind),
            during=during,
            parameters=packs.pack_parameters(),
            by=BY,
        )
        return resident

    def counts(self, town: Town, flat: str) -> list[tuple[date, int]]:
        return [(start, people) for start, _end, _area, people in rows_of(town.accounts[flat].premise)]

    def test_the_count_is_kept_when_the_first_is_listed(self, billable: Town) -> None:
        bill(billable)
        premise = billable.accounts["3"].premise
        baby = self.move_in(billable, "3", "Новорождённая", DateRange(date(2026, 10, 16)))
        assert Resident.objects.filter(premise=premise, name="").count() == 3, (
            "they were counted without names"
        )
        assert self.counts(billable, "3") == [(date(2020, 1, 1), 3), (date(2026, 10, 16), 4)]
        assert waiting(RecalculationCause.RESIDENTS) == [(premise.pk, OCTOBER)]
        residents.move_out(resident=baby, on=date(2026, 10, 26), parameters=packs.pack_parameters(), by=BY)
        assert self.counts(billable, "3")[-1] == (date(2026, 10, 26), 3)
        with refusal("residents_listed"):
            premises.change_terms(premise=premise, on=TODAY, values={"residents": 5}, by=BY)

    @pytest.mark.parametrize(("last", "counted"), [(15, False), (16, True)])
    def test_a_stay_counts_after_more_than_five_days(self, town: Town, last: int, counted: bool) -> None:
        # from the 11th: to the 15th are five days in a row, to the 16th are six
        days = DateRange(date(2026, 10, 11), date(2026, 10, last + 1))
        self.move_in(town, "3", "Гость", days, kind=ResidentKind.TEMPORARY)
        expected = (
            [(date(2020, 1, 1), 3), (days.start, 4), (days.end, 3)] if counted else [(date(2020, 1, 1), 3)]
        )
        assert self.counts(town, "3") == expected

    def test_a_mistake_is_struck(self, town: Town) -> None:
        mistaken = self.move_in(town, "3", "Не тот", DateRange(TODAY))
        residents.strike(resident=mistaken, parameters=packs.pack_parameters(), by=BY)
        assert self.counts(town, "3") == [(date(2020, 1, 1), 3)]


class TestAbsence:
    def apply(self, town: Town, flat: str = "3", **facts: object) -> Absence:
        values = {
            "people": 1,
            "left_on": date(2026, 10, 1),
            "returned_on": date(2026, 10, 12),
            "applied_on": date(2026, 10, 20),
        } | facts
        return absences.apply(premise=town.accounts[flat].premise, by=BY, **values)

    def codes(self, absence: Absence) -> list[str]:
        return [one.code for one in absences.objections(absence, parameters=packs.pack_parameters())]

    def test_ten_full_days_without_a_meter_are_approved(self, billable: Town) -> None:
        bill(billable)
        absence = self.apply(billable)
        days = absences.full_days(left_on=absence.left_on, returned_on=absence.returned_on)
        assert days is not None
        assert days.days == 10
        approved = absences.approve(absence=absence, on=TODAY, parameters=packs.pack_parameters(), by=BY)
        assert approved == 1
        assert waiting(RecalculationCause.ABSENCE) == [(absence.premise_id, OCTOBER)]
        absence.refresh_from_db()
        assert (absence.state, absence.decided_by_id) == (AbsenceState.APPROVED, 7)
        with refusal("decided_already"):
            absences.refuse(absence=absence, reason="no", on=TODAY, by=BY)

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            # away on the 2nd … 6th: five full days, which is not more than five
            ({"returned_on": date(2026, 10, 7)}, "too_short"),
            ({"applied_on": date(2026, 11, 12)}, "too_late"),
            ({"left_on": date(2026, 3, 31), "returned_on": date(2026, 10, 2)}, "too_long"),
            ({"people": 4}, "more_than_live_here"),
        ],
    )
    def test_what_speaks_against_it(self, town: Town, facts: dict[str, object], code: str) -> None:
        absence = self.apply(town, **facts)
        assert self.codes(absence) == [code]
        with refusal(code):
            absences.approve(absence=absence, on=TODAY, parameters=packs.pack_parameters(), by=BY)
        absences.refuse(absence=absence, reason="п. 92", on=TODAY, by=BY)
        absence.refresh_from_db()
        assert (absence.state, absence.reason) == (AbsenceState.REFUSED, "п. 92")

    @pytest.mark.parametrize(
        "facts",
        [
            {"returned_on": date(2026, 10, 8)},
            {"applied_on": date(2026, 11, 11)},
            {"left_on": date(2026, 3, 31), "returned_on": date(2026, 10, 1)},
            {"people": 3},
        ],
    )
    def test_to_the_day_it_is_allowed(self, town: Town, facts: dict[str, object]) -> None:
        assert self.codes(self.apply(town, **facts)) == []

    def test_not_with_a_meter_nor_where_one_could_be(self, town: Town) -> None:
        assert self.codes(self.apply(town, "1")) == ["metered"]
        PremiseTerms.objects.filter(premise=town.accounts["3"].premise).update(uplift_cause=1)
        assert self.codes(self.apply(town)) == ["meter_possible"]

    def test_nobody_is_away_twice(self, town: Town) -> None:
        first = self.apply(town, people=2)
        absences.approve(absence=first, on=TODAY, parameters=packs.pack_parameters(), by=BY)
        second = self.apply(town, people=2, left_on=date(2026, 10, 10), returned_on=date(2026, 10, 20))
        assert self.codes(second) == ["more_than_live_here"]
        absences.withdraw(absence=first, reason="ошибка", on=TODAY, by=BY)
        assert self.codes(second) == []


def shown(town: Town, flat: str, value_wh: int) -> list[Shown]:
    return [Shown(town.installations[flat, 1], value_wh)]


class TestMoving:
    T = date(2026, 10, 25)

    def move(self, town: Town, *, value_wh: int = 3_200_000, **more: object) -> moving.Moved:
        values = {
            "newcomer": moving.Newcomer(payer=NEWCOMER, residents=("Орлов Пётр", "")),
            "last_day": self.T,
        } | more
        return moving.move(
            account=town.accounts["1"],
            shown=shown(town, "1", value_wh),
            parameters=packs.pack_parameters(),
            today=TODAY,
            by=BY,
            **values,
        )

    def final_bill(self, town: Town) -> Bill:
        return final_bills.make(
            account=town.accounts["1"],
            supplier_id=town.supplier.pk,
            parameters=packs.pack_parameters(),
            booked_period=MONTH,
            by=BY,
        )

    def test_the_month_is_parted_and_the_leaver_gets_the_final_bill(self, billable: Town) -> None:
        BillingPeriod.objects.exclude(month=OCTOBER).delete()  # the supplier begins with October
        moved = self.move(billable)
        assert moved.newcomer is not None
        leaver = billable.accounts["1"]
        assert leaver.during.upper == moved.newcomer.during.lower == date(2026, 10, 26)
        taken = Reading.objects.get(source=ReadingSource.HANDOVER)
        assert (taken.taken_on, taken.value_wh) == (self.T, 3_200_000)
        assert [row[3] for row in rows_of(leaver.premise)] == [3, 2]
        final = self.final_bill(billable)
        # from 3 000 kWh on 20 September … to 3 200 on the day of leaving, 6,57 each
        used = 3_200_000 - (1_200_000 + 150_000 * 12)
        lines = ChargeLine.objects.filter(account_id=leaver.pk)
        assert sum(line.quantity_wh for line in lines) == used
        assert final.final
        assert final.total_minor == used * 657 // 1000
        with pytest.raises(ReadingRefused):
            self.move(billable, last_day=self.T)

    def test_the_month_s_run_leaves_the_final_bill_as_it_is(self, billable: Town) -> None:
        BillingPeriod.objects.exclude(month=OCTOBER).delete()
        moved = self.move(billable)
        final = self.final_bill(billable)
        bill(billable)
        assert moved.newcomer is not None
        own = ChargeLine.objects.filter(account_id=billable.accounts["1"].pk, service=1)
        assert sum(line.amount_minor for line in own) == final.total_minor

    def test_months_before_have_to_be_billed_first(self, billable: Town) -> None:
        self.move(billable)
        with pytest.raises(final_bills.NoFinalBill) as problem:
            self.final_bill(billable)
        assert problem.value.code == "months_not_billed"

    def test_the_month_of_leaving_has_to_be_open(self, billable: Town) -> None:
        """Booked in an earlier month, the readings of the last day would not be known and the bill not be final."""
        BillingPeriod.objects.exclude(month=OCTOBER).delete()
        self.move(billable)
        with pytest.raises(final_bills.NoFinalBill) as problem:
            final_bills.make(
                account=billable.accounts["1"],
                supplier_id=billable.supplier.pk,
                parameters=packs.pack_parameters(),
                booked_period=Month(2026, 9),
                by=BY,
            )
        assert problem.value.code == "month_not_open"
        assert not ChargeLine.objects.filter(account_id=billable.accounts["1"].pk).exists()

    def test_a_month_billed_already_is_taken_back(self, billable: Town) -> None:
        BillingPeriod.objects.exclude(month=OCTOBER).delete()
        bill(billable)
        before = sum(
            line.amount_minor for line in ChargeLine.objects.filter(account_id=billable.accounts["1"].pk)
        )
        moved = self.move(billable, last_day=date(2026, 10, 10), value_wh=3_080_000)
        assert moved.months_waiting == 1
        final = self.final_bill(billable)
        assert final.final
        lines = ChargeLine.objects.filter(account_id=billable.accounts["1"].pk, service=1)
        assert sum(line.quantity_wh for line in lines) == 80_000
        assert sum(line.amount_minor for line in lines) < before

    def test_the_reading_of_the_handover_ends_months_by_estimate(self, billable: Town) -> None:
        """Flat 10 sent no readings in September and October: both were billed by average."""
        BillingPeriod.objects.exclude(month__in=["2026-09-01", "2026-10-01"]).delete()
        BillingPeriod.objects.update(state=1)
        bill(billable, MONTH.previous())
        bill(billable)
        account = billable.accounts["10"]
        last = 800_000 + 120_000 * 11  # on the 20th of August
        moving.move(
            account=account,
            last_day=date(2026, 10, 31),
            shown=shown(billable, "10", last + 100_000),
            newcomer=None,
            parameters=packs.pack_parameters(),
            today=TODAY,
            by=BY,
        )
        assert waiting(RecalculationCause.READING) == [
            (account.premise_id, date(2026, 9, 1)),
            (account.premise_id, OCTOBER),
        ]
        final = final_bills.make(
            account=account,
            supplier_id=billable.supplier.pk,
            parameters=packs.pack_parameters(),
            booked_period=MONTH,
            by=BY,
        )
        lines = ChargeLine.objects.filter(account_id=account.pk, service=1)
        assert sum(line.quantity_wh for line in lines) == 100_000
        assert final.final

    def test_a_reading_below_the_last_is_refused_and_nothing_stays(self, town: Town) -> None:
        with pytest.raises(ReadingRefused):
            self.move(town, value_wh=1)
        assert Account.objects.filter(premise=town.accounts["1"].premise).count() == 1
        with refusal("in_future"):
            self.move(town, last_day=date(2026, 12, 1))

    def test_nobody_follows(self, town: Town) -> None:
        moved = self.move(town, newcomer=None)
        assert moved.newcomer is None
        assert Account.objects.filter(premise=town.accounts["1"].premise).count() == 1

    def test_who_left_without_a_final_bill_is_reported_in_time(self, billable: Town) -> None:
        self.move(billable)

        def late(on: date) -> list[str]:
            found = final_bills.overdue(on=on, parameters=packs.pack_parameters(), limit=10)
            return [one.account.number for one in found]

        assert late(date(2026, 11, 4)) == [], "ten days after the last day are not over"
        assert late(date(2026, 11, 5)) == [billable.accounts["1"].number]
        BillingPeriod.objects.exclude(month=OCTOBER).delete()
        self.final_bill(billable)
        assert late(date(2026, 11, 5)) == []


def test_the_history_tells_everything_newest_first(billable: Town) -> None:
    account = billable.accounts["3"]
    bill(billable)
    premises.change_terms(premise=account.premise, on=date(2026, 10, 11), values={"rooms": 3}, by=BY)
    accounts.change_payer(account=account, payer=NEWCOMER, on=TODAY, by=BY)
    absences.apply(
        premise=account.premise,
        people=1,
        left_on=date(2026, 10, 1),
        returned_on=date(2026, 10, 12),
        applied_on=date(2026, 10, 20),
        by=BY,
    )
    items = history(account=account)
    assert [item.on for item in items] == sorted((item.on for item in items), reverse=True)
    kinds = {item.kind for item in items}
    assert kinds == {Kind.EVENT, Kind.TERMS, Kind.SERVICE, Kind.ABSENCE, Kind.CHARGE}
    changed = next(item for item in items if item.kind == Kind.TERMS and item.on == date(2026, 10, 11))
    assert (changed.facts, changed.author_id, changed.document) == (
        {"was": {"rooms": 2}, "now": {"rooms": 3}},
        7,
        BY.document,
    )
    charge = next(item for item in items if item.kind == Kind.CHARGE)
    assert charge.facts["amount_minor"] == sum(
        line.amount_minor for line in ChargeLine.objects.filter(account_id=account.pk)
    )
