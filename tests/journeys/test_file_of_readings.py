"""A file with three kinds of errors comes in; the clerk decides on what was held with single keys."""

from datetime import date
from pathlib import Path

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.town import Town

from abonent.contexts.metering.models import Reading, ReadingStatus

ROWS = (
    "Номер ПУ;Дата;Показание",
    "20100001;20.11.2026;3300",
    "20100010;20.11.2026;99000",  # far more than usual
    "20100009;20.11.2026;17",  # below the previous one
    "55555555;20.11.2026;100",  # nobody's
)


def accepted(serial: str) -> list[int]:
    readings = Reading.objects.filter(
        installation__meter__serial=serial, taken_on=date(2026, 11, 20), status=ReadingStatus.ACCEPTED
    )
    return list(readings.values_list("value_wh", flat=True))


def test_from_the_file_to_the_last_decision(
    signed_in: Page, live_server: LiveServer, town: Town, worker: None, tmp_path: Path
) -> None:
    page = signed_in
    sent = tmp_path / "ноябрь.csv"
    sent.write_text("\n".join(ROWS), encoding="cp1251")

    page.get_by_role("link", name="Показания", exact=True).click()
    page.get_by_role("link", name="Загрузить файл").click()
    page.get_by_label("Файл").set_input_files(sent)
    page.get_by_role("button", name="Далее").click()

    # what the columns are taken for is seen before anything is stored
    expect(page.get_by_role("heading", name="ноябрь.csv")).to_be_visible()
    expect(page.get_by_label("Номер ПУ")).to_have_value("serial")
    expect(page.get_by_label("Показание", exact=True)).to_have_value("value")
    page.get_by_label("Отправитель").fill("ТСЖ «Маяк»")
    page.get_by_role("button", name="Проверить и сохранить").click()
    expect(page.locator(".counts")).to_contain_text("1принято", timeout=60_000)
    expect(page.locator(".counts")).to_contain_text("1сомнительно")
    expect(page.locator(".counts")).to_contain_text("2отклонено")
    assert accepted("20100001") == [3_300_000]

    with page.expect_download() as download:
        page.get_by_role("link", name="Файл отправителя с причинами").click()
    assert "20100009" in Path(download.value.path()).read_text(encoding="utf-8-sig", errors="replace")

    page.get_by_role("link", name="Решить по 3 показаниям").click()
    rows = page.locator("#held-rows .held-row")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_have_class("held-row chosen")

    # a: accepted, the next row is chosen; u: taken back; a again
    page.keyboard.press("a")
    expect(rows.nth(0)).to_contain_text("принято")
    expect(rows.nth(1)).to_have_class("held-row chosen")
    assert accepted("20100010") == [99_000_000]
    page.keyboard.press("u")
    expect(rows.nth(0)).to_contain_text("Кузнецова")
    expect(rows.nth(0).locator("[data-key=a]")).to_be_visible()
    assert accepted("20100010") == []
    page.keyboard.press("a")
    expect(rows.nth(1)).to_have_class("held-row chosen")

    # e: the value is corrected in its row; what is still wrong is told there
    page.keyboard.press("e")
    field = rows.nth(1).get_by_label("Новое, кВт·ч")
    expect(field).to_be_focused()
    page.keyboard.type("18")
    page.keyboard.press("Enter")
    expect(rows.nth(1).get_by_role("alert")).to_be_visible()
    field.fill("13250,5")
    page.keyboard.press("Enter")
    expect(rows.nth(1)).to_contain_text("принято")
    assert accepted("20100009") == [13_250_500]

    # k goes back up, j down; r refuses
    page.keyboard.press("k")
    expect(rows.nth(1)).to_have_class("held-row decided chosen")
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(rows.nth(2)).to_contain_text("отказано")
    page.reload()
    expect(page.get_by_text("Ничего не ждёт решения")).to_be_visible()
