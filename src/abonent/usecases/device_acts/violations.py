"""What acts of violation do to a premise's terms, worked out anew from the acts that stand.

The acts are the facts; the days a premise is charged by norm follow from them: an act drawn up or annulled moves the
days, never edits them by hand (ПП РФ 354 п. 60(3), 62, 81(11)).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import Account, PremiseTerms, UnauthorisedUse, UpliftCause
from abonent.contexts.metering.models import Act, ActKind
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import recalculation
from abonent.usecases.device_acts import record
from abonent.usecases.device_acts.given import ActRefused, Drawn

# Acts that show somebody was let in to the meter.
_ACCESS = {ActKind.ADMISSION, ActKind.REPLACEMENT, ActKind.REMOVAL, ActKind.CHECK, ActKind.TAMPERING}
# Acts after which the meter counts again, a check only when it found everything in order.
_IN_ORDER = {ActKind.ADMISSION, ActKind.REPLACEMENT, ActKind.REMOVAL}
_REFUSALS = 2
_BY_ACTS = (UpliftCause.ADMISSION_REFUSED, UpliftCause.TAMPERING, UpliftCause.UNAUTHORISED)
# A day of two causes is charged by the graver one.
_GRAVITY = {UpliftCause.ADMISSION_REFUSED: 1, UpliftCause.UNAUTHORISED: 2, UpliftCause.TAMPERING: 3}


@dataclass(frozen=True)
class Happened:
    """An act as far as violations go by it."""

    act_id: int
    kind: ActKind
    drawn_on: date
    meter_id: int | None = None
    begins_on: date | None = None
    removed_on: date | None = None
    power_w: int | None = None
    is_sound: bool = False


@dataclass(frozen=True)
class Span:
    """Days of a violation, `end` not included. `power_w`: charged by power, not by norm."""

    cause: UpliftCause
    start: date
    end: date | None
    act_id: int
    power_w: int | None = None

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


def spans(acts: Sequence[Happened]) -> list[Span]:
    """Return the days of violations that acts in their order amount to."""
    found = []
    refused: list[Happened] = []
    for place, act in enumerate(acts):
        later = acts[place + 1 :]
        if act.kind == ActKind.ACCESS_REFUSED:
            refused.append(act)
            if len(refused) == _REFUSALS:
                end = next((one.drawn_on for one in later if one.kind in _ACCESS), None)
                # from the period of the second act to the day of the check (п. 60(3))
                start = act.drawn_on.replace(day=1)
                found.append(Span(UpliftCause.ADMISSION_REFUSED, start, end, act.act_id))
        elif act.kind in _ACCESS:
            refused = []
        if act.kind in (ActKind.TAMPERING, ActKind.UNAUTHORISED) and act.begins_on is not None:
            cause = UpliftCause.TAMPERING if act.kind == ActKind.TAMPERING else UpliftCause.UNAUTHORISED
            end = act.removed_on or next((one.drawn_on for one in later if _ends(act, one)), None)
            found.append(Span(cause, act.begins_on, end, act.act_id, act.power_w))
    return [span for span in found if span.end is None or span.start < span.end]


def _ends(violation: Happened, later: Happened) -> bool:
    if later.kind == ActKind.CHECK:
        same = violation.meter_id in (None, later.meter_id)
        return later.is_sound and same
    return (
        violation.kind == ActKind.TAMPERING
        and later.kind in _IN_ORDER
        and violation.meter_id in (None, later.meter_id)
    )


def brought_to_an_end(before: Iterable[Span], acts: Sequence[Happened]) -> list[Span]:
    """Violations known without an act, from another system for instance, up to the act that ends them."""
    found = []
    for span in before:
        if span.cause in _BY_ACTS:
            ends = [act.drawn_on for act in acts if act.drawn_on > span.start and _lets_off(span.cause, act)]
            found.append(replace(span, end=min([*ends, *([span.end] if span.end else [])], default=None)))
    return found


def _lets_off(cause: UpliftCause, act: Happened) -> bool:
    if cause == UpliftCause.ADMISSION_REFUSED:
        return act.kind in _ACCESS
    return act.kind in _IN_ORDER or (act.kind == ActKind.CHECK and act.is_sound)


def happened(act: Act) -> Happened:
    facts = act.facts
    return Happened(
        act_id=act.pk,
        kind=ActKind(act.kind),
        drawn_on=act.drawn_on,
        meter_id=act.meter_id,
        begins_on=record.text_day(facts.get("begins_on")),
        removed_on=record.text_day(facts.get("removed_on")),
        power_w=facts.get("power_w"),
        is_sound=bool(facts.get("is_sound")),
    )


def begins_on(
    *,
    cause: UpliftCause,
    found_on: date,
    known_from: date | None,
    last_check: date | None,
    parameters: ParameterSet,
) -> date:
    """Return from what day a violation is charged: the established one, else the last check, not beyond the limit."""
    rows = parameters.version("ru.electricity.violations", on=found_on).rows
    row = next(row for row in rows if row["cause"] == str(int(cause)))
    earlier = Month.of(found_on).shift(-int(row["months"] or "0"))
    limit = earlier.first_day
    if row["back_to"] == "day":
        limit = limit.replace(day=min(found_on.day, earlier.days))
    if known_from is not None:
        return max(known_from, limit) if row["limits_known_day"] == "1" else known_from
    return max(last_check or limit, limit)


def last_check(drawn: Drawn, meter_id: int | None) -> Act | None:
    """The last act before the day at which somebody saw the premise's meter; of the same meter where it is known."""
    acts = record.of_place(drawn).filter(
        kind__in=[ActKind.ADMISSION, ActKind.REPLACEMENT, ActKind.CHECK], drawn_on__lt=drawn.drawn_on
    )
    seen = [act for act in acts if meter_id in (None, act.meter_id, act.new_meter_id)]
    return seen[-1] if seen else None


def refusals_before(drawn: Drawn) -> int:
    """How many times in a row nobody was let in before the day."""
    count = 0
    for act in record.of_place(drawn).filter(drawn_on__lte=drawn.drawn_on):
        if act.kind == ActKind.ACCESS_REFUSED:
            count += 1
        elif act.kind in _ACCESS:
            count = 0
    return count


def account_since(drawn: Drawn) -> date | None:
    """The day the present account of the premise began: what was before it is not charged to it."""
    account = (
        Account.objects.filter(record.here(drawn), during__contains=drawn.drawn_on)
        .order_by("share_no")
        .first()
    )
    return account.during.lower if account else None


def follow(drawn: Drawn) -> int:
    """Bring terms and unauthorised uses of the act's premise in line with its acts; note what changed.

    Returns the billed months that wait to be rated again.
    """
    if drawn.premise_id is None:
        return 0
    acts = [happened(act) for act in record.of_place(drawn)]
    found = spans(acts)
    before = _causes_before(drawn)
    by_norm = [one for one in found if one.power_w is None] + brought_to_an_end(before, acts)
    changed = _write_terms(drawn.premise_id, by_norm, before)
    changed += _write_uses(drawn, [one for one in found if one.power_w is not None])
    if not changed:
        return 0
    ends = [end for _start, end in changed]
    last = None if None in ends else Month.of(max(end for end in ends if end) - timedelta(days=1))
    first = Month.of(min(start for start, _end in changed))
    return note_months(drawn, RecalculationCause.VIOLATION, "acts of violation", first=first, last=last)


def note_months(
    drawn: Drawn,
    cause: RecalculationCause,
    note: str,
    *,
    first: Month | None = None,
    last: Month | None = None,
) -> int:
    """Have billed months of the act's place rated again, by default from that of its day on."""
    return recalculation.note(
        building_id=drawn.building_id,
        premise_id=drawn.premise_id,
        first=first or Month.of(drawn.drawn_on),
        last=last,
        cause=cause,
        note=note,
        actor_id=drawn.actor_id,
        at=drawn.at,
    )


Days = tuple[date, date | None]


def _causes_before(drawn: Drawn) -> list[Span]:
    """What the premise's acts, annulled ones too, kept in mind of its terms."""
    acts = Act.objects.filter(record.here(drawn))
    return [
        Span(UpliftCause(cause), date.fromisoformat(start), record.text_day(end), act.pk)
        for act in acts
        for start, end, cause in act.facts.get("causes_before", ())
    ]


def _write_terms(premise_id: int, found: list[Span], before: list[Span]) -> list[Days]:
    """Write the causes into the premise's terms; return the days whose cause changed."""
    changed: list[Days] = []
    pieces: list[PremiseTerms] = []
    cuts = {day for span in [*found, *before] for day in (span.start, span.end) if day is not None}
    for row in PremiseTerms.objects.filter(premise_id=premise_id).order_by("during"):
        days = [row.during.lower, *sorted(day for day in cuts if _inside(day, row.during)), row.during.upper]
        for start, end in pairwise(days):
            cause = _cause_on(start, row.uplift_cause, found, before)
            if cause != row.uplift_cause:
                changed.append((start, end))
            pieces.append(_copy(row, cause, start, end))
    if changed:
        PremiseTerms.objects.filter(premise_id=premise_id).delete()
        PremiseTerms.objects.bulk_create(_joined(pieces))
    return changed


def _inside(day: date, during: Any) -> bool:
    """Whether a day parts the range, its first day not counted."""
    return bool(during.lower < day and (during.upper is None or day < during.upper))


def _cause_on(day: date, stored: int, found: list[Span], before: list[Span]) -> int:
    causes = [span.cause for span in found if day in span]
    if causes:
        return int(max(causes, key=lambda cause: _GRAVITY[cause]))
    if stored not in _BY_ACTS:
        return stored
    had_no_meter = any(span.cause == UpliftCause.NO_METER and day in span for span in before)
    return int(UpliftCause.NO_METER if had_no_meter else UpliftCause.NONE)


_FACTS = [
    field.attname for field in PremiseTerms._meta.concrete_fields if field.attname not in ("id", "during")
]


def _copy(row: PremiseTerms, cause: int, start: date, end: date | None) -> PremiseTerms:
    facts = {name: getattr(row, name) for name in _FACTS} | {"uplift_cause": cause}
    return PremiseTerms(**facts, during=DateRange(start, end))


def _joined(pieces: list[PremiseTerms]) -> list[PremiseTerms]:
    """Join neighbours that say the same, so that an act annulled leaves the terms as they were."""
    joined: list[PremiseTerms] = []
    for piece in pieces:
        before = joined[-1] if joined else None
        if (
            before is not None
            and before.during.upper == piece.during.lower
            and all(getattr(before, name) == getattr(piece, name) for name in _FACTS)
        ):
            before.during = DateRange(before.during.lower, piece.during.upper)
        else:
            joined.append(piece)
    return joined


def _write_uses(drawn: Drawn, found: list[Span]) -> list[Days]:
    """Keep one unauthorised use for each act of known power; return the days that changed."""
    changed: list[Days] = []
    wanted = {one.act_id: one for one in found}
    for use in UnauthorisedUse.objects.filter(record.here(drawn), annulled_at=None, act_id__isnull=False):
        span = wanted.pop(use.act_id or 0, None)
        if span is None:
            use.annulled_at = drawn.at
            changed.append((use.during.lower, use.during.upper))
        elif use.during.upper != span.end:
            changed.append(_between(use.during.upper, span.end))
            use.during = DateRange(span.start, span.end)
        try:
            with transaction.atomic():
                use.save(update_fields=["during", "annulled_at"])
        except IntegrityError as clash:
            raise ActRefused("uses_overlap") from clash
    for act_id, span in wanted.items():
        UnauthorisedUse.objects.create(
            premise_id=drawn.premise_id or 0,
            building_id=drawn.building_id,
            power_w=span.power_w or 0,
            during=DateRange(span.start, span.end),
            act_id=act_id,
        )
        changed.append((span.start, span.end))
    return changed


def _between(one: date | None, other: date | None) -> Days:
    """The days by which two ends differ."""
    days = sorted(day for day in (one, other) if day is not None)
    return days[0], days[1] if len(days) > 1 else None
