"""Every scenario file is a test: billed on a copy of one migrated database, compared to the kopeck."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import pytest
from pytest_django.plugin import blocking_manager_key

from abonent.gateways import database_server, scratch_database
from abonent.gateways.scratch_database import Template
from abonent.usecases import scenario_check

_templates = pytest.StashKey[Template]()
_open = pytest.StashKey[ExitStack]()


class Differs(Exception):
    """A scenario came to something else than its file expects."""


class ScenarioFile(pytest.File):
    def collect(self) -> Iterable[pytest.Item]:
        yield ScenarioItem.from_parent(self, name="as expected")


class ScenarioItem(pytest.Item):
    def runtest(self) -> None:
        with self.config.stash[blocking_manager_key].unblock():
            outcome = scenario_check.check(scenario_check.read(self.path), template=_template(self.config))
        assert outcome.scenario.expectations, "a scenario kept as a test must expect something"
        if differences := outcome.differences():
            raise Differs("\n".join(differences))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> str:  # type: ignore[override]
        if excinfo.errisinstance((Differs, scenario_check.ScenarioError)):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"scenario {self.path.name}"


def _template(config: pytest.Config) -> Template:
    """Return the database this process copies, made by the first scenario that runs in it."""
    if _templates not in config.stash:
        database_server.start()
        config.stash[_open] = ExitStack()
        config.stash[_templates] = config.stash[_open].enter_context(scratch_database.template())
    return config.stash[_templates]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix == ".yaml" and file_path.is_relative_to(Path(__file__).parent):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _open in session.config.stash:
        with session.config.stash[blocking_manager_key].unblock():
            session.config.stash[_open].close()
