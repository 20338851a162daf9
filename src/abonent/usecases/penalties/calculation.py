"""The penalties of one account up to any day, with everything they are made of; nothing is posted."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.db import connection

from abonent.engine.parameters import ParameterSet
from abonent.packs.ru.rules.penalties import RateOf
from abonent.usecases.penalties import reading
from abonent.usecases.penalties.counting import count, rules_of

_PARAMETERS = ("ru.penalty.bands", "ru.penalty.rate_cap", "ru.penalty.moratoria", "ru.key_rate")


@dataclass(frozen=True)
class Stretch:
    """Days in which base, rate and part stay the same, both ends included; `rate_e2` in hundredths of a percent."""

    first_day: date
    last_day: date
    days: int
    base_minor: int
    rate_e2: int
    divisor: int
    suspended: bool
    amount_minor: int


@dataclass(frozen=True)
class DebtCalculation:
    """What fell due on a day, what paid it when, and what its delay costs."""

    service: int
    period: date
    due_on: date
    debtor: int
    amount_minor: int
    payments: tuple[tuple[date, int], ...]
    stretches: tuple[Stretch, ...]

    @property
    def penalty_minor(self) -> int:
        return sum(one.amount_minor for one in self.stretches)

    @property
    def left_minor(self) -> int:
        return max(self.amount_minor - sum(amount for _, amount in self.payments), 0)


@dataclass(frozen=True)
class Calculation:
    """`posted_minor`: what runs have posted; `acts`: what the figures rest on. Debts that cost nothing are left out."""

    on: date
    rate_of: RateOf
    rate_on: date | None
    debts: tuple[DebtCalculation, ...]
    posted_minor: int
    acts: tuple[str, ...]

    @property
    def asked_minor(self) -> int:
        return sum(debt.penalty_minor for debt in self.debts)

    @property
    def left_minor(self) -> int:
        return sum(debt.left_minor for debt in self.debts)


def calculate(
    *,
    account_id: int,
    on: date,
    parameters: ParameterSet,
    rate_of: RateOf | None = None,
    rate_on: date | None = None,
) -> Calculation:
    """Count one account's penalties up to and with a day. Raises ParameterMissingError."""
    with connection.cursor() as cursor:
        books = reading.read(cursor, reading.one(account_id))
    rules = rules_of(parameters, on=on)
    counted = count(books, rules, until=on, rate_of=rate_of, rate_on=rate_on)
    debts = counted.due.debts.filter(pl.col("debt_id").is_in(counted.lines["debt_id"].unique().implode()))
    paid = counted.due.repayments.filter(pl.col("paid_on") <= on).sort("paid_on")
    return Calculation(
        on=on,
        rate_of=rate_of or rules.rate_of,
        rate_on=rate_on,
        debts=tuple(
            DebtCalculation(
                service=debt["service"],
                period=debt["period"],
                due_on=debt["due_on"],
                debtor=debt["debtor"],
                amount_minor=debt["amount_minor"],
                payments=tuple(
                    paid.filter(pl.col("debt_id") == debt["debt_id"]).select("paid_on", "amount_minor").rows()
                ),
                stretches=tuple(
                    _stretch(line)
                    for line in counted.lines.filter(pl.col("debt_id") == debt["debt_id"]).iter_rows(
                        named=True
                    )
                ),
            )
            for debt in debts.sort("period", "service", "due_on").iter_rows(named=True)
        ),
        posted_minor=int(books.posted["amount_minor"].sum()),
        acts=_acts(parameters, on),
    )


def _stretch(line: dict[str, Any]) -> Stretch:
    return Stretch(
        first_day=line["begins_on"],
        last_day=date.fromordinal(line["ends_on"].toordinal() - 1),
        days=line["days"],
        base_minor=line["base_minor"],
        rate_e2=line["rate_e2"],
        divisor=line["divisor"],
        suspended=line["suspended"],
        amount_minor=line["amount_minor"],
    )


def _acts(parameters: ParameterSet, on: date) -> tuple[str, ...]:
    """Return the acts of the figures in force on a day."""
    found = []
    for id in _PARAMETERS:
        in_force = [one for one in parameters.versions(id) if on in one.during]
        found += [one.source.act for one in in_force]
    return tuple(dict.fromkeys(found))
