"""What a run takes back and puts in its place: by account, and line by line. Of a draft as well as of the books."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from abonent.contexts.charging.models import Run, RunKind
from abonent.gateways.named_rows import named_rows
from abonent.kernel.periods import Month
from abonent.usecases.billing_run import drafts
from abonent.usecases.recalculation.on_the_spot import LineView


@dataclass(frozen=True, kw_only=True)
class AccountChange:
    """What a run changes on an account: its months, what is taken back and what is charged instead, in minor units."""

    account_id: int
    number: str
    payer: str
    months: tuple[date, ...]
    before_minor: int
    after_minor: int

    @property
    def difference_minor(self) -> int:
        return self.after_minor - self.before_minor


@dataclass(frozen=True, kw_only=True)
class MonthLines:
    """The lines of a month that a run takes back, and those it puts in their place."""

    month: Month
    before: tuple[LineView, ...]
    after: tuple[LineView, ...]

    @property
    def before_minor(self) -> int:
        return sum(line.amount_minor for line in self.before)

    @property
    def after_minor(self) -> int:
        return sum(line.amount_minor for line in self.after)


def run_changes(
    *, run_id: int, after_account: int = 0, account_number: str = "", limit: int = 50
) -> list[AccountChange]:
    """Return what a run changes account by account, in the order of their ids; none before it is rated.

    `after_account`: the id to go on after; `account_number`: only that account.
    """
    if (source := _source(run_id)) is None:
        return []
    lines, values = source
    rows = _rows(
        f"""SELECT l.account_id, a.number,
                   concat_ws(' ', p.last_name, p.first_name, p.middle_name, p.name) AS payer,
                   array_agg(DISTINCT l.period ORDER BY l.period) AS months,
                   coalesce(-sum(l.amount_minor) FILTER (WHERE l.reverses_batch_id <> 0), 0)::bigint AS before_minor,
                   coalesce(sum(l.amount_minor) FILTER (WHERE l.reverses_batch_id = 0), 0)::bigint AS after_minor
            FROM {lines} JOIN contracts_account a ON a.id = l.account_id JOIN parties_party p ON p.id = a.party_id
            WHERE l.account_id > %(after)s AND (%(number)s = '' OR a.number = %(number)s)
            GROUP BY l.account_id, a.number, p.id ORDER BY l.account_id LIMIT %(limit)s""",
        {**values, "after": after_account, "number": account_number, "limit": limit},
    )
    return [AccountChange(**{**row, "months": tuple(row["months"])}) for row in rows]


def account_changes(*, run_id: int, account_id: int) -> list[MonthLines]:
    """Return the lines a run takes back from an account and those it puts in their place, newest month first."""
    if (source := _source(run_id)) is None:
        return []
    lines, values = source
    rows = _rows(
        f"""SELECT l.* FROM {lines} WHERE l.account_id = %(account)s
            ORDER BY l.period DESC, l.service, l.rule, l.zone, l.begins_on, l.line_no""",
        {**values, "account": account_id},
    )
    months: dict[Month, tuple[list[LineView], list[LineView]]] = {}
    for row in rows:
        before, after = months.setdefault(Month.of(row["period"]), ([], []))
        taken_back = row["reverses_batch_id"] != 0
        (before if taken_back else after).append(_view(row, sign=-1 if taken_back else 1))
    return [
        MonthLines(month=month, before=tuple(before), after=tuple(after))
        for month, (before, after) in months.items()
    ]


def _view(row: dict[str, Any], *, sign: int) -> LineView:
    return LineView(
        row["account_id"],
        row["service"],
        row["rule"],
        row["zone"],
        row["begins_on"],
        row["ends_on"],
        sign * row["quantity_wh"],
        row["price_e5"],
        sign * row["amount_minor"],
        tuple(row["because"]),
    )


def _source(run_id: int) -> tuple[str, dict[str, Any]] | None:
    """Return where the lines of a run stand, as `l`; of a month's run only those of earlier months."""
    run = Run.objects.get(pk=run_id)
    shards = run.shards.filter(batch_id__isnull=False)
    if run.kind == RunKind.BILLING:
        shards = shards.filter(listed=True)
    batches = list(shards.values_list("batch_id", flat=True))
    if not batches:
        return None
    where = "batch_id = ANY (%(batches)s)"
    draft = drafts.draft_of(drafts.LINES, run_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [draft])
        if cursor.fetchone()[0] is not None:
            return f"(SELECT * FROM {draft} WHERE {where}) l", {"batches": batches}
    if run.posted_at is None:
        return None
    table = drafts.LINES.table
    return f"(SELECT * FROM {table} WHERE slot = %(slot)s AND {where}) l", {
        "batches": batches,
        "slot": run.slot,
    }


def _rows(query: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        return named_rows(cursor, query, values)
