"""A small town, the month billed on request, and people signed in."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from tests import town as towns
from tests.town import MONTH, Town

from abonent.contexts.access.models import Role
from abonent.usecases import billing_run, packs

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty_queue(request: pytest.FixtureRequest) -> None:
    """Jobs lie in tables that Django does not flush after a test that commits."""
    if "transactional_db" in request.fixturenames:
        request.getfixturevalue("transactional_db")
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


@pytest.fixture
def sign_in(db: None) -> Callable[..., Client]:
    def client_of(role: Role = Role.ADMINISTRATOR, *, language: str = "en") -> Client:
        client = Client()
        client.force_login(towns.user(role, language=language))
        return client

    return client_of


@pytest.fixture
def office(sign_in: Callable[..., Client]) -> Client:
    """An administrator's client, in English."""
    return sign_in()


def draft_run(town: Town) -> int:
    pack = packs.pack()
    return billing_run.create(
        scope=billing_run.Scope(town.supplier.pk),
        period=MONTH,
        at=AT,
        pack_version=pack.version,
        parameter_hash=packs.pack_parameters().hash,
    )


@pytest.fixture
def rated(transactional_db: None) -> tuple[Town, int]:
    """The town and a run that is rated. Rating works on a connection of its own, so the data are committed."""
    town = towns.build()
    run_id = draft_run(town)
    billing_run.rate(run_id, parameters=packs.pack_parameters(), clock=lambda: AT)
    return town, run_id


@pytest.fixture
def billed(rated: tuple[Town, int]) -> tuple[Town, int]:
    """The town with its month posted."""
    billing_run.approve(run_id=rated[1], actor_id=None, at=AT)
    return rated
