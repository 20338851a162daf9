"""Penalties from the books to the books: charges, payments and what they cover; a run, its entries, its reversal."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Sum
from tests.money import owe, pay, settle
from tests.street import MONTH, Built, found

from abonent.contexts.ledger.models import Batch, BatchState, Entry, EntryKind, Turnover
from abonent.contexts.payments.models import Allocation
from abonent.contexts.penalties.models import (
    DebtorTerms,
    ExclusionCause,
    PenaltyAccount,
    PenaltyExclusion,
    PenaltyLine,
    PenaltyRun,
    PenaltyRunState,
)
from abonent.engine import parameters
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import books_check, penalties
from abonent.usecases.packs import pack_parameters
from abonent.usecases.penalties import PenaltyRefused

AT = datetime(2026, 10, 31, 9, tzinfo=UTC)
TODAY = AT.date()
EXAMPLES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "penalties.yaml").read_text(encoding="utf-8")
)
SOURCE = {
    "act": "an example",
    "url": "https://example.org",
    "published": date(2016, 1, 1),
    "confidence": "low",
}


def minor(roubles: str) -> int:
    return int(Decimal(roubles) * 100)


@pytest.fixture
def street(db: None) -> Built:
    built = found(months=(MONTH,))
    built.building("10")
    for flat in ("1", "2", "3"):
        built.flat(f"10/{flat}")
    return built


def of_example(example: dict[str, Any]) -> ParameterSet:
    """The law, but for what the example has otherwise."""
    law, others = pack_parameters(), []
    if rate := example.get("rate"):
        others.append(("ru.key_rate", {"type": "decimal"}, {"value": rate}))
    if days := example.get("moratoria"):
        columns = {
            "debtor": "integer",
            "first_day": "date",
            "last_day": "date",
            "arisen_before": "date or null",
        }
        rows = [
            {"debtor": "1", "first_day": str(first), "last_day": str(last), "arisen_before": None}
            for first, last in days
        ]
        shape = {"columns": columns, "key": ["debtor", "first_day"]}
        others.append(("ru.penalty.moratoria", shape, {"rows": rows, "retroactive": True}))
    for id, shape, version in others:
        content = {
            "id": id,
            "description": "of an example",
            **shape,
            "versions": {"2016-01-01": {"source": SOURCE, **version}},
        }
        law = law.replaced(parameters.from_content(content, name=id))
    return law


def run(
    street: Built, *, until: date, law: ParameterSet | None = None, month: Month = MONTH, mass: bool = False
) -> PenaltyRun:
    """Count a run and post it."""
    run_id = counted(street, until=until, law=law, month=month, mass=mass).pk
    penalties.approve(run_id=run_id, actor_id=7, at=AT)
    return PenaltyRun.objects.get(pk=run_id)


def counted(
    street: Built, *, until: date, law: ParameterSet | None = None, month: Month = MONTH, mass: bool = False
) -> PenaltyRun:
    run_id = penalties.create(
        supplier_id=street.supplier.pk, booked_period=month, until=until, today=TODAY, actor_id=7, at=AT,
        shard_accounts=2,
    )  # fmt: skip
    penalties.count_run(
        run_id, parameters=law or pack_parameters(), clock=lambda: AT, mass_accounts=1 if mass else 100
    )
    return PenaltyRun.objects.get(pk=run_id)


def accrued(street: Built, name: str = "10/1") -> dict[str, int]:
    """Penalties in the books by month."""
    rows = Entry.objects.filter(account_id=street.accounts[name].pk, kind=EntryKind.PENALTY)
    by_month = rows.order_by("period").values_list("period").annotate(total=Sum("amount_minor"))
    return {str(Month.of(period)): total for period, total in by_month}


@pytest.mark.parametrize("mass", [False, True], ids=["in the shared slot", "in a slot of its own"])
@pytest.mark.parametrize("example", EXAMPLES, ids=[example["example"] for example in EXAMPLES])
def test_a_worked_example(street: Built, example: dict[str, Any], mass: bool) -> None:
    account = street.accounts["10/1"]
    if "debtor" in example:
        DebtorTerms.objects.create(
            account=account, during=DateRange(None, None), debtor=example["debtor"], due_day=example["due_day"],
            source="договор", made_at=AT,
        )  # fmt: skip
    for month, roubles in example["charged"].items():
        owe(account, Month.parse(month), minor(roubles))
    for day, roubles in example.get("paid", {}).items():
        pay(account, minor(roubles), paid_on=day)
    settle(account, booked_on=TODAY)
    posted = run(street, until=example["until"], law=of_example(example), mass=mass)
    (month,) = example["charged"]
    expected = minor(example["penalty"])
    assert accrued(street) == {month: expected}
    assert posted.amount_minor == expected
    assert (
        Turnover.objects.filter(account_id=account.pk).aggregate(sum=Sum("penalty_minor"))["sum"] == expected
    )
    lines = PenaltyLine.objects.filter(run=posted, account_id=account.pk)
    assert set(lines.values_list("due_on", flat=True)) == {example["due"]}
    assert lines.aggregate(sum=Sum("amount_minor"))["sum"] == expected
    for name, roubles in example.get("parts", {}).items():
        what, _, figure = name.replace("base ", "base/").partition("/")
        wanted = lines.filter(base_minor=minor(figure)) if what == "base" else lines.filter(divisor=figure)
        assert wanted.aggregate(sum=Sum("amount_minor"))["sum"] == minor(roubles), name
    assert counted(street, until=example["until"], law=of_example(example)).amount_minor == 0


def late(
    street: Built, name: str = "10/1", month: Month = Month(2026, 3), amount_minor: int = 500_000
) -> None:
    owe(street.accounts[name], month, amount_minor)
    settle(street.accounts[name], booked_on=TODAY)


class TestCumulative:
    """What a run posts is what the law asks less what was posted."""

    def test_a_month_adds_its_days(self, street: Built) -> None:
        late(street)
        first = run(street, until=date(2026, 7, 31))
        second = run(street, until=date(2026, 8, 1))
        assert first.amount_minor == 9_500 + round(500_000 * 0.095 / 130 * 17)
        assert accrued(street) == {"2026-03": 16_077}
        assert second.amount_minor == 16_077 - first.amount_minor

    def test_a_payment_that_came_late_takes_its_days_back(self, street: Built) -> None:
        late(street)
        run(street, until=date(2026, 8, 1))
        pay(street.accounts["10/1"], 500_000, paid_on=date(2026, 5, 20))
        settle(street.accounts["10/1"], booked_on=TODAY)
        assert run(street, until=date(2026, 8, 2)).amount_minor < 0
        # 20 May is the 35th day of delay: five days at 1/300
        assert accrued(street) == {"2026-03": round(500_000 * 0.095 / 300 * 5)}

    def test_what_a_recalculation_lowered_counts_from_the_beginning(self, street: Built) -> None:
        late(street)
        owe(street.accounts["10/1"], Month(2026, 3), -500_000, kind=EntryKind.RECALCULATION, booked_on=TODAY)
        settle(street.accounts["10/1"], booked_on=TODAY)
        assert run(street, until=date(2026, 8, 1)).amount_minor == 0

    def test_lowering_after_posting_takes_all_back(self, street: Built) -> None:
        late(street)
        run(street, until=date(2026, 8, 1))
        owe(street.accounts["10/1"], Month(2026, 3), -250_000, kind=EntryKind.RECALCULATION, booked_on=TODAY)
        settle(street.accounts["10/1"], booked_on=TODAY)
        run(street, until=date(2026, 8, 1))
        assert accrued(street) == {"2026-03": 4_750 + round(250_000 * 0.095 / 130 * 18)}

    def test_what_a_recalculation_raised_falls_due_with_its_own_bill(self, street: Built) -> None:
        late(street, amount_minor=100_000)
        owe(
            street.accounts["10/1"], Month(2026, 3), 400_000, kind=EntryKind.RECALCULATION,
            booked_on=date(2026, 5, 31),
        )  # fmt: skip
        settle(street.accounts["10/1"], booked_on=TODAY)
        done = run(street, until=date(2026, 8, 1))
        bases = PenaltyLine.objects.filter(run=done).order_by("due_on", "begins_on")
        assert {(row.due_on, row.base_minor) for row in bases} == {
            (date(2026, 4, 15), 100_000), (date(2026, 6, 15), 400_000),
        }  # fmt: skip
        policy = pack_parameters().versions("ru.penalty.policy")[0].rows[0]
        content = {
            "id": "ru.penalty.policy", "description": "of a test",
            "columns": {"raised": "integer", "rate_of": "integer", "counts_from": "date or null"},
            "versions": {"2016-01-01": {"source": SOURCE, "rows": [{**policy, "raised": "2"}]}},
        }  # fmt: skip
        law = pack_parameters().replaced(parameters.from_content(content, name="policy"))
        run(street, until=date(2026, 8, 1), law=law)
        assert accrued(street) == {"2026-03": 16_077}

    def test_an_opening_balance_falls_due_as_its_month_does(self, street: Built) -> None:
        owe(
            street.accounts["10/1"],
            Month(2026, 3),
            500_000,
            kind=EntryKind.OPENING,
            booked_on=date(2026, 6, 1),
        )
        settle(street.accounts["10/1"], booked_on=TODAY)
        run(street, until=date(2026, 8, 1))
        assert accrued(street) == {"2026-03": 16_077}

    def test_court_costs_and_penalties_bear_none(self, street: Built) -> None:
        owe(street.accounts["10/1"], Month(2026, 3), 500_000, kind=EntryKind.COURT_COST)
        owe(street.accounts["10/1"], Month(2026, 3), 500_000, kind=EntryKind.PENALTY)
        assert run(street, until=date(2026, 8, 1)).amount_minor == 0

    def test_a_payment_in_advance_comes_before_the_due_day(self, street: Built) -> None:
        pay(street.accounts["10/1"], 500_000, paid_on=date(2026, 2, 1))
        late(street)
        assert run(street, until=date(2026, 8, 1)).amount_minor == 0

    def test_an_advance_of_the_opening_covers_from_the_day_it_was_booked(self, street: Built) -> None:
        owe(
            street.accounts["10/1"],
            Month(2025, 12),
            -500_000,
            kind=EntryKind.OPENING,
            booked_on=date(2026, 1, 1),
        )
        late(street)  # settled months later
        assert Allocation.objects.filter(payment_id=0).exists()
        assert run(street, until=date(2026, 8, 1)).amount_minor == 0

    def test_what_was_written_off_is_owed_no_more(self, street: Built) -> None:
        late(street)
        owe(
            street.accounts["10/1"],
            Month(2026, 3),
            -500_000,
            kind=EntryKind.WRITE_OFF,
            booked_on=date(2026, 5, 20),
        )
        settle(street.accounts["10/1"], booked_on=TODAY)
        run(street, until=date(2026, 8, 1))
        assert accrued(street) == {"2026-03": round(500_000 * 0.095 / 300 * 5)}

    def test_penalties_written_off_are_not_posted_again(self, street: Built) -> None:
        late(street)
        run(street, until=date(2026, 8, 1))
        owe(street.accounts["10/1"], Month(2026, 3), -16_077, kind=EntryKind.PENALTY, booked_on=TODAY)
        assert run(street, until=date(2026, 8, 1)).amount_minor == 0


class TestExclusions:
    def exclude(self, street: Built, first: date, end: date | None, **values: Any) -> PenaltyExclusion:
        return PenaltyExclusion.objects.create(
            account=street.accounts["10/1"], during=DateRange(first, end), cause=ExclusionCause.COURT,
            document="дело 2-17/2026", made_at=AT, **values,
        )  # fmt: skip

    def test_excluded_days_cost_nothing(self, street: Built) -> None:
        late(street)
        self.exclude(street, date(2026, 7, 15), None)
        done = run(street, until=date(2026, 8, 1))
        assert accrued(street) == {"2026-03": 9_500}
        assert (
            PenaltyLine.objects.filter(run=done, suspended=True).aggregate(sum=Sum("amount_minor"))["sum"]
            == 0
        )

    def test_a_cancelled_exclusion_excludes_nothing(self, street: Built) -> None:
        late(street)
        self.exclude(street, date(2026, 7, 15), None, cancelled_at=AT)
        run(street, until=date(2026, 8, 1))
        assert accrued(street) == {"2026-03": 16_077}

    def test_an_account_that_moratoria_do_not_spare(self, street: Built) -> None:
        for name, moratoria in (("10/1", True), ("10/2", False)):
            DebtorTerms.objects.create(
                account=street.accounts[name], during=DateRange(None, None), debtor=1, moratoria=moratoria,
                source="решение суда", made_at=AT,
            )  # fmt: skip
            late(street, name, Month(2021, 12))
        run(street, until=date(2022, 10, 31))
        assert accrued(street, "10/2")["2021-12"] > accrued(street)["2021-12"] > 0


class TestRun:
    def test_a_proposal_is_in_no_book(self, street: Built) -> None:
        late(street)
        done = counted(street, until=date(2026, 8, 1))
        assert (done.state, done.accounts, done.accounts_total, done.debts) == (
            PenaltyRunState.COUNTED,
            3,
            3,
            1,
        )
        assert not Entry.objects.filter(kind=EntryKind.PENALTY).exists()
        row = PenaltyAccount.objects.get(run=done)
        assert (row.branch_id, row.debtor, row.debts, row.asked_minor, row.posted_minor, row.amount_minor) == (
            street.branch.pk, 1, 1, 16_077, 0, 16_077,
        )  # fmt: skip

    def test_it_is_booked_on_the_day_it_is_where_the_supplier_is(self, street: Built) -> None:
        late(street)
        run_id = penalties.create(
            supplier_id=street.supplier.pk,
            booked_period=MONTH,
            until=date(2026, 8, 1),
            today=TODAY,
            actor_id=7,
            at=AT,
        )
        after_midnight = datetime(2026, 10, 28, 22, tzinfo=UTC)  # 01:00 in Moscow
        penalties.count_run(run_id, parameters=pack_parameters(), clock=lambda: after_midnight)
        assert Batch.objects.get(origin=f"penalties:{run_id}").booked_on == date(2026, 10, 29)

    def test_approved_it_is(self, street: Built) -> None:
        late(street)
        late(street, "10/3", amount_minor=100_000)
        done = run(street, until=date(2026, 8, 1))
        batches = Batch.objects.filter(origin=f"penalties:{done.pk}").order_by("shard_no")
        assert [(one.shard_no, one.entries, one.state) for one in batches] == [
            (1, 1, BatchState.POSTED), (2, 1, BatchState.POSTED),
        ]  # fmt: skip
        assert sum(one.amount_minor for one in batches) == done.amount_minor
        assert done.approved_by_id == 7
        assert list(PenaltyLine.objects.filter(run=done).order_by("line_no").values_list("line_no", flat=True)) == [
            1, 2, 3, 4,
        ]  # fmt: skip

    @pytest.mark.parametrize("mass", [False, True])
    def test_reversed_it_leaves_its_negative(self, street: Built, mass: bool) -> None:
        late(street)
        done = run(street, until=date(2026, 8, 1), mass=mass)
        penalties.reverse(run_id=done.pk, reason="не тот день", today=TODAY, actor_id=8, at=AT)
        assert accrued(street) == {"2026-03": 0}
        assert Entry.objects.filter(kind=EntryKind.PENALTY).count() == 2
        done.refresh_from_db()
        assert (done.state, done.reversed_by_id, done.reason) == (PenaltyRunState.REVERSED, 8, "не тот день")
        assert Turnover.objects.filter(account_id=street.accounts["10/1"].pk).aggregate(
            sum=Sum("penalty_minor")
        ) == {"sum": 0}
        run(street, until=date(2026, 8, 1))
        assert accrued(street) == {"2026-03": 16_077}

    @pytest.mark.parametrize("mass", [False, True])
    def test_the_auditor_agrees(self, street: Built, mass: bool) -> None:
        late(street)
        run(street, until=date(2026, 7, 31), mass=mass)
        wrong = run(street, until=date(2026, 8, 1), mass=mass)
        penalties.reverse(run_id=wrong.pk, reason="так", today=TODAY, actor_id=8, at=AT)
        pay(street.accounts["10/1"], 500_000, paid_on=date(2026, 5, 20))
        settle(street.accounts["10/1"], booked_on=TODAY)
        run(street, until=date(2026, 8, 2), mass=mass)
        counted(street, until=date(2026, 8, 3), mass=mass)
        kinds = ("penalties.", "batch.", "turnover.", "partition.", "draft.")
        found = [one for one in books_check.check_books() if one.check.name.startswith(kinds)]
        assert len(found) > 15
        assert {one.check.name: one.rows for one in found if one.disagreements} == {}

    def test_one_run_at_a_time(self, street: Built) -> None:
        late(street)
        open_run = counted(street, until=date(2026, 8, 1))
        with pytest.raises(PenaltyRefused) as refused:
            counted(street, until=date(2026, 8, 1))
        assert (refused.value.code, refused.value.facts) == ("another_open", {"run_id": open_run.pk})
        penalties.discard(run_id=open_run.pk)
        assert counted(street, until=date(2026, 8, 1)).amount_minor == 16_077

    def test_none_is_reversed_under_an_open_one(self, street: Built) -> None:
        late(street)
        done = run(street, until=date(2026, 8, 1))
        counted(street, until=date(2026, 8, 2))
        with pytest.raises(PenaltyRefused, match="another_open"):
            penalties.reverse(run_id=done.pk, reason="так", today=TODAY, actor_id=8, at=AT)

    def test_days_to_come_are_not_counted(self, street: Built) -> None:
        with pytest.raises(PenaltyRefused, match="in_future"):
            counted(street, until=TODAY + timedelta(days=1))

    @pytest.mark.parametrize(
        ("step", "arguments"),
        [
            ("approve", {"actor_id": 1, "at": AT}),
            ("discard", {}),
            ("reverse", {"actor_id": 1, "at": AT, "reason": "x", "today": TODAY}),
        ],
    )
    def test_a_step_out_of_turn_is_refused(self, street: Built, step: str, arguments: dict[str, Any]) -> None:
        done = run(street, until=date(2026, 8, 1))
        if step == "reverse":
            penalties.reverse(run_id=done.pk, **arguments)
        with pytest.raises(PenaltyRefused, match="moved_on"):
            getattr(penalties, step)(run_id=done.pk, **arguments)

    def test_cut_off_it_goes_on_where_it_was(self, street: Built) -> None:
        for name in ("10/1", "10/2", "10/3"):
            late(street, name)
        run_id = penalties.create(
            supplier_id=street.supplier.pk, booked_period=MONTH, until=date(2026, 8, 1), today=TODAY,
            actor_id=7, at=AT, shard_accounts=1,
        )  # fmt: skip

        def die(progress: penalties.Progress) -> None:
            if progress.accounts_done == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            penalties.count_run(run_id, parameters=pack_parameters(), clock=lambda: AT, on_progress=die)
        assert PenaltyRun.objects.get(pk=run_id).accounts == 2
        seen: list[int] = []
        penalties.count_run(
            run_id, parameters=pack_parameters(), clock=lambda: AT,
            on_progress=lambda progress: seen.append(progress.accounts_done),
        )  # fmt: skip
        assert seen == [3]
        penalties.approve(run_id=run_id, actor_id=7, at=AT)
        assert [accrued(street, name) for name in ("10/1", "10/2", "10/3")] == [{"2026-03": 16_077}] * 3

    def test_discarded_while_it_is_counted_it_stops(self, street: Built) -> None:
        for name in ("10/1", "10/2"):
            late(street, name)
        run_id = penalties.create(
            supplier_id=street.supplier.pk, booked_period=MONTH, until=date(2026, 8, 1), today=TODAY,
            actor_id=7, at=AT, shard_accounts=1,
        )  # fmt: skip
        penalties.count_run(
            run_id, parameters=pack_parameters(), clock=lambda: AT,
            on_progress=lambda progress: penalties.discard(run_id=run_id),
        )  # fmt: skip
        assert PenaltyRun.objects.get(pk=run_id).state == PenaltyRunState.DISCARDED
        assert not Batch.objects.filter(origin__startswith="penalties:").exists()
