"""What all tests share: the scratch database server, and the folder as the marker."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from abonent.gateways import database_server

TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(item.path.relative_to(TESTS).parts[0])


@pytest.fixture(scope="session")
def scratch_server() -> None:
    """A database server in the scratch home, started by the first test that needs it."""
    if database_server.start() and database_server.is_embedded():
        with psycopg.connect(database_server.dsn(), autocommit=True) as server:
            server.execute("ALTER SYSTEM SET fsync = off")  # nobody will miss these data after a power cut
            server.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, scratch_server: None
) -> None:
    """pytest-django makes its test databases once the server is there."""


def pytest_unconfigure(config: pytest.Config) -> None:
    home = os.environ.get("ABONENT_TEST_HOME")
    if hasattr(config, "workerinput") or not home:
        return
    os.environ["ABONENT_HOME"] = home
    if database_server.is_embedded():
        database_server.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def scratch_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of its own for one test, with no server in it yet; stopped and removed afterwards."""
    # Not tmp_path: as root that is closed to the server's user.
    folder = Path(tempfile.mkdtemp(prefix="abonent-home-"))
    folder.chmod(0o711)
    monkeypatch.setenv("ABONENT_HOME", str(folder / "home"))
    monkeypatch.delenv("ABONENT_DATABASE_URL", raising=False)
    yield folder / "home"
    monkeypatch.setenv("ABONENT_HOME", str(folder / "home"))
    monkeypatch.delenv("ABONENT_DATABASE_URL", raising=False)
    database_server.stop()
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def no_tables_of_runs_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take down the partitions and drafts that runs made: they outlive the flush after a transactional test."""
    marker = request.node.get_closest_marker("django_db")
    committed = {"transactional_db", "live_server"} & set(request.fixturenames)
    if not committed and not (marker and marker.kwargs.get("transaction")):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            r"SELECT relname FROM pg_class WHERE relkind = 'r' "
            r"AND relname ~ '^(charging_chargeline|ledger_entry|ledger_turnover|metering_estimate)_(d\d+|\d{10})$'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {name}")
