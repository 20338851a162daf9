"""Statements of banks in the format of 1C:Предприятие, `1CClientBankExchange`, versions 1.00 to 1.03.

A line is `key=value`; the value may hold `=` itself. A header, one section for each account and span of days, one
section for each document, `КонецФайла`. The encoding is what decoding finds, whatever `Кодировка` says.
"""

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from abonent.gateways.bank_files import cells, statement_totals, text
from abonent.gateways.bank_files.model import BankDocument, Malformed, Statement, StatementAccount

MARK = "1CClientBankExchange"
MOST_DOCUMENTS = 500_000
_ACCOUNT, _ACCOUNT_END = "СекцияРасчСчет", "КонецРасчСчет"
_DOCUMENT, _DOCUMENT_END = "СекцияДокумент", "КонецДокумента"
_END = "КонецФайла"
_LISTED = frozenset({"РасчСчет", "Документ"})  # what a header may name more than once
_PURPOSE = "НазначениеПлатежа"
_PAYER, _PAYEE = "Плательщик", "Получатель"
_LEFT, _CAME = "ДатаСписано", "ДатаПоступило"
_DOS_END = "\x1a"


@dataclass
class _Section:
    """Keys with their rows and values, from the row it begins at."""

    row: int
    name: str = ""
    kind: str = ""
    values: dict[str, tuple[int, str]] = field(default_factory=dict)
    accounts: list[str] = field(default_factory=list)
    last_key: str = ""
    end: int = 0

    def get(self, key: str) -> str:
        return self.values.get(key, (0, ""))[1]

    def row_of(self, key: str) -> int:
        """Return the row of a key, else that of the section's end, where it is missed."""
        return self.values.get(key, (self.end or self.row, ""))[0]

    def day(self, key: str, today: date | None = None) -> date | None:
        return (
            cells.day(self.get(key), row=self.row_of(key), field=key, today=today) if self.get(key) else None
        )

    def minor(self, key: str) -> int | None:
        if not self.get(key):
            return None
        return cells.minor(self.get(key), row=self.row_of(key), field=key, signed=True)


def is_it(head: str) -> bool:
    return head.lstrip("\ufeff \t\r\n").startswith(MARK)


def read(path: Path, *, today: date, vouched: bool = False) -> Statement:
    """Read a statement; with `vouched`, also one whose documents do not add up to its totals. Raises Malformed."""
    raw = text.load(path)
    content, encoding = text.decode(raw, encoding=_encoding(raw))
    del raw
    header, sections, documents = _sections(content)
    del content
    own = [*header.accounts, *(section.get("РасчСчет") for section in sections)]
    own = list(dict.fromkeys(account for account in own if account))
    if not own:
        raise Malformed("missing", row=header.end, field="РасчСчет")
    if not sections and not documents:
        raise Malformed("no_documents", row=header.end)
    accounts = [_account(section) for section in sections]
    told = [line for one in documents for line in _document(one, own, today, in_statement=bool(sections))]
    listed = {account.number for account in accounts}
    silent = [
        StatementAccount(row_no=header.row_of("РасчСчет"), number=number, currency=cells.currency_of(number))
        for number in own
        if number not in listed
    ]
    return Statement(
        format="1c",
        encoding=encoding,
        accounts=(*accounts, *silent),
        documents=tuple(told),
        sender=header.get("Отправитель"),
        created_on=header.day("ДатаСоздания", today),
        since=header.day("ДатаНачала"),
        until=header.day("ДатаКонца"),
        discrepancies=statement_totals.check(accounts, told, fields=_FIELDS, vouched=vouched),
    )


_FIELDS = statement_totals.Fields(
    account="РасчСчет",
    received="ВсегоПоступило",
    spent="ВсегоСписано",
    closing="КонечныйОстаток",
    opening="НачальныйОстаток",
    booked=_CAME,
    left=_LEFT,
    document="Номер",
)


def _encoding(raw: bytes) -> str:
    """Find the encoding by the words that every file has. Raises Malformed."""
    try:
        codecs.utf_8_decode(raw, "strict", True)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    found = [
        encoding
        for encoding in ("cp1251", "cp866")
        if any(word.encode(encoding) in raw for word in (_DOCUMENT, _ACCOUNT, _END))
    ]
    if len(found) > 1:
        raise Malformed("mixed_encodings")
    general = text.encoding_of(raw)
    return found[0] if found and general != "utf-16" else general


def _sections(content: str) -> tuple[_Section, list[_Section], list[_Section]]:
    """Cut the text into its header, the sections of accounts and those of documents. Raises Malformed."""
    header = _Section(row=1)
    accounts: list[_Section] = []
    documents: list[_Section] = []
    within, row, ended, begun = header, 0, False, False
    for row, line in _lines(content):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not begun:
            if key != MARK:
                raise Malformed("unknown_format", row=row, value=line)
            begun = True
        elif ended:
            raise Malformed("after_end", row=row, value=line)
        elif key in (_ACCOUNT, _DOCUMENT):
            if within is not header:
                raise Malformed("truncated", row=row, field=_end_of(within), begun=within.row)
            header.end = header.end or row
            within = _Section(row=row, name=key, kind=value)
            if key == _DOCUMENT and len(documents) == MOST_DOCUMENTS:
                raise Malformed("too_large", row=row, most=MOST_DOCUMENTS)
            (accounts if key == _ACCOUNT else documents).append(within)
        elif key in (_ACCOUNT_END, _DOCUMENT_END):
            if _end_of(within) != key:
                raise Malformed("damaged", row=row, field=key)
            within.end, within = row, header
        elif key == _END:
            if within is not header:
                raise Malformed("truncated", row=row, field=_end_of(within), begun=within.row)
            ended = True
        elif equals:
            _take(within, row, key, value, is_header=within is header)
        elif within.last_key.startswith(_PURPOSE):
            known_row, known = within.values[within.last_key]  # a purpose that the bank broke into lines
            within.values[within.last_key] = (known_row, f"{known} {line.strip()}")
        else:
            raise Malformed("damaged", row=row, field=within.last_key, value=line)
    if not ended:
        missing = _END if within is header else _end_of(within)
        raise Malformed("truncated", row=row, field=missing, more=_unknown([*accounts, *documents]))
    header.end = header.end or row
    return header, accounts, documents


def _lines(content: str) -> Iterator[tuple[int, str]]:
    for row, line in enumerate(io.StringIO(content), 1):
        if line.strip(" \t\n" + _DOS_END):
            yield row, line.rstrip("\n" + _DOS_END)


def _end_of(section: _Section) -> str:
    return {_ACCOUNT: _ACCOUNT_END, _DOCUMENT: _DOCUMENT_END}.get(section.name, "")


def _take(section: _Section, row: int, key: str, value: str, *, is_header: bool) -> None:
    section.last_key = key
    if is_header and key in _LISTED:
        if key == "РасчСчет":
            section.accounts.append(value)
        section.values.setdefault(key, (row, value))
        return
    before = section.get(key)
    if before and value and before != value:
        raise Malformed("repeated", row=row, field=key, value=value, other_row=section.row_of(key))
    if value or key not in section.values:
        section.values[key] = (row, value)


def _account(section: _Section) -> StatementAccount:
    number = section.get("РасчСчет")
    for key in ("РасчСчет", "ДатаНачала", "НачальныйОстаток"):
        if not section.get(key):
            raise Malformed("missing", row=section.row_of(key), field=key, begun=section.row)
    since = section.day("ДатаНачала")
    return StatementAccount(
        row_no=section.row_of("РасчСчет"),
        number=number,
        currency=cells.currency_of(number),
        since=since,
        until=section.day("ДатаКонца"),
        opening_minor=section.minor("НачальныйОстаток"),
        received_minor=section.minor("ВсегоПоступило"),
        spent_minor=section.minor("ВсегоСписано"),
        closing_minor=section.minor("КонечныйОстаток"),
        rows={key: row for key, (row, _value) in section.values.items()},
    )


def _document(
    section: _Section, own: list[str], today: date, *, in_statement: bool
) -> Iterator[BankDocument]:
    for key in ("Номер", "Дата", "Сумма"):
        if not section.get(key):
            raise Malformed("missing", row=section.row_of(key), field=key, begun=section.row)
    if not section.kind:
        raise Malformed("missing", row=section.row, field=_DOCUMENT)
    made_on = cells.day(section.get("Дата"), row=section.row_of("Дата"), field="Дата", today=today)
    amount_minor = cells.minor(section.get("Сумма"), row=section.row_of("Сумма"), field="Сумма")
    if not amount_minor:
        raise Malformed(
            "not_positive", row=section.row_of("Сумма"), field="Сумма", value=section.get("Сумма")
        )
    left, came = section.day(_LEFT, today), section.day(_CAME, today)
    payer, payee = (_own_account(section, side, own) for side in (_PAYER, _PAYEE))
    if not payer and not payee:
        field_ = f"{_PAYEE}Счет"
        raise Malformed(
            "foreign_account", row=section.row_of(field_), field=field_, value=section.get(field_)
        )
    for account, incoming, booked, other_booked in (
        (payer, False, left, came),
        (payee, True, came, left),
    ):
        if not account:
            continue
        if booked is None and other_booked is not None and payer and payee:
            continue  # on its way between two accounts of ours
        booked = booked or other_booked or (made_on if in_statement else None)
        side = _PAYER if incoming else _PAYEE
        yield BankDocument(
            row_no=section.row,
            own_account=account,
            incoming=incoming,
            kind=section.kind,
            number=section.get("Номер"),
            made_on=made_on,
            booked_on=booked,
            amount_minor=amount_minor,
            currency=cells.currency_of(account),
            counterparty=section.get(f"{side}1") or section.get(side),
            counterparty_inn=section.get(f"{side}ИНН"),
            counterparty_account=section.get(f"{side}Счет") or section.get(f"{side}РасчСчет"),
            counterparty_bic=section.get(f"{side}БИК"),
            purpose=section.get(_PURPOSE) or _purpose_lines(section),
            code=code if (code := section.get("Код")) != "0" else "",
        )


def _own_account(section: _Section, side: str, own: list[str]) -> str:
    for key in (f"{side}Счет", f"{side}РасчСчет"):
        if section.get(key) in own:
            return section.get(key)
    return ""


def _purpose_lines(section: _Section) -> str:
    return " ".join(line for n in range(1, 7) if (line := section.get(f"{_PURPOSE}{n}")))


_KNOWN_OF_ACCOUNT = frozenset(
    {
        "ДатаНачала",
        "ДатаКонца",
        "РасчСчет",
        "НачальныйОстаток",
        "ВсегоПоступило",
        "ВсегоСписано",
        "КонечныйОстаток",
    }
)


def _unknown(sections: list[_Section]) -> list[Malformed]:
    """Return the keys of accounts that the format does not know: they harm nothing, but may tell what went wrong."""
    return [
        Malformed("unknown_key", row=row, field=key, value=value)
        for section in sections
        if section.name == _ACCOUNT
        for key, (row, value) in section.values.items()
        if key not in _KNOWN_OF_ACCOUNT
    ][:20]
