"""What is read out of files of money, and why one is refused.

A *statement* tells every document of one or more bank accounts, both ways, with balances. A *registry* lists what a
payment agent collected, one row a payment. Sums are minor units; a text that is missing is "", never null.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

MOST_MINOR = 10**15
"""No sum of a file is larger: ten trillion roubles."""
EARLIEST = date(1999, 1, 1)

REGISTRY = pl.Schema(
    {
        "row_no": pl.Int32(),
        "paid_on": pl.Date(),
        "paid_at": pl.Datetime("us"),
        "external_id": pl.String(),
        "account_text": pl.String(),
        "payer": pl.String(),
        "payer_inn": pl.String(),
        "phone": pl.String(),
        "address": pl.String(),
        "period": pl.Date(),
        "amount_minor": pl.Int64(),
        "transferred_minor": pl.Int64(),
        "commission_minor": pl.Int64(),
        "purpose": pl.String(),
    }
)
"""`row_no`: the line of the file, from 1; no two rows share one. `paid_at`: local time, where it is told. `period`: its
first day, as the payer named it. `amount_minor` is what the subscriber paid, `transferred_minor` what comes to the bank
of it."""


# docs/formats/payment-files.md says what each means
OF_FILE = frozenset(
    {
        "empty",
        "too_large",
        "line_too_long",
        "damaged",
        "not_text",
        "undecodable",
        "mixed_encodings",
        "open_quote",
        "bomb",
        "entities",
        "unknown_format",
        "no_layout",
        "bad_layout",
        "no_header",
        "truncated",
        "after_end",
        "no_documents",
    }
)
OF_ROW = frozenset(
    {
        "missing",
        "unknown_key",
        "repeated",
        "fields",
        "not_a_date",
        "in_future",
        "too_old",
        "not_a_time",
        "not_a_number",
        "not_a_sum",
        "not_positive",
        "too_large_sum",
        "foreign_currency",
        "foreign_account",
        "duplicate",
        "row_total",
        "cancelled",
    }
)
OF_TOTALS = frozenset(
    {"no_total", "stated_rows", "stated_total", "balance", "documents_total", "continuity", "period"}
)
CODES = OF_FILE | OF_ROW | OF_TOTALS


class Malformed(ValueError):
    """A file that is refused as a whole.

    `code`, one of CODES, says why; `row` where: the line of the file, from 1, or 0 for the file as such; `field` which
    part of the row: the key of a 1C file, the element of an XML, else a column of REGISTRY without its unit. `value` is
    what stands there, `facts` what else the words need. `more` are further defects of the same file, at most a score.
    """

    def __init__(
        self,
        code: str,
        *,
        row: int = 0,
        field: str = "",
        value: object = "",
        more: Sequence["Malformed"] = (),
        **facts: Any,
    ) -> None:
        assert code in CODES, code
        self.code, self.row, self.field = code, row, field
        self.value = str(value)[:200]
        self.facts, self.more = facts, tuple(more)
        # the value stays out of the message, which may come to a log: it can be somebody's name
        super().__init__(f"{code} in row {row}, {field or '-'}")

    def with_more(self, others: Sequence["Malformed"]) -> "Malformed":
        return Malformed(
            self.code, row=self.row, field=self.field, value=self.value, more=others[:19], **self.facts
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDocument:
    """A document of a statement as one of our accounts sees it; between two of ours it is told twice.

    `booked_on`: when it came to or left the account; None where the file does not say that it did. `code`: УИН or УИП.
    """

    row_no: int
    own_account: str
    incoming: bool
    kind: str = ""
    number: str = ""
    made_on: date
    booked_on: date | None
    amount_minor: int
    currency: str = ""
    counterparty: str = ""
    counterparty_inn: str = ""
    counterparty_account: str = ""
    counterparty_bic: str = ""
    purpose: str = ""
    code: str = ""
    external_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementAccount:
    """An account for a span of days, both included, with the totals the statement gives; None where it is silent.

    `rows`: in which row of the file a figure stands.
    """

    row_no: int
    number: str
    currency: str = ""
    since: date | None = None
    until: date | None = None
    opening_minor: int | None = None
    received_minor: int | None = None
    spent_minor: int | None = None
    closing_minor: int | None = None
    rows: Mapping[str, int] = field(default_factory=dict)

    def row_of(self, field: str) -> int:
        return self.rows.get(field, self.row_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`discrepancies`: what a person vouched for (totals the documents do not add up to, documents that look doubled).

    `skipped`: rows that the layout says are no movements of money: refused or pending operations.
    """

    format: str
    encoding: str
    accounts: tuple[StatementAccount, ...]
    documents: tuple[BankDocument, ...]
    number: str = ""
    sender: str = ""
    created_on: date | None = None
    since: date | None = None
    until: date | None = None
    discrepancies: tuple[Malformed, ...] = ()
    skipped: tuple[int, ...] = ()

    @property
    def received_minor(self) -> int:
        return sum(one.amount_minor for one in self.documents if one.incoming)

    @property
    def spent_minor(self) -> int:
        return sum(one.amount_minor for one in self.documents if not one.incoming)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a registry says of itself; None where it is silent."""

    rows: int | None = None
    amount_minor: int | None = None
    transferred_minor: int | None = None
    commission_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """`frame` has the columns of REGISTRY and agrees with what is stated. `own_account`: where it is paid to."""

    format: str
    encoding: str
    frame: pl.DataFrame
    stated: Totals = field(default_factory=Totals)
    number: str = ""
    dated_on: date | None = None
    own_account: str = ""
    currency: str = ""
    discrepancies: tuple[Malformed, ...] = ()
    skipped: tuple[int, ...] = ()

    @property
    def counted(self) -> Totals:
        sums = self.frame.select(
            pl.col("amount_minor", "transferred_minor", "commission_minor").cast(pl.Int128).sum()
        ).row(0)
        return Totals(
            rows=self.frame.height, amount_minor=sums[0], transferred_minor=sums[1], commission_minor=sums[2]
        )
