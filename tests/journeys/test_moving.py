"""A family moves out and another moves in: the readings, the final bill, the new account, the history of both."""

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.town import Town

from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.contracts.models import Account


def test_a_family_moves_out_and_another_in(signed_in: Page, live_server: LiveServer, town: Town) -> None:
    page = signed_in
    BillingPeriod.objects.exclude(month="2026-10-01").delete()  # the supplier begins with October

    page.goto(f"{live_server.url}/accounts/0770000024/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("0770000024")
    page.get_by_role("button", name="Изменить", exact=True).click()
    page.get_by_role("link", name="Выезд и вселение").click()

    page.get_by_label("Последний день выбывающих").fill("2026-10-25")
    page.get_by_label("день, кВт·ч").fill("7")
    page.get_by_label("ночь, кВт·ч").fill("3200,5")
    page.get_by_label("Фамилия").fill("Орлова")
    page.get_by_label("Имя", exact=True).fill("Вера")
    page.get_by_label("Сколько человек вселяется").fill("2")
    page.get_by_label("Их имена").fill("Орлова Вера\nОрлов Лев")
    page.get_by_label("Документ").fill("договор купли-продажи от 20.10.2026")
    page.get_by_role("button", name="Передать").click()
    expect(page.locator(".invalid-feedback")).to_contain_text("Меньше показания от 20.10.2026")

    page.get_by_label("день, кВт·ч").fill("7800")
    page.get_by_role("button", name="Передать").click()
    told = page.get_by_role("alert")
    expect(told.first).to_contain_text("Помещение передано; открыт лицевой счёт")
    expect(told.nth(1)).to_contain_text("Окончательный счёт 0770000024-202610 выставлен")
    expect(page.get_by_role("heading", level=1)).to_contain_text("закрыт")
    # 280 kWh by day at 7,55 and 120,5 by night at 3,28 since the 20th of September
    expect(page.locator("#balance")).to_contain_text("2 509,24")

    page.get_by_role("link", name="История").click()
    history = page.locator(".history")
    expect(history).to_contain_text("Передано лицевому счёту")
    expect(history).to_contain_text("Окончательный счёт 0770000024-202610: к оплате 2 509,24 ₽")
    expect(history).to_contain_text("передача между счетами")
    page.get_by_role("link", name="показания", exact=True).click()
    expect(history).not_to_contain_text("Окончательный счёт")
    expect(history).to_contain_text("день 7 800, ночь 3 200,5")

    page.get_by_role("link", name="Помещение").click()
    expect(page.locator("main")).to_contain_text("Орлов Лев")
    expect(page.locator("main")).to_contain_text("без имени")
    newcomer = Account.objects.get(premise=town.accounts["2"].premise, during__upper_inf=True)
    page.get_by_role("link", name=newcomer.number).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Орлова Вера")
    expect(page.locator("main")).to_contain_text("26.10.2026")

    page.goto(f"{live_server.url}/departures/")
    expect(page.locator("main")).to_contain_text("Никого")
