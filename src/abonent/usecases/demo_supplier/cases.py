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
    COMMUNAL = 10  # its first flats are UnitCases
    EXECUTOR_DEFICIT = 11
    EXECUTOR_WITHOUT_METER = 12
    HOUSING_BY_READINGS = 13
    HOUSING_BY_NORM = 14
    HOUSING_BY_AVERAGE = 15
    HEATING_METER = 16  # its first premise is a UnitCase
    ABOVE_RANGES = 20  # a house
    ABOVE_SOCIAL_NORM = 21  # a house


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
    TAMPERING = 110
    UNAUTHORISED = 111
    UNAUTHORISED_UNKNOWN = 112
    ABSENT = 113
    GAP_CLOSED = 114
    CONTROL_FELL = 115
    CO_OWNERS = 116
    HANDOVER = 117
    BENEFITS = 118
    LISTED = 119
    OVERDUE = 120
    SENT_IN_FILE = 121
    SHOP_BY_AGREEMENT = 122
    DECIDED_BY_HAND = 123
    COMMUNAL_FLAT_METER = 131
    COMMUNAL_ALL_METERED = 132
    COMMUNAL_AGREED = 133
    COMMUNAL_SECTIONS = 134


UNITS_OF: dict[BuildingCase, tuple[UnitCase, ...]] = {
    BuildingCase.ORDINARY: (
        UnitCase.ROLLED_OVER,
        UnitCase.METER_REPLACED,
        UnitCase.NO_METER,
        UnitCase.ADMISSION_REFUSED,
        UnitCase.STOPPED,
        UnitCase.NEVER_SENT,
        UnitCase.RESIDENTS_CHANGED,
        UnitCase.TAMPERING,
        UnitCase.UNAUTHORISED,
        UnitCase.UNAUTHORISED_UNKNOWN,
        UnitCase.ABSENT,
        UnitCase.GAP_CLOSED,
        UnitCase.CONTROL_FELL,
        UnitCase.CO_OWNERS,
        UnitCase.HANDOVER,
        UnitCase.BENEFITS,
        UnitCase.LISTED,
        UnitCase.OVERDUE,
        UnitCase.SENT_IN_FILE,
        UnitCase.DECIDED_BY_HAND,
    ),
    BuildingCase.PARKED: (UnitCase.SPIKE, UnitCase.BELOW_PREVIOUS),
    BuildingCase.COMMUNAL: (
        UnitCase.COMMUNAL_FLAT_METER,
        UnitCase.COMMUNAL_ALL_METERED,
        UnitCase.COMMUNAL_AGREED,
        UnitCase.COMMUNAL_SECTIONS,
    ),
    BuildingCase.HEATING_METER: (UnitCase.SHOP_BY_AGREEMENT,),
}
# of all others, one
ACCOUNTS_OF = {
    UnitCase.CO_OWNERS: 2,
    UnitCase.HANDOVER: 2,
    UnitCase.COMMUNAL_FLAT_METER: 3,
    UnitCase.COMMUNAL_ALL_METERED: 3,
    UnitCase.COMMUNAL_AGREED: 3,
    UnitCase.COMMUNAL_SECTIONS: 4,
}
COMMUNAL_CASES = (
    UnitCase.COMMUNAL_FLAT_METER,
    UnitCase.COMMUNAL_ALL_METERED,
    UnitCase.COMMUNAL_AGREED,
    UnitCase.COMMUNAL_SECTIONS,
)
HOUSE_CASES = (
    BuildingCase.GROUP_WITHOUT_PRICE,
    BuildingCase.ABOVE_RANGES,
    BuildingCase.ABOVE_SOCIAL_NORM,
)
APARTMENT_CASES = tuple(case for case in BuildingCase if case and case not in HOUSE_CASES)
EXECUTOR_CASES = (
    BuildingCase.ABOVE_NORM,
    BuildingCase.EXECUTOR_DEFICIT,
    BuildingCase.EXECUTOR_WITHOUT_METER,
)
HOUSING_BASES = {
    BuildingCase.HOUSING_BY_READINGS: 1,
    BuildingCase.HOUSING_BY_NORM: 2,
    BuildingCase.HOUSING_BY_AVERAGE: 3,
}
FLATS_OF_A_CASE = 40
