"""Everything that happened to an account, in one list: what was done, what holds since when, what was read and charged.

Each source is asked by an index of its own and gives plain items; the words are the interface's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Any

from django.db.models import Q

from abonent.contexts.charging.models import Bill, ManualRecalculation, Run, RunState
from abonent.contexts.contracts.models import (
    Absence,
    Account,
    AccountService,
    BenefitHolder,
    Event,
    EventKind,
    PremiseTerms,
    Resident,
)
from abonent.contexts.ledger.models import Batch, Entry, EntryKind
from abonent.contexts.metering.models import Act, Installation, Reading, ReadingSource

TERMS = (
    "tariff_group__name",
    "area_dm2",
    "rooms",
    "residents",
    "owners",
    "uplift_cause",
    "room_meters_agreed",
    "agreed_wh_per_month",
)
_PAYMENTS = (EntryKind.PAYMENT, EntryKind.SUBSIDY)


class Kind(StrEnum):
    """What an item is about; the tabs of the history choose among them."""

    EVENT = "event"
    TERMS = "terms"
    SERVICE = "service"
    RESIDENT = "resident"
    ABSENCE = "absence"
    BENEFIT = "benefit"
    ACT = "act"
    READING = "reading"
    CHARGE = "charge"
    PAYMENT = "payment"
    BILL = "bill"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that happened. `on` is the day it holds from, `at` when it was written down, `number` what to open."""

    on: date
    kind: Kind
    facts: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    author_id: int | None = None
    document: str = ""
    number: int | str = ""


def history(*, account: Account) -> list[Item]:
    """Return what happened to an account and its premise while it was open, newest first."""
    items: list[Item] = []
    for source in (
        _events,
        _terms,
        _services,
        _residents,
        _absences,
        _benefits,
        _acts,
        _readings,
        _entries,
        _bills,
    ):
        items += source(account)
    return sorted(items, key=lambda item: (item.on, item.at.timestamp() if item.at else 0.0), reverse=True)


def _while_open(account: Account, day: str) -> Q:
    """The condition on rows of the premise that they fall into the account's days."""
    condition = Q(**{f"{day}__gte": account.during.lower})
    if account.during.upper is not None:
        condition &= Q(**{f"{day}__lt": account.during.upper})
    return condition


def _events(account: Account) -> Iterator[Item]:
    of_premise = Q(premise_id=account.premise_id, account=None) & _while_open(account, "happened_on")
    # dated rows tell of these themselves
    told = [EventKind.TERMS, EventKind.SERVICES, EventKind.RESIDENTS, EventKind.ABSENCE]
    for event in Event.objects.filter(Q(account=account) | of_premise).exclude(kind__in=told):
        yield Item(
            on=event.happened_on,
            kind=Kind.EVENT,
            facts={"event": event.kind, **event.facts},
            at=event.created_at,
            author_id=event.author_id,
            document=event.document,
        )


def _authors(account: Account, kind: EventKind) -> dict[date, Event]:
    """Return the last event of a kind on each day: who wrote the dated rows that begin then."""
    events = Event.objects.filter(premise_id=account.premise_id, kind=kind).order_by("created_at")
    return {event.happened_on: event for event in events}


def _written(event: Event | None) -> dict[str, Any]:
    if event is None:
        return {}
    return {"at": event.created_at, "author_id": event.author_id, "document": event.document}


def _terms(account: Account) -> Iterator[Item]:
    """Yield what changed with each row of the terms; the first tells everything."""
    rows = PremiseTerms.objects.filter(
        building_id=account.building_id, premise_id=account.premise_id, during__overlap=account.during
    ).values("during", *TERMS)
    ordered = sorted(rows, key=lambda row: row["during"].lower)
    authors = _authors(account, EventKind.TERMS)
    if ordered:
        first = ordered[0]
        on = max(first["during"].lower, account.during.lower)
        yield Item(
            on=on,
            kind=Kind.TERMS,
            facts={"now": {name: first[name] for name in TERMS}},
            **_written(authors.get(first["during"].lower)),
        )
    for before, after in pairwise(ordered):
        differing = [name for name in TERMS if before[name] != after[name]]
        yield Item(
            on=after["during"].lower,
            kind=Kind.TERMS,
            facts={
                "was": {name: before[name] for name in differing},
                "now": {name: after[name] for name in differing},
            },
            **_written(authors.get(after["during"].lower)),
        )


def _services(account: Account) -> Iterator[Item]:
    """Yield a service's beginning, another share of it, and its end."""
    rows = AccountService.objects.filter(building_id=account.building_id, account=account)
    ordered = sorted(rows, key=lambda row: (row.service, row.during.lower))
    authors = _authors(account, EventKind.SERVICES)
    for service, group in groupby(ordered, key=lambda row: row.service):
        for row in group:
            share = f"{row.share_numerator}/{row.share_denominator}"
            facts = {"service": service, "share": "" if share == "1/1" else share}
            written = _written(authors.get(row.during.lower))
            yield Item(on=row.during.lower, kind=Kind.SERVICE, facts={**facts, "is_on": True}, **written)
            if row.during.upper is not None and not _follows(ordered, row):
                ended = _written(authors.get(row.during.upper))
                yield Item(on=row.during.upper, kind=Kind.SERVICE, facts={**facts, "is_on": False}, **ended)


def _follows(rows: list[AccountService], row: AccountService) -> bool:
    return any(other.service == row.service and other.during.lower == row.during.upper for other in rows)


def _residents(account: Account) -> Iterator[Item]:
    rows = Resident.objects.filter(premise_id=account.premise_id, during__overlap=account.during)
    authors = _authors(account, EventKind.RESIDENTS)
    for row in rows:
        facts = {"name": row.name, "kind": row.kind}
        if _is_within(account, row.during.lower):
            written = {**_written(authors.get(row.during.lower)), "document": row.document}
            yield Item(on=row.during.lower, kind=Kind.RESIDENT, facts={**facts, "moved": "in"}, **written)
        if row.during.upper is not None and _is_within(account, row.during.upper):
            written = _written(authors.get(row.during.upper))
            yield Item(on=row.during.upper, kind=Kind.RESIDENT, facts={**facts, "moved": "out"}, **written)


def _is_within(account: Account, day: date) -> bool:
    """Tell whether something of a day belongs to the account: the day it closes still does."""
    return account.during.lower <= day and (account.during.upper is None or day <= account.during.upper)


def _absences(account: Account) -> Iterator[Item]:
    rows = Absence.objects.filter(_while_open(account, "left_on"), premise_id=account.premise_id)
    for row in rows:
        facts = {
            "people": row.people,
            "left_on": row.left_on,
            "returned_on": row.returned_on,
            "state": row.state,
            "reason": row.reason,
        }
        yield Item(
            on=row.applied_on,
            kind=Kind.ABSENCE,
            facts=facts,
            at=row.created_at,
            author_id=row.author_id,
            document=row.document,
            number=row.pk,
        )


def _benefits(account: Account) -> Iterator[Item]:
    held = BenefitHolder.objects.filter(account=account, during__isempty=False)  # one taken back never was
    for row in held.select_related("category"):
        facts = {"category": row.category.name, "name": row.name}
        yield Item(
            on=row.during.lower, kind=Kind.BENEFIT, facts={**facts, "is_on": True}, document=row.document
        )
        if row.during.upper is not None:
            yield Item(on=row.during.upper, kind=Kind.BENEFIT, facts={**facts, "is_on": False})


def _acts(account: Account) -> Iterator[Item]:
    rows = Act.objects.filter(_while_open(account, "drawn_on"), premise_id=account.premise_id)
    for row in rows.select_related("meter", "new_meter"):
        yield Item(
            on=row.drawn_on,
            kind=Kind.ACT,
            facts={
                "act": row.kind,
                "no": row.number,
                "meter": row.meter.serial if row.meter else "",
                "new_meter": row.new_meter.serial if row.new_meter else "",
                "is_annulled": row.annulled_at is not None,
                "reason": row.annulled_because,
            },
            at=row.created_at,
            author_id=row.author_id,
            number=row.pk,
        )


def _readings(account: Account) -> Iterator[Item]:
    """Yield what a meter showed on a day, its zones together."""
    places = {
        place.pk: place
        for place in Installation.objects.filter(
            building_id=account.building_id, premise_id=account.premise_id
        ).select_related("meter")
    }
    taken_over = Q(taken_on=account.during.lower - timedelta(days=1), source=ReadingSource.HANDOVER)
    rows = Reading.objects.filter(
        _while_open(account, "taken_on") | taken_over, installation_id__in=list(places)
    ).order_by("taken_on", "entered_at", "id")

    def one_taking(row: Reading) -> tuple[Any, ...]:
        return row.taken_on, places[row.installation_id].meter_id, row.source, row.status, row.entered_at

    for _key, group in groupby(sorted(rows, key=one_taking), key=one_taking):
        registers = sorted(group, key=lambda row: places[row.installation_id].zone)
        first = registers[0]
        yield Item(
            on=first.taken_on,
            kind=Kind.READING,
            facts={
                "serial": places[first.installation_id].meter.serial,
                "values": [(places[row.installation_id].zone, row.value_wh) for row in registers],
                "source": first.source,
                "status": first.status,
                "reason": first.reason,
            },
            at=first.entered_at,
            author_id=first.author_id,
            number=first.run_id or "",
        )


def _entries(account: Account) -> Iterator[Item]:
    """Yield what each run, file or till booked, its entries of a month together."""
    entries = Entry.objects.filter(account_id=account.pk).order_by("slot", "batch_id", "kind", "period")
    batches = {
        batch.pk: batch for batch in Batch.objects.filter(pk__in={entry.batch_id for entry in entries})
    }
    runs = _runs(batches.values())
    documents = {row.run_id: row for row in ManualRecalculation.objects.filter(account=account)}
    for (batch_id, kind, period), group in groupby(
        entries, key=lambda entry: (entry.batch_id, entry.kind, entry.period)
    ):
        booked = list(group)
        batch = batches[batch_id]
        run = runs.get(batch.origin)
        manual = documents.get(run.pk) if run else None
        yield Item(
            on=booked[0].booked_on,
            kind=Kind.PAYMENT if kind in _PAYMENTS else Kind.CHARGE,
            facts={
                "entry": kind,
                "period": period,
                "amount_minor": sum(entry.amount_minor for entry in booked),
                "origin": batch.origin,
                "reason": manual.reason if manual else batch.reason,
                "run_kind": run and run.kind,
                "is_cancelled": bool(run and run.state == RunState.CANCELLED),
            },
            at=batch.created_at,
            author_id=batch.author_id,
            document=manual.document if manual else "",
            number=run.pk if run else "",
        )


def _runs(batches: Iterable[Batch]) -> dict[str, Run]:
    numbers = [int(batch.origin[4:]) for batch in batches if batch.origin.startswith("run:")]
    return {f"run:{run.pk}": run for run in Run.objects.filter(pk__in=numbers)}


def _bills(account: Account) -> Iterator[Item]:
    for row in Bill.objects.filter(account=account):
        yield Item(
            on=row.issued_on,
            kind=Kind.BILL,
            facts={
                "no": row.number,
                "period": row.period,
                "total_minor": row.total_minor,
                "due_on": row.due_on,
                "version": row.version,
                "is_final": row.final,
            },
            number=f"{row.period:%Y-%m}",
        )
