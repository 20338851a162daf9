"""A sample supplier drawn from a seed: a town with its people, meters and readings, real in everything but its name."""

from abonent.usecases.demo_supplier.cases import BuildingCase, UnitCase
from abonent.usecases.demo_supplier.history import bill, post_opening, post_payments
from abonent.usecases.demo_supplier.loading import Loaded, LoadProgress, SampleRefused, load, present
from abonent.usecases.demo_supplier.staff import Staff, hire
from abonent.usecases.demo_supplier.town import Sample, SpecialCase, special_cases

__all__ = [
    "BuildingCase",
    "LoadProgress",
    "Loaded",
    "Sample",
    "SampleRefused",
    "SpecialCase",
    "Staff",
    "UnitCase",
    "bill",
    "hire",
    "load",
    "post_opening",
    "post_payments",
    "present",
    "special_cases",
]
