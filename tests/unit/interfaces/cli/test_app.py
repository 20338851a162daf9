import pytest
import typer

from abonent.interfaces.cli.app import GROUPS, TOP_LEVEL, build


def commands(app: typer.Typer) -> dict[str, object]:
    return typer.main.get_command(app).commands


def test_every_listed_module_is_there_and_gives_what_its_name_promises() -> None:
    assert commands(build()).keys() == {*GROUPS, *TOP_LEVEL}


@pytest.mark.parametrize("first_word", [*GROUPS, *TOP_LEVEL])
def test_a_known_first_word_loads_its_own_command(first_word: str) -> None:
    assert first_word in commands(build(first_word))


def test_an_unknown_first_word_loads_everything_to_suggest_from() -> None:
    assert commands(build("bilings")).keys() == commands(build()).keys()
