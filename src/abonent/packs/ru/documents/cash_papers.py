"""Papers of a cash desk: приходный and расходный кассовый ордер (КО-1, КО-2), the slip of a receipt. In Russian.

The forms are those of постановление Госкомстата РФ от 18.08.1998 № 88, which указание Банка России от 11.03.2014
№ 3210-У п. 4.1 names; all their fields are there, and what is not known stays empty to be written in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from abonent.kernel.money import format_minor
from abonent.packs.ru.documents import wording
from abonent.packs.ru.documents.bill import Supplier
from abonent.packs.ru.documents.in_words import sum_in_words
from abonent.packs.ru.formats import fiscal_receipt

_MONTHS: Final = (
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
)
_SETTLEMENTS: Final = {1: "ПРИХОД", 2: "ВОЗВРАТ ПРИХОДА"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOrderPaper:
    """A cash order in words and figures. `papers`: okpo, department and its code, accounts, who signs; may be empty."""

    supplier: Supplier
    is_income: bool
    number: str
    made_on: date
    person: str
    ground: str
    amount_minor: int
    vat_minor: Mapping[int, int]
    attachment: str
    papers: Mapping[str, str]
    cashier: str


@dataclass(frozen=True, slots=True)
class CashOrderSheet:
    """How a cash order is printed: КО-1 with its receipt to tear off, or КО-2, on A5."""

    template: Path = field(default=Path(__file__).with_name("cash_order.typ"), init=False)

    @property
    def title(self) -> str:
        return "Кассовый ордер"

    @property
    def shared(self) -> dict[str, Any]:
        return {"language": "ru"}

    def page(self, document: CashOrderPaper, /) -> dict[str, Any]:
        """Return one order as JSON."""
        roubles, kopecks = divmod(document.amount_minor, 100)
        # «руб.» and «коп.» stand on the form; the kopecks are figures
        spelled = sum_in_words(document.amount_minor).rsplit(" ", 3)[0]
        return {
            "is_income": document.is_income,
            "organisation": document.supplier.name,
            "number": document.number,
            "day": wording.short_day(document.made_on),
            "day_of_month": f"{document.made_on.day:02}",
            "month": _MONTHS[document.made_on.month - 1],
            "year": str(document.made_on.year),
            "person": document.person,
            "ground": document.ground,
            "amount": format_minor(document.amount_minor, language="ru"),
            "roubles": format_minor(roubles * 100, language="ru").removesuffix(",00"),
            "kopecks": f"{kopecks:02}",
            "words": spelled,
            "vat": _vat_words(document.vat_minor),
            "attachment": document.attachment,
            "papers": {
                name: document.papers.get(name, "")
                for name in (
                    "okpo",
                    "department",
                    "department_code",
                    "debit",
                    "credit",
                    "accountant",
                    "manager",
                )
            },
            "cashier": document.cashier,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipPaper:
    """A receipt as a printed slip. `tags`: what is to be printed; `answer`: what the register answered, or {}."""

    tags: Mapping[str, Any]
    answer: Mapping[str, Any]
    number: str
    moment: str
    tendered_minor: int
    change_minor: int
    payer: str


@dataclass(frozen=True, slots=True)
class SlipSheet:
    """How a slip is printed: on a tape of 80 mm, as long as it needs."""

    template: Path = field(default=Path(__file__).with_name("cash_slip.typ"), init=False)

    @property
    def title(self) -> str:
        return "Кассовый чек"

    @property
    def shared(self) -> dict[str, Any]:
        return {"language": "ru"}

    def page(self, document: SlipPaper, /) -> dict[str, Any]:
        """Return one slip as JSON; without an answer of the register it says that it is no fiscal one."""
        tags, answer = document.tags, document.answer
        page: dict[str, Any] = {
            "supplier": tags["1048"],
            "inn": tags["1018"],
            "place": tags["1009"],
            "cashier": tags["1021"],
            "contact": tags.get("1008", ""),
            "account": tags["1192"],
            "payer": document.payer,
            "number": document.number,
            "moment": document.moment,
            "kind": _SETTLEMENTS[tags["1054"]],
            "items": [
                {
                    "name": item["1030"],
                    "amount": _money(item["1043"]),
                    "vat": _item_vat(item),
                }
                for item in tags["1059"]
            ],
            "total": _money(tags["1020"]),
            "sums": [
                [title, _money(tags[tag])]
                for title, tag in (("НАЛИЧНЫМИ", "1031"), ("БЕЗНАЛИЧНЫМИ", "1081"))
                if tags[tag]
            ],
            "tendered": _money(document.tendered_minor) if document.tendered_minor else "",
            "change": _money(document.change_minor),
            "vat": [
                [fiscal_receipt.VAT_NAMES[code], _money(amount)]
                for code, amount in fiscal_receipt.vat_of(tags["1059"]).items()
            ],
            "fiscal": {},
        }
        if answer:
            page["fiscal"] = {
                "correction": "1173" in answer,
                "shift": answer["1038"],
                "receipt": answer["1042"],
                "document": answer["1040"],
                "storage": answer["1041"],
                "registration": answer["1037"],
                "sign": answer["1077"],
            }
            page["qr"] = fiscal_receipt.qr_text(answer)
        return page


def _item_vat(item: Mapping[str, Any]) -> str:
    name = fiscal_receipt.VAT_NAMES[item["1199"]]
    return f"{name} {_money(item['1200'])}" if "1200" in item else name


def _vat_words(vat_minor: Mapping[int, int]) -> str:
    parts: Sequence[str] = [
        f"{fiscal_receipt.VAT_NAMES[code]} {format_minor(amount, language='ru')} руб."
        for code, amount in sorted(vat_minor.items())
        if amount
    ]
    return ", ".join(parts) or "без НДС"


def _money(amount_minor: int) -> str:
    return format_minor(amount_minor, language="ru")
