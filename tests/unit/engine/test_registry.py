"""What the registry of rules refuses."""

from datetime import date

import pytest

from abonent.engine import registry


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_RULES", {})


def declare(
    number: int, code: str, because: tuple[str, ...] = ("from_value_wh", "to_value_wh")
) -> registry.Rule:
    return registry.declare(
        number, code, service=1, effective_from=date(2012, 9, 1), act="ПП РФ 354 п. 42", because=because
    )


def test_a_declared_rule_names_the_facts_of_a_line() -> None:
    declared = declare(1, "ru.energy.metered")
    assert registry.rule(1) is declared
    assert declared.facts([12345, 12495, 0, 0, 0, 0]) == {"from_value_wh": 12345, "to_value_wh": 12495}


@pytest.mark.parametrize(("number", "code"), [(1, "ru.energy.other"), (2, "ru.energy.metered")])
def test_a_number_or_a_code_is_never_given_twice(number: int, code: str) -> None:
    declare(1, "ru.energy.metered")
    with pytest.raises(ValueError, match="declared twice"):
        declare(number, code)


def test_more_facts_than_a_line_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="keeps 7 facts"):
        declare(1, "ru.energy.metered", because=tuple("abcdefg"))


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(KeyError):
        registry.rule(99)
