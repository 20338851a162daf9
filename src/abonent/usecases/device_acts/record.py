"""The record every act begins with: the place held still, a number of its kind and year, what the form will print."""

from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from abonent.contexts.contracts.models import PremiseTerms, UpliftCause
from abonent.contexts.contracts.queries import accounts, row_payer
from abonent.contexts.metering.models import Act, ActKind, Installation, Meter
from abonent.contexts.places.models import Building, Premise
from abonent.usecases.device_acts.given import ActRefused, Drawn

VIOLATIONS = (ActKind.ACCESS_REFUSED, ActKind.TAMPERING, ActKind.UNAUTHORISED)
_NUMBER_PLACES = 6


def hold(drawn: Drawn) -> None:
    """Let no other act of the building be drawn up meanwhile; refuse a place or a day that cannot be."""
    if not Building.objects.select_for_update(no_key=True).filter(pk=drawn.building_id).exists():
        raise ActRefused("no_building")
    if drawn.premise_id is not None:
        premise = Premise.objects.filter(pk=drawn.premise_id, building_id=drawn.building_id)
        if not premise.exists():
            raise ActRefused("no_premise")
    if drawn.drawn_on > drawn.today:
        raise ActRefused("in_future", "drawn_on")


def here(drawn: Drawn) -> Q:
    """The condition on whatever carries building and premise that it is of the act's place."""
    return Q(building_id=drawn.building_id, premise_id=drawn.premise_id)


def refuse_second(drawn: Drawn, kind: ActKind, meter: Meter | None) -> None:
    """Refuse an act of the same kind about the same thing on the same day: it was sent twice, or is known."""
    same = of_place(drawn).filter(kind=kind, drawn_on=drawn.drawn_on, meter=meter).first()
    if same is not None:
        raise ActRefused("drawn_already", "drawn_on", number=same.number, act_id=same.pk)


def of_place(drawn: Drawn) -> QuerySet[Act]:
    """The acts that stand about a premise, or about the building itself, in their order."""
    return Act.objects.filter(here(drawn), annulled_at=None).order_by("drawn_on", "pk")


def write(
    drawn: Drawn,
    kind: ActKind,
    *,
    facts: dict[str, Any],
    meter: Meter | None = None,
    new_meter: Meter | None = None,
) -> Act:
    """Store the act, with the account and payer of its day frozen into its facts."""
    return Act.objects.create(
        kind=kind,
        number=_number(drawn, kind),
        drawn_on=drawn.drawn_on,
        building_id=drawn.building_id,
        premise_id=drawn.premise_id,
        meter=meter,
        new_meter=new_meter,
        inspector=drawn.inspector,
        present=drawn.present,
        note=drawn.note,
        facts={**facts, "accounts": _accounts(drawn), "causes_before": _causes_before(drawn)},
        created_at=drawn.at,
        author_id=drawn.actor_id,
    )


def numbers(kind: ActKind, year: int, count: int) -> list[str]:
    """Return the next numbers of a kind and year; whoever asks meanwhile waits for this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('metering_act'), %s)", [int(kind) * 10_000 + year]
        )
        cursor.execute(
            "SELECT number FROM metering_act WHERE kind = %s AND number ~ %s ORDER BY number DESC LIMIT 1",
            [int(kind), f"^{year}-\\d{{{_NUMBER_PLACES}}}$"],
        )
        row = cursor.fetchone()
    last = int(row[0].partition("-")[2]) if row else 0
    return [f"{year}-{last + place:0{_NUMBER_PLACES}}" for place in range(1, count + 1)]


def _number(drawn: Drawn, kind: ActKind) -> str:
    if not drawn.number:
        return numbers(kind, drawn.drawn_on.year, 1)[0]
    if Act.objects.filter(kind=kind, number=drawn.number).exists():
        raise ActRefused("number_taken", "number", number=drawn.number)
    return drawn.number


def _accounts(drawn: Drawn) -> list[dict[str, str]]:
    if drawn.premise_id is None:
        return []
    rows = accounts().filter(here(drawn), during__contains=drawn.drawn_on)
    return [{"number": row["number"], "payer": row_payer(row)} for row in rows.order_by("share_no")]


def _causes_before(drawn: Drawn) -> list[list[Any]]:
    """The raised norms a premise had that no act accounts for: what follows from acts is laid over them."""
    if drawn.premise_id is None:
        return []
    rows = PremiseTerms.objects.filter(premise_id=drawn.premise_id).exclude(uplift_cause=UpliftCause.NONE)
    if Act.objects.filter(premise_id=drawn.premise_id, kind__in=VIOLATIONS).exists():
        rows = rows.filter(uplift_cause=UpliftCause.NO_METER)
    return [
        [day_text(row.during.lower), day_text(row.during.upper), row.uplift_cause]
        for row in rows.order_by("during")
    ]


def standing(drawn: Drawn, meter_id: int) -> tuple[Meter, list[Installation]]:
    """Return a meter that stands in the act's place on its day, and its registers there. Raises ActRefused."""
    places = list(
        Installation.objects.filter(here(drawn), meter_id=meter_id, during__contains=drawn.drawn_on)
        .select_related("meter__model", "register")
        .order_by("zone")
    )
    if not places:
        raise ActRefused("not_standing", "meter", day=drawn.drawn_on)
    return places[0].meter, places


def meter_facts(meter: Meter) -> dict[str, Any]:
    """What a form says of a meter, frozen as it was."""
    return {
        "model": meter.model.name,
        "serial": meter.serial,
        "phases": meter.model.phases,
        "verified_on": day_text(meter.verified_on),
        "verification_due_on": day_text(meter.verification_due_on),
    }


def day_text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def text_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
