"""A fiscal receipt as tags of the format ФФД 1.2 (приказ ФНС от 14.09.2020 № ЕД-7-20/662@).

The register adds its own: number, day, shift, fiscal sign. Amounts are kopecks.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from abonent.engine.parameters import ParameterSet
from abonent.kernel.money import format_minor
from abonent.kernel.rounding import divide_half_away

Tags = dict[str, Any]

INCOME, RETURN_OF_INCOME = 1, 2
SERVICE, PENALTY, COURT_COST, ADVANCE = 1, 2, 3, 4
_GENERAL_TAXATION: Final = 1
_PIECES: Final = 0
_NAMES: Final = {
    SERVICE: "Электроснабжение",
    PENALTY: "Пени за просрочку оплаты",
    COURT_COST: "Судебные расходы",
    ADVANCE: "Аванс за электроснабжение",
}
VAT_NAMES: Final = {1: "НДС 20 %", 3: "НДС 20/120", 6: "без НДС", 11: "НДС 22 %", 12: "НДС 22/122"}
_VAT_PERCENT: Final = {1: 20, 3: 20, 11: 22, 12: 22}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """So much was paid for a debt (1 principal, 2 penalty, 3 court costs) of a month; None: in advance."""

    debt: int | None
    period: date | None
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFacts:
    """What a receipt says. `paid` adds up to `cash_minor` + `card_minor`; `contact`: phone or e-mail of the payer."""

    kind: int
    account: str
    paid: Sequence[Paid]
    paid_on: date
    cash_minor: int
    card_minor: int
    cashier: str
    supplier: str
    supplier_inn: str
    place: str
    contact: str = ""


def receipt(facts: ReceiptFacts, /, *, parameters: ParameterSet) -> Tags:
    """Return the tags of a receipt. Raises ValueError when the parts are not the whole, ParameterMissingError."""
    total_minor = facts.cash_minor + facts.card_minor
    items = _items(facts, parameters)
    if sum(item["1043"] for item in items) != total_minor:
        raise ValueError(f"the items of a receipt of {total_minor} kopecks add up to something else")
    tags: Tags = {
        "1054": facts.kind,
        "1055": _GENERAL_TAXATION,
        "1018": facts.supplier_inn,
        "1048": facts.supplier,
        "1009": facts.place,
        "1021": facts.cashier,
        "1020": total_minor,
        "1031": facts.cash_minor,
        "1081": facts.card_minor,
        "1215": 0,
        "1216": 0,
        "1217": 0,
        "1192": f"ЛС {facts.account}",
        "1059": items,
    }
    if facts.contact:
        tags["1008"] = facts.contact
    return tags


def returned(tags: Mapping[str, Any], /, *, cash_minor: int, card_minor: int, cashier: str) -> Tags:
    """Return the receipt that gives back so much of an earlier one, what was paid last in it first.

    Raises ValueError when more is given back than was paid.
    """
    left = cash_minor + card_minor
    items = []
    for item in reversed(tags["1059"]):
        part = min(left, item["1043"])
        if part:
            items.append(_cost(item, part))
            left -= part
    if left:
        raise ValueError(f"{left} kopecks more than the receipt has")
    back = {**tags, "1054": RETURN_OF_INCOME, "1059": items, "1020": cash_minor + card_minor}
    return back | {"1031": cash_minor, "1081": card_minor, "1021": cashier}


def correction(tags: Mapping[str, Any], /, *, of: date) -> Tags:
    """Return a receipt as one of correction: it was not printed on the day of payment (54-ФЗ ст. 4.3 ч. 4)."""
    return {**tags, "1173": 0, "1174": {"1178": of.isoformat()}}


def qr_text(answer: Mapping[str, Any], /) -> str:
    """Return the text of the code on a printed receipt (tag 1196)."""
    at = datetime.fromisoformat(answer["1012"])
    return (
        f"t={at:%Y%m%dT%H%M}&s={format_minor(answer['1020'])}&fn={answer['1041']}&i={answer['1040']}"
        f"&fp={answer['1077']}&n={answer['1054']}"
    )


def vat_of(items: Iterable[Mapping[str, Any]], /) -> dict[int, int]:
    """Return what of the items is VAT, kopecks by its code."""
    sums: dict[int, int] = defaultdict(int)
    for item in items:
        if "1200" in item:
            sums[item["1199"]] += item["1200"]
    return dict(sums)


def _items(facts: ReceiptFacts, parameters: ParameterSet) -> list[Tags]:
    """One item for what is paid of one kind at one rate, the earliest month first; the advance last."""
    grouped: dict[tuple[int, int, int, int], int] = defaultdict(int)
    for part in sorted(facts.paid, key=lambda part: (part.debt is None, part.period or date.max)):
        item = part.debt or ADVANCE
        rows = parameters.version("ru.payment.receipt_items", on=part.period or facts.paid_on).rows
        row = next(row for row in rows if int(row["item"] or 0) == item)
        subject, method, vat = (int(row[name] or 0) for name in ("subject", "method", "vat"))
        grouped[item, subject, method, vat] += part.amount_minor
    return [
        _cost(
            {
                "1030": f"{_NAMES[item]}, ЛС {facts.account}",
                "1023": 1,
                "2108": _PIECES,
                "1199": vat,
                "1212": subject,
                "1214": method,
            },
            amount_minor,
        )
        for (item, subject, method, vat), amount_minor in grouped.items()
        if amount_minor
    ]


def _cost(item: Mapping[str, Any], amount_minor: int) -> Tags:
    """Return the item at this cost, with the VAT that is in it."""
    priced = {**item, "1079": amount_minor, "1043": amount_minor}
    if percent := _VAT_PERCENT.get(item["1199"]):
        priced["1200"] = divide_half_away(amount_minor * percent, 100 + percent)
    return priced
