"""EnterpriseData 1.8: sales and money in as 1С:Бухгалтерия takes them; written as it comes, nothing held.

Structure: Message / msg:Header / Body; see docs/formats/enterprise-data.md for what it is taken from. The same records
give the same objects: a reference is a name-based UUID of the supplier's INN and of what the object is.
"""

from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import IO, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from lxml import etree

from abonent.kernel.money import format_minor

FORMAT = "http://v8.1c.ru/edi/edi_stnd/EnterpriseData/1.8"
_MESSAGE = "http://www.1c.ru/SSL/Exchange/Message"
_VERSION = "1.8"
_NAMESPACE = uuid5(NAMESPACE_URL, FORMAT)
_CURRENCY = ("643", "руб.")
_POPULATION = "Население (физические лица)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """The supplier whose books these are."""

    name: str
    short_name: str
    inn: str
    kpp: str
    bank_account: str
    bank_name: str
    bic: str
    correspondent_account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterparty:
    """Who owes and pays: a legal entity with its INN, or, with an empty `key`, the population as a whole."""

    key: str = ""
    name: str = _POPULATION
    inn: str = ""

    @property
    def is_population(self) -> bool:
        return not self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A service sold. `vat_minor` is within the amount."""

    service: str
    name: str
    amount_minor: int
    vat_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What was sold in a month to a counterparty by a branch."""

    month: date
    booked_on: date
    branch: str
    branch_name: str
    counterparty: Counterparty
    vat_percent: int
    lines: Sequence[Line]

    @property
    def amount_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Money of a day that came through an agent from a counterparty. `is_cash`: over the supplier's own counter."""

    day: date
    branch: str
    branch_name: str
    agent: str
    agent_name: str
    is_cash: bool
    counterparty: Counterparty
    amount_minor: int


class Writer:
    """Writes a message into a stream: the header, what the documents refer to, the documents."""

    def __init__(self, stream: IO[bytes], *, organisation: Organisation) -> None:
        self._stream, self._organisation = stream, organisation
        self._file: Any = None

    def write(
        self,
        *,
        counterparties: Iterable[Counterparty],
        sales: Iterable[Sale],
        receipts: Iterable[Receipt],
        at: datetime,
    ) -> int:
        """Write everything; return how many objects. `counterparties` come before what refers to them."""
        written = 0
        with etree.xmlfile(self._stream, encoding="UTF-8") as self._file:
            self._file.write_declaration()
            with self._file.element("Message", nsmap={"msg": _MESSAGE}):
                self._header(at)
                with self._file.element(f"{{{FORMAT}}}Body", nsmap={None: FORMAT}):
                    self._catalogue()
                    written += 2
                    for counterparty in counterparties:
                        self._counterparty(counterparty)
                        written += 1
                    for sale in sales:
                        self._sale(sale)
                        written += 1
                    for receipt in receipts:
                        self._receipt(receipt)
                        written += 1
        return written

    def reference(self, *parts: object) -> UUID:
        """Return the reference of an object: the same for the same parts of the same supplier."""
        return uuid5(_NAMESPACE, "/".join(map(str, (self._organisation.inn, *parts))))

    def _header(self, at: datetime) -> None:
        with self._file.element(f"{{{_MESSAGE}}}Header"):
            for name, text in (
                ("Format", FORMAT),
                ("CreationDate", at.replace(tzinfo=None, microsecond=0).isoformat()),
                ("AvailableVersion", _VERSION),
            ):
                with self._file.element(f"{{{_MESSAGE}}}{name}"):
                    self._file.write(text)

    def _catalogue(self) -> None:
        with self._element("Справочник.Валюты"), self._element("КлючевыеСвойства"):
            self._currency_keys()
        with self._element("Справочник.Организации"), self._element("КлючевыеСвойства"):
            self._organisation_keys()

    def _counterparty(self, counterparty: Counterparty) -> None:
        with self._element("Справочник.Контрагенты"), self._element("КлючевыеСвойства"):
            self._counterparty_keys(counterparty)

    def _sale(self, sale: Sale) -> None:
        reference = self.reference("sale", sale.month, sale.branch, sale.counterparty.key)
        with self._element("Документ.РеализацияТоваровУслуг"):
            self._document_keys(reference, f"Р{sale.month:%y%m}{reference.hex[:6].upper()}", sale.booked_on)
            self._text("ВидОперации", "РеализацияКлиенту")
            self._currency("Валюта")
            self._text("Сумма", format_minor(sale.amount_minor))
            self._reference_to("Контрагент", lambda: self._counterparty_keys(sale.counterparty))
            self._settlement(sale.counterparty, sale.branch, sale.branch_name)
            self._text("СуммаВключаетНДС", "true")
            self._text("Налогообложение", "ПродажаОблагаетсяНДС")
            self._text("Комментарий", f"Начислено за {sale.month:%m.%Y}, {sale.branch_name}")
            with self._element("Услуги"):
                for number, line in enumerate(sale.lines, start=1):
                    self._line(number, line, sale.vat_percent)

    def _line(self, number: int, line: Line, vat_percent: int) -> None:
        with self._element("Строка"):
            self._text("НомерСтрокиДокумента", str(number))
            with self._element("Номенклатура"):
                self._text("Ссылка", str(self.reference("service", line.service)))
                self._text("Наименование", line.name)
            self._text("Содержание", line.name)
            self._text("Количество", "1")
            self._text("Цена", format_minor(line.amount_minor))
            self._text("Сумма", format_minor(line.amount_minor))
            self._text("СтавкаНДС", f"НДС{vat_percent}")
            self._text("СуммаНДС", format_minor(line.vat_minor))

    def _receipt(self, receipt: Receipt) -> None:
        reference = self.reference(
            "receipt", receipt.day, receipt.agent, receipt.branch, receipt.counterparty.key
        )
        purpose = (
            f"Оплата за электроэнергию: {receipt.counterparty.name}, {receipt.branch_name}, "
            f"через: {receipt.agent_name}, {receipt.day:%d.%m.%Y}"
        )
        kind = "ПКОРасчетыСКонтрагентами" if receipt.is_cash else "ПБДСРасчетыСКонтрагентами"
        with self._element(f"Документ.{kind}"):
            self._document_keys(reference, f"П{receipt.day:%y%m%d}{reference.hex[:4].upper()}", receipt.day)
            with self._element("ОбщиеДанные"):
                self._text("Сумма", format_minor(receipt.amount_minor))
                self._currency("Валюта")
                if not receipt.is_cash:
                    self._reference_to("БанковскийСчетОрганизации", self._bank_account)
                    self._text("ДатаВыписки", receipt.day.isoformat())
                self._text("НазначениеПлатежа", purpose)
            self._text("ВидРасчетов", "СПокупателем")
            self._reference_to("Контрагент", lambda: self._counterparty_keys(receipt.counterparty))
            with self._element("РасшифровкаПлатежа"), self._element("Строка"):
                self._text("Сумма", format_minor(receipt.amount_minor))
                self._text("СуммаВзаиморасчетов", format_minor(receipt.amount_minor))
                self._settlement(receipt.counterparty, receipt.branch, receipt.branch_name)

    def _document_keys(self, reference: UUID, number: str, day: date) -> None:
        with self._element("КлючевыеСвойства"):
            self._text("Ссылка", str(reference))
            self._text("Дата", datetime.combine(day, time()).isoformat())
            self._text("Номер", number)
            self._reference_to("Организация", self._organisation_keys)

    def _settlement(self, counterparty: Counterparty, branch: str, branch_name: str) -> None:
        """The contract under which they settle: one a branch with the population, one with a legal entity."""
        with self._element("ДанныеВзаиморасчетов"):
            with self._element("Договор"):
                self._text("Ссылка", str(self.reference("contract", branch, counterparty.key)))
                self._text("ВидДоговора", "СПокупателем")
                self._reference_to("Организация", self._organisation_keys)
                self._reference_to("Контрагент", lambda: self._counterparty_keys(counterparty))
                self._currency("ВалютаВзаиморасчетов")
                self._text("Наименование", f"Энергоснабжение, {branch_name}")
            self._currency("ВалютаВзаиморасчетов")
            self._text("КурсВзаиморасчетов", "1")
            self._text("КратностьВзаиморасчетов", "1")

    def _organisation_keys(self) -> None:
        one = self._organisation
        self._text("Ссылка", str(self.reference("organisation")))
        self._text("Наименование", one.short_name)
        self._text("НаименованиеПолное", one.name)
        self._text("ИНН", one.inn)
        if one.kpp:
            self._text("КПП", one.kpp)
        self._text("ЮридическоеФизическоеЛицо", "ЮридическоеЛицо")

    def _counterparty_keys(self, one: Counterparty) -> None:
        self._text("Ссылка", str(self.reference("counterparty", one.key)))
        self._text("Наименование", one.name)
        self._text("НаименованиеПолное", one.name)
        if one.inn:
            self._text("ИНН", one.inn)
        self._text("ЮридическоеФизическоеЛицо", "ФизическоеЛицо" if one.is_population else "ЮридическоеЛицо")

    def _bank_account(self) -> None:
        one = self._organisation
        self._text("Ссылка", str(self.reference("bank", one.bank_account)))
        self._text("НомерСчета", one.bank_account)
        with self._element("Банк"):
            self._text("БИК", one.bic)
            self._text("КоррСчет", one.correspondent_account)
            self._text("Наименование", one.bank_name)

    def _currency(self, name: str) -> None:
        self._reference_to(name, self._currency_keys)

    def _currency_keys(self) -> None:
        self._text("Ссылка", str(self.reference("currency", _CURRENCY[0])))
        with self._element("ДанныеКлассификатора"):
            self._text("Код", _CURRENCY[0])
            self._text("Наименование", _CURRENCY[1])

    def _reference_to(self, name: str, keys: Any) -> None:
        with self._element(name):
            keys()

    def _text(self, name: str, text: str) -> None:
        with self._element(name):
            self._file.write(text)

    @contextmanager
    def _element(self, name: str) -> Any:
        with self._file.element(f"{{{FORMAT}}}{name}"):
            yield
