import os
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from abonent.gateways import database_server

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to start the server as")


def query(statement: str) -> list[tuple]:
    with psycopg.connect(database_server.dsn(), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_start_status_stop(scratch_home: Path) -> None:
    assert not database_server.status().running
    assert database_server.start() is True
    now = database_server.status()
    assert now.running
    assert now.data_folder.parent == scratch_home
    assert database_server.start() is False
    assert query("SELECT current_database(), current_setting('listen_addresses')") == [("abonent", "")]
    assert psutil.Process(now.pid).net_connections(kind="inet") == []
    assert psutil.Process(now.pid).uids().real != 0
    assert database_server.stop() is True
    assert not database_server.status().running
    assert database_server.stop() is False


def test_cyrillic_letters_are_letters(scratch_home: Path) -> None:
    database_server.start()
    query("CREATE EXTENSION pg_trgm")
    query("CREATE EXTENSION btree_gist")
    assert query("SELECT similarity('Желудёва', 'желудёва'), 'ЁЛКИНА' ILIKE 'ёлк%', upper('їжак')") == [
        (1.0, True, "ЇЖАК")
    ]


def test_a_killed_server_recovers_with_its_data(scratch_home: Path) -> None:
    database_server.start()
    query("CREATE TABLE kept AS SELECT 1 AS n")
    server = psutil.Process(database_server.status().pid)
    server.kill()
    assert database_server.start() is True
    assert query("SELECT n FROM kept") == [(1,)]


def test_a_stale_file_naming_an_innocent_process_is_no_hindrance(scratch_home: Path) -> None:
    database_server.start()
    left_behind = (database_server.data_folder() / "postmaster.pid").read_text().splitlines(keepends=True)
    database_server.stop()
    innocent = subprocess.Popen(["sleep", "60"])
    try:
        stale = "".join([f"{innocent.pid}\n", *left_behind[1:]])
        (database_server.data_folder() / "postmaster.pid").write_text(stale)
        (database_server.socket_folder() / ".s.PGSQL.5432.lock").write_text(stale)
        assert not database_server.status().running
        assert database_server.start() is True
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_two_starts_at_once_start_one_server(scratch_home: Path) -> None:
    program = "from abonent.gateways import database_server as d; print(d.start(), d.status().pid)"
    starts = [subprocess.Popen([sys.executable, "-c", program], stdout=-1, text=True) for _ in range(3)]
    answers = [process.communicate(timeout=120)[0].split() for process in starts]
    assert sorted(started for started, _pid in answers) == ["False", "False", "True"]
    assert len({pid for _started, pid in answers}) == 1


def test_the_log_keeps_no_personal_data(scratch_home: Path) -> None:
    database_server.start()
    query("CREATE TABLE person (name text PRIMARY KEY)")
    query("INSERT INTO person VALUES ('Желудёва')")
    with pytest.raises(psycopg.errors.UniqueViolation, match="Желудёва"):
        query("INSERT INTO person VALUES ('Желудёва')")
    log = (database_server.data_folder() / "server.log").read_text()
    assert "person_pkey" in log
    assert "Желудёва" not in log


def test_a_home_with_a_long_path_works(scratch_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = scratch_home.parent / ("о" * 60)
    monkeypatch.setenv("ABONENT_HOME", str(deep))
    try:
        database_server.start()
        assert database_server.status().socket_folder.parent == Path("/tmp")
        assert query("SELECT 1") == [(1,)]
    finally:
        database_server.stop()
        database_server.socket_folder().rmdir()


def test_a_server_named_by_url_is_used_and_none_is_started(
    scratch_server: None, scratch_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("ABONENT_HOME", os.environ["ABONENT_TEST_HOME"])
        url = database_server.dsn()
    monkeypatch.setenv("ABONENT_DATABASE_URL", url)
    assert database_server.start() is False
    assert database_server.status() == database_server.Status(True, False, None, None, None)
    assert not scratch_home.exists()
    with pytest.raises(database_server.DatabaseServerError, match="not Abonent's to stop"):
        database_server.stop()


def test_an_old_server_is_refused(scratch_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_server, "OLDEST_VERSION", 99)
    with pytest.raises(database_server.DatabaseServerError, match="99 or newer is needed"):
        database_server.start()


def test_a_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ABONENT_DATABASE_URL", f"postgresql://nobody@/nothing?host={tmp_path}")
    with pytest.raises(database_server.DatabaseServerError, match="does not answer"):
        database_server.start()


def test_data_of_another_version_are_not_passed_over(scratch_home: Path) -> None:
    (scratch_home / "postgresql-17").mkdir(parents=True, mode=0o755)
    scratch_home.chmod(0o711)
    (scratch_home / "postgresql-17" / "PG_VERSION").write_text("17\n")
    with pytest.raises(database_server.DatabaseServerError, match="another PostgreSQL version"):
        database_server.start()


@as_root
def test_a_home_the_servers_user_cannot_enter_is_refused_and_left_alone(scratch_home: Path) -> None:
    scratch_home.mkdir(mode=0o700)
    with pytest.raises(database_server.DatabaseServerError, match="ABONENT_HOME"):
        database_server.start()
    assert scratch_home.stat().st_mode & 0o777 == 0o700


@as_root
def test_a_socket_folder_of_somebody_else_is_refused(scratch_home: Path) -> None:
    (scratch_home / "run").mkdir(parents=True)
    scratch_home.chmod(0o711)
    os.chown(scratch_home / "run", 65534, 65534)
    with pytest.raises(database_server.DatabaseServerError, match="Move it away"):
        database_server.start()
