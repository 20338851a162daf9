"""Statements of banks in ISO 20022, camt.053 (BankToCustomerStatement), versions .001.02 to .001.12.

A message holds statements, one an account; an entry (`Ntry`) is what was booked, its `TxDtls` the payments of which it
is made up. Opening and closing balance are checked against the entries, `TxsSummry` as well where it is given.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from abonent.gateways.bank_files import cells, statement_totals
from abonent.gateways.bank_files.model import BankDocument, Malformed, Statement, StatementAccount
from abonent.gateways.bank_files.xml import (
    child,
    children,
    elements,
    forget,
    name_of,
    row_of,
    text_of,
)

ROOT = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.\d{2}\}Document")
MOST_DOCUMENTS = 500_000
_NAMES = frozenset({"Ntry", "Acct", "Bal", "TxsSummry", "GrpHdr", "FrToDt", "Stmt", "Id"})
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_FIELDS = statement_totals.Fields(
    account="Acct",
    opening="OPBD",
    received="TtlCdtNtries",
    spent="TtlDbtNtries",
    closing="CLBD",
    booked="BookgDt",
    left="BookgDt",
    document="AcctSvcrRef",
)


@dataclass
class _Open:
    """The statement that is being read."""

    row: int
    id: str = ""
    account: str = ""
    currency: str = ""
    since: date | None = None
    until: date | None = None
    balances: dict[str, tuple[int, int]] = field(default_factory=dict)
    summed: dict[str, tuple[int, int, int | None]] = field(default_factory=dict)
    documents: list[BankDocument] = field(default_factory=list)
    entries: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    sums: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    last_row: int = 0


def is_it(root: str) -> bool:
    return bool(ROOT.fullmatch(root))


def read(path: Path, *, today: date, vouched: bool = False) -> Statement:
    """Read all statements of a message as one. Raises Malformed."""
    accounts: list[StatementAccount] = []
    documents: list[BankDocument] = []
    ids: list[str] = []
    skipped: list[int] = []
    created: date | None = None
    within: _Open | None = None
    for event, element in elements(path, names=_NAMES):
        name = name_of(element)
        if event == "start":
            if name == "Stmt":
                within = _Open(row_of(element), last_row=documents[-1].row_no if documents else 0)
            continue
        parent = name_of(element.getparent()) if element.getparent() is not None else ""
        if name == "GrpHdr":
            created = _day(element, "CreDtTm", today=today)
        elif within is None or (parent != "Stmt" and name != "Stmt"):
            continue
        elif name == "Id":
            within.id = text_of(element)
        elif name == "Acct":
            within.account = text_of(element, "Id", "IBAN") or text_of(element, "Id", "Othr", "Id")
            within.currency = text_of(element, "Ccy") or cells.currency_of(within.account)
        elif name == "FrToDt":
            within.since, within.until = _day(element, "FrDtTm", "FrDt"), _day(element, "ToDtTm", "ToDt")
        elif name == "Bal":
            _balance(element, within)
        elif name == "TxsSummry":
            _summary(element, within)
        elif name == "Ntry":
            if not _is_booked(element):
                skipped.append(row_of(element))
            else:
                within.documents += _entry(element, within, today)
                if len(documents) + len(within.documents) > MOST_DOCUMENTS:
                    raise Malformed("too_large", row=row_of(element), most=MOST_DOCUMENTS)
            forget(element)
        elif name == "Stmt":
            accounts.append(_account(within))
            documents += within.documents
            ids.append(within.id)
            within = None
            forget(element)
    if not accounts:
        raise Malformed("no_documents")
    days = [day for one in accounts for day in (one.since, one.until) if day]
    return Statement(
        format="camt053",
        encoding="utf-8",
        accounts=tuple(accounts),
        documents=tuple(documents),
        number=", ".join(dict.fromkeys(ids))[:200],
        created_on=created,
        since=min(days, default=None),
        until=max(days, default=None),
        discrepancies=statement_totals.check(accounts, documents, fields=_FIELDS, vouched=vouched),
        skipped=tuple(skipped),
    )


def _account(said: _Open) -> StatementAccount:
    if not said.account:
        raise Malformed("missing", row=said.row, field="Acct")
    for incoming, name in ((True, "TtlCdtNtries"), (False, "TtlDbtNtries")):
        if name not in said.summed:
            continue
        row, stated, count = said.summed[name]
        if count is not None and count != said.entries[incoming]:
            raise Malformed(
                "stated_rows", row=row, field=name, value=count, stated=count, counted=said.entries[incoming]
            )
        if stated != said.sums[incoming]:
            raise Malformed(
                "stated_total",
                row=row,
                field=name,
                value=stated,
                stated_minor=stated,
                counted_minor=said.sums[incoming],
            )
    opening = next((said.balances[code] for code in _OPENING if code in said.balances), None)
    closing = next((said.balances[code] for code in _CLOSING if code in said.balances), None)
    if opening and closing and opening[1] + said.sums[True] - said.sums[False] != closing[1]:
        raise Malformed(
            "balance",
            row=closing[0],
            field="CLBD",
            value=said.account,
            stated_minor=closing[1],
            counted_minor=opening[1] + said.sums[True] - said.sums[False],
        )
    proved = bool(opening and closing) or bool(said.summed)
    return StatementAccount(
        row_no=said.row,
        number=said.account,
        currency=said.currency,
        since=said.since,
        until=said.until,
        opening_minor=opening[1] if opening else None,
        # what is stated either way is what the entries add up to: that was checked above, entry by entry
        received_minor=said.sums[True] if proved else None,
        spent_minor=said.sums[False] if proved else None,
        closing_minor=closing[1] if closing else None,
        rows={code: row for code, (row, _sum) in said.balances.items()},
    )


def _balance(element: Any, within: _Open) -> None:
    code = text_of(element, "Tp", "CdOrPrtry", "Cd")
    if code not in (*_OPENING, *_CLOSING):
        return
    if code in within.balances:
        raise Malformed("repeated", row=row_of(element), field=code, other_row=within.balances[code][0])
    amount, currency = _amount(child(element, "Amt"), row_of(element), code, signed=True)
    within.currency = within.currency or currency
    if currency != within.currency:
        raise Malformed("foreign_currency", row=row_of(element), field=code, value=currency)
    within.balances[code] = (row_of(element), amount if _is_credit(element) else -amount)


def _summary(element: Any, within: _Open) -> None:
    for name in ("TtlCdtNtries", "TtlDbtNtries"):
        total = child(element, name)
        said = text_of(total, "Sum") if total is not None else ""
        if not said:
            continue
        count = text_of(total, "NbOfNtries")
        if count and not re.fullmatch(r"\d{1,15}", count, re.ASCII):
            raise Malformed("not_a_number", row=row_of(total), field="NbOfNtries", value=count)
        stated = cells.minor(said, row=row_of(total), field=name)
        within.summed[name] = (row_of(total), stated, int(count) if count else None)


def _entry(entry: Any, within: _Open, today: date) -> Iterator[BankDocument]:
    row, incoming = row_of(entry), _is_credit(entry)
    amount, currency = _amount(child(entry, "Amt"), row, "Amt")
    within.currency = within.currency or currency
    if currency != within.currency:
        raise Malformed("foreign_currency", row=row, field="Amt", value=currency)
    booked = _day(entry, "BookgDt", today=today) or _day(entry, "ValDt", today=today)
    if booked is None:
        raise Malformed("missing", row=row, field="BookgDt")
    within.entries[incoming] += 1
    within.sums[incoming] += amount
    details = [one for part in children(entry, "NtryDtls") for one in children(part, "TxDtls")]
    parts = _parts(details, amount, currency, incoming, row)
    for detail, amount_minor, way in parts:
        # its line; its place in an XML without line breaks
        within.last_row = max(within.last_row + 1, row_of(entry if detail is None else detail))
        document = _document(
            entry, detail, within.account, way, amount_minor, currency, booked, len(parts) > 1
        )
        yield replace(document, row_no=within.last_row)


def _parts(
    details: list[Any], amount: int, currency: str, incoming: bool, row: int
) -> list[tuple[Any, int, bool]]:
    """Return the payments of an entry: details, sum, direction. They add up to the entry. Raises Malformed."""
    if len(details) < 2:
        return [(details[0] if details else None, amount, incoming)]
    said = [_detail_amount(one, currency) for one in details]
    if all(one is None for one in said):
        return [(None, amount, incoming)]
    parts = []
    for detail, part in zip(details, said, strict=True):
        if part is None:
            raise Malformed("missing", row=row_of(detail), field="TxDtls/Amt")
        way = _is_credit(detail) if child(detail, "CdtDbtInd") is not None else incoming
        parts.append((detail, part, way))
    total = sum(part if way == incoming else -part for _detail, part, way in parts)
    if total != amount:
        raise Malformed(
            "row_total", row=row, field="TxDtls", value=amount, stated_minor=amount, counted_minor=total
        )
    return parts


def _detail_amount(detail: Any, currency: str) -> int | None:
    for place in (("Amt",), ("AmtDtls", "TxAmt", "Amt"), ("AmtDtls", "InstdAmt", "Amt")):
        found = child(detail, *place)
        if found is not None and found.get("Ccy") == currency:
            return _amount(found, row_of(found), "TxDtls/Amt")[0]
    return None


def _document(
    entry: Any,
    detail: Any,
    account: str,
    incoming: bool,
    amount_minor: int,
    currency: str,
    booked: date,
    of_batch: bool,
) -> BankDocument:
    source = entry if detail is None else detail
    side = "Dbtr" if incoming else "Cdtr"
    party = child(source, "RltdPties", side)
    party = child(party, "Pty") if child(party, "Pty") is not None else party
    agent = child(source, "RltdAgts", f"{side}Agt", "FinInstnId")
    of_party = child(source, "RltdPties", f"{side}Acct", "Id")
    refs = child(source, "Refs")
    servicer = text_of(refs, "AcctSvcrRef") or text_of(refs, "TxId") or text_of(refs, "InstrId")
    reference = text_of(entry, "AcctSvcrRef") or text_of(entry, "NtryRef")
    end_to_end = text_of(refs, "EndToEndId")
    return BankDocument(
        row_no=row_of(source),
        own_account=account,
        incoming=incoming,
        kind="reversal" if text_of(entry, "RvslInd") == "true" else text_of(entry, "BkTxCd", "Prtry", "Cd"),
        number=(servicer or reference) if of_batch else (reference or servicer),
        made_on=_day(entry, "ValDt") or booked,
        booked_on=booked,
        amount_minor=amount_minor,
        currency=currency,
        counterparty=text_of(party, "Nm"),
        counterparty_inn=_tax_number(party),
        counterparty_account=text_of(of_party, "IBAN") or text_of(of_party, "Othr", "Id"),
        counterparty_bic=text_of(agent, "BICFI")
        or text_of(agent, "BIC")
        or text_of(agent, "ClrSysMmbId", "MmbId"),
        purpose=_purpose(source) or text_of(source, "AddtlTxInf") or text_of(entry, "AddtlNtryInf"),
        external_id="" if end_to_end == "NOTPROVIDED" else end_to_end,
    )


def _purpose(source: Any) -> str:
    info = child(source, "RmtInf")
    if info is None:
        return ""
    said = [text_of(one) for one in children(info, "Ustrd")]
    for one in children(info, "Strd"):
        said += [text_of(one, "CdtrRefInf", "Ref"), *(text_of(more) for more in children(one, "AddtlRmtInf"))]
    return " ".join(text for text in said if text)


def _tax_number(party: Any) -> str:
    for place in (("Id", "OrgId"), ("Id", "PrvtId")):
        for other in children(child(party, *place), "Othr"):
            number = text_of(other, "Id")
            if text_of(other, "SchmeNm", "Cd") in ("TXID", "") and re.fullmatch(
                r"\d{8}|\d{10}|\d{12}", number, re.ASCII
            ):
                return number
    return ""


def _is_booked(entry: Any) -> bool:
    said = text_of(entry, "Sts", "Cd") or text_of(entry, "Sts")
    return said in ("BOOK", "")


def _is_credit(element: Any) -> bool:
    said = text_of(element, "CdtDbtInd")
    if said not in ("CRDT", "DBIT"):
        raise Malformed("missing", row=row_of(element), field="CdtDbtInd", value=said)
    return said == "CRDT"


def _amount(element: Any, row: int, field_name: str, *, signed: bool = False) -> tuple[int, str]:
    if element is None:
        raise Malformed("missing", row=row, field=field_name)
    text = text_of(element)
    currency = element.get("Ccy", "")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise Malformed("foreign_currency", row=row, field=field_name, value=currency)
    # the schema writes up to five decimals; beyond the second they are zeros
    plain = re.sub(r"(\.\d{2})0{1,3}$", r"\1", text)
    amount = cells.minor(plain, row=row, field=field_name)
    if not amount and not signed:
        raise Malformed("not_positive", row=row, field=field_name, value=text)
    return amount, currency


def _day(element: Any, *names: str, today: date | None = None) -> date | None:
    """Return the local day of a date or a moment, given as itself or as `Dt` or `DtTm` within."""
    for name in names:
        found = child(element, name)
        if found is None:
            continue
        said = text_of(found) or text_of(found, "Dt") or text_of(found, "DtTm")
        if said:
            return cells.day(said[:10], row=row_of(found), field=name, today=today, form="%Y-%m-%d")
    return None
