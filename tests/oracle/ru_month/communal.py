"""Communal apartments (ПП РФ 354 п. 50, 51): what a flat or section counted above its parts is shared by residents."""

from dataclasses import dataclass
from datetime import date

from tests.oracle.ru_month.arithmetic import days, share_out
from tests.oracle.ru_month.lines import Energy, Stretch, stretches
from tests.oracle.ru_month.premises import Used, living, metered, shared_by_days, standing
from tests.oracle.ru_month.town import COMMUNAL, ROOM, Building, Law, Premise

Volume = dict[int, int]


@dataclass(frozen=True)
class Tree:
    """A flat or a section with what is inside it."""

    premise: Premise
    rooms: list[Premise]
    sections: list["Tree"]

    @property
    def all_rooms(self) -> list[Premise]:
        return [*self.rooms, *(room for section in self.sections for room in section.all_rooms)]


def tree_of(building: Building, premise: Premise) -> Tree:
    parts = [part for part in building.premises if part.parent == premise.id]
    return Tree(
        premise,
        [part for part in parts if part.kind == ROOM],
        [tree_of(building, part) for part in parts if part.kind != ROOM],
    )


def communal(building: Building, law: Law, flat: Premise, booked_until: date) -> Used:
    """Return what the rooms of a flat are charged for."""
    tree = tree_of(building, flat)
    by_meter = {room.id: _counted(building, law, room, booked_until) for room in tree.all_rooms}
    everybody = all(volume is not None for volume in by_meter.values())
    agreed = any(terms.room_meters_agreed for terms in flat.terms)
    counting = {id for id, volume in by_meter.items() if volume is not None and (everybody or agreed)}
    used = Used()
    _share(building, law, tree, counting, booked_until, used, alone=True)
    return used


def _share(
    building: Building,
    law: Law,
    tree: Tree,
    counting: set[int],
    booked_until: date,
    used: Used,
    *,
    alone: bool,
) -> Volume:
    """Share out the rest of a flat or section; return what it used by zone, as it counts for what it is part of.

    `alone`: nothing above it is metered, so a room goes by its own meter or norm unless a meter here speaks for it.
    """
    own = _counted(building, law, tree.premise, booked_until)
    inside: Volume = {}
    for section in tree.sections:
        _add(
            inside,
            _share(building, law, section, counting, booked_until, used, alone=alone and own is None),
        )
    for room in tree.rooms:
        if alone and own is None:
            used.add(living(building, law, room, booked_until))
        elif room.id in counting:
            known, _ = metered(building, law, room, booked_until)
            lines = shared_by_days(stretches(building.month, room), known)
            used.own += lines
            for line in lines:
                _add(inside, {line.zone: line.quantity_wh})
    if own is None:
        return inside
    for zone, wh in own.items():
        rest_wh = max(0, wh - inside.get(zone, 0))
        _by_residents(building, tree, zone, rest_wh, used)
    return own


def _by_residents(building: Building, tree: Tree, zone: int, rest_wh: int, used: Used) -> None:
    lived: list[Stretch] = [stretch for room in tree.all_rooms for stretch in stretches(building.month, room)]
    shares = share_out(rest_wh, [stretch.terms.people * days(stretch.span) for stretch in lived])
    used.own += [
        Energy(stretch, COMMUNAL, zone, stretch.span, wh) for stretch, wh in zip(lived, shares, strict=True)
    ]


def _counted(building: Building, law: Law, premise: Premise, booked_until: date) -> Volume | None:
    """Return what the premise's own meter counted by zone; None when it has none, or none that says anything."""
    if not standing(building, premise):
        return None
    known, silent = metered(building, law, premise, booked_until)
    if silent:
        return None
    found: Volume = {}
    for piece in known:
        _add(found, {piece.register.zone: piece.quantity_wh or 0})
    return found


def _add(volume: Volume, other: Volume) -> None:
    for zone, wh in other.items():
        volume[zone] = volume.get(zone, 0) + wh
