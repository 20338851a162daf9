"""The words of printed documents in Russian, Ukrainian and English.

A pack knows no Django, so its documents carry their words themselves. Every entry has all three languages.
"""

from datetime import date
from typing import Final

from abonent.kernel.periods import Month

LANGUAGES: Final = ("ru", "uk", "en")

ZONES: Final[dict[int, tuple[str, str, str]]] = {
    1: ("сутки", "доба", "all day"),
    21: ("день", "день", "day"),
    22: ("ночь", "ніч", "night"),
    31: ("пик", "пік", "peak"),
    32: ("полупик", "напівпік", "shoulder"),
    33: ("ночь", "ніч", "night"),
}
SERVICES: Final[dict[int, tuple[str, str, str]]] = {
    1: ("Электроэнергия", "Електроенергія", "Electricity"),
    2: ("Электроэнергия на ОДН", "Електроенергія на МЗК", "Common needs"),
}
METHODS: Final[dict[str, tuple[str, str, str]]] = {
    "": ("", "", ""),
    "metered": ("по показаниям", "показники", "by reading"),
    "average": ("по среднему", "середнє", "average"),
    "norm": ("по нормативу", "норма", "by norm"),
    "common_metered": ("по ОДПУ", "будинковий", "building meter"),
    "common_norm": ("норматив ОДН", "норма МЗК", "common norm"),
    "negative": ("возврат, п. 47", "повернення", "refund, item 47"),
    "spread": ("за месяцы", "за місяці", "months"),
    "absence": ("отсутствие", "відсутність", "absence"),
    "unauthorised": ("по мощности", "за потужністю", "by power"),
    "communal": ("доля комнаты", "частка кімнати", "room's share"),
    "agreed": ("по договору", "за договором", "agreed"),
    "excess": ("сверх нормы", "понад норму", "above norm"),
    "common_average": ("среднее за год", "середнє за рік", "year average"),
    "true_up": ("корректировка", "коригування", "true-up"),
    "manual": ("по решению", "за рішенням", "by decision"),
}

WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "title": (
        "Платёжный документ за {month}",
        "Платіжний документ за {month}",
        "Bill for {month}",
    ),
    "document": ("Счёт за электроэнергию", "Рахунок за електроенергію", "Electricity bill"),
    "subtitle": (
        "на оплату электрической энергии",
        "на оплату електричної енергії",
        "for electricity",
    ),
    "number": ("№ {number} от {day}", "№ {number} від {day}", "No. {number} of {day}"),
    "inn": ("ИНН", "ІПН", "INN"),
    "kpp": ("КПП", "КПП", "KPP"),
    "recipient": ("Получатель", "Отримувач", "Payee"),
    "bank_account": ("Расчётный счёт", "Рахунок", "Bank account"),
    "bank": ("Банк", "Банк", "Bank"),
    "bic": ("БИК", "БІК", "BIC"),
    "correspondent_account": ("Корр. счёт", "Кор. рахунок", "Corr. account"),
    "scan": ("Оплата по QR-коду", "Оплата за QR-кодом", "Scan to pay"),
    "account": ("Лицевой счёт", "Особовий рахунок", "Account"),
    "payer": ("Плательщик", "Платник", "Payer"),
    "address": ("Адрес", "Адреса", "Address"),
    "area": ("Площадь", "Площа", "Area"),
    "residents": ("Проживает", "Мешкає", "Residents"),
    "rooms": ("Комнат", "Кімнат", "Rooms"),
    "tariff_group": ("Тарифная группа", "Група споживачів", "Tariff group"),
    "due": ("К оплате", "До сплати", "Amount due"),
    "pay_by": ("оплатить до {day}", "сплатити до {day}", "pay by {day}"),
    "advance_due": ("Аванс, оплата не требуется", "Аванс, сплата не потрібна", "In credit, nothing to pay"),
    "opening_debt": ("Долг на начало периода", "Борг на початок періоду", "Debt brought forward"),
    "opening_advance": ("Аванс на начало периода", "Аванс на початок періоду", "Credit brought forward"),
    "benefit_note": (
        "Мера социальной поддержки: {percent} % {volume}, человек: {people}. Компенсацию {amount} руб. выплачивает "
        "орган социальной защиты; счёт оплачивается полностью.",
        "Захід соціальної підтримки: {percent} % {volume}, осіб: {people}. Компенсацію {amount} руб. виплачує орган "
        "соціального захисту; рахунок сплачується повністю.",
        "Social support: {percent}% {volume}, people: {people}. The compensation of {amount} RUB is paid by the social "
        "security office; the bill is paid in full.",
    ),
    "benefit_unknown": (
        "Мера социальной поддержки: {percent} % {volume}, человек: {people}. Выплачивает орган социальной защиты.",
        "Захід соціальної підтримки: {percent} % {volume}, осіб: {people}. Виплачує орган соціального захисту.",
        "Social support: {percent}% {volume}, people: {people}. Paid by the social security office.",
    ),
    "benefit_norm": ("платы в пределах норматива", "плати в межах норми", "of the charge within the norm"),
    "benefit_whole": ("платы за весь объём", "плати за весь обсяг", "of the whole charge"),
    "subsidy_note": (
        "Субсидия {amount} руб. поступила от государства и учтена в оплате.",
        "Субсидія {amount} руб. надійшла від держави і врахована в оплаті.",
        "A subsidy of {amount} RUB came from the state and counts as paid.",
    ),
    "paid": ("Оплачено", "Сплачено", "Paid"),
    "paid_last": ("Оплачено (последняя {day})", "Сплачено (остання {day})", "Paid (last on {day})"),
    "charged": ("Начислено за период", "Нараховано за період", "Charged this period"),
    "recalculated": ("Перерасчёт", "Перерахунок", "Recalculation"),
    "penalty": ("Пени и судебные расходы", "Пеня і судові витрати", "Penalties and court costs"),
    "written_off": ("Списано", "Списано", "Written off"),
    "total": ("Итого", "Разом", "Total"),
    "charges": ("Расчёт платы", "Розрахунок плати", "Charges"),
    "service": ("Услуга", "Послуга", "Service"),
    "quantity": ("Объём, кВт·ч", "Обсяг, кВт·год", "Volume, kWh"),
    "price": ("Тариф, руб./кВт·ч", "Тариф, руб./кВт·год", "Price, RUB/kWh"),
    "amount": ("Начислено, руб.", "Нараховано, руб.", "Charged, RUB"),
    "uplift": (
        "Превышение (повыш. коэф.), руб.",
        "Перевищення (підвищ. коеф.), руб.",
        "Excess (uplift), RUB",
    ),
    "recalculation": ("Перерасчёт, руб.", "Перерахунок, руб.", "Recalculated, RUB"),
    "line_total": ("Всего, руб.", "Усього, руб.", "Total, RUB"),
    "method": ("Определён", "Спосіб", "Determined"),
    "meters": ("Приборы учёта", "Прилади обліку", "Meters"),
    "meter": ("Прибор учёта", "Прилад обліку", "Meter"),
    "zone": ("Зона", "Зона", "Zone"),
    "verified_until": ("Поверен до", "Повірений до", "Verified until"),
    "previous_date": ("Пред. дата", "Попер. дата", "Prev. date"),
    "previous": ("Пред. показание", "Попер. показник", "Prev. reading"),
    "current_date": ("Тек. дата", "Пот. дата", "Curr. date"),
    "current": ("Тек. показание", "Пот. показник", "Curr. reading"),
    "ratio": ("Коэф.", "Коеф.", "Ratio"),
    "usage": ("Расход, кВт·ч", "Витрата, кВт·год", "Usage, kWh"),
    "removed": ("снят {day}", "знято {day}", "removed {day}"),
    "no_meter": (
        "Прибора учёта нет: объём определён по нормативу {norm} кВт·ч на человека в месяц.",
        "Приладу обліку немає: обсяг визначено за нормою {norm} кВт·год на особу на місяць.",
        "No meter: the volume is set by the norm of {norm} kWh per resident a month.",
    ),
    "no_meter_plain": (
        "Прибора учёта нет: объём определён по нормативу.",
        "Приладу обліку немає: обсяг визначено за нормою.",
        "No meter: the volume is set by the norm.",
    ),
    "history": (
        "Потребление за 13 месяцев, кВт·ч",
        "Споживання за 13 місяців, кВт·год",
        "Usage over 13 months, kWh",
    ),
    "estimated": ("расчётный объём", "розрахунковий обсяг", "estimated"),
    "reference": ("Справочно", "Довідково", "For reference"),
    "building_meter": (
        "Общедомовой прибор учёта, кВт·ч",
        "Будинковий вузол обліку, кВт·год",
        "Building meter, kWh",
    ),
    "living_usage": ("Жилые помещения, кВт·ч", "Житлові приміщення, кВт·год", "Living premises, kWh"),
    "non_living_usage": (
        "Нежилые помещения, кВт·ч",
        "Нежитлові приміщення, кВт·год",
        "Non-living premises, kWh",
    ),
    "common_usage": (
        "Общедомовые нужды, кВт·ч",
        "Місця загального користування, кВт·год",
        "Common needs, kWh",
    ),
    "common_norm": ("Норматив ОДН, кВт·ч на м²", "Норма МЗК, кВт·год на м²", "Common needs norm, kWh per m²"),
    "premises_area": (
        "Площадь помещений дома, м²",
        "Площа приміщень будинку, м²",
        "Premises of the building, m²",
    ),
    "common_area": ("Общее имущество, м²", "Спільне майно, м²", "Common property, m²"),
    "norm": ("Норматив, кВт·ч на человека", "Норма, кВт·год на особу", "Norm, kWh per resident"),
    "readings_window": (
        "Передайте показания с {first} по {last} число месяца.",
        "Передайте показники з {first} по {last} число місяця.",
        "Please hand in readings between day {first} and day {last} of the month.",
    ),
    "recalculation_note": (
        "Перерасчёт {amount} руб.: {reason}.",
        "Перерахунок {amount} руб.: {reason}.",
        "{amount} RUB: {reason}.",
    ),
    "verification_soon": (
        "У прибора учёта {serial} {day} истекает срок поверки: позаботьтесь о ней заранее.",
        "У приладу обліку {serial} {day} спливає термін повірки: подбайте про неї завчасно.",
        "The verification of meter {serial} expires on {day}: please see to it in time.",
    ),
    "verification_past": (
        "У прибора учёта {serial} {day} истёк срок поверки. До поверки или замены показания принимаются (п. 80(1)).",
        "У приладу обліку {serial} {day} сплив термін повірки. До повірки або заміни показники приймаються (п. 80(1)).",
        "The verification of meter {serial} expired on {day}. Until it is verified or replaced, readings still count.",
    ),
    "cut": ("линия отреза", "лінія відрізу", "cut here"),
    "slip": ("Квитанция об оплате", "Квитанція про сплату", "Payment slip"),
    "period": ("Период", "Період", "Period"),
    "new_readings": (
        "Показания на день оплаты",
        "Показники на день сплати",
        "Readings on the day of payment",
    ),
    "i_pay": ("Оплачиваю, руб.", "Сплачую, руб.", "I pay, RUB"),
    "date": ("Дата", "Дата", "Date"),
    "cover_list": ("Счета за электроэнергию", "Рахунки за електроенергію", "Electricity bills"),
    "cover_title": ("Платёжные документы за {month}", "Платіжні документи за {month}", "Bills for {month}"),
    "cover_building": ("Дом", "Будинок", "Building"),
    "cover_from": ("С листа", "З аркуша", "From page"),
    "cover_bills": ("Документов", "Документів", "Bills"),
    "cover_pages": ("Листов", "Аркушів", "Pages"),
    "cover_sum": ("К оплате, руб.", "До сплати, руб.", "Amount due, RUB"),
    "cover_control": ("Контрольная сумма, руб.", "Контрольна сума, руб.", "Control sum, RUB"),
    "cover_printed": ("Сформировано", "Сформовано", "Prepared on"),
    "cover_note": (
        "Листы сосчитаны от первого документа, без этой описи; авансы входят в суммы со знаком минус.",
        "Аркуші пораховано від першого документа, без цього опису; аванси входять до сум зі знаком мінус.",
        "Pages are counted from the first bill, without this list; credits count as negative amounts.",
    ),
}

# Banks and the supplier's accountants read it, so it is Russian whatever the page's language is.
PURPOSE: Final = "За электроэнергию {month}"

_MONTHS: Final = {
    "ru": [
        "январь",
        "февраль",
        "март",
        "апрель",
        "май",
        "июнь",
        "июль",
        "август",
        "сентябрь",
        "октябрь",
        "ноябрь",
        "декабрь",
    ],
    "uk": [
        "січень",
        "лютий",
        "березень",
        "квітень",
        "травень",
        "червень",
        "липень",
        "серпень",
        "вересень",
        "жовтень",
        "листопад",
        "грудень",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}
_MONTHS_GENITIVE: Final = {
    "ru": [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ],
    "uk": [
        "січня",
        "лютого",
        "березня",
        "квітня",
        "травня",
        "червня",
        "липня",
        "серпня",
        "вересня",
        "жовтня",
        "листопада",
        "грудня",
    ],
    "en": _MONTHS["en"],
}
_MONTHS_SHORT: Final = {
    "ru": ["янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"],
    "uk": ["січ", "лют", "бер", "кві", "тра", "чер", "лип", "сер", "вер", "жов", "лис", "гру"],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}
_YEAR_MARK: Final = {"ru": " г.", "uk": " р.", "en": ""}


def words(language: str, /) -> dict[str, str]:
    """Return all the fixed words of a language. Raises ValueError for a language that is not spoken here."""
    column = _column(language)
    return {key: texts[column] for key, texts in WORDS.items()}


def zone_name(zone: int, /, *, language: str) -> str:
    return ZONES[zone][_column(language)]


def service_name(service: int, /, *, language: str) -> str:
    return SERVICES[service][_column(language)]


def method_name(method: str, /, *, language: str) -> str:
    return METHODS[method][_column(language)]


def month_name(month: Month, /, *, language: str) -> str:
    """2026-10 -> "октябрь 2026 г."."""
    return f"{_MONTHS[language][month.month - 1]} {month.year}{_YEAR_MARK[language]}"


def short_month(month: Month, /, *, language: str) -> str:
    """2026-10 -> "окт"."""
    return _MONTHS_SHORT[language][month.month - 1]


def long_day(day: date, /, *, language: str) -> str:
    """2026-11-15 -> "15 ноября 2026 г."."""
    return f"{day.day} {_MONTHS_GENITIVE[language][day.month - 1]} {day.year}{_YEAR_MARK[language]}"


def short_day(day: date, /) -> str:
    """2026-11-15 -> "15.11.2026", in every language: the country's own form."""
    return f"{day:%d.%m.%Y}"


def _column(language: str) -> int:
    if language not in LANGUAGES:
        raise ValueError(f"documents are written in {', '.join(LANGUAGES)}; not in {language!r}")
    return LANGUAGES.index(language)
