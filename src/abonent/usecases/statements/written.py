"""Statements and acts of reconciliation in words and figures: tables that a screen, a page and a spreadsheet share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from abonent.contexts.contracts.models import Account, Service
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.payments.models import Debt
from abonent.kernel.money import format_minor
from abonent.usecases.statements.ledger import (
    MONEY,
    Covering,
    MonthOfDebt,
    Movement,
    Movements,
    months,
    movements,
)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: its heading, how its values are written (`reports.figures`), and its share of the width."""

    title: str
    kind: str = "text"
    wide: float = 1.0
    minor_on_phone: bool = False

    @property
    def is_figure(self) -> bool:
        return self.kind == "minor"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a title; `total` has a cell for every column."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    total: Sequence[Any] = ()
    empty: str = ""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A statement or an act: what it is called and of whom, facts above its tables, what is stated below them."""

    title: str
    subtitle: str
    facts: Sequence[tuple[str, Any, str]]
    tables: Sequence[Table]
    statements: Sequence[str]
    first: date
    last: date
    closing_minor: int


def statement(*, account: Account, first: date, last: date) -> Written:
    """Return the statement of an account from `first` to `last`. Raises ValueError for days out of order."""
    moved = movements(account_ids=[account.pk], first=first, last=last)
    debts = months(account_id=account.pk, first=first, last=last)
    open_minor = sum(one.open_minor for one in debts)
    return Written(
        title=_("Statement of account %(number)s") % {"number": account.number},
        subtitle=_span(first, last),
        facts=[
            (_("Account"), account.number, "text"),
            (_("Payer"), account.party.display_name, "text"),
            (_("Address"), account.premise.address, "text"),
            (_("Balance on %(day)s") % {"day": _day(first)}, moved.opening_minor, "minor"),
            *_turnovers(moved),
            (_("Balance at the end of %(day)s") % {"day": _day(last)}, moved.closing_minor, "minor"),
        ],
        tables=[_entries(moved), _debts(debts), _payments(debts)],
        statements=_closing(moved, open_minor=open_minor),
        first=first,
        last=last,
        closing_minor=moved.closing_minor,
    )


def reconciliation(*, accounts: Sequence[Account], ours: str, first: date, last: date) -> Written:
    """Return the act of reconciliation with the payer of these accounts: our columns, and theirs to be filled in.

    Raises ValueError for no account or days out of order.
    """
    if not accounts:
        raise ValueError("nothing to reconcile")
    numbers = {account.pk: account.number for account in accounts}
    moved = movements(account_ids=list(numbers), first=first, last=last)
    party = accounts[0].party
    theirs = party.display_name
    rows = [
        (_day(one.booked_on), _document(one, numbers if len(numbers) > 1 else {}), one.debit_minor or None,
         one.credit_minor or None, "", "")
        for one in moved.entries
    ]  # fmt: skip
    debit = sum(one.debit_minor for one in moved.entries)
    credit = sum(one.credit_minor for one in moved.entries)
    figures = [Column(title=title, kind="minor", wide=1.2) for title in (_("Debit, ₽"), _("Credit, ₽"))]
    theirs_empty = [
        Column(title=title, wide=1.2, minor_on_phone=True) for title in (_("Debit, ₽"), _("Credit, ₽"))
    ]
    opening = _sides(moved.opening_minor)
    closing = _sides(moved.closing_minor)
    return Written(
        title=_("Act of reconciliation"),
        subtitle=_span(first, last),
        facts=[
            (_("Supplier"), ours, "text"),
            (_("Payer"), theirs + (f", {_('INN')} {party.inn}" if party.inn else ""), "text"),
            (
                _("Accounts") if len(numbers) > 1 else _("Account"),
                ", ".join(sorted(numbers.values())),
                "text",
            ),
            (_("Balance on %(day)s") % {"day": _day(first)}, moved.opening_minor, "minor"),
            (_("Balance at the end of %(day)s") % {"day": _day(last)}, moved.closing_minor, "minor"),
        ],
        tables=[
            Table(
                title=_("By the books of %(who)s; the two columns on the right are for the other side")
                % {"who": ours},
                columns=[
                    Column(title=_("Day"), wide=1.1),
                    Column(title=_("Document"), wide=3.6),
                    *figures,
                    *theirs_empty,
                ],
                rows=[
                    ("", _("Balance on %(day)s") % {"day": _day(first)}, *opening, "", ""),
                    *rows,
                    ("", _("Turnover of the period"), debit, credit, "", ""),
                ],
                total=("", _("Balance at the end of %(day)s") % {"day": _day(last)}, *closing, "", ""),
            )
        ],
        statements=[_agreed(moved, ours, theirs)],
        first=first,
        last=last,
        closing_minor=moved.closing_minor,
    )


def _turnovers(moved: Movements) -> list[tuple[str, Any, str]]:
    """What the entries come to, by what they are; money that came in is shown as such."""
    sums = [
        (_("Charged"), moved.total_minor(EntryKind.CHARGE, EntryKind.OPENING)),
        (_("Recalculated"), moved.total_minor(EntryKind.RECALCULATION, EntryKind.REVERSAL)),
        (_("Penalties and court costs"), moved.total_minor(EntryKind.PENALTY, EntryKind.COURT_COST)),
        (_("Paid"), -moved.total_minor(EntryKind.PAYMENT, EntryKind.SUBSIDY)),
        (_("Refunded and moved"), moved.total_minor(EntryKind.REFUND, EntryKind.TRANSFER)),
        (_("Written off"), moved.total_minor(EntryKind.WRITE_OFF)),
    ]
    return [(title, minor, "minor") for title, minor in sums if minor]


def _entries(moved: Movements) -> Table:
    columns = [
        Column(title=_("Day"), kind="day", wide=1.1),
        Column(title=_("Document"), wide=3.4),
        Column(title=_("For the month"), kind="month", wide=1.4, minor_on_phone=True),
        Column(title=_("Service"), wide=1.6, minor_on_phone=True),
        Column(title=_("Charged, ₽"), kind="minor", wide=1.2),
        Column(title=_("Paid, ₽"), kind="minor", wide=1.2),
        Column(title=_("Balance, ₽"), kind="minor", wide=1.3),
    ]
    rows: list[tuple[Any, ...]] = [
        (
            one.booked_on,
            _document(one, {}),
            None if _is_money(one) else one.period,
            None if _is_money(one) else str(dict(Service.choices).get(one.service, one.service)),
            None if _is_money(one) else one.amount_minor,
            -one.amount_minor if _is_money(one) else None,
            one.balance_minor,
        )
        for one in moved.entries
    ]
    charged = sum(one.amount_minor for one in moved.entries if not _is_money(one))
    paid = -sum(one.amount_minor for one in moved.entries if _is_money(one))
    return Table(
        title=_("Entries of the account"),
        columns=columns,
        rows=rows,
        total=(None, _("Turnover and balance at the end"), None, None, charged, paid, moved.closing_minor),
        empty=_("Nothing was booked in this period."),
    )


def _is_money(one: Movement) -> bool:
    return one.kind in MONEY


def _debts(debts: Sequence[MonthOfDebt]) -> Table:
    return Table(
        title=_("Months: charged, paid, open"),
        columns=[
            Column(title=_("For the month"), kind="month", wide=1.3),
            Column(title=_("Debt"), wide=1.6),
            Column(title=_("Charged, ₽"), kind="minor", wide=1.2),
            Column(title=_("Paid, ₽"), kind="minor", wide=1.2),
            Column(title=_("Open, ₽"), kind="minor", wide=1.2),
        ],
        rows=[
            (one.period, str(Debt(one.debt).label), one.owed_minor, one.covered_minor, one.open_minor)
            for one in debts
        ],
        total=(
            None,
            _("In all"),
            sum(one.owed_minor for one in debts),
            sum(one.covered_minor for one in debts),
            sum(one.open_minor for one in debts),
        ),
        empty=_("No month was charged or paid for in this period, and none is open."),
    )


def _payments(debts: Sequence[MonthOfDebt]) -> Table:
    return Table(
        title=_("Which payments cover which months"),
        columns=[
            Column(title=_("For the month"), kind="month", wide=1.3),
            Column(title=_("Debt"), wide=1.6),
            Column(title=_("Paid on"), kind="day", wide=1.1),
            Column(title=_("Payment"), wide=3.2),
            Column(title=_("Covers, ₽"), kind="minor", wide=1.2),
        ],
        rows=[
            (one.period, str(Debt(one.debt).label), payment.paid_on, _payment(payment), payment.amount_minor)
            for one in debts
            for payment in one.payments
        ],
        empty=_("No payment covers these months."),
    )


def _payment(one: Covering) -> str:
    if one.paid_on is None:
        return _("credit of another month")
    return f"{one.agent}, № {one.external_id}" if one.external_id else one.agent


def _document(one: Movement, numbers: dict[int, str]) -> str:
    """Name what an entry rests on: a payment with its agent and number, a run, a decision."""
    origin, _colon, what = one.origin.partition(":")
    words = str(EntryKind(one.kind).label)
    if one.agent:
        words += f": {one.agent}"
        if one.external_id:
            words += f", № {one.external_id}"
        if one.paid_on and one.paid_on != one.booked_on:
            words += ", " + _("paid on %(day)s") % {"day": _day(one.paid_on)}
    elif origin == "run":
        words += ", " + _("run № %(no)s") % {"no": what}
    if one.reason:
        words += f" ({one.reason})"
    if one.account_id in numbers:
        words += f", {_('account')} {numbers[one.account_id]}"
    return words


def _closing(moved: Movements, *, open_minor: int) -> list[str]:
    advance_minor = open_minor - moved.closing_minor
    stated = [_balance(moved.last, moved.closing_minor)]
    if advance_minor > 0:
        stated.append(
            _("Open debts come to %(open)s ₽; money that covers no debt yet to %(advance)s ₽.")
            % {"open": _minor(open_minor), "advance": _minor(advance_minor)}
        )
    return stated


def _balance(day: date, minor: int) -> str:
    if minor > 0:
        return _("At the end of %(day)s the debt is %(sum)s ₽.") % {"day": _day(day), "sum": _minor(minor)}
    if minor < 0:
        return _("At the end of %(day)s %(sum)s ₽ are paid in advance.") % {
            "day": _day(day),
            "sum": _minor(-minor),
        }
    return _("At the end of %(day)s nothing is owed.") % {"day": _day(day)}


def _agreed(moved: Movements, ours: str, theirs: str) -> str:
    day, minor = _day(moved.last), moved.closing_minor
    if not minor:
        return _("By the books of %(ours)s, at the end of %(day)s neither side owes the other.") % {
            "ours": ours,
            "day": day,
        }
    owes, owed = (theirs, ours) if minor > 0 else (ours, theirs)
    return _("By the books of %(ours)s, at the end of %(day)s %(owes)s owes %(owed)s %(sum)s ₽.") % {
        "ours": ours,
        "day": day,
        "owes": owes,
        "owed": owed,
        "sum": _minor(abs(minor)),
    }


def _sides(minor: int) -> tuple[int | None, int | None]:
    return (minor, None) if minor >= 0 else (None, -minor)


def _span(first: date, last: date) -> str:
    return _("from %(first)s to %(last)s") % {"first": _day(first), "last": _day(last)}


def _day(day: date) -> str:
    return date_format(day, "d.m.Y")


def _minor(minor: int) -> str:
    return format_minor(minor, language=get_language() or "ru")
