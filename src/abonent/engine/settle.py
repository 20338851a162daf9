"""Which debts money covers: one operation that brings allocations into agreement with the books (ГК РФ ст. 319, 319.1).

A debt is an account's period, service and kind; it owes what its entries add up to and is covered by what allocations
add up to. A key that owes less than nothing is a credit: it covers debts of other keys by rows of payment 0, which
add up to zero in every account. Amounts are minor units.
"""

from dataclasses import dataclass

import polars as pl

from abonent.engine import frames
from abonent.engine.frames import Schema

PRINCIPAL, PENALTY, COURT_COST = 1, 2, 3
NETTING = 0  # stands for the payment where one period's credit covers another period's debt

ITEMS: Schema = {
    "account_id": pl.Int64,
    "period": pl.Date,
    "service": pl.Int16,
    "debt": pl.Int16,
    "owed_minor": pl.Int64,
    "covered_minor": pl.Int64,
}
"""Payments that can cover more (free above zero), cover too much (below), or hold something that may be taken back.

A date that is not named is null, a code that is not named is 0.
"""
CREDITS: Schema = {
    "account_id": pl.Int64,
    "payment_id": pl.Int64,
    "paid_on": pl.Date,
    "free_minor": pl.Int64,
    "named_period": pl.Date,
    "named_debt": pl.Int16,
    "named_service": pl.Int16,
}
"""What payments cover, net, with the day of each payment (of netting: any)."""
HELD: Schema = {
    "account_id": pl.Int64,
    "payment_id": pl.Int64,
    "paid_on": pl.Date,
    "period": pl.Date,
    "service": pl.Int16,
    "debt": pl.Int16,
    "amount_minor": pl.Int64,
}
ALLOCATIONS: Schema = {
    "account_id": pl.Int64,
    "payment_id": pl.Int64,
    "period": pl.Date,
    "service": pl.Int16,
    "debt": pl.Int16,
    "amount_minor": pl.Int64,
}
_KEY = ["account_id", "period", "service", "debt"]
_CREDIT_ORDER = ["period", "debt_rank", "service_rank", "service"]  # the earliest credit is used first


@dataclass(frozen=True, kw_only=True)
class Policy:
    """In which order money covers debts: codes first served first, those not named last.

    `limitation_months`: money for which no period is named goes to debts past limitation after all others
    (ПП ВС РФ от 27.06.2017 № 22 п. 32); 0: never mind.
    """

    debt_order: tuple[int, ...] = (COURT_COST, PRINCIPAL, PENALTY)
    service_order: tuple[int, ...] = (1, 2)
    honours_named_period: bool = True
    period_before_debt: bool = False
    limitation_months: int = 0

    @property
    def columns(self) -> list[str]:
        """Return the columns of `ranked` keys in the order in which they are paid."""
        first = ["period", "debt_rank"] if self.period_before_debt else ["debt_rank", "period"]
        return [*first, "service_rank", "service"]


def settle(items: pl.DataFrame, credits: pl.DataFrame, held: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """Return the ALLOCATIONS to add: take back what covers too much, net credits, hand out what is free.

    ITEMS hold every open key. HELD may leave out accounts without a key that owes less than it is covered by or
    than nothing and without a payment that covers more than it has; of those that are in it, it holds everything.
    Settling the result again returns nothing.
    """
    for frame, schema, name in ((items, ITEMS, "items"), (credits, CREDITS, "credits"), (held, HELD, "held")):
        frames.conform(frame, schema, name=name)
    keys = _ranked(items, policy)
    back = frames.empty(ALLOCATIONS)
    if not held.is_empty():
        back = _taken_back(keys, credits, held, policy)
        keys, credits = _after(keys, credits, held, back)
    netted = _netted(keys, policy)
    if not netted.is_empty():
        keys = _covered(keys, netted)
    given = _handed_out(keys, credits.filter(pl.col("free_minor") > 0), policy)
    return (
        pl.concat([back, netted, given])
        .group_by("payment_id", *_KEY)
        .agg(pl.col("amount_minor").sum())
        .filter(pl.col("amount_minor") != 0)
        .select(list(ALLOCATIONS))
        .sort(list(ALLOCATIONS))
    )


def _ranked(items: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Add the places of debt and service in the policy's order."""
    return items.with_columns(
        _place("debt", policy.debt_order).alias("debt_rank"),
        _place("service", policy.service_order).alias("service_rank"),
    )


def _place(column: str, order: tuple[int, ...]) -> pl.Expr:
    place = pl.lit(len(order), dtype=pl.Int16)
    for number, code in reversed(list(enumerate(order))):
        place = pl.when(pl.col(column) == code).then(pl.lit(number, dtype=pl.Int16)).otherwise(place)
    # codes that are not named follow in their own order
    return place + pl.when(place == len(order)).then(pl.col(column)).otherwise(0)


def _taken_back(
    keys: pl.DataFrame, credits: pl.DataFrame, held: pl.DataFrame, policy: Policy
) -> pl.DataFrame:
    """Return what to take back: cover beyond what is owed, credit that is no more, payments that cover too much."""
    mine = (
        held.group_by(["payment_id", "paid_on", *_KEY])
        .agg(pl.col("amount_minor").sum())
        .join(keys.drop("covered_minor"), on=_KEY, how="left")
        .with_columns(
            pl.col("owed_minor").fill_null(0),
            _place("debt", policy.debt_order).alias("debt_rank"),
            _place("service", policy.service_order).alias("service_rank"),
        )
    )
    covers = mine.filter(pl.col("amount_minor") > 0)
    used = mine.filter(pl.col("amount_minor") < 0)  # only netting: credits of these keys are used
    # cover beyond what is owed: the latest payment first, netting last
    over = pl.col("amount_minor").sum().over(_KEY) - pl.max_horizontal("owed_minor", 0)
    covers = _cut(
        covers.with_columns(over=over, netting=pl.col("payment_id") == NETTING),
        "over",
        within=_KEY,
        order=["netting", "paid_on", "payment_id"],
        descending=[False, True, True],
    )
    used = used.with_columns(
        cut=pl.max_horizontal(-pl.col("amount_minor") - pl.max_horizontal(-pl.col("owed_minor"), 0), 0)
    )
    covers, used = _balanced(covers, used, policy)
    # payments that were reversed or refunded: what was handed out last first
    freed = covers.group_by("payment_id").agg(freed=pl.col("cut").sum())
    short = (
        credits.join(freed, on="payment_id", how="left")
        .with_columns(short=-(pl.col("free_minor") + pl.col("freed").fill_null(0)))
        .filter(pl.col("short") > 0)
        .select("payment_id", "short")
    )
    covers = _cut(
        covers.join(short, on="payment_id", how="left").with_columns(pl.col("short").fill_null(0)),
        "short",
        within=["payment_id"],
        order=policy.columns,
        descending=[True] * 4,
    )
    back = [
        covers.with_columns(amount_minor=-pl.col("cut")),
        used.with_columns(amount_minor=pl.col("cut")),
    ]
    return pl.concat([frame.select(list(ALLOCATIONS)) for frame in back]).filter(pl.col("amount_minor") != 0)


def _balanced(covers: pl.DataFrame, used: pl.DataFrame, policy: Policy) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take netting back on the side that has more left of it, the last in the order first."""
    left = pl.col("amount_minor").abs() - pl.col("cut")
    given = covers.filter(pl.col("payment_id") == NETTING).group_by("account_id").agg(given=left.sum())
    taken = used.group_by("account_id").agg(taken=left.sum())
    sides = (
        given.join(taken, on="account_id", how="full", coalesce=True)
        .with_columns(more=pl.col("given").fill_null(0) - pl.col("taken").fill_null(0))
        .select("account_id", "more")
    )
    within, last = ["account_id", "payment_id"], [True] * 4
    covers = covers.join(sides, on="account_id", how="left").with_columns(
        more=pl.when(pl.col("payment_id") == NETTING).then(pl.max_horizontal("more", 0)).otherwise(0)
    )
    covers = _cut(covers, "more", within=within, order=policy.columns, descending=last)
    used = used.join(sides, on="account_id", how="left").with_columns(
        less=pl.max_horizontal(-pl.col("more"), 0)
    )
    return covers, _cut(used, "less", within=within, order=_CREDIT_ORDER, descending=last)


def _cut(
    frame: pl.DataFrame, wanted: str, *, within: list[str], order: list[str], descending: list[bool]
) -> pl.DataFrame:
    """Add to `cut` what of `wanted`, the same in every row of a group, the rows in this order can give."""
    cut = pl.col("cut") if "cut" in frame.columns else pl.lit(0, dtype=pl.Int64)
    left = pl.col("amount_minor").abs() - cut
    before = left.cum_sum().over(within) - left
    share = pl.min_horizontal(pl.max_horizontal(pl.col(wanted) - before, 0), left)
    by = [*within, *order]
    return (
        frame.sort(by, descending=[False] * len(within) + descending)
        .with_columns(cut=(cut + share).cast(pl.Int64))
        .drop(wanted)
    )


def _after(
    keys: pl.DataFrame, credits: pl.DataFrame, held: pl.DataFrame, back: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return keys with what is still open and what credit is not used, and payments, after what was taken back."""
    left = pl.concat([held.select(list(ALLOCATIONS)), back])
    known = left.select("account_id", known=True).unique()
    sums = left.group_by(_KEY).agg(held=pl.col("amount_minor").sum())
    keys = (
        keys.join(sums, on=_KEY, how="left")
        .join(known, on="account_id", how="left")
        .with_columns(
            pl.when(pl.col("known").fill_null(False))
            .then(pl.col("held").fill_null(0))
            .otherwise("covered_minor")
            .alias("covered_minor")
        )
        .drop("held", "known")
    )
    freed = back.group_by("payment_id").agg(freed=-pl.col("amount_minor").sum())
    credits = credits.join(freed, on="payment_id", how="left").with_columns(
        free_minor=pl.col("free_minor") + pl.col("freed").fill_null(0)
    )
    return keys, credits.select(list(CREDITS))


def _netted(keys: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return rows by which credits cover open debts of the same account, the earliest credit first."""
    credits = (
        keys.filter(pl.col("owed_minor") < pl.min_horizontal("covered_minor", 0))
        .with_columns(amount_minor=pl.min_horizontal("covered_minor", 0) - pl.col("owed_minor"))
        .sort("account_id", *_CREDIT_ORDER)
    )
    if credits.is_empty():
        return frames.empty(ALLOCATIONS)
    debts = _open(keys).join(credits.select("account_id").unique(), on="account_id", how="semi")
    debts = debts.sort("account_id", *policy.columns)
    pairs = _matched(debts, credits)
    netting = pl.lit(NETTING, dtype=pl.Int64).alias("payment_id")
    covered = pl.concat(
        [debts[pairs["debt_no"]].select(_KEY), pairs.select("amount_minor")], how="horizontal"
    )
    used = pl.concat(
        [credits[pairs["money_no"]].select(_KEY), pairs.select(-pl.col("amount_minor"))], how="horizontal"
    )
    return pl.concat([covered, used]).with_columns(netting).select(list(ALLOCATIONS))


def _handed_out(keys: pl.DataFrame, credits: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return what free money covers, the earliest payment first.

    Payments that name nothing share one preference and are matched at once; one that names a debt has its own, so
    that payments are taken in as many rounds as the account with most of such stretches has.
    """
    made = [frames.empty(ALLOCATIONS)]
    debts = _open(keys).join(credits.select("account_id").unique(), on="account_id", how="semi")
    for money in _rounds(debts, credits, policy):
        mine = debts.join(money.select("account_id").unique(), on="account_id", how="semi")
        if mine.is_empty():
            continue
        mine = _preferred(mine, money, policy)
        pairs = _matched(mine, money)
        covered = pl.concat(
            [
                mine[pairs["debt_no"]].select(_KEY),
                money[pairs["money_no"]].select("payment_id"),
                pairs.select("amount_minor"),
            ],
            how="horizontal",
        ).select(list(ALLOCATIONS))
        made.append(covered)
        debts = _open(_covered(debts.drop("amount_minor"), covered))
    return pl.concat(made)


def _open(keys: pl.DataFrame) -> pl.DataFrame:
    """Return keys that are not covered, with what is open of them."""
    open_minor = pl.max_horizontal("owed_minor", 0) - pl.max_horizontal("covered_minor", 0)
    return keys.with_columns(amount_minor=open_minor).filter(pl.col("amount_minor") > 0)


def _covered(keys: pl.DataFrame, added: pl.DataFrame) -> pl.DataFrame:
    """Return keys with what covers them after allocations were added."""
    sums = added.group_by(_KEY).agg(added=pl.col("amount_minor").sum())
    return (
        keys.join(sums, on=_KEY, how="left")
        .with_columns(covered_minor=pl.col("covered_minor") + pl.col("added").fill_null(0))
        .drop("added")
    )


def _rounds(debts: pl.DataFrame, credits: pl.DataFrame, policy: Policy) -> list[pl.DataFrame]:
    """Part free money into rounds in which every account has one preference, in the order of payment."""
    earliest = debts.group_by("account_id").agg(earliest=pl.col("period").min())
    money = credits.join(earliest, on="account_id").with_columns(amount_minor=pl.col("free_minor"))
    if not policy.honours_named_period:
        money = money.with_columns(named_period=pl.lit(None, dtype=pl.Date))
    money = money.with_columns(
        named=pl.col("named_period").is_not_null()
        | (pl.col("named_debt") != 0)
        | (pl.col("named_service") != 0),
        lapsed_before=_lapsed_before(policy),
    )
    # where no debt is that old, the day of payment tells nothing
    money = money.with_columns(
        lapsed_before=pl.when(pl.col("lapsed_before") > pl.col("earliest")).then("lapsed_before")
    ).sort("account_id", "paid_on", "payment_id")
    before = pl.col("named").shift(1, fill_value=True)
    apart = pl.col("named") | before | pl.col("lapsed_before").ne_missing(pl.col("lapsed_before").shift(1))
    # the first round of an account is its own
    money = money.with_columns(apart=(apart & _goes_on()).cast(pl.Int64)).with_columns(
        round=_running("apart")
    )
    return [] if money.is_empty() else money.partition_by("round", maintain_order=True, include_key=True)


def _lapsed_before(policy: Policy) -> pl.Expr:
    """Return the month before which debts are past limitation on the day of payment.

    A month's debt is due in the month after it and can be claimed until the month in which limitation ends is over.
    """
    if not policy.limitation_months:
        return pl.lit(None, dtype=pl.Date)
    return pl.col("paid_on").dt.truncate("1mo").dt.offset_by(f"-{policy.limitation_months + 1}mo")


def _preferred(debts: pl.DataFrame, money: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Sort debts as an account's money of this round prefers them: named, not past limitation, the rest."""
    one = money.select("account_id", "named", "named_period", "named_debt", "named_service", "lapsed_before")
    is_named = (
        pl.col("named")
        & (pl.col("named_period").is_null() | (pl.col("named_period") == pl.col("period")))
        & ((pl.col("named_debt") == 0) | (pl.col("named_debt") == pl.col("debt")))
        & ((pl.col("named_service") == 0) | (pl.col("named_service") == pl.col("service")))
    )
    has_lapsed = (pl.col("period") < pl.col("lapsed_before")).fill_null(False)
    return (
        debts.join(one.unique("account_id", keep="first"), on="account_id")
        .with_columns(tier=pl.when(is_named).then(0).when(has_lapsed).then(2).otherwise(1))
        .sort("account_id", "tier", *policy.columns)
    )


def _matched(debts: pl.DataFrame, money: pl.DataFrame) -> pl.DataFrame:
    """Lay the money of every account along its debts, both in their order; return `debt_no, money_no, amount_minor`.

    The ends of debts and of sums of money are put in one line; between two ends there is one debt and one sum.
    """
    end = _running("amount_minor").alias("end")
    ends = pl.concat(
        [
            debts.select("account_id", end, debt_no=pl.int_range(pl.len()), debtor="account_id"),
            money.select("account_id", end, money_no=pl.int_range(pl.len()), payer="account_id"),
        ],
        how="diagonal",
    ).sort("account_id", "end")
    begin = pl.when(_goes_on()).then(pl.col("end").shift(1)).otherwise(0)
    return (
        ends.with_columns(
            pl.col("debt_no", "debtor", "money_no", "payer").backward_fill(),
            amount_minor=pl.col("end") - begin,
        )
        .filter(
            (pl.col("debtor") == pl.col("account_id"))
            & (pl.col("payer") == pl.col("account_id"))
            & (pl.col("amount_minor") > 0)
        )
        .select("debt_no", "money_no", "amount_minor")
    )


def _running(column: str) -> pl.Expr:
    """Return the running sum within the account, of rows that are sorted by it."""
    total = pl.col(column).cum_sum()
    before = pl.when(~_goes_on()).then(total - pl.col(column)).forward_fill()
    return total - before


def _goes_on() -> pl.Expr:
    """Tell whether the row before is of the same account."""
    return pl.col("account_id").eq_missing(pl.col("account_id").shift(1))
