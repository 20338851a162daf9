"""The cases that the sample supplier always has, each at a place known beforehand."""

from enum import IntEnum


class BuildingCase(IntEnum):
    """What is remarkable about a building. Each of the others stands once, among the first of the first branch."""

    NONE = 0
    ORDINARY = 1  # nothing; its first flats are UnitCases
    FLATS_EXCEED_METER = 2
    NO_METER = 3
    ABOVE_NORM = 4
    THREE_ZONES = 5
    LARGE_RATIO = 6
    PARKED = 7  # its first flats are UnitCases that must be parked
    NO_AREA = 8
    GROUP_WITHOUT_PRICE = 9  # a house


class UnitCase(IntEnum):
    """What is remarkable about a flat, and about the meter in it; numbers apart from those of buildings."""

    NONE = 0
    ROLLED_OVER = 101
    METER_REPLACED = 102
    NO_METER = 103
    ADMISSION_REFUSED = 104
    STOPPED = 105
    NEVER_SENT = 106
    RESIDENTS_CHANGED = 107
    SPIKE = 108
    BELOW_PREVIOUS = 109


UNITS_OF: dict[BuildingCase, tuple[UnitCase, ...]] = {
    BuildingCase.ORDINARY: (
        UnitCase.ROLLED_OVER,
        UnitCase.METER_REPLACED,
        UnitCase.NO_METER,
        UnitCase.ADMISSION_REFUSED,
        UnitCase.STOPPED,
        UnitCase.NEVER_SENT,
        UnitCase.RESIDENTS_CHANGED,
    ),
    BuildingCase.PARKED: (UnitCase.SPIKE, UnitCase.BELOW_PREVIOUS),
}
APARTMENT_CASES = tuple(case for case in BuildingCase if 0 < case < BuildingCase.GROUP_WITHOUT_PRICE)
FLATS_OF_A_CASE = 40
