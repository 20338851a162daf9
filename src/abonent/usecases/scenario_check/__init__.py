"""Worked examples through the real path: extract, rate, post on a scratch database, compared to the kopeck."""

from abonent.usecases.scenario_check.check import check
from abonent.usecases.scenario_check.nodes import Problem, ScenarioError
from abonent.usecases.scenario_check.outcome import Outcome
from abonent.usecases.scenario_check.parse import read

__all__ = ["Outcome", "Problem", "ScenarioError", "check", "read"]
