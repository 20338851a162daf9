import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from abonent.gateways import database_server

ABONENT = Path(sys.executable).with_name("abonent")


def abonent(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [ABONENT, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=inherited | environment,
    )


def test_the_database_is_started_looked_at_and_stopped(scratch_home: Path) -> None:
    assert abonent("db", "status").returncode == 3
    assert "its data are in" in abonent("db", "start").stdout
    assert "running already" in abonent("db", "start").stdout
    assert "process" in abonent("db", "status").stdout
    assert abonent("db", "psql", "-Atc", "SELECT 6 * 7").stdout == "42\n"
    assert "is stopped" in abonent("db", "stop").stdout
    assert "was not running" in abonent("db", "stop").stdout


def test_the_doctor_tells_what_to_do_until_all_is_well(scratch_home: Path) -> None:
    sick = abonent("doctor")
    assert sick.returncode == 1
    assert "abonent migrate" in sick.stdout
    refused = abonent("worker", "--once")
    assert refused.returncode == 1
    assert "abonent migrate" in refused.stderr
    assert "Applied" in abonent("migrate").stdout
    assert "up to date" in abonent("migrate").stdout
    better = abonent("doctor")
    assert "ok Migrations: all applied" in better.stdout
    assert "!! Worker: 0 alive" in better.stdout
    assert better.returncode == 1
    assert abonent("worker", "--once").returncode == 0
    assert "No changes detected" in abonent("manage", "makemigrations", "--check", "--dry-run").stdout


def test_a_refusal_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    refused = abonent("migrate", ABONENT_DATABASE_URL=f"postgresql://nobody@/nothing?host={tmp_path}")
    assert refused.returncode == 1
    assert refused.stderr.startswith("abonent: The database does not answer")
    assert "Traceback" not in refused.stderr


@pytest.mark.django_db
def test_no_model_change_waits_for_a_migration() -> None:
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_up_serves_the_office_with_a_living_worker_and_stops_on_ctrl_c(scratch_home: Path) -> None:
    port = _free_port()
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    up = subprocess.Popen(
        [ABONENT, "up", "--port", str(port)], env=environment, stdout=-1, stderr=-1, text=True
    )
    try:
        give_up_at = time.monotonic() + 60
        while _answer(port, "/static/django_htmx/django-htmx.js") != 200:
            assert up.poll() is None, up.communicate()
            assert time.monotonic() < give_up_at
            time.sleep(0.2)
        assert _answer(port, "/no/such/page") == 404
        while abonent("doctor").returncode != 0:
            assert time.monotonic() < give_up_at
            time.sleep(0.5)
        children = psutil.Process(up.pid).children(recursive=True)
        assert len(children) >= 2
        up.send_signal(signal.SIGINT)
        output, errors = up.communicate(timeout=30)
        assert up.returncode == 0, errors
        assert f"http://127.0.0.1:{port}/" in output
        assert "Traceback" not in errors
        assert not psutil.wait_procs(children, timeout=5)[1]
        assert database_server.status().running
    finally:
        up.kill()
        up.communicate(timeout=30)


def test_a_taken_port_is_refused_at_once(scratch_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = abonent("up", "--port", str(taken.getsockname()[1]))
    assert refused.returncode == 1
    assert "already in use" in refused.stderr
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not database_server.status().running


def test_what_up_started_does_not_outlive_it(scratch_home: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    up = subprocess.Popen([ABONENT, "up", "--port", str(_free_port())], env=environment, stdout=-1, text=True)
    try:
        assert "The office is at" in up.stdout.readline()
        give_up_at = time.monotonic() + 30
        while len(children := psutil.Process(up.pid).children(recursive=True)) < 2:
            assert time.monotonic() < give_up_at
            time.sleep(0.1)
    finally:
        up.kill()
        up.communicate(timeout=30)
    assert not psutil.wait_procs(children, timeout=15)[1]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _answer(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code
    except urllib.error.URLError:
        return 0
