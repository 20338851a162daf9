"""A browser before the office, with a worker beside it, on the scratch database."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer
from tests import town as towns
from tests.town import PASSWORD, Town

from abonent.contexts.access.models import Role
from abonent.gateways import database_server

CHROMIUM = Path("/usr/bin/chromium")
# Debian's browser in a container: no sandbox, no calls home
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# The browser's driver keeps an event loop in this thread, where Django would refuse its database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def chromium() -> Path:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the journeys need {CHROMIUM}")
        pytest.skip(f"NOT TESTED: the journeys through the office need {CHROMIUM} (apt-get install chromium)")
    return CHROMIUM


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[BrowserContext]:
    with sync_playwright() as driver, tempfile.TemporaryDirectory(prefix="abonent-browser-") as profile:
        context = driver.chromium.launch_persistent_context(
            profile,
            executable_path=chromium,
            args=ARGUMENTS,
            viewport={"width": 1280, "height": 800},
            locale="ru-RU",
        )
        context.set_default_timeout(20_000)
        yield context
        context.close()


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """A page of its own; what the browser complains about (the content policy, scripts) fails the test."""
    browser.clear_cookies()
    page = browser.new_page()
    page.set_viewport_size({"width": 1280, "height": 800})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        # a refusal of the server (422) is told by the page itself
        lambda said: (
            complaints.append(said.text) if said.type == "error" and "422" not in said.text else None
        ),
    )
    yield page
    page.close()
    assert not complaints


@pytest.fixture
def town(transactional_db: None) -> Town:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    return towns.build()


@pytest.fixture
def worker(town: Town) -> Iterator[None]:
    """The worker as it is run in earnest, on the test's database."""
    address = database_server.dsn(database=str(connection.settings_dict["NAME"]))
    process = subprocess.Popen(
        [sys.executable, "-c", "from abonent.interfaces.cli import main; main()", "worker"],
        env=os.environ
        | {"ABONENT_DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "abonent.project.settings"},
    )
    yield
    process.send_signal(signal.SIGTERM)
    process.wait(30)


@pytest.fixture
def signed_in(page: Page, live_server: LiveServer, town: Town) -> Page:
    """An administrator of the town, who reads Russian."""
    towns.user(Role.ADMINISTRATOR, language="ru")
    page.goto(f"{live_server.url}/")
    page.get_by_label("Имя пользователя").fill(Role.ADMINISTRATOR.value)
    page.get_by_label("Пароль").fill(PASSWORD)
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url(f"{live_server.url}/")
    return page
