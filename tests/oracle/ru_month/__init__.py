"""A month of a building by the law's formulas, in plain Python and fractions: a second calculator for the pack `ru`.

Written from ПП РФ 354, 124 and 491, ПП РФ 1178 п. 71(1) for the ranges, never from the pack's code.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from tests.oracle.ru_month import common as common_needs
from tests.oracle.ru_month.arithmetic import month_of
from tests.oracle.ru_month.communal import communal
from tests.oracle.ru_month.lines import Line, Priced, banded, owned, priced
from tests.oracle.ru_month.premises import Unknown, Used, living, nonliving, standing
from tests.oracle.ru_month.town import (
    ABSENT,
    AGREED,
    HEATING,
    LIVING,
    NOBODY,
    NONLIVING,
    NORM,
    SINGLE,
    Building,
    Law,
    Premise,
)

__all__ = ["Bill", "Unknown", "bill", "month_of", "volumes_of"]


@dataclass
class Bill:
    """`parked`: the building's common needs were left for a person to look at."""

    lines: list[Line] = field(default_factory=list)
    balance: dict[str, int] | None = None
    parked: bool = False

    def of(self, account: int, *rules: int) -> list[Line]:
        return [line for line in self.lines if line.account == account and line.rule in rules]


def bill(building: Building, law: Law, booked_until: date | None = None) -> Bill:
    """Bill a month with what is known before `booked_until`: the end of the month itself, when absent.

    Raises Unknown when there is no telling what a premise used.
    """
    known_until = booked_until or building.month[1]
    volumes = common_needs.Volumes()
    individual: list[Priced] = []
    lines: list[Priced] = []
    for premise, used in _everything(building, law, known_until):
        own, raised = banded(building, law, used.own, used.raised)
        lines += own + raised
        lines += [one for energy in used.beside for one in priced(building, energy)]
        individual += own if premise.kind == LIVING else []
        _count(building, premise, used, volumes)
    made = Bill()
    if building.common_needs != NOBODY:
        zones = sorted(common_needs.supply(building, law, known_until).by_zone)
        volumes.all_zoned &= common_needs.all_count_in(building, zones)
        shared = common_needs.share_common_needs(building, law, volumes, individual, known_until)
        lines += shared.lines
        made.balance, made.parked = shared.balance, shared.parked
    made.lines = [one for line in lines for one in owned(line)]
    return made


def volumes_of(building: Building, law: Law, booked_until: date) -> common_needs.Volumes:
    """Return what the premises of a building took together."""
    volumes = common_needs.Volumes()
    for premise, used in _everything(building, law, booked_until):
        _count(building, premise, used, volumes)
    return volumes


def _everything(building: Building, law: Law, known_until: date) -> Iterator[tuple[Premise, Used]]:
    for premise in building.premises:
        used = _used(building, law, premise, known_until)
        if used is not None:
            yield premise, used


def _used(building: Building, law: Law, premise: Premise, known_until: date) -> Used | None:
    """Return the energy of a premise with all its parts; None for one that uses nothing by itself."""
    if premise.kind == LIVING:
        parts = any(part.parent == premise.id for part in building.premises)
        return (communal if parts else living)(building, law, premise, known_until)
    if premise.kind in (NONLIVING, HEATING):
        return nonliving(building, law, premise, known_until)
    return None


def _count(building: Building, premise: Premise, used: Used, volumes: common_needs.Volumes) -> None:
    """Add a premise to what the building's premises took together; absences do not change that (п. 88)."""
    for energy in used.own:
        if energy.rule == ABSENT:
            continue
        if energy.rule == NORM:
            volumes.norm_wh += energy.quantity_wh
        else:
            volumes.by_zone[energy.zone] += energy.quantity_wh
            if premise.kind == NONLIVING:
                volumes.nonliving_wh += energy.quantity_wh
            else:
                volumes.metered_wh += energy.quantity_wh
    for zone, wh in used.uncharged_wh.items():
        volumes.by_zone[zone] += wh
        if premise.kind == HEATING:
            volumes.heating_wh += wh
        else:
            volumes.nonliving_wh += wh
    if any(energy.rule == AGREED for energy in used.own) or SINGLE in used.uncharged_wh:
        volumes.all_zoned = False
    if premise.kind == LIVING:
        in_zones = any(register.zone != SINGLE for register in standing(building, premise))
        volumes.all_zoned &= in_zones and all(energy.rule != NORM for energy in used.own)
