"""Subsidies the state pays to suppliers: a registry becomes entries of the books, what cannot be placed is held.

A row that can be placed is a payment of the channel "subsidy", named for its month; a file is one batch of entries of
kind SUBSIDY. The same bytes are taken once; a row that was paid before, by whatever file, is held; so is one of an
unknown account. A held row is given an account by a person, or returned to the sender: it never gets lost. A whole file
can be reversed by its negative.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.utils.timezone import localdate

from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import SubsidyFile, SubsidyRow, SubsidyRowState
from abonent.contexts.payments.models import AgentKind, Payment
from abonent.kernel.decimals import FigureError
from abonent.kernel.money import parse_minor
from abonent.kernel.periods import Month
from abonent.usecases.benefits.tables import Field, RowError, as_month, read_sheet
from abonent.usecases.billing_run.plan import require_open
from abonent.usecases.take_payment import By, Given, PaymentRefused, own_agent, reverse_many, take_many

FIELDS = (
    Field("account", ("лицевой счет", "лс", "л с", "номер лс", "account", "ls", "особовий рахунок")),
    Field(
        "amount", ("сумма", "сумма субсидии", "сумма руб", "к перечислению", "amount", "sum", "summa", "сума")
    ),
    Field("period", ("месяц", "период", "за месяц", "month", "period", "mes", "місяць", "період")),
    Field("recipient", ("фио", "ф и о", "получатель", "name", "fio", "recipient", "піб"), is_required=False),
    Field(
        "document", ("документ", "решение", "номер решения", "document", "doc", "рішення"), is_required=False
    ),
)
_KEYS = UUID("6f0f1b52-6d7e-5a0c-9f53-5b1c6d0c2a11")
_TOTAL_WORDS = ("итого", "всего", "total", "разом", "усього")


class SubsidiesRefused(Exception):
    """A registry or a row cannot be taken; nothing was stored.

    `code`: known (facts: file_id), rows (errors), totals (rows, amount_minor as read), unknown_account, not_held,
    reversed, moved, day_locked (locked_through).
    """

    def __init__(self, code: str, errors: Sequence[RowError] = (), **facts: Any) -> None:
        super().__init__(f"subsidies: {code} {facts}")
        self.code, self.errors, self.facts = code, list(errors), facts


@dataclass(frozen=True)
class Row:
    """A sound row of a registry. `problem`: why it is held, or "" when it can be posted."""

    number: int
    account_number: str
    account_id: int | None
    recipient: str
    period: Month
    amount_minor: int
    document: str
    problem: str


@dataclass
class Look:
    """What a registry holds. `stated_minor`: what its own line of totals says, if it has one."""

    rows: list[Row] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    stated_minor: int | None = None
    headings: Mapping[str, str] = field(default_factory=dict)
    known_as: int | None = None

    @property
    def amount_minor(self) -> int:
        return sum(row.amount_minor for row in self.rows)

    @property
    def postable(self) -> list[Row]:
        return [row for row in self.rows if not row.problem]

    @property
    def postable_minor(self) -> int:
        return sum(row.amount_minor for row in self.postable)

    @property
    def held(self) -> Counter[str]:
        return Counter(row.problem for row in self.rows if row.problem)


def look(*, path: Path, name: str, supplier_id: int, columns: Mapping[str, str] | None = None) -> Look:
    """Read a registry and weigh every row; nothing is stored. Raises BadFile."""
    sheet = read_sheet(path, name=name, fields=FIELDS, columns=columns)
    found = Look(headings=sheet.headings)
    known = (
        SubsidyFile.objects.filter(sha256=path.stem, reversed_at=None).values_list("id", flat=True).first()
    )
    found.known_as = known
    numbers = {row["account"] for row in sheet.rows.values()}
    accounts = dict(
        Account.objects.filter(number__in=numbers, building__branch__supplier=supplier_id).values_list(
            "number", "id"
        )
    )
    paid = _paid(accounts.values())
    for number, row in sheet.rows.items():
        if _is_total(row):
            found.stated_minor = _minor(row["amount"])
            continue
        amount_minor, period = _minor(row["amount"]), as_month(row["period"])
        if amount_minor is None or amount_minor <= 0:
            found.errors.append(RowError(number, "amount", row["amount"], "not_an_amount"))
        elif period is None:
            found.errors.append(RowError(number, "period", row["period"], "not_a_month"))
        else:
            sound = Row(
                number,
                row["account"][:40],
                accounts.get(row["account"]),
                row.get("recipient", "")[:200],
                period,
                amount_minor,
                row.get("document", "")[:200],
                "",
            )
            found.rows.append(_judged(sound, paid))
    return found


def store(
    *,
    path: Path,
    name: str,
    document: str,
    supplier_id: int,
    booked_period: Month,
    today: date,
    actor_id: int | None,
    at: datetime,
    columns: Mapping[str, str] | None = None,
    expected_rows: int | None = None,
    expected_minor: int | None = None,
) -> int:
    """Take a registry in: one batch of entries, and the rows that are held; return the file's id.

    `expected_…`: what the letter says; it and the file's own total must be what was read, or nothing is taken.
    Raises SubsidiesRefused, BadFile, PeriodClosed, PeriodUnknown.
    """
    with transaction.atomic():
        _alone()
        require_open(supplier_id, booked_period)
        found = look(path=path, name=name, supplier_id=supplier_id, columns=columns)
        if found.known_as is not None:
            raise SubsidiesRefused("known", file_id=found.known_as)
        if found.errors:
            raise SubsidiesRefused("rows", found.errors)
        _require_totals(found, expected_rows, expected_minor)
        file = SubsidyFile.objects.create(
            supplier_id=supplier_id,
            name=name[:200],
            sha256=path.stem,
            document=document,
            booked_period=booked_period.first_day,
            received_at=at,
            received_by_id=actor_id,
            rows=len(found.rows),
            amount_minor=found.amount_minor,
        )
        batch_id = _post(
            file,
            f"subsidies:{file.pk}",
            [
                _given(
                    file,
                    row.number,
                    row.account_id or 0,
                    row.period,
                    row.amount_minor,
                    row.recipient,
                    row.document,
                )
                for row in found.postable
            ],
            By(booked_on=_booked_on(booked_period, today), actor_id=actor_id, at=at),
        )
        SubsidyRow.objects.bulk_create(
            (
                SubsidyRow(
                    file=file,
                    row_no=row.number,
                    account_number=row.account_number,
                    recipient=row.recipient,
                    period=row.period.first_day,
                    amount_minor=row.amount_minor,
                    document=row.document,
                    state=SubsidyRowState.HELD if row.problem else SubsidyRowState.POSTED,
                    problem=row.problem,
                    account_id=None if row.problem else row.account_id,
                    batch_id=None if row.problem else batch_id,
                )
                for row in found.rows
            ),
            batch_size=5_000,
        )
    return file.pk


def place(
    *,
    row_id: int,
    account_number: str,
    booked_period: Month,
    today: date,
    actor_id: int | None,
    at: datetime,
    note: str = "",
) -> None:
    """Post a held row to the account a person names. Raises SubsidiesRefused, PeriodClosed, PeriodUnknown."""
    with transaction.atomic():
        row = _held(row_id)
        require_open(row.file.supplier_id, booked_period)
        account = Account.objects.filter(
            number=account_number.strip(), building__branch__supplier=row.file.supplier_id
        ).first()
        if account is None:
            raise SubsidiesRefused("unknown_account")
        row.batch_id = _post(
            row.file,
            f"subsidies:{row.file_id}:{row.row_no}",
            [
                _given(
                    row.file,
                    row.row_no,
                    account.pk,
                    Month.of(row.period),
                    row.amount_minor,
                    row.recipient,
                    row.document,
                )
            ],
            By(booked_on=_booked_on(booked_period, today), actor_id=actor_id, at=at),
        )
        row.account, row.state = account, SubsidyRowState.POSTED
        row.decided_at, row.decided_by_id, row.note = at, actor_id, note
        row.save()


def give_back(*, row_id: int, note: str, actor_id: int | None, at: datetime) -> None:
    """Note that a held row goes back to the sender, and why. Raises SubsidiesRefused."""
    with transaction.atomic():
        row = _held(row_id)
        row.state = SubsidyRowState.RETURNED
        row.decided_at, row.decided_by_id, row.note = at, actor_id, note
        row.save()


def reverse(
    *,
    file_id: int,
    reason: str,
    booked_period: Month,
    today: date,
    actor_id: int | None,
    at: datetime,
) -> None:
    """Take a whole registry back by posting its negative. Raises SubsidiesRefused, PeriodClosed, PeriodUnknown."""
    with transaction.atomic():
        _alone()
        file = SubsidyFile.objects.select_for_update().get(pk=file_id)
        if file.reversed_at is not None:
            raise SubsidiesRefused("reversed")
        require_open(file.supplier_id, booked_period)
        batches = file.file_rows.filter(state=SubsidyRowState.POSTED).values("batch_id")
        try:
            reverse_many(
                payments=list(Payment.objects.filter(batch_id__in=batches).order_by("batch_id", "entry_no")),
                agent=own_agent(supplier_id=file.supplier_id, kind=AgentKind.SUBSIDY),
                origin=f"subsidies:{file_id}:reversal",
                by=By(booked_on=_booked_on(booked_period, today), actor_id=actor_id, at=at),
                reason=reason,
            )
        except PaymentRefused as refusal:
            raise SubsidiesRefused(refusal.code, **refusal.facts) from refusal
        file.reversed_at, file.reversed_by_id, file.reason = at, actor_id, reason
        file.save()


def _post(file: SubsidyFile, origin: str, given: Sequence[Given], by: By) -> int | None:
    """Take what was paid in, account by account; return the batch, None when there is nothing to post."""
    agent = own_agent(supplier_id=file.supplier_id, kind=AgentKind.SUBSIDY)
    try:
        batch = take_many(agent=agent, given=given, origin=origin, by=by, reason=file.document[:200])
    except PaymentRefused as refusal:
        raise SubsidiesRefused(refusal.code, **refusal.facts) from refusal
    return batch.pk if batch else None


def _given(
    file: SubsidyFile,
    row_no: int,
    account_id: int,
    period: Month,
    amount_minor: int,
    recipient: str,
    document: str,
) -> Given:
    """Return a row as a payment the state named for the row's month."""
    return Given(
        key=uuid5(_KEYS, f"{file.pk}:{row_no}"),
        account_id=account_id,
        amount_minor=amount_minor,
        paid_on=localdate(file.received_at),
        payer=recipient,
        purpose=document or file.document,
        named_period=period.first_day,
    )


def _booked_on(booked_period: Month, today: date) -> date:
    return min(max(today, booked_period.first_day), booked_period.last_day)


_Key = tuple[int, Month, int, str, str]


def _key(account_id: int, period: Month, amount_minor: int, recipient: str, document: str) -> _Key:
    return account_id, period, amount_minor, " ".join(recipient.casefold().split()), document.casefold()


def _paid(accounts: Iterable[int]) -> set[_Key]:
    """Return what the books already hold for these accounts by files that were not reversed."""
    posted = SubsidyRow.objects.filter(
        account_id__in=list(accounts),
        state=SubsidyRowState.POSTED,
        file__reversed_at=None,
    ).values_list("account_id", "period", "amount_minor", "recipient", "document")
    return {
        _key(account_id or 0, Month.of(period), amount_minor, recipient, document)
        for account_id, period, amount_minor, recipient, document in posted.iterator()
    }


def _judged(row: Row, paid: set[_Key]) -> Row:
    """Say why a row is held; remember what can be posted, so that it is not posted twice."""
    if row.account_id is None:
        return replace(row, problem="unknown_account")
    key = _key(row.account_id, row.period, row.amount_minor, row.recipient, row.document)
    if key in paid:
        return replace(row, problem="paid_before")
    paid.add(key)
    return row


def _minor(text: str) -> int | None:
    try:
        return parse_minor(text)
    except FigureError:
        return None


def _is_total(row: Mapping[str, str]) -> bool:
    """Tell a line of totals: one of its words stands where an account or a name would."""
    said = " ".join(row.get(name, "") for name in ("account", "recipient", "document", "period")).casefold()
    return any(word in said for word in _TOTAL_WORDS) and not row["account"].isdigit()


def _require_totals(found: Look, rows: int | None, amount_minor: int | None) -> None:
    wrong = (
        (rows is not None and rows != len(found.rows))
        or (amount_minor is not None and amount_minor != found.amount_minor)
        or (found.stated_minor is not None and found.stated_minor != found.amount_minor)
    )
    if wrong:
        raise SubsidiesRefused("totals", rows=len(found.rows), amount_minor=found.amount_minor)


def _held(row_id: int) -> SubsidyRow:
    row = SubsidyRow.objects.select_for_update(of=("self", "file")).select_related("file").get(pk=row_id)
    if row.state != SubsidyRowState.HELD:
        raise SubsidiesRefused("not_held")
    if row.file.reversed_at is not None:
        raise SubsidiesRefused("reversed")
    return row


def _alone() -> None:
    """Take registries in one after another: a row must not be weighed while another file posts the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('subsidies'))")
