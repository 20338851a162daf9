"""Bills of a month: what was owed, charged, recalculated and paid, frozen under a number.

A bill goes to every account of the scope whose month is posted, if anything was booked on it in the month, or if it
owed or was in advance before; an account that was parked therefore still gets one when it has a balance. Issued again,
a bill that would say the same is left alone, and one whose figures have changed becomes the next version.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from abonent.contexts.charging.models import RunKind, RunState
from abonent.contexts.parties.models import Supplier
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.packs.ru.payment_term import due_on
from abonent.usecases.billing_run import Scope


class NothingPosted(Exception):
    """No account of the scope has a posted month: there is nothing to issue bills from."""

    def __init__(self, period: Month) -> None:
        self.period = period
        super().__init__(
            f"Nothing is posted here for {period}: rate and approve it first (abonent billing run --period {period})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What came of it: new bills, new versions of bills issued before, bills that stay as they are.

    `total_minor` adds up the latest bills of the scope, advances as negative amounts.
    """

    bills: int
    versions: int
    unchanged: int
    total_minor: int
    due_on: date


def issue(*, scope: Scope, period: Month, parameters: ParameterSet, at: datetime) -> Issued:
    """Issue the bills of a scope in one transaction. Raises NothingPosted, ParameterMissingError."""
    supplier = Supplier.objects.get(pk=scope.supplier_id)
    due = due_on(period, parameters=parameters)
    values = {
        "supplier": supplier.pk,
        "branch": scope.branch_id,
        "building": scope.building_id,
        "account": scope.account_id,
        "month": period.first_day,
        "end": period.next().first_day,
        "number": int(period),
        "due_on": due,
        "issued_on": at.astimezone(ZoneInfo(supplier.time_zone)).date(),
        "posted": RunState.POSTED,
        "billing": RunKind.BILLING,
        "reversal": RunKind.REVERSAL,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('issue_bills'), %s)", [supplier.pk])
        cursor.execute("SET LOCAL work_mem = '256MB'")  # a whole supplier is added up in memory
        cursor.execute(_statement(scope), values)
        accounts, bills, issued, versions, total_minor = cursor.fetchone()
    if not accounts:
        raise NothingPosted(period)
    return Issued(
        bills=issued - versions,
        versions=versions,
        unchanged=bills - issued,
        total_minor=int(total_minor),
        due_on=due,
    )


def _statement(scope: Scope) -> str:
    conditions = {
        "building.branch_id = %(branch)s": scope.branch_id,
        "building.id = %(building)s": scope.building_id,
        "account.id = %(account)s": scope.account_id,
    }
    wanted = [condition for condition, value in conditions.items() if value is not None]
    return _ISSUE.format(scope=" AND ".join(["branch.supplier_id = %(supplier)s", *wanted]))


# billed: accounts whose month is posted, with their whole building or on their own
# figures: what their bills say; `paid` is above zero here and below zero in the books
_ISSUE = """
WITH whole AS (
    SELECT shard.branch_id, range_agg(shard.buildings) AS buildings
    FROM charging_run run JOIN charging_runshard shard ON shard.run_id = run.id
    WHERE run.supplier_id = %(supplier)s AND shard.period = %(month)s AND NOT shard.listed
      AND run.state = %(posted)s AND run.kind <> %(reversal)s AND run.account_id IS NULL
    GROUP BY shard.branch_id
), billed AS (
    SELECT account.id, account.number,
           coalesce(upper(account.during) <= %(end)s, false) AS final
    FROM contracts_account account
    JOIN places_building building ON building.id = account.building_id
    JOIN parties_branch branch ON branch.id = building.branch_id
    LEFT JOIN whole ON whole.branch_id = building.branch_id
    WHERE {scope} AND lower(account.during) < %(end)s
      AND (whole.buildings @> building.id
           OR EXISTS (SELECT FROM charging_run run
                      WHERE run.account_id = account.id AND run.period = %(month)s AND run.state = %(posted)s
                        AND run.kind = %(billing)s))
), figures AS (
    SELECT billed.id AS account_id, billed.number, billed.final,
           coalesce(sum(balance_minor) FILTER (WHERE booked_period < %(month)s), 0)
               + coalesce(sum(turnover.opening_minor) FILTER (WHERE booked_period = %(month)s), 0) AS opening,
           coalesce(sum(charged_minor) FILTER (WHERE booked_period = %(month)s), 0) AS charged,
           coalesce(sum(recalculated_minor) FILTER (WHERE booked_period = %(month)s), 0) AS recalculated,
           coalesce(sum(penalty_minor) FILTER (WHERE booked_period = %(month)s), 0) AS penalty,
           coalesce(sum(written_off_minor) FILTER (WHERE booked_period = %(month)s), 0) AS written_off,
           -coalesce(sum(paid_minor) FILTER (WHERE booked_period = %(month)s), 0) AS paid,
           sum(balance_minor) AS total
    FROM billed JOIN ledger_turnover turnover ON turnover.account_id = billed.id
    WHERE booked_period <= %(month)s
    GROUP BY billed.id, billed.number, billed.final
    HAVING bool_or(booked_period = %(month)s)
        OR sum(balance_minor) <> 0
), issued AS (
    INSERT INTO charging_bill (account_id, period, version, number, opening_minor, charged_minor, recalculated_minor,
        penalty_minor, written_off_minor, paid_minor, total_minor, due_on, issued_on, final)
    SELECT account_id, %(month)s, coalesce(latest.version, 0) + 1,
           figures.number || '-' || %(number)s || coalesce('-' || latest.version + 1, ''),
           opening, charged, recalculated, penalty, written_off, paid, total, coalesce(latest.due_on, %(due_on)s),
           %(issued_on)s, figures.final
    FROM figures LEFT JOIN LATERAL (
        SELECT * FROM charging_bill bill WHERE bill.account_id = figures.account_id AND bill.period = %(month)s
        ORDER BY bill.version DESC LIMIT 1
    ) latest USING (account_id)
    WHERE latest.version IS NULL
       OR (opening, charged, recalculated, penalty, written_off, paid, figures.final) IS DISTINCT FROM
          (latest.opening_minor, latest.charged_minor, latest.recalculated_minor, latest.penalty_minor,
           latest.written_off_minor, latest.paid_minor, latest.final)
    RETURNING version
)
SELECT (SELECT count(*) FROM billed), (SELECT count(*) FROM figures), count(*), count(*) FILTER (WHERE version > 1),
       (SELECT coalesce(sum(total), 0) FROM figures)
FROM issued
"""
