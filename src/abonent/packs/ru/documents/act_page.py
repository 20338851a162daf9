"""From an act's data to the words and figures of its page. Acts are written in Russian, the language of the law.

The page itself is `act.typ`; it only places what it is given.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from abonent.kernel.quantities import format_wh
from abonent.packs.ru.documents import act, wording
from abonent.packs.ru.documents.act import ActDocument, ActMeter, ActRegister

_LANGUAGE: Final = "ru"
_NOTHING: Final = "–"
_RULES: Final = "Правил, утв. постановлением Правительства РФ от 06.05.2011 № 354"

TITLES: Final = {
    act.ADMISSION: "Акт допуска прибора учёта в эксплуатацию",
    act.REPLACEMENT: "Акт замены прибора учёта",
    act.REMOVAL: "Акт снятия прибора учёта",
    act.CHECK: "Акт проверки прибора учёта",
    act.ACCESS_REFUSED: "Акт об отказе в допуске к прибору учёта",
    act.TAMPERING: "Акт о несанкционированном вмешательстве в работу прибора учёта",
    act.UNAUTHORISED: "Акт о несанкционированном подключении",
    act.SEALING: "Акт установки и снятия пломб",
    act.VERIFICATION: "Акт о поверке прибора учёта",
}
_SEALS: Final = {
    "set": "установлена",
    "removed": "снята",
    "broken": "нарушена",
    "intact": "цела",
    "set_by_mistake": "внесена ошибочно, в учёте не значится",
    "ended_by_mistake": "снятие или нарушение внесено ошибочно, пломба цела",
}


@dataclass(frozen=True, slots=True)
class ActSheet:
    """How acts are printed."""

    template: Path = field(default=Path(__file__).with_name("act.typ"), init=False)

    @property
    def title(self) -> str:
        return "Акт"

    @property
    def shared(self) -> dict[str, Any]:
        return {"language": _LANGUAGE}

    def page(self, document: ActDocument, /) -> dict[str, Any]:
        """Return the words and figures of one act."""
        return {
            "supplier": _supplier(document),
            "title": TITLES[document.kind],
            "number": f"№ {document.number} от {wording.long_day(document.drawn_on, language=_LANGUAGE)}",
            "annulled": _annulled(document),
            "facts": list(_facts(document)),
            "meters": list(_meters(document)),
            "registers": list(_registers(document)),
            "seals": [[seal.number, seal.place, _SEALS[seal.what]] for seal in document.seals],
            "statements": [*_statements(document), *filter(None, [document.note])],
            "signatures": list(_signatures(document)),
        }


def _supplier(document: ActDocument) -> dict[str, str]:
    supplier = document.supplier
    contacts = (supplier.address, supplier.phones, supplier.email)
    return {
        "name": supplier.name,
        "codes": f"ИНН {supplier.inn}, КПП {supplier.kpp}",
        "contacts": ", ".join(filter(None, contacts)),
    }


def _annulled(document: ActDocument) -> str:
    if document.annulled_on is None:
        return ""
    return f"Аннулирован {_day(document.annulled_on)}: {document.annulled_because}"


def _facts(document: ActDocument) -> Iterable[list[str]]:
    yield ["Адрес", document.address]
    for number, payer in document.accounts:
        yield ["Лицевой счёт", f"{number}, {payer}"]
    if document.kind == act.UNAUTHORISED:
        yield ["Оборудование", document.equipment or _NOTHING]
        power = document.power_w
        yield ["Мощность", "не установлена" if power is None else f"{_energy(power)} кВт"]
        connected = document.connected_on
        yield ["Дата подключения", _day(connected) if connected else "не установлена"]
    if document.begins_on is not None:
        yield ["Доначисление с", _day(document.begins_on)]
    if document.kind in (act.TAMPERING, act.UNAUTHORISED):
        yield ["Устранено", _day(document.removed_on) if document.removed_on else "нет"]
    if document.kind == act.VERIFICATION:
        yield ["Дата поверки", _day(document.verified_on)]
        if document.is_fit:
            yield ["Действительна до", _day(document.verification_due_on)]
        yield ["Свидетельство", document.certificate or _NOTHING]


def _meters(document: ActDocument) -> Iterable[list[str]]:
    changed = document.kind == act.REPLACEMENT
    if document.meter is not None:
        yield _meter("Снят" if changed else "", document.meter)
    if document.new_meter is not None:
        yield _meter("Установлен", document.new_meter)


def _meter(role: str, meter: ActMeter) -> list[str]:
    phases = "трёхфазный" if meter.phases == 3 else "однофазный"
    return [
        role,
        meter.serial,
        f"{meter.model}, {phases}",
        _day(meter.verified_on),
        _day(meter.verification_due_on),
    ]


def _registers(document: ActDocument) -> Iterable[list[str]]:
    for kind, registers in (("конечное", document.registers), ("начальное", document.new_registers)):
        if document.kind == act.CHECK:
            kind = "контрольное"
        for register in registers:
            yield _register(kind, register)


def _register(kind: str, register: ActRegister) -> list[str]:
    previous = _NOTHING if register.previous_wh is None else _energy(register.previous_wh)
    return [
        kind,
        wording.zone_name(register.zone, language=_LANGUAGE),
        _day(register.previous_on),
        previous,
        _energy(register.value_wh),
        str(register.digits),
        str(register.ratio),
    ]


def _statements(document: ActDocument) -> Iterable[str]:
    day = _day(document.drawn_on)
    match document.kind:
        case act.ADMISSION:
            yield (
                f"Прибор учёта допущен в эксплуатацию. С {day} объём потреблённой электрической энергии "
                f"определяется по его показаниям (п. 81 {_RULES})."
            )
        case act.REPLACEMENT:
            yield (
                f"Замена произведена {day}: по этот день объём определяется по конечным показаниям снятого прибора, "
                "далее – по показаниям установленного от начальных."
            )
        case act.REMOVAL:
            yield f"Прибор учёта снят {day} с конечными показаниями, пломбы сняты вместе с ним."
        case act.CHECK if document.is_sound:
            yield (
                "Прибор учёта исправен и пригоден для расчётов, вмешательства в его работу не обнаружено. "
                f"Контрольные показания учитываются при расчёте (п. 61 и 84 {_RULES})."
            )
        case act.CHECK:
            yield "Прибор учёта непригоден для расчётов: причины указаны ниже."
        case act.ACCESS_REFUSED:
            yield from _refusal(document, day)
        case act.TAMPERING:
            yield (
                "Обнаружено вмешательство в работу прибора учёта. До дня устранения объём определяется по нормативу "
                f"с повышающим коэффициентом (п. 81(11) {_RULES})."
            )
        case act.UNAUTHORISED:
            yield _connection(document)
        case act.VERIFICATION if not document.is_fit:
            yield "По результатам поверки прибор учёта признан непригодным к применению и подлежит замене."
        case act.VERIFICATION:
            yield "По результатам поверки прибор учёта признан пригодным к применению."


def _refusal(document: ActDocument, day: str) -> Iterable[str]:
    yield (
        f"{day} представитель поставщика не был допущен к прибору учёта для проверки его состояния, наличия пломб и "
        "снятия показаний."
    )
    if document.refusal_no >= 2:
        first = wording.short_day(document.drawn_on.replace(day=1))
        if document.refusal_no == 2:
            yield (
                f"Отказ повторный. С {first} и до дня проверки плата рассчитывается по нормативу с повышающим "
                f"коэффициентом, показания прибора не учитываются (п. 60(3) {_RULES})."
            )
        else:
            yield (
                f"Отказ {document.refusal_no}-й подряд. До дня проверки плата рассчитывается по нормативу с "
                f"повышающим коэффициентом (п. 60(3) {_RULES})."
            )
    else:
        yield (
            "Отказ первый. При повторном отказе плата рассчитывается по нормативу с повышающим коэффициентом: с "
            f"первого дня месяца повторного акта до дня проверки (п. 60(3) {_RULES})."
        )


def _connection(document: ActDocument) -> str:
    if document.power_w is not None:
        how = "исходя из мощности подключённого оборудования при круглосуточной работе"
    else:
        how = "по нормативу с повышающим коэффициентом"
    return (
        "Обнаружено подключение, минующее прибор учёта. До дня устранения объём определяется "
        f"{how} (п. 62 {_RULES})."
    )


def _signatures(document: ActDocument) -> Iterable[list[str]]:
    yield ["Представитель поставщика", document.inspector]
    if document.kind == act.ACCESS_REFUSED:
        yield ["Потребитель (от подписи отказался / отсутствовал)", ""]
        yield ["Незаинтересованное лицо", document.present]
        yield ["Незаинтересованное лицо", ""]
    else:
        payers = [payer for _number, payer in document.accounts]
        yield ["Потребитель (представитель)", document.present or (payers[0] if len(payers) == 1 else "")]


def _day(day: date | None) -> str:
    return wording.short_day(day) if day else _NOTHING


def _energy(value: int) -> str:
    return format_wh(value, language=_LANGUAGE).replace("-", "−")
