"""Accounts settled in the transaction of whoever changed their books: a few at the desk, a shard of an import."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import connection

from abonent.engine.settle import ALLOCATIONS, CREDITS, Policy, settle
from abonent.usecases import packs
from abonent.usecases.settling import books
from abonent.usecases.settling.books import Books
from abonent.usecases.settling.policies import policy_of

_KEY = ["account_id", "period", "service", "debt"]
_NEW_PAYMENT = 2**62  # later than all others of its day


def lock_accounts(cursor: Any, account_ids: Iterable[int]) -> None:
    """Hold accounts until the transaction ends, so that nobody else settles them.

    Whoever posts money to accounts does this first of all, before it touches payments, entries or turnovers.
    """
    books.lock(cursor, {int(account_id) % books.BUCKETS for account_id in account_ids})


def settle_accounts(
    cursor: Any | None,
    *,
    account_ids: Collection[int],
    origin: str,
    booked_on: date,
    actor_id: int | None,
    at: datetime,
    released: Collection[int] = (),
) -> int | None:
    """Bring what payments of a few accounts cover into agreement with their books; return the settlement, if any.

    To be called last in the caller's transaction (READ COMMITTED), after its payments and entries are written: the
    accounts stay locked until it ends. What `released` payments cover is taken back first and given anew; only the
    difference is written. Raises ValueError for accounts of several suppliers.
    """
    if cursor is None:
        with connection.cursor() as own:
            return settle_accounts(
                own,
                account_ids=account_ids,
                origin=origin,
                booked_on=booked_on,
                actor_id=actor_id,
                at=at,
                released=released,
            )
    wanted = sorted({int(account_id) for account_id in account_ids})
    if not wanted:
        return None
    lock_accounts(cursor, wanted)
    policy = policy_on(cursor, books.supplier_of(cursor, wanted), booked_on)
    return _settle(cursor, books.these(wanted), policy, origin, booked_on, actor_id, at, frozenset(released))


def settle_frame(
    cursor: Any,
    *,
    supplier_id: int,
    account_ids: pl.Series | Collection[int],
    origin: str,
    booked_on: date,
    actor_id: int | None,
    at: datetime,
) -> int | None:
    """Settle many accounts of one supplier at once; return the settlement, if any.

    The caller holds their locks and has written what concerns them in its transaction on this psycopg cursor.
    """
    wanted = pl.Series("account_id", account_ids, dtype=pl.Int64).unique().sort()
    if wanted.is_empty():
        return None
    with books.listed(cursor, wanted) as accounts:
        policy = policy_on(cursor, supplier_id, booked_on)
        return _settle(cursor, accounts, policy, origin, booked_on, actor_id, at)


def preview(
    *,
    account_id: int,
    amount_minor: int,
    paid_on: date,
    booked_on: date,
    named_period: date | None = None,
    named_debt: int | None = None,
    named_service: int | None = None,
) -> list[tuple[date, int, int, int]]:
    """Return what one more payment would cover: period, service, debt, amount; nothing is stored or locked."""
    with connection.cursor() as cursor:
        found = books.read(cursor, books.these([account_id]))
        policy = policy_on(cursor, books.supplier_of(cursor, [account_id]), booked_on)
    values = (
        account_id,
        _NEW_PAYMENT,
        paid_on,
        amount_minor,
        named_period,
        named_debt or 0,
        named_service or 0,
    )
    payment = pl.DataFrame([values], schema=dict(CREDITS), orient="row")
    made = settle(found.items, pl.concat([found.credits, payment]), found.held, policy=policy)
    mine = made.filter(pl.col("payment_id") == _NEW_PAYMENT).sort("period", "service", "debt")
    return list(mine.select("period", "service", "debt", "amount_minor").iter_rows())


def _settle(
    cursor: Any,
    accounts: str,
    policy: Policy,
    origin: str,
    booked_on: date,
    actor_id: int | None,
    at: datetime,
    released: frozenset[int] = frozenset(),
) -> int | None:
    found = books.read(cursor, accounts, whole=bool(released))
    made = _anew(found, policy, released) if released else settle(*found.frames, policy=policy)
    if made.is_empty():
        return None
    return books.write(
        cursor, made, found.last_days, origin=origin, booked_on=booked_on, actor_id=actor_id, at=at
    )


def _anew(found: Books, policy: Policy, released: frozenset[int]) -> pl.DataFrame:
    """Settle as if some payments covered nothing; return the difference to what they cover."""
    is_released = pl.col("payment_id").is_in(list(released))
    back = found.held.filter(is_released).with_columns(amount_minor=-pl.col("amount_minor"))
    uncovered = back.group_by(_KEY).agg(uncovered=pl.col("amount_minor").sum())
    freed = back.group_by("payment_id").agg(freed=-pl.col("amount_minor").sum())
    items = found.items.join(uncovered, on=_KEY, how="left").with_columns(
        covered_minor=pl.col("covered_minor") + pl.col("uncovered").fill_null(0)
    )
    credits = found.credits.join(freed, on="payment_id", how="left").with_columns(
        free_minor=pl.col("free_minor") + pl.col("freed").fill_null(0)
    )
    held = found.held.filter(~is_released)
    made = settle(items.drop("uncovered"), credits.drop("freed"), held, policy=policy)
    return (
        pl.concat([back.select(list(ALLOCATIONS)), made])
        .group_by(["payment_id", *_KEY], maintain_order=True)
        .agg(pl.col("amount_minor").sum())
        .filter(pl.col("amount_minor") != 0)
        .select(list(ALLOCATIONS))
    )


def policy_on(cursor: Any, supplier_id: int, day: date) -> Policy:
    return policy_of(cursor, supplier_id=supplier_id, day=day, parameters=packs.pack_parameters())
