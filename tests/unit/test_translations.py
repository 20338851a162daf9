"""Every text of the product is told in Russian and Ukrainian, with its figures and names in their places."""

import re

import pytest
from tools.messages import LANGUAGES, Message, read, texts

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z0-9]+|%%|</?\w+>")


@pytest.fixture(scope="module")
def found() -> dict[Message, list[str]]:
    return texts()


def test_the_texts_are_found(found: dict[Message, list[str]]) -> None:
    assert "Enter a reading" in found, "of a template"
    assert ("%(shown)s row", "%(shown)s rows") in found, "of a template, with a plural"
    assert "The building does not balance" in found, "of the code"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_untranslated(found: dict[Message, list[str]], language: str) -> None:
    catalogue = read(language)
    missing = []
    for text, places in found.items():
        message = catalogue.get(text if isinstance(text, str) else text[0])
        strings = (
            [message.string] if message and isinstance(message.string, str) else message and message.string
        )
        if not strings or not all(strings) or message.fuzzy:
            missing.append((text, places))
    assert not missing, "run `python tools/messages.py` and translate what it leaves empty"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_kept_that_is_gone(found: dict[Message, list[str]], language: str) -> None:
    known = {text if isinstance(text, str) else text[0] for text in found}
    gone = [message.id for message in read(language) if message.id]
    gone = [text for text in gone if (text if isinstance(text, str) else text[0]) not in known]
    assert not gone, "run `python tools/messages.py`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_and_names_keep_their_places(language: str) -> None:
    wrong = []
    for message in read(language):
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[1]
        for string in [message.string] if isinstance(message.string, str) else message.string:
            if sorted(PLACEHOLDER.findall(source)) != sorted(PLACEHOLDER.findall(string)):
                wrong.append((source, string))
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_every_form_of_the_language(language: str) -> None:
    plurals = [message for message in read(language) if message.id and not isinstance(message.id, str)]
    assert plurals
    assert all(len(message.string) == 3 for message in plurals)
