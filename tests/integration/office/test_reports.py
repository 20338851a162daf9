"""Reports in the office: who sees which, filters, drill-down, rows as wanted, files at once and in the background."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from pypdfium2 import PdfDocument
from python_calamine import CalamineWorkbook
from tests import town as towns
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.places.models import District
from abonent.contexts.reporting.models import FileState, ReportFile
from abonent.interfaces.office.views import reports as views
from abonent.interfaces.tasks import reports as tasks
from abonent.usecases import report_job, reports
from abonent.usecases.reports import Format

HTMX = {"HX-Request": "true"}
EVERYBODY = set(Role)
# Written out by hand: a second opinion on what the reports declare.
WHO_SEES = {
    "charges": EVERYBODY - {Role.OPERATOR},
    "f83": EVERYBODY,
    "imbalance": EVERYBODY,
    "meters": EVERYBODY,
    "meter_counts": EVERYBODY,
    "coverage": EVERYBODY,
    "verification": EVERYBODY,
    "held_readings": EVERYBODY,
    "turnover": EVERYBODY - {Role.OPERATOR},
    "payments": EVERYBODY,
    "payments_by": EVERYBODY - {Role.OPERATOR},
    "proceeds": EVERYBODY - {Role.OPERATOR},
    "collection": EVERYBODY - {Role.OPERATOR},
    "covered": EVERYBODY - {Role.OPERATOR},
    "advances": EVERYBODY - {Role.OPERATOR},
    "ageing": EVERYBODY - {Role.OPERATOR},
    "control_totals": EVERYBODY - {Role.OPERATOR},
}


@pytest.fixture
def files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "reports"
    monkeypatch.setattr(report_job, "file_of", lambda file_id, format: folder / f"{file_id}.{format}")
    return folder


def work_off() -> None:
    """Do what the queue holds, as the worker does, in this process."""
    for job in ProcrastinateJob.objects.filter(status="todo", task_name="reports.make").order_by("id"):
        tasks.make(**job.args)


def links(page: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'<td[^>]*><a href="([^"]+)"', page)]


def test_every_report_is_in_the_matrix() -> None:
    assert {report.code for report in reports.REPORTS} == set(WHO_SEES)


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_which_report(role: Role, sign_in: Callable[..., Client], town: Town) -> None:
    client = sign_in(role)
    listed = client.get("/reports/").content.decode()
    for code, roles in WHO_SEES.items():
        expected = 200 if role in roles else 403
        assert client.get(f"/reports/{code}/").status_code == expected, code
        assert (f'href="/reports/{code}/"' in listed) == (role in roles), code
        if role not in roles:
            answer = client.post(f"/reports/{code}/export/?period=2026-10", {"format": "xlsx"})
            assert answer.status_code == 403


def test_an_unknown_report_is_not_found(office: Client, town: Town) -> None:
    assert office.get("/reports/everything/").status_code == 404
    assert office.post("/reports/meters/export/?period=2026-10", {"format": "exe"}).status_code == 404


def test_from_the_branch_down_to_the_account(office: Client, billed: tuple[Town, int]) -> None:
    address = "/reports/charges/?period=2026-10&by=branch"
    seen = []
    for _level in range(3):
        page = office.get(address).content.decode()
        seen.append(re.search(r"<tfoot>.*?</tfoot>", page, re.DOTALL)[0].count("<td"))  # type: ignore[index]
        address = "/reports/charges/" + links(page)[0]
    page = office.get(address).content.decode()
    assert "by=account" in address
    assert "building=" in address
    cards = links(page)
    assert f"/buildings/{billed[0].building.pk}/" in cards or f"/buildings/{billed[0].house.pk}/" in cards
    account = next(link for link in cards if link.startswith("/accounts/"))
    assert office.get(account).status_code == 200


def test_narrowed_sorted_and_without_what_is_not_understood(office: Client, billed: tuple[Town, int]) -> None:
    town, _run = billed
    base = "/reports/charges/?period=2026-10&by=account"
    whole = office.get(base).content.decode()
    here = office.get(f"{base}&building={town.building.pk}").content.decode()
    assert town.accounts["house"].number in whole
    assert town.accounts["house"].number not in here
    assert 'value="ул. Ленина, д. 12"' in here, "a building named by its number is shown by its address"
    named = office.get(f"{base}&building=Ленина 12").content.decode()
    assert town.accounts["house"].number not in named
    turned = office.get(f"{base}&sort=-total_minor").content.decode()
    assert 'aria-sort="descending"' in turned
    assert office.get(f"{base}&sort=;&branch=x&sector=moon&offset=many").status_code == 200
    assert "No building fits" in office.get(f"{base}&building=Морская 5").content.decode()


def test_streets_of_the_same_name_are_told_apart(office: Client, billed: tuple[Town, int]) -> None:
    town, _run = billed
    village = District.objects.create(branch=town.branch, name="с. Ивановка")
    twin = type(town.street).objects.create(district=village, kind="ул.", name="Ленина")
    type(town.building).objects.create(branch=town.branch, street=twin, number="12")
    base = "/reports/f83/?period=2026-10&building=Ленина 12"
    both = office.get(base).content.decode()
    assert "с. Ивановка)" in both
    assert "Центральный район)" in both
    one = office.get(f"{base}&district={town.street.district_id}").content.decode()
    assert "23400077" in one


def test_form_83_says_what_it_needs(office: Client, billed: tuple[Town, int]) -> None:
    town, _run = billed
    assert "This report is of one building" in office.get("/reports/f83/").content.decode()
    page = office.get(f"/reports/f83/?period=2026-10&building={town.building.pk}").content.decode()
    assert "23400077" in page
    assert "0770000024" in page
    early = office.get(f"/reports/f83/?period=2026-01&building={town.building.pk}").content.decode()
    assert "not balanced" in early


def test_the_imbalance_leads_to_the_form(office: Client, billed: tuple[Town, int]) -> None:
    page = office.get("/reports/imbalance/?period=2026-10").content.decode()
    form = next(link for link in links(page) if link.startswith("/reports/f83/"))
    assert "23400077" in office.get(form).content.decode()


def test_more_rows_as_they_are_wanted(
    office: Client, billed: tuple[Town, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE_ROWS", 2)
    page = office.get("/reports/meters/?period=2026-10").content.decode()
    serials = re.findall(r"\b2\d{7}\b", page)
    more = unescape(re.search(r'hx-get="(\?[^"]*offset=2)"', page)[1])  # type: ignore[index]
    rest = office.get(f"/reports/meters/{more}", headers=HTMX).content.decode()
    assert "<html" not in rest
    assert len(serials) == 2
    assert not set(serials) & set(re.findall(r"\b2\d{7}\b", rest))


def test_a_short_report_is_a_file_at_once(office: Client, billed: tuple[Town, int]) -> None:
    answer = office.post("/reports/charges/export/?period=2026-10&by=account", {"format": "xlsx"})
    assert answer["Content-Disposition"] == 'attachment; filename="charges-2026-10.xlsx"'
    book = CalamineWorkbook.from_filelike(BytesIO(b"".join(answer.streaming_content)))
    cells = [cell for line in book.get_sheet_by_index(0).to_python() for cell in line]
    assert "0770000024" in cells
    paper = office.post("/reports/imbalance/export/?period=2026-10", {"format": "pdf"})
    pdf = b"".join(paper.streaming_content)
    assert "Ленина" in "".join(page.get_textpage().get_text_range() for page in PdfDocument(pdf))
    assert not ReportFile.objects.exists()


def test_a_long_report_is_made_in_the_background(
    sign_in: Callable[..., Client],
    billed: tuple[Town, int],
    files_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(views._AT_ONCE, Format.XLSX, 1)
    office = sign_in(Role.ENGINEER, language="ru")
    address = office.post("/reports/meters/export/?period=2026-10", {"format": "xlsx"})["Location"]
    waiting = office.get(address).content.decode()
    assert "every 1s" in waiting
    assert office.get(f"{address}file/").status_code == 404
    work_off()
    done = office.get(f"{address}progress/").content.decode()
    assert "every 1s" not in done
    row = ReportFile.objects.get()
    assert (row.state, row.rows) == (FileState.MADE, 5)
    answer = office.get(f"{address}file/")
    book = CalamineWorkbook.from_filelike(BytesIO(b"".join(answer.streaming_content)))
    sheet = book.get_sheet_by_index(0).to_python()
    assert sheet[0][0] == "Сводный отчёт по приборам учёта"
    assert any("Анна Engineer" in str(cell) for line in sheet for cell in line)
    assert address in office.get("/reports/").content.decode()

    stranger = Client()
    stranger.force_login(towns.user(Role.AUDITOR))
    for part in ("", "progress/", "file/"):
        assert stranger.get(address + part).status_code == 404, "a file is its owner's alone"

    assert report_job.forget(at=row.finished_at + report_job.KEEP - timedelta(hours=1)) == 0
    assert report_job.forget(at=row.finished_at + report_job.KEEP + timedelta(hours=1)) == 1
    assert not list(files_folder.iterdir())
    assert office.get(f"{address}file/").status_code == 404
    assert "удалён" in office.get(address).content.decode()


def test_a_refusal_stays_with_the_file_in_words(
    sign_in: Callable[..., Client],
    billed: tuple[Town, int],
    files_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from abonent.usecases.reports import pdf

    monkeypatch.setitem(views._AT_ONCE, Format.PDF, 0)
    monkeypatch.setattr(pdf, "MOST_ROWS", 1)
    office = sign_in(language="ru")
    address = office.post("/reports/meters/export/?period=2026-10", {"format": "pdf"})["Location"]
    work_off()
    assert "для бумаги слишком много" in office.get(address).content.decode()
    assert ReportFile.objects.get().state == FileState.FAILED
    assert list(files_folder.iterdir()) == []


def test_what_takes_too_long_is_offered_as_a_file(
    office: Client, billed: tuple[Town, int], files_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        def __enter__(self) -> None:
            raise reports.reading.TooLong

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(views.reading, "moment", lambda **_: Slow())
    assert "made in the background" in office.get("/reports/meters/?period=2026-10").content.decode()
    address = office.post("/reports/meters/export/?period=2026-10", {"format": "csv"})["Location"]
    assert address.startswith("/reports/files/")


def test_a_query_is_stopped_in_time(billed: tuple[Town, int]) -> None:
    with pytest.raises(reports.reading.TooLong), reports.reading.moment(seconds=1) as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    with reports.reading.moment() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",), "the limit is of that query alone"


def test_nothing_is_billed_yet(office: Client, town: Town) -> None:
    page = office.get("/reports/charges/?period=2026-10").content.decode()
    assert "Nothing is charged here" in page
