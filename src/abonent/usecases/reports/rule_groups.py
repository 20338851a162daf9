"""The one place that says by what a charge line was charged, for everything that adds lines up."""

from enum import IntEnum

from abonent.engine import registry
from abonent.packs.ru.rules import catalogue  # noqa: F401 – its rules are declared by being imported


class Basis(IntEnum):
    """What a line rests on."""

    READINGS = 1
    AVERAGE = 2
    NORM = 3
    AGREED = 4
    PENALTY = 5
    COMMON = 6
    RETURNED = 7
    MANUAL = 8


_RULES: dict[Basis, tuple[str, ...]] = {
    Basis.READINGS: ("ru.energy.metered", "ru.energy.spread", "ru.communal.share"),
    Basis.AVERAGE: ("ru.energy.average",),
    Basis.NORM: ("ru.energy.norm", "ru.energy.absence"),
    Basis.AGREED: ("ru.energy.agreed",),
    Basis.PENALTY: ("ru.energy.norm_uplift", "ru.energy.unauthorised"),
    Basis.COMMON: (
        "ru.common.metered",
        "ru.common.norm",
        "ru.common.executor",
        "ru.common.executor_norm",
        "ru.common.excess",
        "ru.housing.metered",
        "ru.housing.norm",
        "ru.housing.average",
        "ru.housing.true_up",
    ),
    Basis.RETURNED: ("ru.common.negative",),
    Basis.MANUAL: ("ru.manual",),
}


def resting_on(*bases: Basis) -> str:
    """Return the SQL condition on `rule` that keeps to the lines that rest on any of these."""
    return f"rule = ANY('{{{','.join(map(str, rules_of(*bases)))}}}'::smallint[])"


def rules_of(*bases: Basis) -> list[int]:
    """Return the numbers of the rules whose lines rest on any of these."""
    codes = {code for basis in bases for code in _RULES[basis]}
    return [rule.number for rule in registry.rules() if rule.code in codes]


def ungrouped() -> list[str]:
    """Return the declared rules this table forgot."""
    known = {code for codes in _RULES.values() for code in codes}
    return [rule.code for rule in registry.rules() if rule.code not in known]
