"""What a bill says before it is set: totals refused, words complete, figures written the country's way."""

import string
from dataclasses import replace
from datetime import date

import pytest
from tests import sample_bills

from abonent.kernel.periods import Month
from abonent.packs.ru.documents import wording
from abonent.packs.ru.documents.bill import BillDoesNotAddUp, MonthUsage
from abonent.packs.ru.documents.bill_page import BillSheet, payment_code
from abonent.packs.ru.documents.cover import CoverDocument, CoverRow, CoverSheet
from abonent.packs.ru.formats import payment_qr


@pytest.mark.parametrize(
    ("field", "what"),
    [("charged_minor", "charged"), ("recalculated_minor", "recalculated"), ("total_due_minor", "total due")],
)
def test_a_total_that_is_not_the_sum_of_its_parts_is_refused(field: str, what: str):
    ordinary = sample_bills.ordinary()
    with pytest.raises(BillDoesNotAddUp) as refusal:
        replace(ordinary, **{field: getattr(ordinary, field) + 1})
    assert refusal.value.what == what
    assert refusal.value.account_number == ordinary.account_number


def test_penalties_and_what_was_written_off_stand_on_the_bill_when_there_are_any():
    balance = BillSheet("ru").page(sample_bills.fullest())["balance"]
    assert balance[-6:-2] == ["Пени и судебные расходы", "123,45", "Списано", "−23,45"]
    assert len(BillSheet("ru").page(sample_bills.ordinary())["balance"]) == 10


def test_a_line_that_does_not_add_up_is_refused_by_its_number():
    ordinary = sample_bills.ordinary()
    first, second = ordinary.lines
    with pytest.raises(BillDoesNotAddUp, match="line 2"):
        replace(ordinary, lines=(first, replace(second, total_minor=second.total_minor - 1)))


@pytest.mark.parametrize("table", [wording.WORDS, wording.ZONES, wording.SERVICES, wording.METHODS])
def test_every_word_is_there_in_three_languages_with_the_same_gaps_to_fill(table: dict):
    for key, texts in table.items():
        assert len(texts) == len(wording.LANGUAGES), key
        assert all(texts) or key == "", key
        gaps = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts]
        assert gaps[0] == gaps[1] == gaps[2], key


def test_a_language_that_is_not_spoken_is_refused():
    with pytest.raises(ValueError, match="'de'"):
        BillSheet("de").page(sample_bills.ordinary())


def test_money_and_energy_are_written_as_people_here_read_them():
    page = BillSheet("ru").page(sample_bills.fullest())
    assert page["due"]["amount"] == "22\u00a0614,35"
    assert page["lines"][0][-2:] == ["−123,45", "105,75"]
    assert page["lines"][5] == [
        "Электроэнергия на ОДН, пик",
        "по ОДПУ",
        "1,204",
        "3,82",
        "4,60",
        "",
        "",
        "4,60",
    ]
    assert page["totals"] == ["Итого", "", "269,47", "", "681,02", "", "−123,45", "557,57"]


def test_the_code_asks_for_what_is_due_and_names_the_account():
    fields = payment_qr.decode(payment_code(sample_bills.ordinary()).encode())
    assert fields["Sum"] == "64806"
    assert fields["PersAcc"] == "1500012721"
    assert fields["PaymPeriod"] == "102026"
    assert fields["Purpose"] == "За электроэнергию 10.2026"


def test_names_stand_in_the_code_whole_or_not_at_all():
    ordinary = sample_bills.ordinary()
    assert "LastName" not in payment_code(ordinary)
    brief = replace(
        ordinary,
        supplier=replace(ordinary.supplier, short_name="ГЭС", bank_name="СБЕР"),
        payer_names=("Ли", "Ян", ""),
    )
    fields = payment_qr.decode(payment_code(brief).encode())
    assert (fields["LastName"], fields["FirstName"]) == ("Ли", "Ян")
    assert "MiddleName" not in fields


def test_an_advance_leaves_the_sum_of_the_code_to_the_payer_and_asks_for_nothing():
    advance = sample_bills.long_names()
    assert "Sum" not in payment_qr.decode(payment_code(advance).encode())
    due = BillSheet("ru").page(advance)["due"]
    assert due == {"amount": "0,00", "deadline": "Аванс, оплата не требуется"}


def test_a_removed_meter_is_shown_but_has_no_boxes_to_fill_in():
    page = BillSheet("ru").page(sample_bills.fullest())
    assert len(page["meters"]) == 6
    assert [box["label"] for box in page["boxes"]] == [
        f"011984263, {zone}" for zone in ("пик", "полупик", "ночь")
    ]


@pytest.mark.parametrize(
    ("verified_until", "said"),
    [(date(2026, 10, 31), "истёк"), (date(2026, 12, 30), "истекает"), (date(2026, 12, 31), "")],
)
def test_the_end_of_verification_is_announced_two_months_ahead(verified_until: date, said: str):
    ordinary = sample_bills.ordinary()
    meters = (replace(ordinary.meters[0], verified_until=verified_until),)
    notes = " ".join(BillSheet("ru").page(replace(ordinary, meters=meters))["notes"])
    assert ("срок поверки" in notes) == bool(said)
    assert said in notes
    # after the term readings still count: nobody should stop handing them in
    assert ("показания принимаются (п. 80(1))" in notes) == (said == "истёк")


def test_the_chart_has_thirteen_months_and_a_gap_where_nothing_is_known():
    ordinary = sample_bills.ordinary()
    known = (
        MonthUsage(month=Month(2026, 10), usage_wh={1: 150_000}),
        MonthUsage(month=Month(2026, 9), usage_wh={1: 75_000}, estimated=True),
        MonthUsage(month=Month(2020, 1), usage_wh={1: 999_000}),
    )
    chart = BillSheet("ru").page(replace(ordinary, history=known))["chart"]
    assert [month["name"] for month in chart["months"]][::12] == ["окт", "окт"]
    assert chart["values"][-2:] == [(500, "75"), (1000, "150")]
    assert chart["values"][:-2] == [(0, "")] * 11
    assert chart["metered"] == [[(12, 1000)]]
    assert chart["estimated"] == [[(11, 500)]]


def test_a_bill_without_history_has_an_empty_chart():
    chart = BillSheet("ru").page(replace(sample_bills.ordinary(), history=()))["chart"]
    assert chart["metered"] == chart["estimated"] == []


def test_the_cover_counts_pages_from_the_first_bill_and_adds_up_the_control_sum():
    rows = (
        CoverRow(address="ул. Лесная, д. 15", bills=40, pages=41, total_minor=2_500_050),
        CoverRow(address="ул. Лесная, д. 17", bills=20, pages=20, total_minor=-50),
    )
    document = CoverDocument(
        supplier_name="АО", scope="Отделение", period=Month(2026, 10), printed_on=date(2026, 11, 1), rows=rows
    )
    page = CoverSheet("ru").page(document)
    assert [row[1] for row in page["rows"]] == ["1", "42"]
    assert (page["bills"], page["pages"], page["total"]) == ("60", "61", "25\u00a0000,00")
