"""Registries of benefits that the office asked for."""

from django.utils import timezone
from procrastinate.contrib.django import app

from abonent.usecases import packs
from abonent.usecases.benefits import registry

QUEUE = "billing"


@app.task(name="benefits.make_registry", queue=QUEUE)
def make_registry(*, registry_id: int, **_later_arguments: object) -> None:
    """Work out the rows of a registry. Why it failed stays with it."""
    registry.make(registry_id, parameters=packs.pack_parameters(), clock=timezone.now)
