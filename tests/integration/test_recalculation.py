"""What changed in the past waits, is looked at, and is posted: by a run, by the month's own run, or at the desk."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Sum
from tests import town as towns
from tests.town import MONTH, Town, build
from typer.testing import CliRunner

from abonent.contexts.access.models import Role
from abonent.contexts.charging.models import (
    BillingPeriod,
    BuildingBalance,
    ChargeLine,
    ManualRecalculation,
    ManualState,
    Recalculation,
    RecalculationCause,
    Run,
    RunKind,
    RunShard,
    RunState,
)
from abonent.contexts.contracts.models import Account, PremiseTerms
from abonent.contexts.ledger.models import Entry, Turnover
from abonent.contexts.metering.models import Reading, ReadingSource, ReadingStatus
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.contexts.places.models import Building, BuildingKind, BuildingTerms, CommonNeeds, Premise
from abonent.gateways import database_server
from abonent.interfaces.cli import recalc as command
from abonent.interfaces.cli import runtime
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, packs, recalculation
from abonent.usecases.billing_run import bookkeeping
from abonent.usecases.books_check import check_books

pytestmark = pytest.mark.django_db(transaction=True)

SEPTEMBER, OCTOBER, NOVEMBER = MONTH.previous(), MONTH, MONTH.next()
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
_minutes = count()


def now() -> datetime:
    """A clock that goes on with every look at it."""
    return START + timedelta(minutes=next(_minutes))


@pytest.fixture
def town() -> Town:
    """September and October are billed, both booked in October; November is open."""
    town = build()
    for month in (SEPTEMBER, OCTOBER):
        bill(town, month, booked=OCTOBER)
    BillingPeriod.objects.create(supplier=town.supplier, month=NOVEMBER.first_day)
    return town


@pytest.fixture(autouse=True)
def books_agree() -> Iterator[None]:
    """Whatever a test did, the books agree afterwards."""
    yield
    wrong = {result.check.name: result.rows for result in check_books() if result.disagreements}
    assert not wrong, wrong


def make(town: Town, month: Month, *, booked: Month | None = None, building: Building | None = None) -> int:
    return billing_run.create(
        scope=billing_run.Scope(town.supplier.pk, building_id=building and building.pk),
        period=month,
        booked_period=booked,
        at=now(),
        pack_version="test",
        parameter_hash=packs.pack_parameters().hash,
    )


def make_recalculation(town: Town, *, building: Building | None = None, **options: object) -> int:
    return billing_run.create_recalculation(
        scope=billing_run.Scope(town.supplier.pk, building_id=building and building.pk),
        booked_period=options.pop("booked", NOVEMBER),  # type: ignore[arg-type]
        at=now(),
        pack_version="test",
        parameter_hash=packs.pack_parameters().hash,
        **options,  # type: ignore[arg-type]
    )


def rate(run_id: int) -> None:
    billing_run.rate(run_id, parameters=packs.pack_parameters(), clock=now)


def approve(run_id: int) -> int:
    billing_run.approve(run_id=run_id, actor_id=None, at=now())
    return run_id


def bill(town: Town, month: Month, *, booked: Month | None = None) -> int:
    run_id = make(town, month, booked=booked)
    rate(run_id)
    return approve(run_id)


def read(town: Town, flat: str, day: date, value_wh: int) -> None:
    place = town.installations[flat, 1]
    ensure_reading_partitions(first=Month.of(day), last=Month.of(day))
    Reading.objects.create(
        installation=place,
        building_id=place.building_id,
        taken_on=day,
        value_wh=value_wh,
        source=ReadingSource.INSPECTOR,
        entered_at=now(),
    )


def note(
    premise: Premise,
    first: Month,
    last: Month | None = None,
    *,
    cause: RecalculationCause = RecalculationCause.RESIDENTS,
) -> int:
    return recalculation.note(
        building_id=premise.building_id,
        premise_id=premise.pk,
        first=first,
        last=last,
        cause=cause,
        note="справка № 7",
        actor_id=None,
        at=now(),
    )


def note_building(building: Building, first: Month) -> int:
    return recalculation.note(
        building_id=building.pk,
        premise_id=None,
        first=first,
        cause=RecalculationCause.AREA,
        note="",
        actor_id=None,
        at=now(),
    )


def settle(premise: Premise, *, booked: Month = NOVEMBER) -> recalculation.Settled:
    return recalculation.settle(premise_id=premise.pk, booked_period=booked, actor_id=None, at=now())


def move_in(account: Account, residents: int, *, since: Month = SEPTEMBER) -> None:
    """Let so many people live there from a month on. Flat 3 has no meter: it is charged by the norm for them."""
    terms = PremiseTerms.objects.filter(premise=account.premise_id)
    before = terms.get(during__contains=since.first_day)
    if before.during.lower == since.first_day:
        terms.filter(pk=before.pk).update(residents=residents)
        return
    terms.filter(pk=before.pk).update(during=DateRange(before.during.lower, since.first_day))
    before.pk, before.residents, before.during = None, residents, DateRange(since.first_day, None)
    before.save(force_insert=True)


def quantities(account: Account) -> dict[Month, int]:
    rows = ChargeLine.objects.filter(account_id=account.pk, service=1).values("period")
    return {Month.of(row["period"]): row["wh"] for row in rows.annotate(wh=Sum("quantity_wh")) if row["wh"]}


def waiting() -> list[tuple[int | None, Month]]:
    rows = Recalculation.objects.filter(settled_at=None, run=None).order_by("premise", "period")
    return [(premise, Month.of(period)) for premise, period in rows.values_list("premise", "period")]


class TestNoting:
    def test_only_billed_months_wait(self, town: Town) -> None:
        flat = town.accounts["3"].premise
        assert note(flat, Month(2026, 8)) == 2
        assert waiting() == [(flat.pk, SEPTEMBER), (flat.pk, OCTOBER)]

    def test_up_to_the_month_given(self, town: Town) -> None:
        flat = town.accounts["3"].premise
        assert note(flat, SEPTEMBER, SEPTEMBER) == 1

    def test_twice_noted_waits_once(self, town: Town) -> None:
        flat = town.accounts["3"].premise
        note(flat, SEPTEMBER)
        note(flat, SEPTEMBER)
        assert len(waiting()) == 2

    def test_a_month_that_is_being_billed_waits_and_is_settled_by_its_run(self, town: Town) -> None:
        flat = town.accounts["3"].premise
        run_id = make(town, NOVEMBER)
        rate(run_id)
        move_in(town.accounts["3"], 1, since=NOVEMBER)
        assert note(flat, NOVEMBER) == 1
        approve(run_id)
        assert waiting() == [(flat.pk, NOVEMBER)], "it was not in the draft"
        assert quantities(town.accounts["3"])[NOVEMBER] == 138_000
        settle(flat)
        assert quantities(town.accounts["3"])[NOVEMBER] == 96_000  # one person in two rooms, Smolensk
        assert waiting() == []

    def test_rated_again_the_run_takes_along_what_was_noted_meanwhile(self, town: Town) -> None:
        flat = town.accounts["3"].premise
        run_id = make(town, NOVEMBER)
        rate(run_id)
        move_in(town.accounts["3"], 1)
        note(flat, SEPTEMBER)
        rate(run_id)
        approve(run_id)
        assert waiting() == []
        assert set(quantities(town.accounts["3"]).values()) == {96_000}

    def test_a_reading_reaches_back_over_the_months_without_one(self, town: Town) -> None:
        """Flat 10 was read last in August."""
        flat = town.accounts["10"].premise
        assert note(flat, OCTOBER, cause=RecalculationCause.READING) == 2
        assert waiting() == [(flat.pk, SEPTEMBER), (flat.pk, OCTOBER)]

    def test_a_tariff_group_means_houses_and_whole_buildings(self, town: Town) -> None:
        noted = recalculation.note_tariff_group(
            supplier_id=town.supplier.pk,
            tariff_group_id=town.group.pk,
            first=SEPTEMBER,
            note="",
            actor_id=None,
            at=now(),
        )
        house = town.accounts["house"].premise_id
        assert noted == 4
        assert waiting() == [(house, SEPTEMBER), (house, OCTOBER), (None, SEPTEMBER), (None, OCTOBER)]


class TestAtTheDesk:
    def test_all_months_are_posted_in_one_run(self, town: Town) -> None:
        account = town.accounts["3"]
        move_in(account, 1)
        note(account.premise, SEPTEMBER)
        settled = settle(account.premise)
        assert settled.months == (SEPTEMBER, OCTOBER)
        assert quantities(account) == {SEPTEMBER: 96_000, OCTOBER: 96_000}
        run = Run.objects.get(pk=settled.run_id)
        assert (run.kind, run.state, run.period) == (RunKind.CORRECTION, RunState.POSTED, SEPTEMBER.first_day)
        assert run.amount_minor == settled.difference_minor == 2 * -27_594  # 42 kWh × 6,57
        assert set(Entry.objects.filter(batch__origin=f"run:{run.pk}").values_list("period", "kind")) == {
            (SEPTEMBER.first_day, 3),
            (OCTOBER.first_day, 3),
        }
        assert not Recalculation.objects.filter(settled_at=None).exists()

    def test_nothing_to_post_makes_no_run(self, town: Town) -> None:
        flat = town.accounts["3"].premise
        runs = Run.objects.count()
        note(flat, SEPTEMBER)
        assert settle(flat).run_id is None
        assert (Run.objects.count(), waiting()) == (runs, [])
        assert not Recalculation.objects.filter(settled_at=None).exists()

    def test_a_month_held_by_a_run_waits_and_the_rest_is_posted(self, town: Town) -> None:
        account = town.accounts["3"]
        run_id = make(town, OCTOBER, booked=NOVEMBER)
        move_in(account, 1)
        note(account.premise, SEPTEMBER)
        settled = settle(account.premise)
        assert (settled.months, settled.waiting_for) == ((SEPTEMBER,), (run_id,))
        assert waiting() == [(account.premise_id, OCTOBER)]
        rate(run_id)
        approve(run_id)
        assert quantities(account) == {SEPTEMBER: 96_000, OCTOBER: 96_000}
        assert waiting() == []

    def test_what_cannot_be_judged_goes_on_waiting(self, town: Town) -> None:
        account = town.accounts["1"]
        read(town, "1", date(2026, 10, 25), 90_000_000)  # five digits: an impossible 90 MWh
        note(account.premise, OCTOBER, cause=RecalculationCause.READING)
        settled = settle(account.premise)
        assert (settled.run_id, settled.parked) == (None, (OCTOBER,))
        assert waiting() == [(account.premise_id, OCTOBER)]

    def test_a_closed_month_takes_no_correction(self, town: Town) -> None:
        account = town.accounts["3"]
        note(account.premise, SEPTEMBER)
        with pytest.raises(billing_run.PeriodClosed):
            settle(account.premise, booked=SEPTEMBER)

    def test_a_preview_shows_what_settling_posts(self, town: Town) -> None:
        account = town.accounts["3"]
        move_in(account, 1)
        note(account.premise, SEPTEMBER)
        looked = recalculation.preview(
            premise_id=account.premise_id,
            months=[SEPTEMBER, OCTOBER],
            supplier_id=town.supplier.pk,
            parameters=packs.pack_parameters(),
            booked_period=NOVEMBER,
        )
        assert [change.month for change in looked.changed] == [SEPTEMBER, OCTOBER]
        assert [line.quantity_wh for line in looked.months[0].before] == [138_000]
        assert [line.quantity_wh for line in looked.months[0].after] == [96_000]
        assert looked.difference_minor == settle(account.premise).difference_minor
        again = recalculation.preview(
            premise_id=account.premise_id,
            months=[SEPTEMBER, OCTOBER],
            supplier_id=town.supplier.pk,
            parameters=packs.pack_parameters(),
            booked_period=NOVEMBER,
        )
        assert again.changed == ()

    def test_a_line_made_of_something_else_is_replaced_though_the_amount_is_the_same(
        self, town: Town
    ) -> None:
        account = town.accounts["house"]
        own = ChargeLine.objects.filter(account_id=account.pk, period=OCTOBER.first_day)
        (before,) = own
        Reading.objects.filter(
            installation=town.installations["house", 1], taken_on=date(2026, 10, 20)
        ).update(status=ReadingStatus.ANNULLED, judged_at=now())
        read(town, "house", date(2026, 10, 21), before.because[1])
        note(account.premise, OCTOBER, cause=RecalculationCause.READING)
        assert settle(account.premise).difference_minor == 0
        lines = own.order_by("batch_id", "line_no")
        assert [line.quantity_wh for line in lines] == [300_000, -300_000, 300_000]
        assert [line.because[3] for line in lines][::2] == [before.because[3], before.because[3] + 1]


class TestRun:
    def test_what_waits_is_claimed_rated_and_settled(self, town: Town) -> None:
        account = town.accounts["3"]
        move_in(account, 1)
        note(account.premise, SEPTEMBER)
        run_id = make_recalculation(town)
        assert waiting() == []
        rate(run_id)
        approve(run_id)
        run = Run.objects.get(pk=run_id)
        assert (run.kind, run.period, run.lines) == (RunKind.RECALCULATION, SEPTEMBER.first_day, 4)
        assert quantities(account) == {SEPTEMBER: 96_000, OCTOBER: 96_000}
        assert set(Recalculation.objects.values_list("run", flat=True)) == {run_id}
        assert not Recalculation.objects.filter(settled_at=None).exists()
        turnover = Turnover.objects.get(account_id=account.pk, booked_period=NOVEMBER.first_day)
        assert (turnover.charged_minor, turnover.recalculated_minor) == (0, 2 * -27_594)

    def test_only_the_causes_and_months_asked_for(self, town: Town) -> None:
        flat = town.accounts["3"].premise
        note(flat, SEPTEMBER)
        note(town.accounts["1"].premise, SEPTEMBER, cause=RecalculationCause.DEVICE)
        make_recalculation(town, causes=[RecalculationCause.RESIDENTS], last=SEPTEMBER)
        assert (flat.pk, SEPTEMBER) not in waiting()
        assert len(waiting()) == 3

    def test_nothing_waits(self, town: Town) -> None:
        with pytest.raises(billing_run.NothingWaits):
            make_recalculation(town)

    def test_discarded_and_cancelled_it_waits_again(self, town: Town) -> None:
        account = town.accounts["3"]
        move_in(account, 1)
        note(account.premise, SEPTEMBER)
        before = waiting()
        billing_run.discard(run_id=make_recalculation(town))
        assert waiting() == before
        run_id = make_recalculation(town)
        rate(run_id)
        approve(run_id)
        billing_run.cancel(run_id=run_id, actor_id=None, at=now(), reason="рано")
        assert waiting() == before
        assert quantities(account) == {SEPTEMBER: 138_000, OCTOBER: 138_000}
        settle(account.premise)
        assert quantities(account) == {SEPTEMBER: 96_000, OCTOBER: 96_000}

    def test_what_is_noted_after_the_rating_waits_for_the_next_run(self, town: Town) -> None:
        account = town.accounts["3"]
        move_in(account, 1)
        note(account.premise, SEPTEMBER)
        run_id = make_recalculation(town)
        rate(run_id)
        move_in(account, 2)
        note(account.premise, SEPTEMBER)
        approve(run_id)
        assert waiting() == [(account.premise_id, SEPTEMBER), (account.premise_id, OCTOBER)]
        assert quantities(account) == {SEPTEMBER: 96_000, OCTOBER: 96_000}
        settle(account.premise)
        assert set(quantities(account).values()) == {120_000}
        billing_run.cancel(run_id=_last_run(), actor_id=None, at=now(), reason="")
        billing_run.cancel(run_id=run_id, actor_id=None, at=now(), reason="")
        assert len(waiting()) == 2, "once each"

    def test_noted_again_and_rated_again_it_is_settled(self, town: Town) -> None:
        account = town.accounts["3"]
        note(account.premise, SEPTEMBER)
        run_id = make_recalculation(town)
        rate(run_id)
        move_in(account, 1)
        note(account.premise, SEPTEMBER)
        rate(run_id)
        approve(run_id)
        assert waiting() == []
        assert quantities(account) == {SEPTEMBER: 96_000, OCTOBER: 96_000}

    def test_a_month_run_that_fails_or_is_discarded_lets_go_what_it_took_along(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flat = town.accounts["3"].premise
        note(flat, SEPTEMBER)
        run_id = make(town, NOVEMBER)
        with monkeypatch.context() as patch:
            patch.setattr(bookkeeping, "book", _broken)
            with pytest.raises(RuntimeError):
                rate(run_id)
        assert len(waiting()) == 2
        assert not RunShard.objects.filter(run_id=run_id, listed=True).exists()
        rate(run_id)
        assert waiting() == []
        assert RunShard.objects.filter(run_id=run_id, listed=True).count() == 2
        billing_run.discard(run_id=run_id)
        assert len(waiting()) == 2
        rate(again := make(town, NOVEMBER))
        approve(again)
        assert waiting() == []

    def test_a_whole_building_is_shared_out_again(self, town: Town) -> None:
        BuildingTerms.objects.filter(building=town.building).update(premises_area_dm2=44_000)
        note_building(town.building, OCTOBER)
        note(town.accounts["3"].premise, OCTOBER)
        run_id = make_recalculation(town)
        rate(run_id)
        approve(run_id)
        balance = BuildingBalance.objects.get(run_id=run_id)
        assert (balance.period, balance.area_dm2) == (OCTOBER.first_day, 44_000)
        shares = ChargeLine.objects.filter(service=2, period=OCTOBER.first_day, building_id=town.building.pk)
        assert shares.aggregate(wh=Sum("quantity_wh"))["wh"] == balance.distributed_wh - balance.unassigned_wh
        assert not ChargeLine.objects.filter(batch_id__in=_batches(run_id)).exclude(service=2).exists()

    @pytest.mark.parametrize("by_month_run", [False, True])
    def test_what_a_month_leaves_over_is_carried_within_the_run(self, town: Town, by_month_run: bool) -> None:
        """An executor's building whose meter counted less in September than its flats: a deficit (ПП РФ 124)."""
        BuildingTerms.objects.filter(building=town.building).update(common_needs=CommonNeeds.EXECUTOR)
        note_building(town.building, SEPTEMBER)
        rate(first := make_recalculation(town, booked=OCTOBER))
        approve(first)
        place = town.installations["building", 1]
        taken = Reading.objects.get(installation=place, taken_on=date(2026, 9, 20))
        Reading.objects.filter(id=taken.id, taken_on=taken.taken_on).update(
            status=ReadingStatus.ANNULLED, judged_at=now()
        )
        read(town, "building", date(2026, 9, 21), taken.value_wh - 230_000)
        recalculation.note(
            building_id=town.building.pk,
            premise_id=None,
            first=SEPTEMBER,
            cause=RecalculationCause.READING,
            note="",
            actor_id=None,
            at=now(),
        )
        run_id = make(town, NOVEMBER) if by_month_run else make_recalculation(town)
        rate(run_id)
        approve(run_id)
        balances = {
            Month.of(row.period): row
            for row in BuildingBalance.objects.filter(run_id=run_id, building=town.building)
        }
        assert balances[SEPTEMBER].carried_wh > 0
        assert balances[OCTOBER].carried_in_wh == balances[SEPTEMBER].carried_wh
        if by_month_run:
            assert balances[NOVEMBER].carried_in_wh == balances[OCTOBER].carried_wh
        note_building(town.building, SEPTEMBER)
        rate(again := make_recalculation(town))
        assert Run.objects.get(pk=again).lines == 0, "nothing was left to carry"
        later = BuildingBalance.objects.get(run_id=again, period=OCTOBER.first_day)
        assert later.carried_in_wh == balances[OCTOBER].carried_in_wh
        billing_run.discard(run_id=again)

    def test_readings_that_come_in_for_earlier_months_do_not_hold_a_run_up(self, town: Town) -> None:
        account = town.accounts["1"]
        note(town.accounts["3"].premise, OCTOBER)
        run_id = make(town, NOVEMBER)
        rate(run_id)
        read(town, "1", date(2026, 10, 25), 1_200_000 + 150_000 * 13 + 50_000)
        note(account.premise, OCTOBER, cause=RecalculationCause.READING)
        approve(run_id)
        assert waiting() == [(account.premise_id, OCTOBER), (account.premise_id, NOVEMBER)]

    def test_readings_of_the_month_itself_still_do(self, town: Town) -> None:
        note(town.accounts["3"].premise, OCTOBER)
        run_id = make(town, NOVEMBER)
        rate(run_id)
        read(town, "1", date(2026, 11, 1), 1_200_000 + 150_000 * 13 + 50_000)
        with pytest.raises(billing_run.ReadingsCameIn):
            approve(run_id)

    def test_the_later_run_is_cancelled_first_whichever_month_it_came_from(self, town: Town) -> None:
        account = town.accounts["3"]
        november = make(town, NOVEMBER)  # made before the correction, posted after it
        move_in(account, 1, since=OCTOBER)
        note(account.premise, OCTOBER, OCTOBER)
        correction = settle(account.premise).run_id
        assert correction is not None
        assert correction > november
        move_in(account, 2, since=OCTOBER)
        note(account.premise, OCTOBER, OCTOBER)
        rate(november)
        approve(november)
        with pytest.raises(billing_run.Overlaid, match=rf"#{november}\b"):
            billing_run.cancel(run_id=correction, actor_id=None, at=now(), reason="")
        billing_run.cancel(run_id=november, actor_id=None, at=now(), reason="")
        assert quantities(account)[OCTOBER] == 96_000
        billing_run.cancel(run_id=correction, actor_id=None, at=now(), reason="")
        assert quantities(account)[OCTOBER] == 138_000

    def test_a_shard_does_not_reach_across_what_another_run_holds(self, town: Town) -> None:
        houses = [_house(town, number) for number in ("4", "6", "8")]
        bill(town, OCTOBER, booked=NOVEMBER)
        held = make(town, OCTOBER, booked=NOVEMBER, building=houses[1].building)
        for account in houses:
            note(account.premise, OCTOBER)
        run_id = make_recalculation(town)
        ranges = RunShard.objects.filter(run_id=run_id).values_list("buildings", flat=True)
        assert sorted((one.lower, one.upper - 1) for one in ranges) == [
            (houses[0].building_id, houses[0].building_id),
            (houses[2].building_id, houses[2].building_id),
        ]
        assert waiting() == [(houses[1].premise_id, OCTOBER)]
        rate(held)
        approve(held)
        assert waiting() == []

    def test_shards_are_cut_small(self, town: Town) -> None:
        houses = [_house(town, number) for number in ("4", "6", "8")]
        bill(town, OCTOBER, booked=NOVEMBER)
        for account in houses:
            note(account.premise, OCTOBER)
        run_id = make_recalculation(town, shard_premises=1)
        assert RunShard.objects.filter(run_id=run_id).count() == 3
        rate(run_id)
        assert Run.objects.get(pk=run_id).accounts_done == 3


class TestManual:
    def propose(self, town: Town, actor_id: int | None, amount_minor: int = -12_345) -> ManualRecalculation:
        return recalculation.propose(
            account=town.accounts["3"],
            period=SEPTEMBER,
            amount_minor=amount_minor,
            reason="решение суда",
            document="Решение № 2-17/2026 от 01.11.2026",
            actor_id=actor_id,
            at=now(),
        )

    def decide(self, manual: ManualRecalculation, actor_id: int | None, approved: bool = True) -> int | None:
        return recalculation.decide(
            manual_id=manual.pk, approved=approved, booked_period=NOVEMBER, actor_id=actor_id, at=now()
        )

    def test_approved_by_another_it_is_posted_and_no_rating_touches_it(self, town: Town) -> None:
        clerk, chief = towns.user(Role.OPERATOR), towns.user(Role.ACCOUNTANT)
        manual = self.propose(town, clerk.pk)
        run_id = self.decide(manual, chief.pk)
        (line,) = ChargeLine.objects.filter(batch_id__in=_batches(run_id))
        assert (line.rule, line.price_e5, line.amount_minor, line.because[0]) == (18, 0, -12_345, manual.pk)
        account = town.accounts["3"]
        note(account.premise, SEPTEMBER)
        note_building(town.building, SEPTEMBER)
        assert settle(account.premise).run_id is None
        rate(again := make_recalculation(town))
        approve(again)
        assert Run.objects.get(pk=again).lines == 0
        recalculation.reverse(manual_id=manual.pk, actor_id=chief.pk, at=now(), reason="отменено")
        assert ManualRecalculation.objects.get(pk=manual.pk).state == ManualState.REVERSED
        totals = ChargeLine.objects.filter(rule=18).aggregate(sum=Sum("amount_minor"))
        assert totals == {"sum": 0}

    def test_sent_twice_it_is_proposed_once(self, town: Town) -> None:
        manual = self.propose(town, None)
        with pytest.raises(recalculation.ManualRefused, match="very same"):
            self.propose(town, None)
        self.decide(manual, 1, approved=False)
        assert self.propose(town, None).pk != manual.pk

    def test_nobody_approves_his_own_unless_nobody_else_can(self, town: Town) -> None:
        chief = towns.user(Role.ADMINISTRATOR)
        assert self.decide(self.propose(town, chief.pk), chief.pk)
        towns.user(Role.ACCOUNTANT)
        with pytest.raises(recalculation.ManualRefused, match="Somebody else"):
            self.decide(self.propose(town, chief.pk), chief.pk)

    def test_refused_nothing_is_posted(self, town: Town) -> None:
        manual = self.propose(town, None)
        assert self.decide(manual, 1, approved=False) is None
        assert not ChargeLine.objects.filter(rule=18).exists()
        with pytest.raises(recalculation.ManualRefused, match="decided already"):
            self.decide(manual, 1)

    @pytest.mark.parametrize(
        ("code", "change"),
        [
            ("no_reason", {"reason": " "}),
            ("no_document", {"document": ""}),
            ("no_amount", {"amount_minor": 0}),
            ("not_served", {"period": Month(2019, 12)}),
        ],
    )
    def test_a_proposal_says_why_and_by_what(self, town: Town, code: str, change: dict[str, object]) -> None:
        given = {"period": SEPTEMBER, "amount_minor": 1, "reason": "a", "document": "b"} | change
        with pytest.raises(recalculation.ManualRefused) as refusal:
            recalculation.propose(account=town.accounts["3"], actor_id=None, at=now(), **given)  # type: ignore[arg-type]
        assert refusal.value.code == code


def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("broken")


def _last_run() -> int:
    return Run.objects.filter(state=RunState.POSTED).order_by("-id").values_list("id", flat=True)[0]


def _batches(run_id: int | None) -> list[int]:
    return [
        batch for batch in RunShard.objects.filter(run_id=run_id).values_list("batch_id", flat=True) if batch
    ]


def _house(town: Town, number: str) -> Account:
    """A private house without a meter."""
    building = Building.objects.create(
        branch=town.branch, street=town.street, number=number, kind=BuildingKind.PRIVATE
    )
    towns._settle(town, building, "", "Соседов Иван Ильич", serial=200 + int(number), area_dm2=8_000)
    return town.accounts.pop("house")


class TestCommand:
    @pytest.fixture(autouse=True)
    def no_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runtime, "ready", lambda: None)

    def test_what_waits_is_looked_at_counted_and_posted(self, town: Town) -> None:
        account = town.accounts["3"]
        assert "Nothing waits" in CliRunner().invoke(command.app, ["list"]).stdout
        move_in(account, 1)
        note(account.premise, SEPTEMBER)
        counted = json.loads(CliRunner().invoke(command.app, ["list", "--json"]).stdout)
        assert counted == {"causes": {"residents": 2}, "months": {"2026-10": 1, "2026-09": 1}}
        looked = CliRunner().invoke(command.app, ["preview", account.number, "--json"])
        assert json.loads(looked.stdout)["difference_minor"] == 2 * -27_594
        ran = CliRunner().invoke(
            command.app, ["run", "--book-in", "2026-11", "--cause", "residents", "--approve", "--json"]
        )
        assert ran.exit_code == 0, ran.output
        assert json.loads(ran.stdout)["amount_minor"] == 2 * -27_594
        assert waiting() == []

    def test_refusals_are_one_line(self, town: Town) -> None:
        ran = CliRunner().invoke(command.app, ["run", "--book-in", "2026-11"])
        assert (ran.exit_code, ran.stderr.count("\n")) == (1, 1)
        assert CliRunner().invoke(command.app, ["preview", "0"]).exit_code == 1
        assert CliRunner().invoke(command.app, ["run", "--book-in", "2026-11", "--cause", "x"]).exit_code == 2


CHILD = """
import django; django.setup()
from datetime import UTC, datetime
from abonent.usecases import billing_run, packs
parameters = packs.pack_parameters(); now = datetime(2026, 11, 30, 9, tzinfo=UTC)
print("ready", flush=True)
billing_run.rate({run_id}, parameters=parameters, clock=lambda: now, mass_accounts={mass})
billing_run.approve(run_id={run_id}, actor_id=None, at=now)
"""


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_instant_everything_is_settled_or_can_be(town: Town, seed: int) -> None:
    """A month's run with a building, a premise and a gap of earlier months."""
    chance = random.Random(seed)
    account = town.accounts["3"]
    move_in(account, 1)
    note(account.premise, SEPTEMBER)
    BuildingTerms.objects.filter(building=town.building).update(premises_area_dm2=44_000)
    note_building(town.building, OCTOBER)
    read(town, "10", date(2026, 11, 1), 800_000 + 120_000 * 11 + 300_000)
    run_id = make(town, NOVEMBER)
    name = str(connection.settings_dict["NAME"])
    with subprocess.Popen(
        [sys.executable, "-c", CHILD.format(run_id=run_id, mass=chance.choice([1, 1000]))],
        env=os.environ
        | {
            "ABONENT_DATABASE_URL": database_server.dsn(database=name),
            "DJANGO_SETTINGS_MODULE": "abonent.project.settings",
        },
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0, 1.0))
        child.send_signal(signal.SIGKILL)
    run = wait_for_quiet(run_id)
    if run.state != RunState.POSTED:
        assert not ChargeLine.objects.filter(period=NOVEMBER.first_day).exists()
        assert not Recalculation.objects.filter(settled_at__isnull=False).exists()
        if chance.random() < 0.5:
            billing_run.discard(run_id=run_id)
            assert len(waiting()) >= 3
            run_id = make(town, NOVEMBER)
        rate(run_id)
        approve(run_id)
    assert not Recalculation.objects.filter(settled_at=None).exists()
    assert set(quantities(account).values()) == {96_000}
    totals = Run.objects.get(pk=run_id)
    assert totals.lines == RunShard.objects.filter(run_id=run_id).aggregate(sum=Sum("lines"))["sum"]


def wait_for_quiet(run_id: int) -> Run:
    """Wait until the server has noticed that the killed process is gone."""
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone()[0] == 0:
                break
        time.sleep(0.1)
    return Run.objects.get(pk=run_id)
