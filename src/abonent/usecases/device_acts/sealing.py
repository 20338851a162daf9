"""Seals set and taken off outside other acts, and one written down by mistake taken back."""

from collections.abc import Sequence

from django.db import transaction

from abonent.contexts.metering.models import ActKind, Installation, Seal, SealState
from abonent.usecases.device_acts import record, seals
from abonent.usecases.device_acts.given import ActRefused, Done, Drawn, SealGiven


def seal(
    *,
    drawn: Drawn,
    meter_id: int,
    seals_set: Sequence[SealGiven] = (),
    removed: Sequence[int] = (),
    broken: Sequence[int] = (),
) -> Done:
    """Set, take off and change seals of a meter; those found broken are written down. Raises ActRefused."""
    with transaction.atomic():
        record.hold(drawn)
        meter, _places = record.standing(drawn, meter_id)
        if set(removed) & set(broken):
            raise ActRefused("seal_removed_and_broken", "seals")
        off = seals.chosen(meter, removed, drawn)
        bad = seals.chosen(meter, broken, drawn)
        seals.refuse_new(seals_set)
        if not (seals_set or off or bad):
            raise ActRefused("no_seal", "seals")
        facts = {
            "meter": record.meter_facts(meter),
            "seals": {
                "set": seals.facts_of(seals_set),
                "removed": seals.facts_of(off),
                "broken": seals.facts_of(bad),
            },
        }
        act = record.write(drawn, ActKind.SEALING, facts=facts, meter=meter)
        seals.end(off, SealState.REMOVED, act)
        seals.end(bad, SealState.BROKEN, act)
        seals.put(meter, seals_set, act)
        return Done(act_id=act.pk, number=act.number, months_waiting=0)


def undo(*, drawn: Drawn, seal_id: int, state: SealState) -> Done:
    """Take back what was last written down of one seal: set by mistake it is gone, taken off or broken it is intact.

    A correction is an act of its own, so that the history says it. `state` is what was seen of the seal: sent twice,
    the second one must not take back what the first has restored. Raises ActRefused.
    """
    with transaction.atomic():
        record.hold(drawn)
        mistaken = Seal.objects.select_for_update().filter(pk=seal_id).select_related("meter__model").first()
        if mistaken is None:
            raise ActRefused("seal_gone")
        if mistaken.state != state:
            raise ActRefused("seal_changed")
        meter = mistaken.meter
        if not Installation.objects.filter(record.here(drawn), meter=meter).exists():
            raise ActRefused("seal_gone")
        was_set = mistaken.state == SealState.INTACT
        word = "set_by_mistake" if was_set else "ended_by_mistake"
        facts = {"meter": record.meter_facts(meter), "seals": {word: seals.facts_of([mistaken])}}
        act = record.write(drawn, ActKind.SEALING, facts=facts, meter=meter)
        if was_set:
            mistaken.delete()
        else:
            mistaken.state, mistaken.removed_on, mistaken.removed_by = SealState.INTACT, None, None
            mistaken.save(update_fields=["state", "removed_on", "removed_by"])
        return Done(act_id=act.pk, number=act.number, months_waiting=0)
