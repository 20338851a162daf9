"""Notices of ГИС ЖКХ that an order to pay was taken for execution (извещения о принятии к исполнению распоряжений).

As XML: any message of the service `payment` that holds such notices, by the public schemes hcs-payment-types.xsd and
hcs-payments-base.xsd, version 11; sums are kopecks there. As a workbook: the export of the personal cabinet, its
columns found by their headings, which differ from release to release; sums are roubles there.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from abonent.gateways.bank_files import cells, columns, table, table_cells
from abonent.gateways.bank_files.layout import Layout
from abonent.gateways.bank_files.model import REGISTRY, Malformed, Registry
from abonent.gateways.bank_files.xml import child, elements, forget, name_of, row_of, text_of

_SERVICE = "dom.gosuslugi.ru"
_NOTICE = "OrderInfo"
_CANCELLATION = "NotificationOfOrderExecutionCancellation"
MOST_NOTICES = 1_000_000

# field → what stands in its heading, in this order: a «единый лицевой счёт» is a «лицевой счёт» as well
HEADINGS: dict[str, tuple[str, ...]] = {
    "service_id": (r"идентификатор жку",),
    "document_id": (r"идентификатор (?:платежного документа|пд)\b",),
    "unified_account": (r"един\w+ лицев\w+ счет", r"\bелс\b"),
    "account_text": (r"лицев\w+ счет", r"\bл ?с\b"),
    "external_id": (
        r"уникальн\w+ (?:номер|идентификатор) (?:платежа|распоряжения|операции)",
        r"идентификатор (?:операции|распоряжения|платежа|извещения)",
    ),
    "paid_on": (
        r"дата (?:внесения платы|платежа|оплаты|распоряжения|операции)",
        r"дата принятия.*распоряж",
        r"^дата$",
    ),
    "amount": (r"сумма (?:оплаты|платежа|внесен|распоряжения|операции)", r"^сумма(?: руб\w*)?$"),
    "period": (r"период",),
    "payer_inn": (r"инн (?:плательщика|потребителя)",),
    "payer": (r"плательщик", r"\bф ?и ?о\b", r"потребител"),
    "address": (r"адрес",),
    "purpose": (r"назначение платежа",),
    "status": (r"статус",),
}
_NEEDED = ("external_id", "paid_on", "amount")
_HEADER_WITHIN = 30
_CANCELLED = r"(?i)аннулир|отмен|удален"
_DATES = ("%d.%m.%Y", "%Y-%m-%d", "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M")


def is_it(root: str, head: bytes) -> bool:
    """Tell by the root of an XML and its first bytes: bare, or in a SOAP envelope."""
    return _SERVICE.encode() in head and bool(root) and b"OrderExecution" in head


def read(path: Path, *, today: date, vouched: bool = False) -> Registry:
    """Read notices out of XML. Raises Malformed."""
    rows = list(_notices(path, today))
    if not rows:
        raise Malformed("no_documents")
    frame = pl.DataFrame(rows, schema=REGISTRY, orient="row")
    return _registry(frame, encoding="utf-8", vouched=vouched)


def read_workbook(path: Path, *, today: date, vouched: bool = False) -> Registry:
    """Read the workbook of the cabinet. Raises Malformed: no_header where it is none."""
    found, encoding, _kind = table_cells.read(path, layout=Layout(columns={}))
    header_row, places = headings(found)
    texts = found.filter(pl.col("row_no") > header_row).select(
        pl.col("row_no").cast(pl.Int32),
        *(pl.col(place).fill_null("").str.strip_chars().alias(name) for name, place in places.items()),
        *(pl.lit("").alias(name) for name in HEADINGS if name not in places),
    )
    texts = texts.filter(pl.any_horizontal(pl.col(name) != "" for name in _NEEDED))
    # some releases number the columns in a line of their own
    texts = texts.filter(~pl.all_horizontal(pl.col(n).str.contains(r"^\d{1,2}$") for n in _NEEDED))
    if texts.is_empty():
        raise Malformed("no_documents")
    return _registry(_parse(texts, today), encoding=encoding, vouched=vouched)


def is_workbook(path: Path) -> bool:
    """Tell by the headings; a workbook that cannot be read is left to the reader to refuse."""
    try:
        headings(table_cells.read(path, layout=Layout(columns={}))[0])
    except Malformed:
        return False
    return True


def headings(found: pl.DataFrame) -> tuple[int, dict[str, str]]:
    """Return the row of the headings and the column of each field. Raises Malformed: no_header."""
    best: tuple[int, str] = (len(_NEEDED) + 1, "")
    for row in found.head(_HEADER_WITHIN).iter_rows(named=True):
        words = {name: table.words(cell) for name, cell in row.items() if name != "row_no" and cell}
        places: dict[str, str] = {}
        for field, patterns in HEADINGS.items():
            free = [
                name
                for pattern in patterns
                for name, text in words.items()
                if name not in places.values() and re.search(pattern, text)
            ]
            places.update({field: free[0]} if free else {})
        absent = [name for name in _NEEDED if name not in places]
        if not absent and ({"account_text", "unified_account", "service_id", "document_id"} & places.keys()):
            return row["row_no"], places
        best = min(best, (len(absent), absent[0] if absent else "account_text"))
    raise Malformed("no_header", value=best[1])


def _parse(texts: pl.DataFrame, today: date) -> pl.DataFrame:
    parsed = texts.with_columns(
        columns.day(pl.col("paid_on"), _DATES).alias("moment"),
        columns.money(pl.col("amount"), of_workbook=True).alias("amount_minor"),
        columns.period(pl.col("period")).alias("named"),
    )
    columns.refuse(
        parsed,
        [
            (pl.col("status").str.contains(_CANCELLED), "cancelled", "status", pl.col("external_id")),
            (pl.col("external_id") == "", "missing", "external_id", pl.col("external_id")),
            *columns.day_checks(pl.col("moment").dt.date(), pl.col("paid_on"), "paid_on", today),
            *columns.sum_checks("amount"),
        ],
    )
    odd = pl.when(pl.col("named").is_null()).then(pl.col("period")).otherwise(pl.lit(""))
    account = pl.coalesce(
        pl.when(pl.col(name) != "").then(pl.col(name))
        for name in ("account_text", "unified_account", "service_id", "document_id")
    )
    return parsed.select(
        "row_no",
        pl.col("moment").dt.date().alias("paid_on"),
        pl.lit(None, dtype=pl.Datetime("us")).alias("paid_at"),
        "external_id",
        account.fill_null("").alias("account_text"),
        "payer",
        "payer_inn",
        pl.lit("").alias("phone"),
        "address",
        pl.col("named").alias("period"),
        "amount_minor",
        pl.col("amount_minor").alias("transferred_minor"),
        pl.lit(0, dtype=pl.Int64).alias("commission_minor"),
        pl.concat_str([pl.col("purpose"), odd], separator=" ").str.strip_chars().alias("purpose"),
    ).cast(REGISTRY)


def _registry(frame: pl.DataFrame, *, encoding: str, vouched: bool) -> Registry:
    doubled = columns.doubled(frame, same=["external_id"])
    if doubled and not vouched:
        raise doubled[0].with_more(doubled[1:])
    return Registry(
        format="gis", encoding=encoding, frame=frame, currency="RUB", discrepancies=tuple(doubled)
    )


def _notices(path: Path, today: date) -> Iterator[tuple[Any, ...]]:
    supplier, count, row = "", 0, 0
    for event, element in elements(path, names=frozenset({"SupplierInfo", _NOTICE, _CANCELLATION})):
        if event == "start":
            continue
        name = name_of(element)
        if name == _CANCELLATION:
            raise Malformed("cancelled", row=row_of(element), field=name, value=text_of(element, "OrderID"))
        if name == "SupplierInfo":
            supplier = text_of(element, "SupplierName")
            continue
        count += 1
        if count > MOST_NOTICES:
            raise Malformed("too_large", row=row_of(element), most=MOST_NOTICES)
        row = max(row + 1, row_of(element))  # its line; its place in an XML without line breaks
        yield _notice(element, row, supplier, today)
        supplier = ""
        forget(element)


def _notice(order: Any, row: int, supplier: str, today: date) -> tuple[Any, ...]:
    number = text_of(order, "OrderID")
    if not number:
        raise Malformed("missing", row=row, field="OrderID")
    said = child(order, "OrderDate")
    paid_on = cells.day(
        text_of(order, "OrderDate")[:10],
        row=max(row, row_of(said)),
        field="OrderDate",
        today=today,
        form="%Y-%m-%d",
    )
    amount = _kopecks(order, row)
    consumer = child(order, "AddressAndConsumer")
    person = child(consumer, "Ind")
    name = " ".join(
        part for part in (text_of(person, one) for one in ("Surname", "FirstName", "Patronymic")) if part
    )
    flat = [text_of(consumer, one) for one in ("Apartment", "NonLivingApartment", "Placement")]
    account = (
        text_of(order, "AccountNumber")
        or text_of(order, "UnifiedAccountNumber")
        or text_of(order, "Service", "ServiceID")
        or text_of(order, "ServiceID")
        or text_of(order, "PaymentDocumentID")
    )
    purpose = " ".join(part for part in (text_of(order, "PaymentPurpose"), text_of(order, "Comment")) if part)
    return (
        row,
        paid_on,
        None,
        number,
        account,
        supplier or name,
        text_of(consumer, "INN"),
        "",
        " ".join(part for part in (text_of(consumer, "FIASHouseGuid"), *flat) if part),
        _period(order, row),
        amount,
        amount,
        0,
        purpose,
    )


def _kopecks(order: Any, row: int) -> int:
    found = child(order, "Amount")
    said = text_of(order, "Amount")
    row = max(row, row_of(found))
    plain = re.sub(r"\.0{1,2}$", "", said)
    if said and not re.fullmatch(r"[-+]?\d{1,16}", plain, re.ASCII):
        raise Malformed("not_a_sum", row=row, field="Amount", value=said)
    amount = cells.minor(plain, row=row, field="Amount", places=0)
    if not amount:
        raise Malformed("not_positive", row=row, field="Amount", value=said)
    return amount


def _period(order: Any, row: int) -> date | None:
    year, month = text_of(order, "Year"), text_of(order, "Month")
    if not year and not month:
        return None
    if not re.fullmatch(r"20\d\d", year, re.ASCII) or not re.fullmatch(r"0?[1-9]|1[0-2]", month, re.ASCII):
        raise Malformed("not_a_date", row=row, field="Month", value=f"{month} {year}")
    return date(int(year), int(month), 1)
