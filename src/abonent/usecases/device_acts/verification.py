"""Verification of meters: a new term by an act, and whom to warn that a term ends.

After a term has ended readings are still taken into account until the meter is verified or changed
(ПП РФ 354 п. 80(1)), so nothing is rated again.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from abonent.contexts.contracts.models import Account
from abonent.contexts.metering.devices import standing_meters
from abonent.contexts.metering.models import Act, ActKind, Meter
from abonent.packs.ru.documents.bill import VERIFICATION_NOTICE
from abonent.usecases.device_acts import record
from abonent.usecases.device_acts.given import ActRefused, Done, Drawn


@dataclass(frozen=True, kw_only=True)
class Term:
    """The outcome of a verification. `is_fit` False: the meter is no longer good and its old term stands."""

    verified_on: date
    due_on: date | None
    certificate: str = ""
    is_fit: bool = True


@dataclass(frozen=True, kw_only=True)
class Warning:
    """A meter whose verification ends soon or has ended."""

    serial: str
    due_on: date
    is_overdue: bool


def judge(term: Term, *, drawn_on: date) -> None:
    """Raise ActRefused unless the term can be."""
    if term.verified_on > drawn_on:
        raise ActRefused("verified_later", "verified_on")
    if term.is_fit and term.due_on is None:
        raise ActRefused("no_due_day", "verification_due_on")
    if term.due_on is not None and term.due_on <= term.verified_on:
        raise ActRefused("due_before_verified", "verification_due_on")


def verify(*, drawn: Drawn, meter_id: int, term: Term) -> Done:
    """Write a verification down; a fit meter has its new term. Raises ActRefused."""
    with transaction.atomic():
        record.hold(drawn)
        meter, _places = record.standing(drawn, meter_id)
        record.refuse_second(drawn, ActKind.VERIFICATION, meter)
        judge(term, drawn_on=drawn.drawn_on)
        if meter.verified_on is not None and term.verified_on < meter.verified_on:
            raise ActRefused("verified_since", "verified_on", day=meter.verified_on)
        act = record.write(drawn, ActKind.VERIFICATION, facts=facts_of(meter, term), meter=meter)
        apply(meter, term)
        return Done(act_id=act.pk, number=act.number, months_waiting=0)


def facts_of(meter: Meter, term: Term) -> dict[str, object]:
    """What the act keeps: the new term, and within the meter's own facts the one before."""
    return {
        "meter": record.meter_facts(meter),
        "verified_on": record.day_text(term.verified_on),
        "verification_due_on": record.day_text(term.due_on),
        "certificate": term.certificate,
        "is_fit": term.is_fit,
    }


def apply(meter: Meter, term: Term) -> None:
    if term.is_fit:
        meter.verified_on, meter.verification_due_on = term.verified_on, term.due_on
        meter.save(update_fields=["verified_on", "verification_due_on"])


def take_back(act: Act) -> None:
    """Give the meter the term it had before. Raises ActRefused where it was verified again since."""
    facts, meter = act.facts, act.meter
    if meter is None or not facts["is_fit"]:
        return
    if record.day_text(meter.verified_on) != facts["verified_on"]:
        raise ActRefused("verified_since", day=meter.verified_on)
    meter.verified_on = record.text_day(facts["meter"]["verified_on"])
    meter.verification_due_on = record.text_day(facts["meter"]["verification_due_on"])
    meter.save(update_fields=["verified_on", "verification_due_on"])


def verification_warnings(account_ids: Sequence[int], on: date) -> dict[int, list[Warning]]:
    """Return the meters to warn each account of: the term ends soon after the day, or has ended.

    "Soon" is what the bill means by it: the bill itself prints the same from the rows it has read.
    """
    premises: dict[int, list[int]] = defaultdict(list)
    for account in Account.objects.filter(pk__in=account_ids).only("pk", "premise_id"):
        premises[account.premise_id].append(account.pk)
    found: dict[int, list[Warning]] = defaultdict(list)
    meters = standing_meters(on=on).filter(
        premise_id__in=premises, meter__verification_due_on__lte=on + VERIFICATION_NOTICE
    )
    for row in meters.order_by("meter__verification_due_on", "meter__serial"):
        due_on = row.meter.verification_due_on or on
        warning = Warning(serial=row.meter.serial, due_on=due_on, is_overdue=due_on < on)
        for account_id in premises[row.premise_id or 0]:
            found[account_id].append(warning)
    return dict(found)
