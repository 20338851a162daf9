"""A sample supplier drawn from a seed: a town with its people, meters and readings, real in everything but its name."""

from abonent.usecases.demo_supplier.cases import BuildingCase, UnitCase
from abonent.usecases.demo_supplier.history import Lived, close_history, live
from abonent.usecases.demo_supplier.loading import Loaded, LoadProgress, SampleRefused, load, present
from abonent.usecases.demo_supplier.staff import Staff, hire
from abonent.usecases.demo_supplier.town import Sample, SpecialCase, special_cases

__all__ = [
    "BuildingCase",
    "Lived",
    "LoadProgress",
    "Loaded",
    "Sample",
    "SampleRefused",
    "SpecialCase",
    "Staff",
    "UnitCase",
    "close_history",
    "hire",
    "live",
    "load",
    "present",
    "special_cases",
]
