"""The papers about places: a building's passport, a handover between payers, the answer to an absence. In Russian."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from abonent.kernel.quantities import format_area, format_wh
from abonent.packs.ru.documents import wording
from abonent.packs.ru.documents.bill import Supplier
from abonent.packs.ru.documents.paper import Paper, PaperTable

_RULES: Final = "Правил, утв. постановлением Правительства РФ от 06.05.2011 № 354"
_PREMISES: Final = {
    1: "жилое",
    2: "нежилое",
    3: "общее имущество",
    4: "внутридомовое отопительное оборудование",
    5: "секция коммунальной квартиры",
    6: "комната коммунальной квартиры",
}
_COMMON_NEEDS: Final = {
    0: "нет",
    1: "потребители, коммунальная услуга",
    2: "исполнитель, по своему договору",
    3: "потребители, в составе платы за содержание жилого помещения",
}
_BASIS: Final = {
    1: "по показаниям общедомового прибора учёта",
    2: "по нормативу с корректировкой раз в год",
    3: "по среднемесячному объёму прошлого года с корректировкой раз в год",
}
_STOVES: Final = {1: "газовые", 2: "электрические"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiseRow:
    """A premise of a building as its passport lists it; dm²."""

    number: str
    kind: int
    area_dm2: int | None
    rooms: int | None
    residents: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassportFacts:
    """A building on a day; what only apartment buildings have is None for others."""

    address: str
    on: date
    floors: int
    entrances: int
    stove: int
    built_in: int | None
    opened_on: date | None
    closed_on: date | None
    premises_area_dm2: int | None
    common_area_dm2: int | None
    common_needs: int | None
    common_basis: int | None
    norm_category: int | None
    excess_to_consumers: bool
    decision: str
    premises: Sequence[PremiseRow]


def building_passport(facts: PassportFacts, /, *, supplier: Supplier) -> Paper:
    """Return the passport of a building with the list of its premises."""
    listed = sum(row.area_dm2 or 0 for row in facts.premises if row.kind in (1, 2))
    return Paper(
        supplier=supplier,
        title="Паспорт дома",
        subtitle=f"{facts.address}, на {wording.long_day(facts.on, language='ru')}",
        facts=[
            ("Этажей", str(facts.floors)),
            ("Подъездов", str(facts.entrances)),
            ("Плиты", _STOVES[facts.stove]),
            ("Год постройки", str(facts.built_in or "")),
            ("Обслуживается с", _day(facts.opened_on)),
            ("Не обслуживается с", _day(facts.closed_on)),
            ("Площадь помещений", _area(facts.premises_area_dm2)),
            ("в том числе по списку ниже", _area(listed)),
            ("Площадь общего имущества", _area(facts.common_area_dm2)),
            ("Электроэнергию на ОДН платят", _COMMON_NEEDS.get(facts.common_needs or 0, "")),
            ("Начисление на ОДН", _BASIS.get(facts.common_basis or 0, "") if facts.common_needs else ""),
            ("Категория норматива", str(facts.norm_category or "") if facts.common_needs else ""),
            ("Превышение норматива", "распределяется на потребителей" if facts.excess_to_consumers else ""),
            ("Решение собственников", facts.decision),
        ],
        tables=[
            PaperTable(
                title="Помещения",
                columns=("Номер", "Вид", "Площадь, м²", "Комнат", "Проживает"),
                rows=[
                    (
                        row.number or "весь дом",
                        _PREMISES[row.kind],
                        _area(row.area_dm2, unit=False),
                        _count(row.rooms),
                        _count(row.residents),
                    )
                    for row in facts.premises
                ],
            )
        ],
        signatures=[("Представитель поставщика", "")],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a handover."""

    account: str
    payer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverFacts:
    """What was handed over; `readings`: serial, zone code, Wh on the face."""

    address: str
    last_day: date
    leaver: Side
    newcomer: Side | None
    readings: Sequence[tuple[str, int, int]]
    document: str


def handover(facts: HandoverFacts, /, *, supplier: Supplier) -> Paper:
    """Return the act by which one payer hands a premise over to the next, with the readings of the day."""
    follows = facts.newcomer
    newcomer = (
        f"{follows.payer}, лицевой счёт {follows.account}" if follows else "новый плательщик не заявлен"
    )
    statements = [
        "Показания сняты в присутствии сторон и принимаются для расчёта по последний день прежнего плательщика "
        "включительно; со следующего дня потребление начисляется новому плательщику.",
        "Начисление на общедомовые нужды за месяц передачи делится между сторонами по дням.",
    ]
    if not facts.readings:
        statements[0] = "Приборов учёта в помещении нет; начисление делится между сторонами по дням."
    return Paper(
        supplier=supplier,
        title="Акт передачи помещения при смене плательщика",
        subtitle=f"от {wording.long_day(facts.last_day, language='ru')}",
        facts=[
            ("Адрес", facts.address),
            ("Выбывает", f"{facts.leaver.payer}, лицевой счёт {facts.leaver.account}"),
            ("Последний день", wording.long_day(facts.last_day, language="ru")),
            ("Вселяется", newcomer),
            ("Основание", facts.document),
        ],
        tables=[
            PaperTable(
                title="Показания на день передачи, кВт·ч",
                columns=("Заводской номер", "Зона", "Показание"),
                rows=[
                    (serial, wording.zone_name(zone, language="ru"), format_wh(value_wh, language="ru"))
                    for serial, zone, value_wh in facts.readings
                ],
            )
        ],
        statements=statements,
        signatures=[
            ("Выбывающий плательщик", facts.leaver.payer),
            ("Новый плательщик", follows.payer if follows else ""),
            ("Представитель поставщика", ""),
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceFacts:
    """An application by absence and its answer; `state` 1 applied for, 2 approved, 3 refused, 4 withdrawn."""

    number: int
    address: str
    people: int
    left_on: date
    returned_on: date
    full_days: int
    applied_on: date
    document: str
    state: int
    decided_on: date | None
    reason: str


def absence_answer(facts: AbsenceFacts, /, *, supplier: Supplier) -> Paper:
    """Return the answer to an application for recalculation by temporary absence (ПП РФ 354 п. 86–97)."""
    decided = {
        1: "Заявление принято к рассмотрению.",
        2: f"Перерасчёт по {_RULES}, п. 86–97, производится за {facts.full_days} полных календарных дней отсутствия; "
        "дни выбытия и прибытия в них не входят (п. 91). На общедомовые нужды перерасчёт не распространяется (п. 88).",
        3: f"В перерасчёте отказано: {facts.reason}",
        4: f"Заявление отозвано: {facts.reason}",
    }
    return Paper(
        supplier=supplier,
        title="Заявление о временном отсутствии: решение",
        subtitle=f"№ {facts.number} от {wording.long_day(facts.applied_on, language='ru')}",
        facts=[
            ("Адрес", facts.address),
            ("Отсутствует человек", str(facts.people)),
            ("День выбытия", wording.short_day(facts.left_on)),
            ("День прибытия", wording.short_day(facts.returned_on)),
            ("Полных дней", str(facts.full_days)),
            ("Подтверждающий документ", facts.document),
            ("Решение принято", _day(facts.decided_on)),
        ],
        statements=[decided[facts.state]],
        signatures=[("Представитель поставщика", ""), ("Заявитель ознакомлен", "")],
    )


def _day(day: date | None) -> str:
    return wording.short_day(day) if day else ""


def _area(area_dm2: int | None, *, unit: bool = True) -> str:
    if area_dm2 is None:
        return ""
    return format_area(area_dm2, language="ru") + (" м²" if unit else "")


def _count(number: int | None) -> str:
    return "" if number is None else str(number)
