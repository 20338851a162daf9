"""Lump sums of the bank against the registries they came with: by itself where it is plain, else by a person.

A document covers a registry by what the registry says is transferred; the agent's commission stays apart. Plain is: the
document names the registry's number and has its sum; or only one registry of the agent in the days before has just
that sum; or only one choice of a few of them adds up to it.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations
from uuid import uuid5

from django.db import connection, transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from abonent.contexts.payments.models import (
    BankLine,
    BankLineState,
    Payment,
    PaymentFile,
    PaymentFileState,
    PaymentState,
    Reconciliation,
)
from abonent.usecases.take_payment import return_unidentified, take

DAYS_BEFORE, DAYS_AFTER = 15, 3
"""A registry is looked for among those of so many days before a document, and of so few after it."""
MOST_CANDIDATES, MOST_TOGETHER = 12, 4
_LOCK = 0x5245434F
_DAY = re.compile(r"(?<!\d)(\d{2})[./-](\d{2})[./-](\d{4}|\d{2})(?!\d)")


class ReconciliationRefused(Exception):
    """Nothing was changed. `code`: not_waiting, nothing_chosen, arrived, no_reason, posted."""

    def __init__(self, code: str) -> None:
        super().__init__(f"reconciliation: {code}")
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A registry some of whose sum has not arrived. `hint`: number, sum, day or "" – what speaks for it."""

    file_id: int
    name: str
    number: str
    day: date
    left_minor: int
    commission_minor: int
    hint: str


def reconcile(*, supplier_id: int, at: datetime) -> int:
    """Match what waits where that is plain; return how many documents found their registries."""
    matched = 0
    with transaction.atomic():
        _alone(supplier_id)
        waiting = BankLine.objects.filter(supplier_id=supplier_id, state=BankLineState.WAITING, incoming=True)
        # held: a person may be deciding on one of them
        for line in waiting.select_for_update().order_by("booked_on", "id"):
            chosen = _plain(line, _open_files(line))
            if chosen:
                _cover(line, chosen, at=at, by_person=False, actor_id=None)
                matched += 1
    return matched


def candidates(*, line_id: int) -> list[Candidate]:
    """Return the registries a person may choose from for a document, the likeliest first."""
    line = BankLine.objects.get(pk=line_id)
    rank = {"number": 0, "sum": 1, "day": 2, "": 3}
    return sorted(
        _open_files(line, wide=True),
        key=lambda one: (rank[one.hint], abs((one.day - line.booked_on).days), -one.file_id),
    )


def cover(*, line_id: int, file_ids: Sequence[int], actor_id: int | None, at: datetime) -> int:
    """Let a person say which registries a document covers; return what is left of it (below zero: too little came).

    Raises ReconciliationRefused.
    """
    with transaction.atomic():
        _alone(BankLine.objects.values_list("supplier_id", flat=True).get(pk=line_id))
        line = BankLine.objects.select_for_update().get(pk=line_id)
        if line.state != BankLineState.WAITING or not line.incoming:
            raise ReconciliationRefused("not_waiting")
        chosen = [one for one in _open_files(line, wide=True) if one.file_id in set(file_ids)]
        if not file_ids:
            raise ReconciliationRefused("nothing_chosen")
        if len(chosen) != len(set(file_ids)):
            raise ReconciliationRefused("arrived")
        return _cover(line, chosen, at=at, by_person=True, actor_id=actor_id)


def uncover(*, line_id: int, actor_id: int | None, at: datetime) -> None:
    """Let a document wait again: what it covered was chosen by mistake. Raises ReconciliationRefused."""
    with transaction.atomic():
        line = BankLine.objects.select_for_update().get(pk=line_id)
        if line.state not in (BankLineState.REGISTRY, BankLineState.OTHER) or not line.incoming:
            raise ReconciliationRefused("not_waiting")
        if line.payments.exclude(state__in=[PaymentState.REVERSED, PaymentState.RETURNED]).exists():
            raise ReconciliationRefused("posted")
        line.reconciliations.all().delete()
        _decided(line, BankLineState.WAITING, "", actor_id, at)


def set_aside(*, line_id: int, note: str, booked_on: date, actor_id: int | None, at: datetime) -> None:
    """Say that a document is no payment of a subscriber; its unidentified payment, if any, is returned.

    Raises ReconciliationRefused, what `take_payment.return_unidentified` raises.
    """
    if not note.strip():
        raise ReconciliationRefused("no_reason")
    with transaction.atomic():
        line = BankLine.objects.select_for_update().get(pk=line_id)
        if line.state not in (BankLineState.WAITING, BankLineState.PAYMENT):
            raise ReconciliationRefused("not_waiting")
        if line.payments.filter(state=PaymentState.POSTED).exists():
            raise ReconciliationRefused("posted")
        for payment in line.payments.filter(state=PaymentState.UNIDENTIFIED):
            return_unidentified(
                payment_id=payment.pk, reason=note, booked_on=booked_on, actor_id=actor_id, at=at
            )
        _decided(line, BankLineState.OTHER, note, actor_id, at)


def make_payment(*, line_id: int, booked_on: date, actor_id: int | None, at: datetime) -> Payment:
    """Make an unidentified payment of a document that waits. Raises ReconciliationRefused, what `take` raises."""
    with transaction.atomic():
        line = BankLine.objects.select_for_update().select_related("file").get(pk=line_id)
        if line.state != BankLineState.WAITING or not line.incoming:
            raise ReconciliationRefused("not_waiting")
        # a payment of it that was returned when it was set aside stays so: this is another one
        returned = line.payments.filter(state=PaymentState.RETURNED).count()
        payment = take(
            supplier_id=line.supplier_id,
            agent_id=line.file.agent_id,
            account_id=None,
            amount_minor=line.amount_minor,
            paid_on=line.booked_on,
            booked_on=booked_on,
            key=uuid5(line.key, f"again:{returned}") if returned else line.key,
            actor_id=actor_id,
            at=at,
            purpose=line.purpose,
            payer=line.counterparty,
            payer_inn=line.counterparty_inn,
            bank_line_id=line.pk,
        )
        _decided(line, BankLineState.PAYMENT, "", actor_id, at)
        return payment


def _alone(supplier_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, supplier_id])


def _open_files(line: BankLine, *, wide: bool = False) -> list[Candidate]:
    """Return registries whose sum is still to arrive: of the document's agent, and those it names by number.

    `wide`: of every agent, and of more days; for a person to choose from.
    """
    span = 4 if wide else 1
    first, last = (
        line.booked_on - timedelta(days=DAYS_BEFORE * span),
        line.booked_on + timedelta(days=DAYS_AFTER * span),
    )
    files = (
        PaymentFile.objects.filter(
            supplier_id=line.supplier_id, state=PaymentFileState.POSTED, transferred_minor__gt=0
        )
        .annotate(
            day=Coalesce("dated_on", "booked_on"),
            left=F("transferred_minor") - Coalesce(Sum("reconciliations__amount_minor"), 0),
        )
        .filter(day__range=(first, last), left__gt=0)
        .select_related("agent")
        .order_by("day", "id")
    )
    found = []
    for file in files:
        candidate = Candidate(
            file_id=file.pk,
            name=file.name,
            number=file.number,
            day=file.day,
            left_minor=file.left,
            commission_minor=file.commission_minor,
            hint=_hint(line, file.number, file.day, file.left),
        )
        of_agent = bool(line.counterparty_inn) and file.agent.inn == line.counterparty_inn
        if wide or of_agent or (candidate.hint == "number" and not file.agent.inn):
            found.append(candidate)
    return found


def _hint(line: BankLine, number: str, day: date, left_minor: int) -> str:
    if _names(line.purpose, number):
        return "number"
    if left_minor == line.amount_minor:
        return "sum"
    return "day" if day in _days(line.purpose) else ""


def _plain(line: BankLine, found: Sequence[Candidate]) -> list[Candidate]:
    """Return the only registries a document can be meant for; none where there is a choice or a difference."""
    named = [one for one in found if one.hint == "number"]
    if named:
        return named if sum(one.left_minor for one in named) == line.amount_minor else []
    exact = [one for one in found if one.left_minor == line.amount_minor]
    if len(exact) > 1:
        days = _days(line.purpose)
        exact = [one for one in exact if one.day in days]
    if exact:
        return exact if len(exact) == 1 else []
    if len(found) > MOST_CANDIDATES:
        return []
    together = [
        list(some)
        for size in range(2, MOST_TOGETHER + 1)
        for some in combinations(found, size)
        if sum(one.left_minor for one in some) == line.amount_minor
    ]
    return together[0] if len(together) == 1 else []


def _names(purpose: str, number: str) -> bool:
    """Tell whether a purpose names a registry by its number, as a word of its own."""
    if not number:
        return False
    return re.search(rf"(?<![\w./-]){re.escape(number)}(?![\w/-])", purpose, re.IGNORECASE) is not None


def _days(purpose: str) -> set[date]:
    found = set()
    for day, month, year in _DAY.findall(purpose):
        with suppress(ValueError):
            found.add(date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day)))
    return found


def _cover(
    line: BankLine, chosen: Sequence[Candidate], *, at: datetime, by_person: bool, actor_id: int | None
) -> int:
    """Give the sum of a document to registries, each what is left of it; return what remains (below zero: lacks)."""
    left = line.amount_minor
    for one in chosen:
        amount_minor = min(left, one.left_minor)
        if amount_minor > 0:
            Reconciliation.objects.create(
                bank_line=line,
                file_id=one.file_id,
                amount_minor=amount_minor,
                by_person=by_person,
                made_at=at,
                made_by_id=actor_id,
            )
        left -= one.left_minor
    _decided(line, BankLineState.REGISTRY, "", actor_id, at)
    return left


def _decided(line: BankLine, state: BankLineState, note: str, actor_id: int | None, at: datetime) -> None:
    line.state, line.note, line.decided_at, line.decided_by_id = state, note.strip()[:200], at, actor_id
    line.save(update_fields=["state", "note", "decided_at", "decided_by_id"])
