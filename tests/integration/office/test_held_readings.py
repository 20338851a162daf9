"""Readings that wait for a person: the list, decisions one by one, many at once, and taken back."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.metering.models import (
    Reading,
    ReadingFile,
    ReadingFileRow,
    ReadingSender,
    ReadingStatus,
    RowDecision,
)

HTMX = {"HX-Request": "true"}
LIST = "/readings/held/"
DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture
def held(town: Town) -> dict[str, ReadingFileRow]:
    """What a file of four rows left: a spike, a fall and a meter nobody has."""
    sender = ReadingSender.objects.create(name="ТСЖ «Маяк»", columns={})
    file = ReadingFile.objects.create(
        sender=sender, name="readings.csv", sha256="0", size_bytes=1, state=3, rows=4, created_at=AT
    )

    def hold(row_no: int, serial: str, kwh: int, code: str, **known: object) -> ReadingFileRow:
        status = ReadingStatus.DOUBTFUL if code == "spike" else ReadingStatus.REJECTED
        said = {"serial": serial, "taken_on": "20.11.2026", "value": str(kwh)}
        return ReadingFileRow.objects.create(
            file=file,
            row_no=row_no,
            status=status,
            reasons=[code],
            said=said,
            value_wh=kwh * 1000,
            taken_on=DAY,
            **known,
        )

    flat, house = town.installations["10", 1], town.installations["house", 1]
    return {
        "spike": hold(
            3,
            "20100010",
            99_000,
            "spike",
            installation=flat,
            building_id=flat.building_id,
            previous_on=date(2026, 8, 20),
            previous_wh=2_120_000,
            average_wh=118_000,
        ),
        "below_previous": hold(
            4,
            "20100009",
            17,
            "below_previous",
            installation=house,
            building_id=house.building_id,
            previous_on=date(2026, 10, 20),
            previous_wh=12_900_000,
        ),
        "unknown_meter": hold(5, "55555555", 100, "unknown_meter"),
    }


def decide(client: Client, row: ReadingFileRow, decision: str, **more: str) -> object:
    return client.post(f"{LIST}{row.pk}/decide/", {"decision": decision, **more}, headers=HTMX)


def readings_of(serial: str) -> list[int]:
    accepted = Reading.objects.filter(
        installation__meter__serial=serial, taken_on=DAY, status=ReadingStatus.ACCEPTED
    )
    return list(accepted.values_list("value_wh", flat=True))


@pytest.mark.django_db
def test_a_row_shows_what_a_person_decides_by(office: Client, town: Town, held: dict) -> None:
    page = office.get(LIST).content.decode()
    spike = page.split(f'id="held-{held["spike"].pk}"')[1].split("</tr>")[0]
    for words in (
        "Кузнецова Анна Олеговна",
        "ул. Ленина, д. 12, кв. 10",
        "20100010",
        "2\xa0120",  # the previous reading, of August
        "99\xa0000",
        "96\xa0880",  # used
        "Far more than is usual",
        "ТСЖ «Маяк»",
    ):
        assert words in spike, words
    assert 'data-key="a"' in spike
    rejected = page.split(f'id="held-{held["below_previous"].pk}"')[1].split("</tr>")[0]
    assert 'data-key="a"' not in rejected, "a rejected reading is accepted only with a correction"
    assert 'data-key="e"' in rejected


@pytest.mark.django_db
def test_the_season_is_what_was_used_a_year_before(office: Client, town: Town, held: dict) -> None:
    row = ReadingFileRow.objects.get(pk=held["below_previous"].pk)
    page = office.get(LIST).content.decode().split(f'id="held-{row.pk}"')[1].split("</tr>")[0]
    # the house uses 300 kWh from the 20th to the 20th: 31 days of October and November a year ago
    assert '<td class="num d-none d-md-table-cell">290</td>' in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "reasons"),
    [
        ("", {"spike", "below_previous", "unknown_meter"}),
        ("status=2", {"spike"}),
        ("status=3", {"below_previous", "unknown_meter"}),
        ("reason=spike", {"spike"}),
        ("building=Ленина 12", {"spike"}),
        ("building=Ленина 2а", {"below_previous"}),
        ("decision=accepted", set()),
        ("decision=all", {"spike", "below_previous", "unknown_meter"}),
        ("sender={sender}", {"spike", "below_previous", "unknown_meter"}),
        ("branch={branch}", {"spike", "below_previous"}),
        ("file={file}", {"spike", "below_previous", "unknown_meter"}),
        ("file=999999", set()),
    ],
)
def test_the_filter(office: Client, town: Town, held: dict, query: str, reasons: set[str]) -> None:
    file = held["spike"].file
    query = query.format(sender=file.sender_id, branch=town.branch.pk, file=file.pk)
    page = office.get(f"{LIST}?{query}").content.decode()
    assert {code for code, row in held.items() if f'id="held-{row.pk}"' in page} == reasons


@pytest.mark.django_db
@pytest.mark.parametrize("sort", ["address", "row_no", "taken_on", "usage_wh", "status", "decision"])
def test_every_order_goes_on_where_the_page_ends(
    office: Client, town: Town, held: dict, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("abonent.interfaces.office.views.held_readings.PAGE_ROWS", 2)
    for sign in ("", "-"):
        first = office.get(f"{LIST}?sort={sign}{sort}").content.decode()
        more = first.split('class="more"')[1].split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
        rest = office.get(LIST + more, headers=HTMX).content.decode()
        shown = [row.pk for row in held.values() if f'id="held-{row.pk}"' in first]
        assert len(shown) == 2
        assert [row.pk for row in held.values() if f'id="held-{row.pk}"' in rest and row.pk not in shown]


@pytest.mark.django_db
def test_accepted_it_becomes_a_reading(office: Client, town: Town, held: dict) -> None:
    row = decide(office, held["spike"], "accept").content.decode()
    assert "data-waiting" not in row
    assert 'data-key="u"' in row
    assert readings_of("20100010") == [99_000_000]
    assert ReadingFileRow.objects.get(pk=held["spike"].pk).decision == RowDecision.ACCEPTED
    assert f'id="held-{held["spike"].pk}"' not in office.get(LIST).content.decode()


@pytest.mark.django_db
def test_refused_it_stays_out(office: Client, town: Town, held: dict) -> None:
    decide(office, held["spike"], "refuse")
    assert not readings_of("20100010")
    assert f'id="held-{held["spike"].pk}"' in office.get(f"{LIST}?decision=refused").content.decode()


@pytest.mark.django_db
def test_a_decision_is_taken_back(office: Client, town: Town, held: dict) -> None:
    decide(office, held["spike"], "accept")
    row = office.post(f"{LIST}{held['spike'].pk}/undo/", headers=HTMX).content.decode()
    assert "data-waiting" in row
    assert not readings_of("20100010")
    again = office.post(f"{LIST}{held['spike'].pk}/undo/", headers=HTMX)
    assert again.status_code == 422
    assert "Nobody has decided" in again.content.decode()


@pytest.mark.django_db
def test_a_row_opens_to_be_corrected_and_closes_again(office: Client, town: Town, held: dict) -> None:
    address = f"{LIST}{held['below_previous'].pk}/decide/"
    opened = office.get(address, headers=HTMX).content.decode()
    assert 'name="value" value="17"' in opened
    assert 'value="2026-11-20"' in opened
    assert 'name="value"' not in office.get(f"{address}?back=1", headers=HTMX).content.decode()


@pytest.mark.django_db
def test_corrected_it_is_accepted(office: Client, town: Town, held: dict) -> None:
    correction = {"value": "13 250,5", "taken_on": "2026-11-20"}
    response = decide(office, held["below_previous"], "accept", **correction)
    assert response.status_code == 200
    assert readings_of("20100009") == [13_250_500]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("correction", "words"),
    [
        ({"value": "18"}, "Below the previous reading"),
        ({"value": "eighteen"}, "Write a number"),
        ({"value": ""}, "This field is required"),
        ({"value": "13250", "taken_on": ""}, "This field is required"),
        ({"value": "13250", "taken_on": "2100-01-01"}, "The day has not come yet"),
    ],
)
def test_a_correction_that_does_not_help_is_refused_in_the_row(
    office: Client, town: Town, held: dict, correction: dict[str, str], words: str
) -> None:
    response = decide(office, held["below_previous"], "accept", **{"taken_on": "2026-11-20", **correction})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert 'name="value"' in response.content.decode(), "the row stays open"
    assert not readings_of("20100009")


@pytest.mark.django_db
def test_a_meter_nobody_has_cannot_be_accepted(office: Client, town: Town, held: dict) -> None:
    response = decide(office, held["unknown_meter"], "accept", value="100", taken_on="2026-11-20")
    assert response.status_code == 422
    assert "There is no meter with this number" in response.content.decode()


@pytest.mark.django_db
def test_two_clerks_do_not_decide_twice(office: Client, town: Town, held: dict) -> None:
    decide(office, held["spike"], "refuse")
    response = decide(office, held["spike"], "accept")
    assert response.status_code == 422
    assert "Somebody has decided" in response.content.decode()


@pytest.mark.django_db
def test_many_are_shown_before_they_are_decided(office: Client, town: Town, held: dict) -> None:
    asked = office.get(f"{LIST}many/?decision=accept&which=filter", headers=HTMX).content.decode()
    assert "Accept 1 reading?" in asked
    assert "2 rejected readings stay" in asked
    assert "96\xa0880" in asked
    assert f'name="rows" value="{held["spike"].pk}"' in asked
    assert not readings_of("20100010")
    done = office.post(f"{LIST}many/", {"decision": "accept", "rows": str(held["spike"].pk)}, headers=HTMX)
    assert "1 reading is accepted" in done.content.decode()
    assert done["HX-Trigger"] == "held-changed"
    assert readings_of("20100010") == [99_000_000]


@pytest.mark.django_db
def test_only_the_ticked_are_refused(office: Client, town: Town, held: dict) -> None:
    ticked = [held["spike"].pk, held["unknown_meter"].pk]
    query = "&".join(f"row={pk}" for pk in ticked)
    asked = office.get(f"{LIST}many/?decision=refuse&which=ticked&{query}", headers=HTMX).content.decode()
    assert "Refuse 2 readings?" in asked
    office.post(f"{LIST}many/", {"decision": "refuse", "rows": ",".join(map(str, ticked))}, headers=HTMX)
    left = ReadingFileRow.objects.filter(decision=RowDecision.WAITING)
    assert [row.pk for row in left] == [held["below_previous"].pk]


@pytest.mark.django_db
def test_nothing_ticked_decides_nothing(office: Client, town: Town, held: dict) -> None:
    asked = office.get(f"{LIST}many/?decision=accept&which=ticked", headers=HTMX).content.decode()
    assert "Nothing is chosen" in asked
    assert 'type="submit"' not in asked


@pytest.mark.django_db
def test_what_was_decided_meanwhile_is_told(office: Client, town: Town, held: dict) -> None:
    decide(office, held["spike"], "refuse")
    rows = ",".join(str(row.pk) for row in held.values())
    done = office.post(f"{LIST}many/", {"decision": "refuse", "rows": rows}, headers=HTMX).content.decode()
    assert "2 readings are refused" in done
    assert "Somebody has decided" in done


@pytest.mark.django_db
def test_the_list_goes_to_excel_with_all_a_screen_shows(office: Client, town: Town, held: dict) -> None:
    content = b"".join(office.get(f"{LIST}?export=xlsx&sort=row_no").streaming_content)
    heads, *rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    first = dict(zip(heads, rows[0], strict=True))
    assert len(rows) == 3
    assert first["Payer"] == "Кузнецова Анна Олеговна"
    assert first["Used, kWh"] == 96_880
    assert first["Reasons"] == "Far more than is usual for this meter"


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.AUDITOR, Role.MANAGER, Role.ACCOUNTANT])
def test_who_does_not_decide_only_reads(
    sign_in: Callable[..., Client], town: Town, held: dict, role: Role
) -> None:
    client = sign_in(role)
    page = client.get(LIST).content.decode()
    assert "data-key" not in page
    assert "Decide on many" not in page
    assert decide(client, held["spike"], "accept").status_code == 403


@pytest.mark.django_db
def test_a_reading_of_the_history_leads_to_its_file(office: Client, town: Town, held: dict) -> None:
    decide(office, held["spike"], "accept")
    number = town.accounts["10"].number
    page = office.get(f"/accounts/{number}/readings/").content.decode()
    assert f'href="/readings/files/{held["spike"].file_id}/">import, readings.csv</a>' in page
