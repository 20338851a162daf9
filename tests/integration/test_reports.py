"""Reports tell what the books hold: sums that tie to the ledger, forms that add up, files that read back the same."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count, Sum
from django.utils import translation
from pypdfium2 import PdfDocument
from python_calamine import CalamineWorkbook
from tests import street
from tests.street import AT, MONTH, Built

from abonent.contexts.charging.models import BuildingBalance, ChargeLine
from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import Batch, Turnover
from abonent.contexts.metering.models import (
    Installation,
    Meter,
    Reading,
    ReadingFile,
    ReadingFileRow,
    ReadingStatus,
    RowDecision,
)
from abonent.contexts.parties.models import Party
from abonent.contexts.places.models import Premise
from abonent.usecases import reports
from abonent.usecases.reports import Asked, Edition, Format, figures, reading, rule_groups

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 5)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[Built]:
    """The street with October billed twice: a reading was corrected between, so there are recalculations.

    Committed once, since runs have connections of their own, and flushed at the end.
    """
    with django_db_blocker.unblock():
        try:
            made = street.build()
            wrong = Reading.objects.get(
                installation__meter__serial="11000006", taken_on=date(2026, 10, 20), status=1
            )
            Reading.objects.filter(id=wrong.id).update(status=ReadingStatus.ANNULLED, judged_at=AT)
            made.read(wrong.installation, date(2026, 10, 20), wrong.value_wh // 1000 + 4, entered_at=AT)
            made.bill(MONTH)
            yield made
        finally:
            call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def asked(built: Built) -> Asked:
    return Asked(supplier_id=built.supplier.pk, today=TODAY, period=MONTH)


def ask(asked: Asked, **changes: Any) -> Asked:
    places = {
        name: changes.pop(name) for name in ("branch_id", "district_id", "building_id") if name in changes
    }
    return Asked(
        supplier_id=asked.supplier_id, today=asked.today, period=asked.period, **places, choices=changes
    )


def answered(code: str, asked: Asked, *, table: int = 0, sort: str = "") -> tuple[list[Row], Row]:
    """All rows and the totals of one table of a report."""
    with reading.moment() as cursor:
        found = reports.report(code).answer(cursor, asked).tables[table]
        rows, totals = reading.first_page(cursor, found, asked, sort=sort, limit=1_000)
        assert totals.rows == len(rows)
        assert totals == reading.totals(cursor, found, asked)
        return rows, totals.of


def turnover(name: str) -> int:
    return Turnover.objects.filter(booked_period=MONTH.first_day).aggregate(total=Sum(name))["total"] or 0


def edition(code: str, asked: Asked, language: str = "ru") -> Edition:
    made_at = datetime(2026, 11, 5, 9, 30, tzinfo=UTC)
    return Edition(
        report=reports.report(code), asked=asked, language=language, made_by="Анна Отчётова", made_at=made_at
    )


def text_of(path: Path) -> list[str]:
    return [page.get_textpage().get_text_range() for page in PdfDocument(path)]


def test_every_rule_has_its_place() -> None:
    assert not rule_groups.ungrouped()
    numbers = [number for basis in rule_groups.Basis for number in rule_groups.rules_of(basis)]
    assert len(numbers) == len(set(numbers)), "no rule is added up twice"


@pytest.mark.parametrize("by", ["branch", "district", "sector", "building", "account"])
def test_charges_are_the_turnover_of_the_ledger(asked: Asked, by: str) -> None:
    rows, totals = answered("charges", ask(asked, by=by))
    assert totals["charged_minor"] == turnover("charged_minor") != 0
    recalculated = totals["recalculated_own_minor"] + totals["recalculated_common_minor"]
    assert recalculated == turnover("recalculated_minor") != 0
    assert totals["total_minor"] == totals["charged_minor"] + recalculated
    assert totals["charged_minor"] == sum(
        totals[name] for name in ("own_minor", "penalty_minor", "common_minor")
    )
    assert totals["own_wh"] == sum(
        totals[name] for name in ("readings_wh", "average_wh", "norm_wh", "other_wh")
    )
    booked = ChargeLine.objects.filter(
        batch_id__in=Batch.objects.filter(booked_period=MONTH.first_day).values("id")
    )
    accounts = len(rows) if by == "account" else totals["accounts"]
    assert accounts == booked.aggregate(n=Count("account_id", distinct=True))["n"]
    for row in rows:
        assert (
            row["total_minor"]
            == row["charged_minor"] + row["recalculated_own_minor"] + (row["recalculated_common_minor"])
        )


def test_charges_of_an_account_are_its_lines(asked: Asked, built: Built) -> None:
    house = built.buildings["10"].pk
    rows, _totals = answered("charges", ask(asked, by="account", building_id=house))
    by_account = {row["account"]: row for row in rows}
    zoned = by_account[built.accounts["10/2"].number]
    assert zoned["readings_wh"] == 300_000
    assert zoned["readings_share"] == 10_000
    assert by_account[built.accounts["10/3"].number]["norm_share"] == 10_000
    assert by_account[built.accounts["10/4"].number]["average_share"] == 10_000
    raised = by_account[built.accounts["10/5"].number]
    assert raised["penalty_minor"] > 0
    assert raised["own_wh"] == raised["norm_wh"], "what the coefficient adds is money, not energy"
    corrected = by_account[built.accounts["10/6"].number]
    assert corrected["recalculated_wh"] == 4_000 * 20 + _common_change(built)
    assert [row["premise"] for row in rows] == ["1", "2", "3", "4", "5", "6", "7", "10"]


def _common_change(built: Built) -> int:
    """What the second run changed in the common needs of flat 6."""
    lines = ChargeLine.objects.filter(
        account_id=built.accounts["10/6"].pk, service=2, period=MONTH.first_day
    ).values_list("batch_id", "quantity_wh")
    first = min(batch for batch, _wh in lines)
    return sum(wh for batch, wh in lines if batch != first)


def test_sectors_part_the_whole(asked: Asked) -> None:
    parts = [
        answered("charges", ask(asked, by="branch", sector=name))[1] for name in ("apartments", "private")
    ]
    _rows, whole = answered("charges", ask(asked, by="branch"))
    assert sum(part["total_minor"] or 0 for part in parts) == whole["total_minor"]


def test_each_level_leads_to_the_next_with_the_same_sum(asked: Asked) -> None:
    for by in ("branch", "district", "sector", "building"):
        rows, _totals = answered("charges", ask(asked, by=by))
        with reading.moment() as cursor:
            columns = reports.report("charges").answer(cursor, ask(asked, by=by)).tables[0].columns
        drill = next(column.opens for column in columns if isinstance(column.opens, reports.Drill))
        row = rows[0]
        taken = {parameter: row[key] for parameter, key in drill.takes.items()}
        places = {
            f"{name}_id": taken.pop(name) for name in ("branch", "district", "building") if name in taken
        }
        _below, totals = answered("charges", ask(asked, **drill.sets, **taken, **places))
        assert totals["total_minor"] == row["total_minor"], by


def test_the_imbalance_is_what_the_lines_share_out(asked: Asked, built: Built) -> None:
    rows, totals = answered("imbalance", asked)
    by_house = {row["house"]: row for row in rows}
    assert set(by_house) == {"2", "2а", "10"}
    common = (
        ChargeLine.objects.filter(period=MONTH.first_day, service=2)
        .values("building_id")
        .annotate(wh=Sum("quantity_wh"))
    )
    shared = {row["building_id"]: row["wh"] for row in common}
    for row in rows:
        assert row["distributed_wh"] - row["unassigned_wh"] == shared.get(row["building_id"], 0)
        assert row["inside_wh"] == row["nonliving_wh"] + row["norm_wh"] + row["metered_wh"]
    capped, negative, by_norm = by_house["10"], by_house["2"], by_house["2а"]
    assert capped["distributed_wh"] == min(capped["common_wh"], capped["cap_wh"])
    assert capped["executor_wh"] == capped["common_wh"] - capped["distributed_wh"]
    assert (negative["common_wh"], negative["negative_wh"]) == (-30_000, 30_000)
    assert (by_norm["method"], by_norm["common_wh"]) == (2, by_norm["cap_wh"])
    assert totals["common_wh"] == sum(row["common_wh"] for row in rows)
    only, _totals = answered("imbalance", ask(asked, which="negative"))
    assert [row["house"] for row in only] == ["2"]


def test_the_imbalance_is_of_the_last_run(asked: Asked, built: Built) -> None:
    house = built.buildings["10"]
    balances = BuildingBalance.objects.filter(building=house, period=MONTH.first_day).order_by("run_id")
    assert len(balances) == 2
    rows, _totals = answered("imbalance", ask(asked, building_id=house.pk))
    assert rows[0]["metered_wh"] == balances[1].metered_wh != balances[0].metered_wh


def test_form_83_of_a_house_with_a_cap(asked: Asked, built: Built) -> None:
    house = built.buildings["10"]
    balance = BuildingBalance.objects.filter(building=house, period=MONTH.first_day).latest("run_id")
    this = ask(asked, building_id=house.pk)
    meters, building = answered("f83", this)
    whole = next(row for row in meters if row["zone"] == "whole")
    assert (whole["serial"], whole["building_wh"]) == ("23000010", 1_400_000)
    assert building["building_wh"] == balance.supplied_wh == 1_400_000
    assert building["additional_wh"] == 0
    assert building["inside_wh"] == balance.nonliving_wh + balance.norm_wh + balance.metered_wh
    assert building["common_wh"] == balance.common_wh
    assert sum(row["inside_wh"] for row in meters) == building["inside_wh"]
    assert sum(row["common_wh"] for row in meters) == balance.common_wh, "zone by zone, as a whole"
    living, sums = answered("f83", this, table=2)
    assert sums["common_wh"] == balance.distributed_wh - balance.unassigned_wh
    assert sums["common_wh"] == sum(sums[f"common_{zone}_wh"] for zone in ("day", "night", "whole"))
    flats = {row["premise"]: row for row in living}
    assert flats["1"]["share_e6"] == round(5_000 / 40_000 * 1_000_000)
    assert flats["2"]["own_wh"] == 300_000
    assert flats["7"]["own_wh"] == 140_000 + 33_000, "the meter that was taken down and the new one"
    zones = [flats["1"]["common_day_wh"], flats["1"]["common_night_wh"]]
    assert zones == [0, 0], "a single-rate meter counts all day"


def test_form_83_of_a_negative_house(asked: Asked, built: Built) -> None:
    house = built.buildings["2"]
    balance = BuildingBalance.objects.filter(building=house, period=MONTH.first_day).latest("run_id")
    _meters, building = answered("f83", ask(asked, building_id=house.pk))
    assert building["common_wh"] == -30_000
    living, sums = answered("f83", ask(asked, building_id=house.pk), table=2)
    assert sums["common_wh"] == -(balance.negative_wh - balance.unreturned_wh) < 0
    assert {row["own_wh"] for row in living} == {10_000, 190_000}


def test_form_83_of_a_house_by_norm(asked: Asked, built: Built) -> None:
    meters, building = answered("f83", ask(asked, building_id=built.buildings["2а"].pk))
    assert [row["serial"] for row in meters] == [None]
    assert building["building_wh"] == 0
    assert building["common_wh"] > 0


def test_form_83_before_the_month_is_billed(asked: Asked, built: Built) -> None:
    early = Asked(
        supplier_id=asked.supplier_id,
        today=TODAY,
        period=MONTH.shift(3),
        building_id=built.buildings["10"].pk,
    )
    with pytest.raises(reports.NotReady), reading.moment() as cursor:
        reports.report("f83").answer(cursor, early)


def test_meters_one_by_one(asked: Asked, built: Built) -> None:
    rows, _totals = answered("meters", asked)
    in_place = Installation.objects.filter(during__contains=MONTH.last_day)
    assert {row["serial"] for row in rows} == set(in_place.values_list("meter__serial", flat=True))
    by_serial = {row["serial"]: row for row in rows}
    zoned = by_serial["11000002"]
    assert zoned["zones"] == 2
    assert zoned["account"] == built.accounts["10/2"].number
    assert zoned["read_on"] == date(2026, 10, 20)
    assert len(zoned["readings_wh"]) == 2
    assert by_serial["11000004"]["read_on"] == date(2026, 9, 20), "an estimate is no reading"
    assert by_serial["23000010"]["account"] is None
    assert "11000007" not in by_serial, "it was taken down"
    only, _totals = answered("meters", ask(asked, role="building"))
    assert {row["serial"] for row in only} == {"23000010", "23000002"}


@pytest.mark.parametrize("by", ["branch", "district", "building"])
def test_meters_counted(asked: Asked, by: str) -> None:
    _rows, totals = answered("meter_counts", ask(asked, by=by))
    in_place = Meter.objects.filter(installations__during__contains=MONTH.last_day).distinct()
    assert totals["meters"] == in_place.count()
    assert totals["building_meters"] == in_place.filter(installations__role=2).count() == 2
    assert totals["two_zones"] == 1
    assert totals["one_zone"] + totals["two_zones"] + totals["three_zones"] == totals["meters"]
    assert totals["expired"] == 1
    assert totals["silent"] == 0


@pytest.mark.parametrize("by", ["branch", "district", "building"])
def test_how_far_premises_are_fitted(asked: Asked, by: str) -> None:
    _rows, totals = answered("coverage", ask(asked, by=by))
    premises = Premise.objects.count()
    fitted = Premise.objects.filter(installations__during__contains=MONTH.last_day).distinct().count()
    assert (totals["living"], totals["living_fitted"]) == (premises, fitted)
    assert totals["living_can"] + totals["living_cannot"] == premises - fitted
    assert totals["living_share"] == round(fitted * 10_000 / premises)
    assert (totals["apartments"], totals["apartments_fitted"]) == (3, 2)


def test_expired_verification(asked: Asked) -> None:
    rows, _totals = answered("verification", asked)
    assert [(row["serial"], row["days_over"]) for row in rows] == [
        ("11000002", (TODAY - date(2026, 8, 14)).days)
    ]
    assert rows[0]["payer"]
    soon, _totals = answered("verification", ask(asked, when="11"))
    assert soon == []


@pytest.fixture
def held(asked: Asked, built: Built) -> Iterator[None]:
    file = ReadingFile.objects.create(
        name="октябрь.xlsx", sha256="0" * 64, size_bytes=1, created_at=datetime(2026, 10, 31, 22, tzinfo=UTC)
    )
    place = Installation.objects.get(meter__serial="11000006")
    common: Row = {"file": file, "taken_on": date(2026, 10, 19), "previous_on": date(2026, 9, 20)}
    ReadingFileRow.objects.create(
        **common,
        row_no=2,
        status=ReadingStatus.REJECTED,
        reasons=["below_previous"],
        installation=place,
        building_id=place.building_id,
        value_wh=1_000,
        previous_wh=6_000,
    )
    ReadingFileRow.objects.create(
        **common,
        row_no=3,
        status=ReadingStatus.DOUBTFUL,
        reasons=["unknown_meter"],
        said={"serial": "=1+1", "account": "123"},
        decision=RowDecision.REFUSED,
    )
    yield
    ReadingFile.objects.filter(id=file.pk).delete()


@pytest.mark.usefixtures("held")
def test_rejected_readings(asked: Asked, built: Built) -> None:
    # received at 01:00 on 1 November in Moscow
    november = Asked(supplier_id=asked.supplier_id, today=TODAY, period=MONTH.next())
    assert answered("held_readings", asked)[0] == []
    rows, _totals = answered("held_readings", november)
    assert [row["row_no"] for row in rows] in ([2, 3], [3, 2])
    known = next(row for row in rows if row["row_no"] == 2)
    assert known["difference_wh"] == -5_000 * 20, "times the ratio"
    assert known["account"] == built.accounts["10/6"].number
    foreign = next(row for row in rows if row["row_no"] == 3)
    assert (foreign["serial"], foreign["account"]) == ("=1+1", "123")
    waiting, _totals = answered("held_readings", ask(november, decision="waiting"))
    assert [row["row_no"] for row in waiting] == [2]
    here, _totals = answered("held_readings", ask(november, building_id=built.buildings["10"].pk))
    assert [row["row_no"] for row in here] == [2]


def test_sorted_and_paged(asked: Asked) -> None:
    this = ask(asked, by="account")
    rows, _totals = answered("charges", this, sort="-total_minor")
    sums = [row["total_minor"] for row in rows]
    assert sums == sorted(sums, reverse=True)
    with reading.moment() as cursor:
        table = reports.report("charges").answer(cursor, this).tables[0]
        paged = [
            row["account"]
            for offset in range(0, len(rows), 4)
            for row in reading.page(cursor, table, this, sort="-total_minor", limit=4, offset=offset)
        ]
        unknown = reading.page(cursor, table, this, sort="-; DROP TABLE x", limit=1)
    assert paged == [row["account"] for row in rows]
    assert unknown, "an order that is not known is the usual one"


def test_a_spreadsheet_reads_back(asked: Asked, tmp_path: Path) -> None:
    path = tmp_path / "imbalance.xlsx"
    rows, totals = answered("imbalance", asked)
    with translation.override("ru"):
        assert reports.write(edition("imbalance", asked), format=Format.XLSX, path=path) == len(rows)
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert sheet[0][0] == "Ведомость распределения небаланса ОДН"
    said = {line[0]: line[1] for line in sheet[1:5]}
    assert said["Организация"].startswith("Акционерное общество")
    assert any("Анна Отчётова" in str(line[0]) for line in sheet)
    head = next(number for number, line in enumerate(sheet) if line[0] == "Адрес")
    titles = sheet[head]
    body = [line for line in sheet[head + 1 :] if line[0]]
    fact = titles.index("по факту")
    assert [line[fact] for line in body[: len(rows)]] == [row["common_wh"] / 1000 for row in rows]
    assert body[len(rows)][0] == "Итого, Центральный район"
    assert body[-1][0] == "Итого"
    assert body[-1][fact] == body[len(rows)][fact] == totals["common_wh"] / 1000


@pytest.mark.usefixtures("held")
def test_a_text_stays_a_text(asked: Asked, tmp_path: Path) -> None:
    november = Asked(supplier_id=asked.supplier_id, today=TODAY, period=MONTH.next())
    for kind in (Format.XLSX, Format.CSV):
        reports.write(edition("held_readings", november), format=kind, path=tmp_path / f"held.{kind}")
    sheet = CalamineWorkbook.from_path(str(tmp_path / "held.xlsx")).get_sheet_by_index(0).to_python()
    assert any("=1+1" in line for line in sheet)
    assert "'=1+1" in (tmp_path / "held.csv").read_text(encoding="utf-8-sig")


def test_csv_and_json_hold_the_same(asked: Asked, tmp_path: Path) -> None:
    this = ask(asked, by="account")
    for kind in (Format.CSV, Format.JSON):
        reports.write(edition("charges", this), format=kind, path=tmp_path / f"charges.{kind}")
    with (tmp_path / "charges.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *lines = csv.reader(file, delimiter=";")
    told = json.loads((tmp_path / "charges.json").read_text())
    (table,) = told["tables"]
    assert head == [column["title"] for column in table["columns"]]
    total = head.index("Всего, ₽")
    assert [line[total] for line in lines] == [
        figures.plain(row["total_minor"], "minor", language="ru") for row in table["rows"]
    ]
    assert table["totals"]["total_minor"] == sum(row["total_minor"] for row in table["rows"])
    assert told["asked"]["period"] == "2026-10"


def test_the_form_on_paper(asked: Asked, built: Built, tmp_path: Path) -> None:
    path = tmp_path / "f83.pdf"
    house = built.buildings["10"]
    reports.write(edition("f83", ask(asked, building_id=house.pk)), format=Format.PDF, path=path)
    pages = text_of(path)
    text = "\n".join(pages)
    assert "Ф-83 Детализация ОДН по МКД" in text
    assert "Октябрь 2026" in text
    assert "АО «Образец-Энерго»" in text or "Образцовая энергосбытовая" in text
    assert f"стр. 1 из {len(pages)}" in pages[0]
    assert "Сформировал: Анна Отчётова" in text
    for account in Account.objects.filter(building=house):
        assert text.count(account.number) == 1
    balance = BuildingBalance.objects.filter(building=house, period=MONTH.first_day).latest("run_id")
    assert figures.shown(balance.supplied_wh, "kwh", language="ru") in text.replace(" ", "\u00a0")


def test_too_long_for_paper(asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from abonent.usecases.reports import pdf

    monkeypatch.setattr(pdf, "MOST_ROWS", 2)
    with pytest.raises(reports.TooManyRows):
        reports.write(edition("meters", asked), format=Format.PDF, path=tmp_path / "x.pdf")


def test_every_report_can_be_made_into_every_file(asked: Asked, built: Built, tmp_path: Path) -> None:
    for report in reports.REPORTS:
        this = ask(asked, building_id=built.buildings["10"].pk)
        for kind in Format:
            for language in ("ru", "uk", "en"):
                path = tmp_path / f"{report.code}-{language}.{kind}"
                reports.write(edition(report.code, this, language), format=kind, path=path)
                assert path.stat().st_size > 100, path


def test_names_of_people_are_told_as_they_are(asked: Asked) -> None:
    rows, _totals = answered("charges", ask(asked, by="account"))
    names = {row["account"]: row["payer"] for row in rows}
    for account in Account.objects.select_related("party").filter(number__in=names):
        party: Party = account.party
        assert names[account.number] == party.display_name
