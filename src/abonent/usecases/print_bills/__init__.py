"""Bills on paper: one account's as a page, a building's or a branch's as one file sorted by address."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from abonent.contexts.contracts.models import Account
from abonent.contexts.parties.models import Branch, Supplier
from abonent.gateways import typesetting
from abonent.kernel.periods import Month
from abonent.packs.ru.documents.bill import BillDocument
from abonent.packs.ru.documents.bill_page import BillSheet
from abonent.packs.ru.documents.cover import CoverDocument, CoverRow, CoverSheet
from abonent.usecases import packs
from abonent.usecases.billing_run import Scope
from abonent.usecases.billing_run.shards import dsn
from abonent.usecases.print_bills._benefits import benefits
from abonent.usecases.print_bills._documents import Press
from abonent.usecases.print_bills._houses import House, houses, in_chunks, natural
from abonent.usecases.print_bills._refusals import BillsOutOfDate, NoBills, PrintRefused
from abonent.usecases.print_bills._rows import Row, Slots, read_chunk, slots_of

__all__ = [
    "BillsOutOfDate",
    "NoBills",
    "PrintRefused",
    "Progress",
    "Scope",
    "print_account",
    "print_bills",
]

_CHUNK_BILLS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a print is. `total_minor` is the control sum of the whole; `finished`: the file stands in its place."""

    bills: int
    bills_total: int
    pages: int
    total_minor: int
    finished: bool = False


def print_account(*, account: Account, month: Month, language: str = "ru") -> bytes:
    """Return the latest bill of an account for a month as PDF; the same bill is the same file every time.

    Raises NoBills, BillsOutOfDate, BillDoesNotAddUp, typesetting.TypesettingError.
    """
    supplier = Supplier.objects.get(branches__buildings=account.building_id)
    scope = Scope(supplier.pk, account_id=account.pk)
    with connection.cursor() as cursor:
        slots = slots_of(cursor, month)
        found = houses(cursor, scope=scope, month=month, slots=slots.month)
        press = _press(supplier, month, language)
        (document,) = _documents(cursor, found, press, slots, account_id=account.pk)
    return typesetting.render(
        document,
        sheet=BillSheet(language=language),
        created_on=document.issued_on,
        author=supplier.short_name,
    )


def print_bills(
    *,
    scope: Scope,
    month: Month,
    output: Path,
    printed_on: date,
    language: str = "ru",
    processes: int | None = None,
) -> Iterator[Progress]:
    """Print the latest bills of a scope into one file sorted by address, with a cover; yield progress.

    Nothing is printed unless the iterator is followed to its end, and the file appears only then, whole. All bills
    are of one moment. Raises what `print_account` raises.
    """
    supplier = Supplier.objects.get(pk=scope.supplier_id)
    press = _press(supplier, month, language)
    with closing(psycopg.connect(dsn())) as reader, reader.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        slots = slots_of(cursor, month)
        found = houses(cursor, scope=scope, month=month, slots=slots.month)
        bills, total_minor = sum(one.bills for one in found), sum(one.total_minor for one in found)

        def cover(pages: Sequence[int]) -> tuple[CoverSheet, CoverDocument]:
            front = CoverDocument(
                supplier_name=supplier.name,
                scope=_scope_name(scope, found),
                period=month,
                printed_on=printed_on,
                rows=tuple(_cover_rows(found, pages)),
            )
            return CoverSheet(language=language), front

        for now in typesetting.render_many(
            _documents(cursor, found, press, slots, account_id=scope.account_id),
            sheet=BillSheet(language=language),
            output=output,
            created_on=printed_on,
            author=supplier.short_name,
            cover=cover,
            processes=processes,
        ):
            yield Progress(
                bills=now.documents,
                bills_total=bills,
                pages=now.pages,
                total_minor=total_minor,
                finished=now.finished,
            )


def _press(supplier: Supplier, month: Month, language: str) -> Press:
    return Press.of(supplier, month=month, language=language, parameters=packs.pack_parameters())


def _documents(
    cursor: Any, found: list[House], press: Press, slots: Slots, *, account_id: int | None
) -> Iterator[BillDocument]:
    """Yield the bills house by house, flat by flat, reading a chunk of houses at a time."""
    for part in in_chunks(found, _CHUNK_BILLS):
        chunk = read_chunk(
            cursor,
            buildings=[house.building_id for house in part],
            account_id=account_id,
            month=press.month,
            slots=slots,
        )
        chunk.benefits = benefits(
            cursor,
            accounts=[head["account_id"] for heads in chunk.heads.values() for head in heads],
            month=press.month,
            parameters=packs.pack_parameters(),
        )
        for house in part:
            for head in sorted(chunk.heads[house.building_id], key=_flat_order):
                yield press.document(head, chunk, house)


def _flat_order(head: Row) -> tuple[Any, ...]:
    return head["sort_key"], natural(head["premise_number"]), head["share_no"], head["number"]


def _scope_name(scope: Scope, found: list[House]) -> str:
    if scope.account_id is not None or scope.building_id is not None:
        return found[0].address
    branches = Branch.objects.filter(supplier_id=scope.supplier_id).order_by("code")
    if scope.branch_id is not None:
        branches = branches.filter(pk=scope.branch_id)
    return ", ".join(branches.values_list("name", flat=True))


def _cover_rows(found: list[House], pages: Sequence[int]) -> Iterator[CoverRow]:
    begin = 0
    for house in found:
        own = pages[begin : begin + house.bills]
        begin += house.bills
        yield CoverRow(
            address=house.address, bills=house.bills, pages=sum(own), total_minor=house.total_minor
        )
