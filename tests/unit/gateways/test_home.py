import os
import stat
from pathlib import Path

import pytest

from abonent.gateways.home import HomeError, ensure_home, home
from abonent.gateways.signing_key import signing_key


@pytest.fixture
def fresh_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ABONENT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ABONENT_SECRET_KEY", raising=False)
    return tmp_path / "home"


def test_the_home_named_in_the_environment_wins(fresh_home: Path) -> None:
    assert home() == fresh_home


def test_a_new_home_is_closed_to_others(fresh_home: Path) -> None:
    assert stat.S_IMODE(ensure_home().stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)


def test_the_rights_of_a_home_that_exists_are_left_alone(fresh_home: Path) -> None:
    fresh_home.mkdir()
    fresh_home.chmod(0o750)
    assert stat.S_IMODE(ensure_home().stat().st_mode) == 0o750


def test_a_home_that_cannot_be_made_is_refused_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ABONENT_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(HomeError, match="ABONENT_HOME"):
        ensure_home()


def test_the_signing_key_is_made_once_and_for_the_owner_only(fresh_home: Path) -> None:
    key = signing_key()
    assert len(key) >= 50
    assert signing_key() == key
    assert stat.S_IMODE((fresh_home / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in fresh_home.iterdir()] == ["secret_key"]


def test_a_signing_key_from_the_environment_leaves_no_file(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ABONENT_SECRET_KEY", "from outside")
    assert signing_key() == "from outside"
    assert not fresh_home.exists()
