"""What accounts owe, hold and have free, out of the open transaction; what was allocated, into it."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from abonent.contexts.ledger.partitions import ensure_shared_slot
from abonent.engine import frames
from abonent.engine import settle as engine
from abonent.engine.frames import Schema
from abonent.gateways.bulk_load import copy_frame
from abonent.gateways.bulk_read import read_out
from abonent.kernel.periods import Month
from abonent.usecases.settling.open_items import NO_DAY, folded, read_open

TABLE = "payments_allocation"
_COLUMNS = [
    "slot",
    "settlement_id",
    "line_no",
    "account_id",
    "payment_id",
    "period",
    "service",
    "debt",
    "booked_on",
    "amount_minor",
]
_KEY = ["account_id", "period", "service", "debt"]
_OWED: Schema = {name: kind for name, kind in engine.ITEMS.items() if name != "covered_minor"}
_DAY: Schema = {"last_day": pl.Date}
_LOCK_CLASS = 319
_LISTED, _LISTED_WHOLE = "settled_account", "settled_account_whole"
_FEW = 1_000
BUCKETS = 4096


def lock(cursor: Any, buckets: Collection[int]) -> None:
    """Hold buckets of accounts until the transaction ends; always in ascending order."""
    cursor.execute(
        f"SELECT pg_advisory_xact_lock({_LOCK_CLASS}, bucket) FROM unnest(%s::int[]) AS bucket",
        [sorted(buckets)],
    )


def these(account_ids: Sequence[int]) -> str:
    """Return the condition on `account_id` for a few accounts."""
    return f"account_id = ANY ('{{{','.join(map(str, account_ids))}}}'::bigint[])"


@contextmanager
def listed(cursor: Any, account_ids: pl.Series, *, name: str = _LISTED) -> Iterator[str]:
    """Put many accounts in a table of the session; yield the condition on `account_id`."""
    cursor.execute(f"CREATE TEMP TABLE {name} (account_id bigint PRIMARY KEY) ON COMMIT DROP")
    copy_frame(cursor, name, ["account_id"], {"account_id": account_ids.to_numpy()})
    cursor.execute(f"ANALYZE {name}")
    yield f"account_id IN (SELECT account_id FROM {name})"
    cursor.execute(f"DROP TABLE {name}")


def supplier_of(cursor: Any, account_ids: Sequence[int]) -> int:
    """Return whose accounts these are. Raises ValueError for accounts of several suppliers, or of none."""
    cursor.execute(
        "SELECT DISTINCT b.supplier_id FROM contracts_account a JOIN places_building o ON o.id = a.building_id "
        "JOIN parties_branch b ON b.id = o.branch_id WHERE a.id = ANY (%s)",
        [list(account_ids)],
    )
    found = [int(row[0]) for row in cursor.fetchall()]
    if len(found) != 1:
        raise ValueError(f"accounts of suppliers {found} cannot be settled together")
    return found[0]


@dataclass(frozen=True)
class Books:
    """ITEMS, CREDITS and HELD of accounts, and the last day on which anything of an account is booked."""

    items: pl.DataFrame
    credits: pl.DataFrame
    held: pl.DataFrame
    last_days: pl.DataFrame

    @property
    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        return self.items, self.credits, self.held


def read(cursor: Any, accounts: str, *, whole: bool = False) -> Books:
    """Return the books of accounts; `accounts` is SQL for a condition on `account_id`.

    Where nothing has to be taken back, what is open says all there is to know; the others are read with all they hold.
    `whole`: read all of them so.
    """
    if whole:
        return _read_whole(cursor, accounts)
    found, last_days = read_open(cursor, accounts)
    open_items, troubled = folded(found)
    simple = open_items.join(troubled, on="account_id", how="anti")
    items = simple.filter(pl.col("debt") != 0).with_columns(
        owed_minor="amount_minor", covered_minor=pl.lit(0, dtype=pl.Int64)
    )
    credits = simple.filter(pl.col("payment_id") != 0).with_columns(free_minor="amount_minor")
    books = Books(items.select(list(engine.ITEMS)), _named(credits), frames.empty(engine.HELD), last_days)
    if troubled.is_empty():
        return books
    with _some(cursor, troubled["account_id"].sort()) as some:
        more = _read_whole(cursor, some)
    return Books(
        pl.concat([books.items, more.items]),
        pl.concat([books.credits, more.credits]),
        more.held,
        last_days,
    )


@contextmanager
def _some(cursor: Any, account_ids: pl.Series) -> Iterator[str]:
    if account_ids.len() <= _FEW:
        yield these(account_ids.to_list())
    else:
        with listed(cursor, account_ids, name=_LISTED_WHOLE) as accounts:
            yield accounts


def _named(credits: pl.DataFrame) -> pl.DataFrame:
    named = pl.when(pl.col("named_period") > NO_DAY).then("named_period")
    return credits.with_columns(named_period=named).select(list(engine.CREDITS))


def _read_whole(cursor: Any, accounts: str) -> Books:
    owed = read_out(cursor, _OWED_SQL.format(accounts=accounts), {**_OWED, **_DAY})
    held = read_out(cursor, _HELD_SQL.format(accounts=accounts), {**engine.HELD, **_DAY})
    credits = read_out(cursor, _CREDITS_SQL.format(accounts=accounts), {**engine.CREDITS, **_DAY})
    days = [frame.select("account_id", "last_day") for frame in (owed, held, credits)]
    held = held.filter(pl.col("amount_minor") != 0).drop("last_day")
    covered = held.group_by(_KEY).agg(covered_minor=pl.col("amount_minor").sum())
    items = owed.join(covered, on=_KEY, how="full", coalesce=True).with_columns(
        pl.col("owed_minor", "covered_minor").fill_null(0)
    )
    used = held.group_by("payment_id").agg(used=pl.col("amount_minor").sum())
    credits = credits.join(used, on="payment_id", how="left").with_columns(
        free_minor=pl.col("free_minor") - pl.col("used").fill_null(0)
    )
    matters = (pl.col("free_minor") != 0) | pl.col("used").is_not_null()
    return Books(
        items.select(list(engine.ITEMS)),
        _named(credits.filter(matters)),
        held,
        pl.concat(days).group_by("account_id").agg(pl.col("last_day").max()),
    )


def write(
    cursor: Any,
    allocations: pl.DataFrame,
    last_days: pl.DataFrame,
    *,
    origin: str,
    booked_on: date,
    actor_id: int | None,
    at: datetime,
) -> int:
    """Store allocations as a settlement, one for each month they are booked in; return the first.

    What is allocated to an account is never booked before anything it rests on: an account whose books hold something
    of a later day is settled on that day. So what stands booked up to a day is always what some settling left.
    """
    dated = allocations.join(last_days, on="account_id", how="left").with_columns(
        booked_on=pl.max_horizontal(pl.col("last_day"), pl.lit(booked_on))
    )
    by_month = dated.with_columns(month=pl.col("booked_on").dt.truncate("1mo")).sort(
        "month", "account_id", maintain_order=True
    )
    settlements = [
        _write_month(cursor, rows, origin=origin, actor_id=actor_id, at=at)
        for rows in by_month.partition_by("month", maintain_order=True)
    ]
    return settlements[0]


def _write_month(cursor: Any, rows: pl.DataFrame, *, origin: str, actor_id: int | None, at: datetime) -> int:
    month: date = rows["month"][0]
    slot = ensure_shared_slot(cursor, Month.of(month), tables=(TABLE,))
    cursor.execute(
        "INSERT INTO payments_settlement (slot, origin, booked_period, booked_on, allocations, amount_minor, made_at, "
        "made_by_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [
            slot,
            origin[:80],
            month,
            rows["booked_on"].min(),
            rows.height,
            int(rows["amount_minor"].sum()),
            at,
            actor_id,
        ],
    )
    settlement_id: int = cursor.fetchone()[0]
    numbered = rows.with_row_index("line_no", offset=1).with_columns(
        slot=pl.lit(slot), settlement_id=pl.lit(settlement_id)
    )
    copy_frame(cursor, TABLE, _COLUMNS, numbered)
    return settlement_id


_OWED_SQL = """
SELECT account_id, period, service, CASE kind WHEN 7 THEN 2 WHEN 8 THEN 3 ELSE 1 END::smallint AS debt,
    sum(amount_minor)::bigint, max(booked_on)
FROM ledger_entry WHERE {accounts} AND kind IN (1, 2, 3, 4, 7, 8, 9) GROUP BY 1, 2, 3, 4
"""
_HELD_SQL = """
SELECT account_id, payment_id, coalesce(p.paid_on, DATE '1970-01-01'), period, service, debt, amount_minor, last_day
FROM (
    SELECT account_id, payment_id, period, service, debt, sum(amount_minor)::bigint AS amount_minor,
        max(booked_on) AS last_day
    FROM payments_allocation WHERE {accounts} GROUP BY 1, 2, 3, 4, 5
) h LEFT JOIN LATERAL (SELECT paid_on FROM payments_payment WHERE id = h.payment_id) p ON true
"""
# What a payment has to give: what came in, less what went out of it again. One that was reversed has nothing.
_CREDITS_SQL = """
SELECT account_id, id, paid_on,
    CASE WHEN state = 2 THEN amount_minor - coalesce((
        SELECT sum(c.amount_minor) FROM payments_paymentchange c WHERE c.payment_id = p.id AND c.kind IN (1, 2, 3)
    ), 0) ELSE 0 END::bigint,
    coalesce(named_period, DATE '1900-01-01'), coalesce(named_debt, 0)::smallint, coalesce(named_service, 0)::smallint,
    booked_on
FROM payments_payment p WHERE {accounts} AND state IN (2, 3)
"""
