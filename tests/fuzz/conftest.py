"""How long to look for trouble: `pytest tests/fuzz --fuzz-seconds 600` gives every format that long."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-seconds", type=float, default=1.0, help="how long to fuzz each format")
    parser.addoption("--fuzz-seed", type=int, default=0, help="where the random changes begin")


@pytest.fixture
def fuzz_seconds(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("--fuzz-seconds", default=1.0))


@pytest.fixture
def fuzz_seed(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--fuzz-seed", default=0))
