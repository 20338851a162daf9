from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from abonent.gateways import database_server, database_tuning


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("ABONENT_DATABASE_URL", raising=False)
    return monkeypatch


def test_the_embedded_address_is_read_by_libpq_as_meant(embedded: pytest.MonkeyPatch) -> None:
    embedded.setenv("ABONENT_HOME", "/srv/дом & сад")
    assert conninfo_to_dict(database_server.dsn(database="проба 1")) == {
        "user": "abonent",
        "dbname": "проба 1",
        "host": "/srv/дом & сад/run",
        "port": "5432",
    }


def test_another_database_on_a_named_server_keeps_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABONENT_DATABASE_URL", "postgresql://u:p%40ss@db.example:6432/main?sslmode=require")
    assert database_server.dsn() == "postgresql://u:p%40ss@db.example:6432/main?sslmode=require"
    assert conninfo_to_dict(database_server.dsn(database="other")) == {
        "user": "u",
        "password": "p@ss",
        "host": "db.example",
        "port": "6432",
        "dbname": "other",
        "sslmode": "require",
    }


def test_a_socket_path_too_long_for_the_system_moves_to_a_short_folder(embedded: pytest.MonkeyPatch) -> None:
    embedded.setenv("ABONENT_HOME", "/srv/" + "ж" * 60)
    folder = database_server.socket_folder()
    assert len(str(folder / ".s.PGSQL.5432").encode()) <= 100
    assert folder == database_server.socket_folder()
    embedded.setenv("ABONENT_HOME", "/srv/" + "з" * 60)
    assert database_server.socket_folder() != folder


@pytest.mark.parametrize(
    ("memory_gb", "shared_buffers", "maintenance_work_mem"),
    [(1, "256MB", "64MB"), (4, "1024MB", "256MB"), (24, "2048MB", "1024MB"), (256, "2048MB", "1024MB")],
)
def test_memory_settings_follow_the_machine(
    monkeypatch: pytest.MonkeyPatch, memory_gb: int, shared_buffers: str, maintenance_work_mem: str
) -> None:
    monkeypatch.setattr(database_tuning, "memory_bytes", lambda: memory_gb * 1024**3)
    text = database_tuning.settings(socket_folder=Path("/run/it's"), port=5432, free_bytes=10**12)
    assert f"shared_buffers = '{shared_buffers}'\n" in text
    assert f"maintenance_work_mem = '{maintenance_work_mem}'\n" in text
    assert "unix_socket_directories = '/run/it''s'\n" in text
    assert "listen_addresses = ''\n" in text


def test_the_log_never_takes_more_than_a_quarter_of_a_small_disk() -> None:
    text = database_tuning.settings(socket_folder=Path("/run"), port=5432, free_bytes=8 * 1024**3)
    assert "max_wal_size = '2048MB'\n" in text
