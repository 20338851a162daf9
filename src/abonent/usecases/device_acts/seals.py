"""Seals as acts handle them: set, taken off, found broken; and each of these taken back."""

from collections.abc import Iterable, Sequence
from typing import Any

from abonent.contexts.metering.models import Act, Meter, Seal, SealState
from abonent.usecases.device_acts.given import ActRefused, Drawn, SealGiven


def intact(meter: Meter) -> list[Seal]:
    return list(Seal.objects.filter(meter=meter, state=SealState.INTACT).order_by("set_on", "pk"))


def refuse_new(given: Sequence[SealGiven]) -> None:
    """Refuse numbers that are set already or written twice."""
    numbers = [seal.number for seal in given]
    if len(set(numbers)) != len(numbers):
        raise ActRefused("seal_twice", "seals", number=max(numbers, key=numbers.count))
    known = Seal.objects.filter(number__in=numbers).select_related("meter").first()
    if known is not None:
        raise ActRefused("seal_known", "seals", number=known.number, serial=known.meter.serial)
    if any(not seal.place for seal in given):
        raise ActRefused("seal_without_place", "seals")


def facts_of(seals: Iterable[Any]) -> list[dict[str, str]]:
    """What a form prints of seals, set or to be set."""
    return [{"number": seal.number, "place": seal.place} for seal in seals]


def put(meter: Meter, given: Sequence[SealGiven], act: Act) -> None:
    Seal.objects.bulk_create(
        Seal(meter=meter, number=seal.number, place=seal.place, set_on=act.drawn_on, set_by=act)
        for seal in given
    )


def end(seals: Iterable[Seal], state: SealState, act: Act) -> None:
    """Take seals off, or write them down as broken."""
    Seal.objects.filter(pk__in=[seal.pk for seal in seals]).update(
        state=state, removed_on=act.drawn_on, removed_by=act
    )


def chosen(meter: Meter, ids: Iterable[int], drawn: Drawn) -> list[Seal]:
    """Return the seals of a meter that are to be taken off or are broken. Raises ActRefused."""
    ids = set(ids)
    found = [seal for seal in intact(meter) if seal.pk in ids]
    if len(found) != len(ids):
        raise ActRefused("seal_gone", "seals")
    if any(seal.set_on > drawn.drawn_on for seal in found):
        raise ActRefused("seal_set_later", "drawn_on")
    return found


def take_back(act: Act) -> None:
    """Undo what an act did to seals. Raises ActRefused where a later act handled one of them again."""
    touched = act.seals_set.exclude(state=SealState.INTACT).first()
    if touched is not None:
        raise ActRefused("seal_touched", number=touched.number)
    act.seals_set.all().delete()
    act.seals_removed.update(state=SealState.INTACT, removed_on=None, removed_by=None)
