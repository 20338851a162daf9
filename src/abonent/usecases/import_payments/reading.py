"""A file of money into rows that may become payments, and the documents of a bank that stand behind them."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import polars as pl

from abonent.contexts.payments.models import Agent, BankLineState, PaymentFile
from abonent.gateways import bank_files
from abonent.gateways.bank_files import BankDocument, Malformed, Registry, Statement
from abonent.gateways.bank_files.text import MOST_BYTES
from abonent.gateways.home import ensure_home
from abonent.usecases.import_payments.keys import digests, with_keys
from abonent.usecases.import_payments.model import MOST_PROBLEMS, FileRefused, Problem, Totals
from abonent.usecases.import_payments.recognition import named_period

_CHUNK = 4 << 20
_FOLDER = "payments"
_APART = "\x1f"
NOTICES = "gis"
ROWS = {
    "row_no": pl.Int32,
    "key": pl.String,
    "paid_on": pl.Date,
    "external_id": pl.String,
    "account_text": pl.String,
    "payer": pl.String,
    "payer_inn": pl.String,
    "phone": pl.String,
    "address": pl.String,
    "purpose": pl.String,
    "named_period": pl.Date,
    "amount_minor": pl.Int64,
    "transferred_minor": pl.Int64,
    "commission_minor": pl.Int64,
}
"""Rows that may become payments, in the order of the file."""

LINES = {
    "row_no": pl.Int32,
    "key": pl.String,
    "own_account": pl.String,
    "incoming": pl.Boolean,
    "document_kind": pl.String,
    "number": pl.String,
    "made_on": pl.Date,
    "booked_on": pl.Date,
    "amount_minor": pl.Int64,
    "counterparty": pl.String,
    "counterparty_inn": pl.String,
    "counterparty_account": pl.String,
    "counterparty_bic": pl.String,
    "purpose": pl.String,
    "state": pl.Int16,
    "note": pl.String,
}
"""Documents of a statement as `BankLine` keeps them."""

_ADDED = ("key", "state", "note")

_WIDTHS = {
    "external_id": 80,
    "account_text": 40,
    "payer": 200,
    "payer_inn": 12,
    "address": 200,
    "purpose": 500,
}
_LINE_WIDTHS = {
    "own_account": 34,
    "document_kind": 60,
    "number": 40,
    "counterparty": 200,
    "counterparty_inn": 12,
    "counterparty_account": 34,
    "counterparty_bic": 11,
    "purpose": 500,
}
# a registry's sum that a bank or an agent transfers names itself so
_OF_REGISTRY = r"(?i)реестр|registry|по\s+дог\w*.{0,40}прием\w*\s+платеж"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A file as it was read. `lines`: documents of a statement, else none."""

    format: str
    number: str
    dated_on: date | None
    rows: pl.DataFrame
    totals: Totals
    lines: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LINES))

    @property
    def is_statement(self) -> bool:
        return not self.lines.is_empty()

    @property
    def is_notices(self) -> bool:
        return self.format == NOTICES


def keep(path: Path) -> str:
    """Keep the bytes of a file that came in; return their digest, by which they are found again.

    Raises FileRefused for more bytes than any reader takes: those are not kept.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise FileRefused("too_large", megabytes=size >> 20)
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    sha256 = digest.hexdigest()
    kept = kept_in(sha256)
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True, mode=0o700)
        with NamedTemporaryFile(
            dir=kept.parent, delete=False
        ) as coming:  # somebody may send the same twice at once
            shutil.copyfile(path, coming.name)
        Path(coming.name).rename(kept)
    return sha256


def kept_in(sha256: str) -> Path:
    """Return where the bytes of this digest lie. Raises ValueError for what is no digest."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError("not a digest")
    return ensure_home() / _FOLDER / sha256


def drop_unknown(*, older_than: datetime, sha256: str | None = None) -> int:
    """Delete kept files (or only this one) that were looked at and never taken in; return how many."""
    folder = ensure_home() / _FOLDER
    paths = [kept_in(sha256)] if sha256 else list(folder.glob("*")) if folder.exists() else []
    old = [path for path in paths if path.exists() and path.stat().st_mtime < older_than.timestamp()]
    known = set(
        PaymentFile.objects.filter(sha256__in=[path.name for path in old]).values_list("sha256", flat=True)
    )
    for path in old:
        if path.name not in known:
            path.unlink(missing_ok=True)
    return sum(path.name not in known for path in old)


def read(sha256: str, *, name: str, agent: Agent, today: date, partial: bool = False) -> Taken:
    """Read a kept file and check it against itself. Raises FileRefused with the rows that are wrong.

    `partial`: a person vouches for what the file alone does not prove: an extract, rows that stand twice.
    """
    path = kept_in(sha256)
    if not path.exists():
        raise FileRefused("gone", file=name)
    try:
        found = bank_files.read(
            path, name=name, today=today, layout=agent.layout.get("table"), vouched=partial
        )
    except Malformed as error:
        told = [_problem(one) for one in (error, *error.more)]
        raise FileRefused(error.code, told, **{"file": name, **error.facts}) from error
    return _of_registry(found, agent) if isinstance(found, Registry) else _of_statement(found, agent, name)


def _problem(error: Malformed) -> Problem:
    return Problem(row_no=error.row, field=error.field, value=error.value, code=error.code)


def _of_registry(registry: Registry, agent: Agent) -> Taken:
    own = _own_accounts(agent)
    if registry.own_account and registry.own_account not in own:
        raise FileRefused("foreign_account", account=registry.own_account)
    frame = _repeated_operations_apart(registry.frame)
    counted = registry.counted
    rows = with_keys(frame, agent_id=agent.pk).with_columns(
        named_period=pl.coalesce("period", named_period(pl.col("purpose")))
    )
    return Taken(
        format=registry.format,
        number=registry.number[:60],
        dated_on=registry.dated_on,
        rows=_fitting(rows, ROWS, _WIDTHS),
        totals=Totals(
            rows=frame.height,
            amount_minor=counted.amount_minor or 0,
            # a notice only tells: its money arrives by another file
            transferred_minor=0 if registry.format == NOTICES else counted.transferred_minor or 0,
            commission_minor=counted.commission_minor or 0,
        ),
    )


def _repeated_operations_apart(frame: pl.DataFrame) -> pl.DataFrame:
    """Let the rows of one operation that pays several accounts be told apart: by the account, too."""
    if not frame["external_id"].is_duplicated().any():
        return frame
    nth = pl.int_range(pl.len()).over("external_id", "account_text")
    split = pl.format("{}/{}/{}", "external_id", "account_text", nth)
    is_split = pl.col("external_id").is_duplicated() & (pl.col("external_id").str.strip_chars() != "")
    return frame.with_columns(external_id=pl.when(is_split).then(split).otherwise("external_id"))


def _of_statement(statement: Statement, agent: Agent, name: str) -> Taken:
    own = _own_accounts(agent)
    foreign = [one for one in statement.accounts if one.number not in own]
    if foreign:
        raise FileRefused(
            "foreign_account",
            [
                Problem(row_no=one.row_no, field="own_account", value=one.number, code="foreign_account")
                for one in foreign[:MOST_PROBLEMS]
            ],
            file=name,
            account=foreign[0].number,
        )
    booked = [one for one in statement.documents if one.booked_on is not None]
    keys = digests(_told_apart(booked))
    lines = pl.DataFrame(
        [
            (
                one.row_no, one.own_account, one.incoming, one.kind, one.number, one.made_on, one.booked_on,
                one.amount_minor, one.counterparty, one.counterparty_inn, one.counterparty_account,
                one.counterparty_bic, one.purpose, one.code or one.external_id,
            )
            for one in booked
        ],
        schema={name: kind for name, kind in LINES.items() if name not in _ADDED} | {"code": pl.String},
        orient="row",
    ).with_columns(keys)  # fmt: skip
    inns = list(
        Agent.objects.filter(supplier_id=agent.supplier_id).exclude(inn="").values_list("inn", flat=True)
    )
    lines = lines.with_columns(_state(inns, own), note=pl.lit(""))
    paying = lines.filter(pl.col("state") == int(BankLineState.PAYMENT))
    rows = paying.select(
        "row_no",
        "key",
        paid_on="booked_on",
        external_id=pl.col("code"),
        account_text=pl.lit(""),
        payer="counterparty",
        payer_inn="counterparty_inn",
        phone=pl.lit(""),
        address=pl.lit(""),
        purpose="purpose",
        named_period=named_period(pl.col("purpose")),
        amount_minor="amount_minor",
        transferred_minor="amount_minor",
        commission_minor=pl.lit(0),
    )
    paid_minor = int(rows["amount_minor"].sum())
    return Taken(
        format=statement.format,
        number=statement.number[:60],
        dated_on=statement.until or statement.created_on,
        rows=_fitting(rows, ROWS, _WIDTHS),
        totals=Totals(rows=rows.height, amount_minor=paid_minor),  # it is in the bank: nothing is to arrive
        lines=_fitting(lines, LINES, _LINE_WIDTHS),
    )


def _told_apart(documents: Sequence[BankDocument]) -> Iterator[str]:
    """Yield what tells each document from all others; of two that say the same, which one it is."""
    seen: Counter[tuple[str, ...]] = Counter()
    for one in documents:
        words = (
            one.own_account,
            "in" if one.incoming else "out",
            one.number,
            one.made_on.isoformat(),
            str(one.amount_minor),
            one.counterparty_inn,
            one.counterparty_bic,
            one.counterparty_account,
            one.external_id,
        )
        yield _APART.join(("bank", *words, str(seen[words])))
        seen[words] += 1


def _state(inns: list[str], own: frozenset[str]) -> pl.Expr:
    """What a document is: an agent's lump sum waits for its registries, money between own accounts is no payment."""
    of_agent = pl.col("counterparty_inn").is_in(inns) | pl.col("purpose").str.contains(_OF_REGISTRY)
    return (
        pl.when(~pl.col("incoming"))
        .then(int(BankLineState.OUTGOING))
        .when(pl.col("counterparty_account").is_in(list(own)))
        .then(int(BankLineState.OTHER))
        .when(of_agent)
        .then(int(BankLineState.WAITING))
        .otherwise(int(BankLineState.PAYMENT))
        .cast(pl.Int16)
        .alias("state")
    )


def _own_accounts(agent: Agent) -> frozenset[str]:
    return frozenset({agent.supplier.bank_account, *agent.layout.get("own_accounts", ())})


def _fitting(frame: pl.DataFrame, schema: Mapping[str, Any], widths: Mapping[str, int]) -> pl.DataFrame:
    """Return the columns of `schema`, texts cut to what the tables have room for."""
    return frame.with_columns(
        pl.col(name).fill_null("").str.replace_all("\x00", "").str.slice(0, width)
        for name, width in widths.items()
    ).select(pl.col(name).cast(kind) for name, kind in schema.items())
