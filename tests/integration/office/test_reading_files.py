"""Files of readings: taken in, their columns agreed upon, stored by the worker, answered."""

import csv
from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from python_calamine import CalamineWorkbook
from tests.town import Town

from abonent.contexts.access.models import Role
from abonent.contexts.metering.models import Reading, ReadingFile, ReadingFileState, ReadingSender
from abonent.gateways import queue
from abonent.interfaces.tasks import readings as task

NEW = "/readings/files/new/"
CSV = (
    "Номер ПУ;Дата;Показание\n"
    "20100001;20.11.2026;3300\n"  # accepted
    "20100010;20.11.2026;99000\n"  # far more than usual
    "20100009;20.11.2026;17\n"  # below the previous one
    "55555555;20.11.2026;100\n"  # nobody's
)


def upload(client: Client, text: str = CSV, name: str = "readings.csv") -> int:
    """Take a file in; return its number, found in the address of its page."""
    response = client.post(NEW, {"file": SimpleUploadedFile(name, text.encode())})
    assert response.status_code == 302, response.content.decode()
    return int(response["Location"].rstrip("/").rpartition("/")[2])


def columns(**changes: str) -> dict[str, str]:
    chosen = {"column_1": "serial", "column_2": "taken_on", "column_3": "value"}
    return {"sender": "ТСЖ «Маяк»", "source": "3", "day_first": "on", **chosen, **changes}


def stored(client: Client, **changes: str) -> int:
    file_id = upload(client)
    assert client.post(f"/readings/files/{file_id}/store/", columns(**changes)).status_code == 302
    assert queue.unfinished("readings.store", file_id=file_id)
    task.store(file_id=file_id, actor_id=0)
    return file_id


@pytest.mark.django_db
def test_the_guess_is_shown_with_the_first_rows(office: Client, town: Town) -> None:
    page = office.get(f"/readings/files/{upload(office)}/").content.decode()
    assert "guessed by the headers" in page
    for place, name in ((1, "serial"), (2, "taken_on"), (3, "value")):
        select = page.split(f'name="column_{place}"')[1].split("</select>")[0]
        assert f'<option value="{name}" selected>' in select
    assert "20100010" in page
    assert not Reading.objects.exclude(file_id=None).exists(), "looking stores nothing"


@pytest.mark.django_db
def test_the_same_bytes_are_taken_in_once(office: Client, town: Town) -> None:
    first = upload(office)
    again = upload(office, name="renamed.csv")
    assert again == first
    assert "came in before" in office.get(f"/readings/files/{first}/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("readings.docx", "PK", "this kind of file is not known"),
        ("readings.csv", "", "The submitted file is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_at_the_field(
    office: Client, town: Town, name: str, text: str, words: str
) -> None:
    response = office.post(NEW, {"file": SimpleUploadedFile(name, text.encode())})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not ReadingFile.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"column_1": ""}, "Say which column holds the meter"),
        ({"column_2": ""}, "Say which column holds the day"),
        ({"column_3": ""}, "Say which column holds the reading"),
        ({"column_2": "value"}, "Two columns are taken for the same thing"),
        ({"sender": ""}, "This field is required"),
    ],
)
def test_a_map_that_cannot_work_is_refused(
    office: Client, town: Town, changes: dict[str, str], words: str
) -> None:
    file_id = upload(office)
    response = office.post(f"/readings/files/{file_id}/store/", columns(**changes))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not ReadingSender.objects.exists()
    assert not queue.unfinished("readings.store", file_id=file_id)


@pytest.mark.django_db(transaction=True)
def test_the_worker_stores_it_and_the_page_tells_what_came_of_it(office: Client, town: Town) -> None:
    file_id = stored(office)
    page = office.get(f"/readings/files/{file_id}/").content.decode()
    file = ReadingFile.objects.get(pk=file_id)
    assert (file.accepted, file.doubtful, file.rejected) == (1, 1, 2)
    assert Reading.objects.get(file_id=file_id).value_wh == 3_300_000
    for words in (
        "Far more than is usual",
        "Below the previous reading",
        "There is no meter with this number",
    ):
        assert words in page
    assert f"/readings/held/?file={file_id}" in page


@pytest.mark.django_db(transaction=True)
def test_the_columns_are_remembered_for_the_sender(office: Client, town: Town) -> None:
    stored(office)
    sender = ReadingSender.objects.get(name="ТСЖ «Маяк»")
    assert sender.columns == {"serial": "Номер ПУ", "taken_on": "Дата", "value": "Показание"}
    assert sender.source == 3
    # in the next file the columns stand elsewhere, and two could be taken for the value
    text = "Дата;Т1;Показание;Номер ПУ\n21.11.2026;7;3310;20100001\n"
    again = {"file": SimpleUploadedFile("next.csv", text.encode()), "sender": sender.pk}
    page = office.get(office.post(NEW, again)["Location"]).content.decode()
    assert "as remembered for this sender" in page
    assert '<option value="value" selected>' in page.split('name="column_3"')[1].split("</select>")[0]


@pytest.mark.django_db(transaction=True)
def test_a_sender_who_changed_his_columns_is_looked_at_anew(office: Client, town: Town) -> None:
    stored(office)
    sender = ReadingSender.objects.get()
    text = "Лицевой счет;Дата показания;Т1\n0770000016;21.11.2026;3310\n"
    again = {"file": SimpleUploadedFile("next.csv", text.encode()), "sender": sender.pk}
    address = office.post(NEW, again)["Location"]
    assert "columns not found" in office.get(address).content.decode()
    anew = office.get(office.post(f"{address}guess/")["Location"]).content.decode()
    assert "guessed by the headers" in anew
    assert 'value="ТСЖ «Маяк»"' in anew, "the sender stays chosen"


@pytest.mark.django_db(transaction=True)
def test_a_file_that_fails_says_why_and_can_be_tried_again(office: Client, town: Town) -> None:
    file_id = upload(office, "Номер ПУ;Дата;Показание\n")
    office.post(f"/readings/files/{file_id}/store/", columns())
    task.store(file_id=file_id, actor_id=0)
    assert ReadingFile.objects.get(pk=file_id).state == ReadingFileState.FAILED
    assert "alert-danger" in office.get(f"/readings/files/{file_id}/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_senders_file_comes_back_with_reasons(office: Client, town: Town) -> None:
    file_id = stored(office)
    response = office.get(f"/readings/files/{file_id}/answer/")
    assert response["Content-Disposition"].startswith("attachment")
    heads, good, spike, fall, unknown = csv.reader(
        response.content.decode("utf-8-sig").splitlines(), delimiter=";"
    )
    assert heads[:3] == ["Номер ПУ", "Дата", "Показание"]
    assert good[:3] == ["20100001", "20.11.2026", "3300"]
    told = {row[-1] for row in (good, spike, fall, unknown)}
    assert len(told) == 4, "each row has a reason of its own"


@pytest.mark.django_db(transaction=True)
def test_the_list_counts_and_goes_to_excel(office: Client, town: Town) -> None:
    stored(office)
    page = office.get("/readings/files/").content.decode()
    assert "readings.csv" in page
    assert "ТСЖ «Маяк»" in page
    book = CalamineWorkbook.from_filelike(
        BytesIO(b"".join(office.get("/readings/files/?export=xlsx").streaming_content))
    )
    heads, row = book.get_sheet_by_index(0).to_python()
    assert dict(zip(heads, row, strict=True))["Rejected"] == 2


@pytest.mark.django_db(transaction=True)
def test_the_list_is_narrowed(office: Client, town: Town) -> None:
    stored(office)
    assert "readings.csv" in office.get("/readings/files/?name=READ").content.decode()
    assert "readings.csv" not in office.get("/readings/files/?name=other").content.decode()
    assert "readings.csv" not in office.get("/readings/files/?state=1").content.decode()
    assert (
        "readings.csv"
        in office.get(f"/readings/files/?sender={ReadingSender.objects.get().pk}").content.decode()
    )


@pytest.mark.django_db
def test_an_auditor_sees_what_came_in_but_stores_nothing(
    office: Client, town: Town, sign_in: Callable[..., Client]
) -> None:
    file_id = upload(office)
    auditor = sign_in(Role.AUDITOR)
    page = auditor.get(f"/readings/files/{file_id}/").content.decode()
    assert "column_1" not in page
    assert auditor.post(f"/readings/files/{file_id}/store/", columns()).status_code == 403
