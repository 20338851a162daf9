"""What a scenario file says and how it is refused: file, line, path, field, reason."""

from datetime import date
from pathlib import Path

import pytest

from abonent.kernel.periods import DateRange, Month
from abonent.usecases import scenario_check
from abonent.usecases.scenario_check import model
from abonent.usecases.scenario_check.nodes import LONG_AGO

TEXT = """\
scenario: A flat
source: ours
periods: [2022-08]
tariffs:
  town:
    prices: {single: 4.20}
buildings:
  - name: House
    premises:
      - number: 1
        account: A1
        tariff: town
        area: "54,3"
        residents: 2
        changes:
          - {from: 2022-08-16, residents: 3}
        meters:
          - number: 007
            readings:
              - {on: 2022-07-25, single: 12345}
              - {on: 2022-08-25, single: 12495.5}
expect:
  - account: A1
    lines:
      - {method: energy.metered, kwh: 150.5, amount: 632.10}
"""


def parse(tmp_path: Path, text: str) -> model.Scenario:
    file = tmp_path / "case.yaml"
    file.write_text(text, encoding="utf-8")
    return scenario_check.read(file)


def refusals(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(scenario_check.ScenarioError) as refusal:
        parse(tmp_path, text)
    return [str(problem).removeprefix(f"{tmp_path / 'case.yaml'}:") for problem in refusal.value.problems]


def replaced(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


def test_a_file_is_read_in_whole_small_units(tmp_path: Path) -> None:
    scenario = parse(tmp_path, TEXT)
    assert scenario.periods == (Month(2022, 8),)
    (building,) = scenario.buildings
    (flat,) = building.premises
    (meter,) = flat.meters
    assert scenario.tariffs[0].prices == (model.PriceSpan(1, 420_000, DateRange(LONG_AGO)),)
    assert [terms.residents for terms in flat.terms()] == [2, 3]
    assert flat.terms()[0].during == DateRange(LONG_AGO, date(2022, 8, 16))
    assert flat.terms()[1].area_dm2 == 5430
    assert (meter.number, meter.digits, meter.ratio, meter.zones) == ("007", 6, 1, (1,))
    assert [reading.values_wh for reading in meter.readings] == [{1: 12_345_000}, {1: 12_495_500}]
    (expected,) = scenario.expectations
    assert expected.period == Month(2022, 8)
    assert expected.lines == (
        model.ExpectedLine(method="energy.metered", quantity_wh=150_500, amount_minor=63_210),
    )


def test_a_night_price_holds_for_two_zones_and_for_three(tmp_path: Path) -> None:
    scenario = parse(tmp_path, replaced("{single: 4.20}", "{day: 4.83, night: 1.50}"))
    assert {span.zone for span in scenario.tariffs[0].prices} == {21, 22, 33}


@pytest.mark.parametrize(
    ("norms", "residents", "kwh"),
    [
        ("60", 5, "60"),
        ("[{rooms: 1, residents: 1, kwh: 96}, {rooms: 1, residents: 3, kwh: 46}]", 2, "96"),
        ("[{rooms: 1, residents: 1, kwh: 96}, {rooms: 1, residents: 3, kwh: 46}]", 5, "46"),
    ],
)
def test_norms_of_the_file_become_a_parameter(tmp_path: Path, norms: str, residents: int, kwh: str) -> None:
    scenario = parse(tmp_path, replaced("{single: 4.20}", "{single: 4.20}\n    norms: " + norms))
    (parameter,) = scenario.parameters
    category = str(scenario.tariffs[0].norm_category)
    for version in parameter.versions:
        found = [
            row
            for row in version.rows
            if (row["norm_category"], row["residents"]) == (category, str(residents))
        ]
        assert [row["kwh_per_person"] for row in found] == [kwh]


def test_a_parameter_set_in_the_file_holds_at_all_times(tmp_path: Path) -> None:
    text = (
        TEXT
        + "parameters:\n  ru.electricity.average:\n"
        + "    - {window_months: 12, min_months: 1, max_periods: null, building_max_periods: 3}\n"
    )
    (parameter,) = parse(tmp_path, text).parameters
    (version,) = parameter.versions
    assert version.rows == (
        {"window_months": "12", "min_months": "1", "max_periods": None, "building_max_periods": "3"},
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("source: ours\n", "", "field source: it is missing"),
        ("source: ours", "sources: ours", "2: field sources: unknown key; known are scenario, about"),
        ("[2022-08]", "[2022-13]", "3: periods[1]: a month written as 2026-10 is needed, not 2022-13"),
        ("[2022-08]", "2022-08", "3: field periods: a list is needed (each item after a dash), not text"),
        ("[2022-08]", "[2022-08, 2022-07]", "field periods: the months must come one after another"),
        ("[2022-08]", "[]", "field periods: at least one month is needed"),
        (
            "    prices: {single: 4.20}",
            "    price: {single: 4.20}",
            "5: tariffs.town, field prices: it is missing",
        ),
        ("{single: 4.20}", "{single: dear}", "field single: price per kWh: not a number: 'dear'"),
        ("{single: 4.20}", "{single: 4.200001}", "field single: price per kWh: more than 5 decimal places"),
        ("{single: 4.20}", "{single: -4.20}", "6: tariffs.town.prices, field single: it cannot be negative"),
        ("{single: 4.20}", "{flat: 4.20}", "field flat: unknown key; known are from, until, single"),
        (
            "{single: 4.20}",
            "[{until: 2022-09-01, single: 4.20}, {from: 2022-08-01, single: 5}]",
            "tariffs.town.prices[2], field single: another price of this zone is in force then",
        ),
        (
            "{single: 4.20}",
            "[{from: 2022-09-01, until: 2022-09-01, single: 4}]",
            "field until: it ends on 2022-09-01",
        ),
        ("  - name: House\n", "  - name: House\n    area: 5\n", "9: buildings[1], field area: unknown key"),
        (
            "  - name: House\n",
            "  - name: House\n    kind: tower\n",
            "field kind: one of apartments, private is needed",
        ),
        (
            "  - name: House\n",
            "  - name: House\n    common_norm: much\n",
            "field common_norm: kWh: not a number",
        ),
        ("        tariff: town\n", "", "10: buildings[1].premises[1], field tariff: it is missing"),
        (
            "tariff: town",
            "tariff: city",
            "12: buildings[1].premises[1], field tariff: there is no tariff city",
        ),
        (
            "account: A1\n        t",
            "account: A very long account\n        t",
            "a text of 1 to 16 characters is needed",
        ),
        (
            "residents: 2",
            "residents: two",
            "field residents: a whole number from 0 to 30000 is needed, not two",
        ),
        (
            "residents: 2",
            "residents: -1",
            "field residents: a whole number from 0 to 30000 is needed, not -1",
        ),
        ('area: "54,3"', "area: 54.321", "field area: area in m²: more than 2 decimal places: '54.321'"),
        ("from: 2022-08-16, ", "", "16: buildings[1].premises[1].changes[1], field from: it is missing"),
        ("{from: 2022-08-16,", "{from: 1999-08-16,", "field from: changes must come one after another"),
        ("          - number: 007\n", "          - digits: 2\n", "field number: it is missing"),
        (
            "number: 007",
            "number: 007\n            digits: 2",
            "field digits: a whole number from 3 to 12 is needed",
        ),
        ("single: 12345}", "day: 12345}", "field readings: its readings must be of one kind"),
        ("single: 12345}", "single: -1}", "readings[1], field single: it cannot be negative"),
        ("single: 12345}", "single: 1.0005}", "field single: kWh: more than 3 decimal places"),
        ("{on: 2022-07-25,", "{on: 2022-02-30,", "20: no such day: 2022-02-30"),
        (
            "{on: 2022-07-25,",
            "{on: 25.07.2022,",
            "field on: a day written as 2026-10-25 is needed, not 25.07.2022",
        ),
        ("{on: 2022-07-25,", "{on: 2022-08-25,", "field readings: two readings on 2022-08-25"),
        ("{on: 2022-07-25,", "{by: gossip, on: 2022-07-25,", "field by: one of subscriber, inspector"),
        (
            "number: 007",
            "number: 007\n            installed: {on: 2022-08-01, single: 0}",
            "field readings: a reading on 2022-07-25, when the meter was not there",
        ),
        (
            "number: 007",
            "number: 007\n            removed: {on: 2022-08-01, single: 0}",
            "field readings: a reading on 2022-08-25, when the meter was not there",
        ),
        (
            "  - account: A1\n    lines",
            "  - account: B2\n    lines",
            "field account: there is no account B2 in this file",
        ),
        ("  - account: A1\n    lines", "  - lines", "field account: it is missing"),
        (
            "  - account: A1\n    lines",
            "  - building: Shed\n    lines",
            "field lines: unknown key; known are building",
        ),
        (
            "method: energy.metered",
            "method: metered",
            "expect[1].lines[1], field method: one of energy.metered",
        ),
        ("amount: 632.10", "amount: 632.105", "field amount: amount of money: more than 2 decimal places"),
        ("amount: 632.10", "amount: 632.10, vat: 5", "25: expect[1].lines[1], field vat: unknown key"),
        (
            "    lines:\n",
            "    period: 2022-09\n    lines:\n",
            "expect[1], field period: 2022-09 is not among the months billed",
        ),
        (
            "expect:\n",
            "parameters: {ru.payment.due_day: ten}\nexpect:\n",
            "a whole number is needed, not 'ten'",
        ),
        (
            "expect:\n",
            "parameters: {ru.payment.day: 10}\nexpect:\n",
            "there is no such parameter; there are ru.",
        ),
    ],
)
def test_refused(old: str, new: str, expected: str, tmp_path: Path) -> None:
    found = refusals(tmp_path, replaced(old, new))
    assert any(expected in problem for problem in found), found


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = replaced("residents: 2", "residents: two").replace("kwh: 150.5", "kwh: some").replace("ours", "''")
    found = refusals(tmp_path, text)
    assert [problem.split(":")[0] for problem in found] == ["2", "14", "25"]


def test_months_need_a_period_in_each_expectation(tmp_path: Path) -> None:
    found = refusals(tmp_path, replaced("[2022-08]", "[2022-08, 2022-09]"))
    assert found == ["23: expect[1], field period: it is needed where several months are billed"]


def test_names_may_not_stand_twice(tmp_path: Path) -> None:
    building = TEXT[TEXT.index("  - name") : TEXT.index("expect:")]
    found = refusals(tmp_path, TEXT.replace("expect:", building + "expect:"))
    assert any("two buildings are called House" in problem for problem in found)
    assert any("the account A1 stands twice" in problem for problem in found)
    expectation = TEXT[TEXT.index("  - account: A1\n    lines") :]
    assert any("A1 in 2022-08 stands twice" in problem for problem in refusals(tmp_path, TEXT + expectation))


@pytest.mark.parametrize("text", ["", "- a\n", "scenario", "a: [1"])
def test_what_is_no_scenario(tmp_path: Path, text: str) -> None:
    assert refusals(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(scenario_check.ScenarioError, match="cannot be read"):
        scenario_check.read(tmp_path / "none.yaml")


def test_what_is_entered_late_holds_from_the_month_it_is_entered_in(tmp_path: Path) -> None:
    text = replaced("[2022-08]", "[2022-08, 2022-09]").replace(
        "- account: A1", "- account: A1\n    booked: 2022-08"
    )
    text = text.replace("residents: 3}", "residents: 3, entered: 2022-09}").replace(
        "single: 12495.5}", "single: 12495.5, annulled: 2022-09}"
    )
    scenario = parse(tmp_path, text)
    (flat,) = scenario.buildings[0].premises
    assert [terms.residents for terms in flat.terms(Month(2022, 8))] == [2]
    assert [terms.residents for terms in flat.terms(Month(2022, 9))] == [2, 3]
    assert [reading.annulled_in for reading in flat.meters[0].readings] == [None, Month(2022, 9)]
    assert scenario.expectations[0].booked


def test_a_communal_apartment_is_read_as_a_tree_of_its_parts(tmp_path: Path) -> None:
    parts = """      - number: 5
        room_meters_agreed: true
        parts:
          - number: 5-A
            parts:
              - {number: 5-1, account: R1, tariff: town, area: 20}
          - {number: 5-2, accounts: [{account: R2, share: 1/3}, {account: R3, share: 2/3}], tariff: town, area: 15}
"""
    scenario = parse(tmp_path, TEXT.replace("expect:", parts + "expect:"))
    inside = {premise.number: premise for premise in scenario.buildings[0].premises}
    assert {number: (premise.kind, premise.parent) for number, premise in inside.items()} == {
        "1": (1, None),
        "5": (1, None),
        "5-A": (5, "5"),
        "5-1": (6, "5-A"),
        "5-2": (6, "5"),
    }
    assert inside["5"].terms()[0].room_meters_agreed
    assert [(one.name, str(one.share)) for one in inside["5-2"].accounts] == [("R2", "1/3"), ("R3", "2/3")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "residents: 3}",
            "residents: 3, entered: 2022-09}",
            "16: buildings[1].premises[1].changes[1], field entered: 2022-09 is not among the months billed",
        ),
        (
            "account: A1\n        tariff",
            "accounts: [{account: A1, share: 4/3}]\n        tariff",
            "field share: a share written as 1/3 is needed, above 0 and not above 1, not 4/3",
        ),
        (
            "account: A1\n        tariff",
            "accounts: [{share: 1/3}]\n        tariff",
            "accounts[1], field account: it is missing",
        ),
        (
            "account: A1\n        tariff",
            "account: A1\n        accounts: [{account: A2}]\n        tariff",
            "field accounts: there is an account already; name all of them here",
        ),
        (
            "        residents: 2\n",
            "        residents: 2\n        parts: [{number: 1-a}]\n",
            "field parts: a communal apartment has no account of its own, its rooms have",
        ),
        (
            "        residents: 2\n",
            "        residents: 2\n        absences: [{left: 2022-08-20, returned: 2022-08-02}]\n",
            "absences[1], field returned: it ends on 2022-08-02, before it begins",
        ),
        (
            "        residents: 2\n",
            "        residents: 2\n        equipment: [{kw: a lot, from: 2022-08-01, until: 2022-08-02}]\n",
            "equipment[1], field kw: kW: not a number: 'a lot'",
        ),
        (
            "        residents: 2\n",
            "        residents: 2\n        benefits: [{account: B2, percent: 50}]\n",
            "benefits[1], field account: the premise has no account B2",
        ),
        (
            "{single: 4.20}",
            "[{band: 4, single: 4}]",
            "field band: a whole number from 1 to 3 is needed, not 4",
        ),
        (
            "  - name: House\n",
            "  - name: House\n    changes: [{common_needs: executor}]\n",
            "9: buildings[1].changes[1], field from: it is missing",
        ),
        (
            "  - account: A1\n    lines",
            "  - account: A1\n    booked: 2022-08\n    exceptions: []\n    lines",
            "expect[1], field exceptions: unknown key; known are account, lines, total, compensation, booked",
        ),
    ],
)
def test_what_is_wrong_with_the_rest_is_told_too(old: str, new: str, expected: str, tmp_path: Path) -> None:
    found = refusals(tmp_path, replaced(old, new))
    assert any(expected in problem for problem in found), found
