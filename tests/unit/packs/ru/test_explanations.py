"""Charge lines in words: every rule, every turn a line can take, in three languages."""

import re
import string
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

import abonent.packs.ru.explanations as words_of
from abonent.engine import parameters as engine_parameters
from abonent.engine import registry
from abonent.kernel.periods import Month
from abonent.kernel.quantities import price_of
from abonent.packs import ru
from abonent.packs.ru.explanations import LANGUAGES, Building, Line, Posting, Register, Told, tell
from abonent.packs.ru.rules import catalogue

OCTOBER = Month(2026, 10)
WORDS = yaml.safe_load(Path(words_of.__file__).with_name("words.yaml").read_text(encoding="utf-8"))
PARAMETERS = engine_parameters.load(Path(ru.__file__).parent)
REGISTER = Register(serial="11000001", digits=5, from_source=1, to_source=2)
BUILDING = Building(
    method=1,
    supplied_wh=12_000_000,
    nonliving_wh=1_000_000,
    norm_wh=4_000_000,
    metered_wh=5_000_000,
    heating_wh=0,
    common_wh=2_000_000,
    cap_wh=2_500_000,
    executor_wh=0,
)
SEPTEMBER_20 = (date(2026, 9, 20) - date(1970, 1, 1)).days
OCTOBER_20 = SEPTEMBER_20 + 30


def line(rule: registry.Rule, quantity_wh: int, because: tuple[int, ...], **changes: Any) -> Line:
    """A line of the whole of October at 1,936 a kWh, the price of the published worked example."""
    price_e5 = changes.pop("price_e5", 193_600)
    whole = Line(
        rule=rule.number,
        zone=1,
        month=OCTOBER,
        begins_on=date(2026, 10, 1),
        ends_on=date(2026, 11, 1),
        quantity_wh=quantity_wh,
        price_e5=price_e5,
        amount_minor=price_of(quantity_wh, price_e5=price_e5),
        because=because,
    )
    return replace(whole, **changes)


def metered(before_kwh: int, after_kwh: int, quantity_kwh: int, *, ratio: int = 1, **changes: Any) -> Line:
    because = (before_kwh * 1000, after_kwh * 1000, SEPTEMBER_20, OCTOBER_20, ratio, 77)
    return line(catalogue.METERED, quantity_kwh * 1000, because, **changes)


NORM = line(catalogue.NORM, 120_000, (2, 60_000, 31, 31, 2, 1))
UPLIFT = line(catalogue.NORM_UPLIFT, 60_000, (2, 60_000, 31, 31, 1_500, 2))
AVERAGE = line(catalogue.AVERAGE, 110_000, (1_840_000, 1_950_000, 660_000, 6, 1, 77))
SHARE = line(catalogue.COMMON_METERED, 50_000, (2_000_000, 6_000, 240_000, 5, 0, 0))
NORM_SHARE = line(catalogue.COMMON_NORM, 140_461, (5_618_440, 6_000, 240_000, 5, 3_940, 142_600))
BACK = line(catalogue.COMMON_NEGATIVE, -50_000, (1_000_000, 3, 40, 5, 75_000, 50_000))
SPREAD = line(catalogue.SPREAD, 31_000, (100_000, 161_000, SEPTEMBER_20 - 31, OCTOBER_20, 1, 77))
AWAY = line(catalogue.ABSENCE, -20_000, (1, 60_000, 10, 30, SEPTEMBER_20, OCTOBER_20))
PAST_THE_METER = line(catalogue.UNAUTHORISED, 558_000, (750, 31))
ROOM = line(catalogue.COMMUNAL_SHARE, 20_000, (300_000, 240_000, 62, 186, 5))
SHOP = line(catalogue.AGREED, 100_000, (310_000, 10, 31))
BY_HAND = line(catalogue.MANUAL, 0, (3,), price_e5=0, amount_minor=-12_345)
EXECUTOR = line(catalogue.EXECUTOR, 600_000, (1_000_000, 400_000, 5, 0, 0))
EXECUTOR_NORM = line(catalogue.EXECUTOR_NORM, 200_000, (200_000, 3_940, 5_076, 5))
EXCESS = line(catalogue.COMMON_EXCESS, 716_600, (2_000_000, 1_283_400, 5, 60_000, 90_000))
HOUSING = line(catalogue.HOUSING_METERED, 50_000, (2_000_000, 6_000, 240_000, 5, 0, 0))
HOUSING_NORM = line(catalogue.HOUSING_NORM, 140_461, (5_618_440, 6_000, 240_000, 5, 3_940, 142_600))
HOUSING_AVERAGE = line(catalogue.HOUSING_AVERAGE, 50_000, (2_000_000, 6_000, 240_000, 5, 24_000_000, 12))
TRUE_UP = line(catalogue.HOUSING_TRUE_UP, -50_000, (-2_000_000, 6_000, 240_000, 5, 22_000_000, 24_000_000))
EVERY_RULE = [
    metered(12_345, 12_495, 150), AVERAGE, NORM, UPLIFT, SHARE, NORM_SHARE, BACK, SPREAD, AWAY, PAST_THE_METER, ROOM,
    SHOP, BY_HAND, EXECUTOR, EXECUTOR_NORM, EXCESS, HOUSING, HOUSING_NORM, HOUSING_AVERAGE, TRUE_UP,
]  # fmt: skip


def told(one: Line, language: str = "ru", **context: Any) -> Told:
    context = {"register": REGISTER, "building": BUILDING, "price_act": "Приказ № 1"} | context
    return tell(one, language=language, parameters=PARAMETERS, **context)


def text(one: Line, language: str = "ru", **context: Any) -> str:
    """The sentences, with figures as a reader types them."""
    return " ".join(told(one, language, **context).sentences).replace("\u00a0", " ")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("one", EVERY_RULE, ids=lambda one: registry.rule(one.rule).code)
def test_every_rule_is_told_in_every_language(one: Line, language: str) -> None:
    explained = told(one, language)
    said = text(one, language)
    assert not re.search(r"[{}]", explained.title + said)
    assert explained.act == registry.rule(one.rule).act
    amount = (
        f"{abs(one.amount_minor) // 100}{'.' if language == 'en' else ','}{abs(one.amount_minor) % 100:02}"
    )
    assert amount in said.replace(" ", "")
    assert "Приказ № 1" in said or not one.price_e5
    assert all(figure.label and figure.text for figure in explained.figures)
    if language == "en":
        quoted = [figure.text for figure in explained.figures if figure.name.endswith("_act")]
        for act in (*quoted, "ПП РФ", "п. "):
            said = said.replace(act, "")
        assert not re.search("[а-яё]", said)


def test_every_rule_of_the_pack_is_covered() -> None:
    assert {one.rule for one in EVERY_RULE} == {rule.number for rule in registry.rules()}


def test_the_worked_example_of_a_meter() -> None:
    said = text(metered(12_345, 12_495, 150))
    assert "20.09.2026 – 12 345 (передал потребитель), 20.10.2026 – 12 495 (снял контролёр)" in said
    assert "12 495 − 12 345 = 150 кВт·ч" in said
    assert "150 × 1,936 = 290,40 руб." in said


def test_a_roll_over_names_the_scale() -> None:
    said = text(metered(99_950, 100, 150))
    assert "после 5 девяток" in said
    assert "100 + 100 000 − 99 950 = 150" in said


def test_what_an_inspector_found_too_much_is_given_back() -> None:
    said = text(metered(1_100, 1_050, -50))
    assert "1 050 − 1 100 = -50" in said.replace("−50", "-50")
    assert "п. 61" in said


def test_a_gap_says_how_the_months_share_it() -> None:
    said = text(SPREAD)
    assert "израсходовано 61 кВт·ч" in said
    assert "на октябрь 2026 г. приходится 31 кВт·ч" in said or "приходится 31 кВт·ч" in said


def test_a_co_owner_is_told_the_share_instead_of_days() -> None:
    third = metered(12_345, 12_495, 50, share=(1, 3), amount_minor=9_680)
    said = text(third)
    assert "доля 1/3" in said
    assert "соразмерно числу дней" not in said


def test_a_range_is_told() -> None:
    said = text(metered(12_345, 18_845, 2_100, banding=1, band=2))
    assert "2 100 кВт·ч попадает в диапазон потребления № 2" in said


def test_the_social_norm_is_told() -> None:
    assert "В пределах социальной нормы – 150" in text(metered(12_345, 12_495, 150, banding=2))
    assert "Сверх социальной нормы – 50" in text(metered(12_345, 12_495, 50, banding=2, band=2))


def test_a_meter_just_hung_has_no_usage_yet() -> None:
    hung = replace(metered(0, 0, 0), because=(0, 0, OCTOBER_20, OCTOBER_20, 1, 77))
    assert "с того дня показаний ещё нет" in text(hung)


def test_transformers_multiply() -> None:
    assert "7 × 20 = 140 кВт·ч" in text(metered(1_049, 1_056, 140, ratio=20))


def test_some_of_the_days_take_their_part() -> None:
    half = metered(1_000, 1_150, 68, begins_on=date(2026, 10, 18))
    assert "с 18.10.2026 по 31.10.2026 приходится 68 кВт·ч" in text(half)
    assert "приходится" not in text(metered(1_000, 1_150, 150))


def test_a_zone_stands_in_the_title() -> None:
    assert told(replace(metered(1, 2, 1), zone=22)).title.endswith(", ночь")
    assert told(replace(metered(1, 2, 1), zone=21), "en").title.endswith(", day")


def test_an_average_says_from_what() -> None:
    said = text(AVERAGE)
    assert "за 6 мес. израсходовано 660 кВт·ч: 660 / 6 = 110" in said
    assert "1 950 (было 1 840)" in said
    by_ratio = replace(AVERAGE, quantity_wh=2_200_000, because=(0, 110_000, 660_000, 6, 20, 77))
    assert "110 × 20 = 2 200" in text(by_ratio)


def test_a_norm_names_its_act_and_its_days() -> None:
    assert "60 кВт·ч на человека" in text(NORM)
    assert "2 × 60 = 120" in text(NORM)
    assert "Смоленской области" in text(NORM)
    some_days = line(catalogue.NORM, 65_806, (2, 60_000, 17, 31, 2, 1), begins_on=date(2026, 10, 15))
    assert "2 × 60 × 17 / 31 = 65,806" in text(some_days)


def test_a_norm_that_is_not_in_the_parameters_any_more_names_no_act() -> None:
    assert "Основание норматива" not in text(
        replace(NORM, quantity_wh=122_000, because=(2, 61_000, 31, 31, 2, 1))
    )
    before_the_law = replace(NORM, month=Month(1990, 1))
    assert "Основание норматива" not in text(before_the_law)


def test_a_row_with_an_act_of_its_own_names_that() -> None:
    assert "ДЭК" in text(NORM_SHARE)
    komi = replace(NORM_SHARE, because=(102_672, 6_000, 240_000, 5, 720, 142_600))
    assert "Республики Коми" in text(komi)


def test_the_increase_says_why() -> None:
    assert "дважды не допустили" in text(UPLIFT)
    assert "120 × (1,5 − 1) = 60" in text(UPLIFT)
    assert "№ 950" in text(UPLIFT)
    no_meter = replace(UPLIFT, because=(2, 60_000, 31, 31, 1_500, 1))
    assert "можно установить" in text(no_meter)


def test_the_worked_example_of_common_needs() -> None:
    said = text(SHARE)
    assert "12 000 − 10 000 = 2 000 кВт·ч" in said
    assert "в нежилых 1 000, в жилых с приборами учёта 5 000, в жилых по нормативу 4 000" in said
    assert "2 000 × 60 / 2 400 = 50 кВт·ч" in said
    assert "50 × 1,936 = 96,80 руб." in said


def test_the_executor_pays_what_exceeds_the_norm() -> None:
    capped = replace(BUILDING, cap_wh=1_283_400, executor_wh=716_600)
    said = text(replace(SHARE, because=(1_283_400, 6_000, 240_000, 5, 0, 0)), building=capped)
    assert "не больше норматива дома, 1 283,4 кВт·ч; остальные 716,6 кВт·ч оплачивает исполнитель" in said


def test_owners_may_share_all_of_it() -> None:
    said = text(SHARE, building=replace(BUILDING, cap_wh=1_283_400))
    assert "собственники решили распределить весь объём" in said


def test_a_building_meter_without_readings_and_with_heating() -> None:
    said = text(SHARE, building=replace(BUILDING, method=3, heating_wh=500_000, common_wh=1_500_000))
    assert "по его среднему расходу" in said
    assert "отопление" in said
    assert "12 000 − 10 500 = 1 500" in said


def test_a_share_without_its_building_still_explains_itself() -> None:
    assert "2 000 × 60 / 2 400 = 50" in text(SHARE, building=None)


def test_a_share_by_zones_and_days() -> None:
    zoned = replace(
        SHARE, zone=22, quantity_wh=15_000, because=(2_000_000, 6_000, 240_000, 5, 600_000, 2_000_000)
    )
    assert "600 из 2 000 кВт·ч дома, а из доли – 15 кВт·ч" in text(zoned)
    some_days = replace(SHARE, begins_on=date(2026, 10, 17), quantity_wh=24_194)
    assert "2 000 × 60 / 2 400 × 15 / 31 = 24,194" in text(some_days)


def test_a_share_evened_out_says_so() -> None:
    assert "здесь 50,001 кВт·ч" in text(replace(SHARE, quantity_wh=50_001))
    assert "округляются" not in text(SHARE)


def test_a_building_by_norm() -> None:
    said = text(NORM_SHARE)
    assert "3,94 кВт·ч × 1 426 м² общего имущества = 5 618,44 кВт·ч" in said
    assert "140,461 × 1,936 = 271,932496, до копейки – 271,93 руб." in said


def test_what_is_given_back_is_limited() -> None:
    negative = replace(BUILDING, supplied_wh=9_000_000, common_wh=-1_000_000)
    said = text(BACK, building=negative)
    assert "на 1 000 кВт·ч" in said
    assert "На 3 чел. из 40 приходится 75 кВт·ч" in said
    assert "не больше, чем израсходовано за месяц в самом помещении: 50 кВт·ч" in said
    in_part = replace(BACK, quantity_wh=-30_000)
    assert "На эту строку приходится 30 кВт·ч" in text(in_part, building=negative)


def test_figures_are_numbers_with_names() -> None:
    figures = {figure.name: figure for figure in told(metered(12_345, 12_495, 150)).figures}
    assert figures["from_day"].value == "2026-09-20"
    assert figures["from_day"].text == "20.09.2026"
    assert figures["to_value_wh"].value == 12_495_000
    assert figures["to_value_wh"].text == "12\u00a0495"
    assert figures["serial"].value == "11000001"
    assert "installation_id" not in figures
    assert told(SHARE).figures[0].name == "common_wh"


def test_reversals_and_recalculations_say_why_and_where() -> None:
    posting = Posting(run_id=17, booked=Month(2026, 11), reason="reading entered")
    back = words_of.tell_taken_back(replace(NORM, amount_minor=-23_232), posting, language="ru")
    assert back.title == "Снято: Электроэнергия по нормативу"
    assert "−232,32 руб., потому что: внесено показание (расчёт № 17)" in back.sentences[0]
    again = words_of.tell_recalculated(OCTOBER, posting, language="en")
    assert "for October 2026, booked in November 2026: a reading was entered (run No. 17)" in again
    assert "№ 18" in words_of.tell_later_taken_back(18, language="uk")


def test_reasons_of_people_stay_as_written() -> None:
    assert words_of.reason_text("Ошибка в площади", language="en") == "Ошибка в площади"
    assert words_of.reason_text("", language="ru") == "расчёт проведён заново"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="ru, uk, en"):
        told(NORM, "de")


def test_every_phrase_has_every_language_and_the_same_places() -> None:
    for kind, phrases in WORDS.items():
        for name, texts in phrases.items():
            assert list(texts) == list(LANGUAGES), (kind, name)
            places = {language: _places(phrase) for language, phrase in texts.items()}
            assert places["ru"] == places["uk"] == places["en"], (kind, name, places)


def _places(phrase: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name}
