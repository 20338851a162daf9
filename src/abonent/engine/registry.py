"""Rules a charge line can name: a stable number, the act behind it, and what its `because` means."""

from dataclasses import dataclass
from datetime import date

BECAUSE_WIDTH = 6
"""Whole numbers a charge line keeps of what it was made of; unused places are zero."""


@dataclass(frozen=True)
class Rule:
    """One way a line comes about. The number is stored with every line and never given to another rule."""

    number: int
    code: str
    service: int
    effective_from: date
    act: str
    because: tuple[str, ...]

    def facts(self, values: list[int]) -> dict[str, int]:
        """Name the stored whole numbers of a line's `because`."""
        return dict(zip(self.because, values, strict=False))


_RULES: dict[int, Rule] = {}


def declare(
    number: int, code: str, *, service: int, effective_from: date, act: str, because: tuple[str, ...]
) -> Rule:
    """Register a rule. Raises ValueError for a number or a code that is taken, or too many `because` names."""
    if number in _RULES or any(rule.code == code for rule in _RULES.values()):
        raise ValueError(f"rule {number} {code} is declared twice")
    if len(because) > BECAUSE_WIDTH:
        raise ValueError(f"rule {code} keeps {len(because)} facts, a line has room for {BECAUSE_WIDTH}")
    rule = Rule(number, code, service, effective_from, act, because)
    _RULES[number] = rule
    return rule


def rule(number: int) -> Rule:
    """Return a declared rule. Raises KeyError for an unknown number."""
    return _RULES[number]


def rules() -> tuple[Rule, ...]:
    """Return all declared rules by their numbers."""
    return tuple(_RULES[number] for number in sorted(_RULES))
