"""One premise at the desk: what waits would change, and posting it at once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.db.models import Q

from abonent.contexts.charging.models import Run, RunKind
from abonent.contexts.contracts.models import Account
from abonent.contexts.places.models import Premise
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import packs
from abonent.usecases.billing_run import at_once, bookkeeping, plan, waiting
from abonent.usecases.billing_run.at_once import Seen
from abonent.usecases.billing_run.refusals import ScopeBusy


@dataclass(frozen=True, slots=True)
class LineView:
    """A line as a screen or a document shows it; Wh, 1e-5 of a unit, minor units."""

    account_id: int
    service: int
    rule: int
    zone: int
    begins_on: date
    ends_on: date
    quantity_wh: int
    price_e5: int
    amount_minor: int
    because: tuple[int, ...]

    @property
    def charged(self) -> tuple[object, ...]:
        """Return what is charged, without what it was made of."""
        return (
            self.account_id,
            self.service,
            self.rule,
            self.zone,
            self.begins_on,
            self.ends_on,
            self.quantity_wh,
            self.price_e5,
            self.amount_minor,
        )


@dataclass(frozen=True)
class MonthChange:
    """A month of a premise as it stands and as it would be. `exceptions`: account, code and facts (JSON) parked."""

    month: Month
    before: tuple[LineView, ...]
    after: tuple[LineView, ...]
    exceptions: tuple[tuple[int | None, str, str], ...]

    @property
    def before_minor(self) -> int:
        return sum(line.amount_minor for line in self.before)

    @property
    def after_minor(self) -> int:
        return sum(line.amount_minor for line in self.after)

    @property
    def difference_minor(self) -> int:
        return self.after_minor - self.before_minor

    @property
    def is_changed(self) -> bool:
        """Whether anything changes that is charged; what a line was made of may change without it."""
        return [line.charged for line in self.before] != [line.charged for line in self.after]


@dataclass(frozen=True)
class Preview:
    """Months of a premise before and after, oldest first."""

    months: tuple[MonthChange, ...]

    @property
    def changed(self) -> tuple[MonthChange, ...]:
        """The months that would change, or that cannot be judged."""
        return tuple(month for month in self.months if month.is_changed or month.exceptions)

    @property
    def before_minor(self) -> int:
        return sum(month.before_minor for month in self.months)

    @property
    def after_minor(self) -> int:
        return sum(month.after_minor for month in self.months)

    @property
    def difference_minor(self) -> int:
        return self.after_minor - self.before_minor


@dataclass(frozen=True)
class Settled:
    """What came of posting at once: the run, None where nothing changed.

    `waiting_for` are runs that are at work on some of the months; `parked` months cannot be judged. Both still wait.
    """

    run_id: int | None
    months: tuple[Month, ...]
    parked: tuple[Month, ...]
    waiting_for: tuple[int, ...]
    difference_minor: int


def waiting_months(*, premise_id: int) -> list[Month]:
    """Return the months of a premise with all its parts that wait, oldest first; those of its building aside."""
    with connection.cursor() as cursor:
        return waiting.months(cursor, waiting.root_of(cursor, premise_id))


def preview(
    *,
    premise_id: int,
    months: Collection[Month],
    supplier_id: int,
    parameters: ParameterSet,
    booked_period: Month,
) -> Preview:
    """Return months of a premise as posted and as the rules make them now, its shares of the building aside.

    Nothing is stored. The months may have gaps.
    """
    premise = Premise.objects.select_related("building").get(pk=premise_id)
    seen = at_once.look(
        premise, months, supplier_id=supplier_id, parameters=parameters, booked_period=booked_period
    )
    return Preview(tuple(_change(month, one) for month, one in sorted(seen.items())))


def _change(month: Month, seen: Seen) -> MonthChange:
    before, after = _views(seen.posted), _views(seen.rated.lines)
    if not seen.is_parked:
        return MonthChange(month, tuple(before), tuple(after), ())
    exceptions = tuple(seen.rated.exceptions.select("account_id", "code", "facts").iter_rows())
    parked = {account_id for account_id, _, _ in exceptions}
    kept = [line for line in before if line.account_id in parked or None in parked]
    return MonthChange(month, tuple(before), (*kept, *after), exceptions)


def _views(lines: pl.DataFrame) -> list[LineView]:
    """Return lines in the order they are shown in; a handful, so it is quicker without the frame."""
    rows = [dict(zip(lines.columns, row, strict=True)) for row in lines.iter_rows()]
    views = [
        LineView(
            row["account_id"],
            row["service"],
            row["rule"],
            row["zone"],
            row["begins_on"],
            row["ends_on"],
            row["quantity_wh"],
            row["price_e5"],
            row["amount_minor"],
            tuple(row[name] for name in bookkeeping.BECAUSE),
        )
        for row in rows
    ]
    return sorted(views, key=lambda line: (line.charged, line.because))


def settle(
    *,
    premise_id: int,
    booked_period: Month,
    actor_id: int | None,
    at: datetime,
    parameters: ParameterSet | None = None,
    reason: str = "",
) -> Settled:
    """Post at once whatever waits of a premise with all its parts, in one correction over several months.

    Months that another run is at work on, and those that cannot be judged, go on waiting; so do those for which the
    whole building has to be shared out again. Raises PeriodUnknown, PeriodClosed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        root_id = waiting.root_of(cursor, premise_id)
        if not waiting.months(cursor, root_id):
            return Settled(None, (), (), (), 0)
        premise = Premise.objects.select_related("building__branch").get(pk=root_id)
        try:
            with transaction.atomic():
                run, clean, parked = _correct(
                    cursor,
                    premise,
                    booked_period,
                    actor_id,
                    at,
                    parameters or packs.pack_parameters(),
                    reason,
                )
                if run is None:
                    transaction.set_rollback(True)
        except ScopeBusy as busy:  # it was quicker
            return Settled(None, (), (), tuple(busy.run_ids), 0)
        if run is None:
            waiting.settle_premise(cursor, root_id, clean, at)
        return Settled(
            run.pk if run else None,
            clean,
            parked,
            tuple(waiting.at_work(cursor, root_id)),
            run.amount_minor if run else 0,
        )


def _correct(
    cursor: Any,
    premise: Premise,
    booked: Month,
    actor_id: int | None,
    at: datetime,
    parameters: ParameterSet,
    reason: str,
) -> tuple[Run | None, tuple[Month, ...], tuple[Month, ...]]:
    """Post what can be posted; return the run, None where nothing changed, the months it looked at, and the parked."""
    branch = premise.building.branch
    run = plan.new_run(
        kind=RunKind.CORRECTION,
        scope=plan.Scope(branch.supplier_id, branch.pk, premise.building_id, _only_account(premise)),
        period=booked,
        booked_period=booked,
        at=at,
        pack_version=packs.pack().version,
        parameter_hash=parameters.hash,
        created_by_id=actor_id,
        reason=reason,
    )
    waiting.claim(cursor, run, last=booked, root_id=premise.pk)
    months = [Month.of(shard.period) for shard in waiting.make_shards(cursor, run)]
    seen = at_once.look(
        premise, months, supplier_id=branch.supplier_id, parameters=parameters, booked_period=booked
    )
    parked = tuple(month for month in months if seen[month].is_parked)
    clean = {month: seen[month] for month in months if month not in parked}
    waiting.drop_months(cursor, run, parked)
    if not clean or not at_once.post(run, clean, actor_id=actor_id, at=at):
        return None, tuple(clean), parked
    plan.begin_with_first_month(run)
    waiting.settle(cursor, run, at)
    run.refresh_from_db()
    return run, tuple(clean), parked


def _only_account(premise: Premise) -> int | None:
    """Return the account of a premise that has only one."""
    accounts = Account.objects.filter(Q(premise=premise) | Q(premise__parent=premise))
    found = list(accounts.values_list("id", flat=True)[:2])
    return found[0] if len(found) == 1 else None
