"""The packs at hand: a country's rules, parameters and documents under one name."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from abonent.engine import parameters
from abonent.engine.frames import Inputs, Rated
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month


class Rate(Protocol):
    """The rules of a month."""

    def __call__(
        self, inputs: Inputs, parameters: ParameterSet, month: Month, *, with_common_needs: bool = True
    ) -> Rated: ...


class RateMonths(Protocol):
    """The rules of consecutive months in one pass, common needs aside."""

    def __call__(
        self, inputs: Inputs, parameters: ParameterSet, months: Sequence[Month]
    ) -> dict[Month, Rated]: ...


@dataclass(frozen=True)
class Pack:
    """A country's rules. `shared_rules`: those whose lines depend on a whole building; `manual_rule`: a person's."""

    name: str
    version: str
    folder: Path
    shared_rules: tuple[int, ...]
    manual_rule: int
    rate: Rate
    rate_months: RateMonths
    months_at_once: int


@cache
def pack(name: str = "ru") -> Pack:
    """Return a pack by name. Raises ModuleNotFoundError for one that is not installed."""
    module = importlib.import_module(f"abonent.packs.{name}")
    month = importlib.import_module(f"abonent.packs.{name}.month")
    folder = Path(module.__file__ or "").parent
    return Pack(
        name,
        module.VERSION,
        folder,
        month.SHARED_RULES,
        month.MANUAL_RULE,
        month.rate,
        month.rate_months,
        month.MONTHS_AT_ONCE,
    )


@cache
def pack_parameters(name: str = "ru") -> ParameterSet:
    """Return the parameters of a pack as they come with it."""
    return parameters.load(pack(name).folder)
