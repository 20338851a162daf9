"""Into the database with it: one transaction for all rows, then constraints and indexes over two connections."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import psycopg
from django.db import connection, transaction

from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.engine.parameters import ParameterSet
from abonent.gateways import bulk_schema
from abonent.gateways.bulk_load import copy_frame
from abonent.kernel.periods import Month
from abonent.usecases.demo_supplier import (
    acts,
    homes,
    households,
    meters,
    occasions,
    readings,
    supplier,
    terms,
)
from abonent.usecases.demo_supplier.homes import Ids, Rows
from abonent.usecases.demo_supplier.town import Sample, Town, plan

# All that is filled. What refers to these tables is empty when they are.
TABLES = (
    "parties_supplier",
    "parties_branch",
    "parties_party",
    "places_district",
    "places_street",
    "places_building",
    "places_buildingterms",
    "places_premise",
    "metering_metermodel",
    "metering_meter",
    "metering_register",
    "metering_supplypoint",
    "metering_meteringpoint",
    "metering_installation",
    "metering_reading",
    "metering_act",
    "metering_seal",
    "contracts_tariffgroup",
    "contracts_price",
    "contracts_premiseterms",
    "contracts_account",
    "contracts_accountservice",
    "contracts_accountsearch",
    "contracts_resident",
    "contracts_absence",
    "contracts_unauthoriseduse",
    "contracts_benefitcategory",
    "contracts_benefitholder",
    "charging_billingperiod",
)
_MARK = "abonent_sample"
_ACCOUNTS_OF_A_CHUNK = 50_000


class SampleRefused(Exception):
    """The sample supplier cannot be loaded here; `code`: occupied, another, busy. `present` is the one that is here."""

    def __init__(self, code: str, *, present: Sample | None = None) -> None:
        super().__init__(code)
        self.code, self.present = code, present


@dataclass(frozen=True)
class Loaded:
    """What was done. `rows` is 0 when the sample supplier was there already; `finished` when only that was left."""

    town: Town
    rows: int = 0
    definitions: int = 0


@dataclass(frozen=True)
class LoadProgress:
    """Accounts written so far; once all are, constraints and indexes are being made."""

    accounts_done: int
    accounts_total: int


def present() -> Sample | None:
    """Return the sample supplier that was loaded here, wholly or but for its indexes; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass(%s) IS NOT NULL AND EXISTS (SELECT FROM parties_supplier)", [_MARK]
        )
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(f"SELECT accounts, seed, months, period FROM {_MARK}")
        accounts, seed, months, period = cursor.fetchone()
        return Sample(accounts=accounts, seed=seed, months=months, period=Month.of(period))


def load(
    *,
    sample: Sample,
    parameters: ParameterSet,
    at: datetime,
    on_progress: Callable[[LoadProgress], None] = lambda progress: None,
) -> Loaded:
    """Load the sample supplier into a database without data; do nothing when this very one is there.

    Rows come in one transaction: a load that was killed leaves nothing, or all rows and some constraints and
    indexes still to be made, which the next call makes. Raises SampleRefused, ValueError for a size out of bounds.
    """
    town = plan(sample)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [_MARK])
        if not cursor.fetchone()[0]:
            raise SampleRefused("busy")
        try:
            found = present()
            if found is not None and found != sample:
                raise SampleRefused("another", present=found)
            rows = 0 if found else _write(cursor, town, parameters, at, on_progress)
            definitions = bulk_schema.restore(_connect) if bulk_schema.is_set_aside(cursor) else 0
            if definitions:
                cursor.execute(f"ANALYZE {', '.join(TABLES)}")
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [_MARK])
    return Loaded(town, rows, definitions)


def _write(
    cursor: Any,
    town: Town,
    parameters: ParameterSet,
    at: datetime,
    on_progress: Callable[[LoadProgress], None],
) -> int:
    sample, written, accounts = town.sample, 0, 0
    with transaction.atomic():
        for table in TABLES:
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
            if cursor.fetchone()[0]:
                raise SampleRefused("occupied")
        bulk_schema.set_aside(cursor, TABLES)
        ensure_reading_partitions(first=sample.opening, last=sample.period)
        # a table truncated in this very transaction is filled without a write-ahead log, and frozen
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY")
        categories = supplier.found(town, parameters)
        for rows in _ahead(_chunks(town, Ids(), at, categories)):
            for table, columns in rows:
                names = columns.columns if isinstance(columns, pl.DataFrame) else list(columns)
                parent = table == "metering_reading"  # rows of any month: only its partitions can be frozen
                written += copy_frame(cursor, table, names, columns, freeze=not parent)
                if table == "contracts_account":
                    accounts += len(columns["id"])
            on_progress(LoadProgress(accounts, sample.accounts))
        _advance_sequences(cursor)
        cursor.execute(f"DROP TABLE IF EXISTS {_MARK}")
        cursor.execute(f"CREATE TABLE {_MARK} (accounts bigint, seed bigint, months integer, period date)")
        cursor.execute(
            f"INSERT INTO {_MARK} VALUES (%s, %s, %s, %s)",
            [sample.accounts, sample.seed, sample.months, sample.period.first_day],
        )
    return written


def _chunks(town: Town, ids: Ids, at: datetime, categories: int) -> Iterator[list[Rows]]:
    yield [("places_district", town.districts), ("places_street", town.streets)]
    for place, buildings in enumerate(town.chunks(accounts=_ACCOUNTS_OF_A_CHUNK)):
        draw = town.sample.generator(4, place)
        sample, today = town.sample, np.datetime64(at.date(), "D")
        settled, rows = homes.settle(sample, draw, buildings, town.streets, ids)
        happened = occasions.happen(sample, draw, settled)
        installed, registers, more = meters.install(sample, draw, settled, ids)
        yield [
            *rows,
            *terms.agree(settled, happened, ids),
            *more,
            *acts.draw_up(settled, installed, happened, ids, today=today),
            *households.tell(draw, settled, happened, categories=categories, at=at),
            *readings.read(sample, draw, settled, registers, ids, at=at),
        ]


def _ahead(chunks: Iterator[list[Rows]]) -> Iterator[list[Rows]]:
    """Draw the next chunk in a thread while the database takes the last one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, chunks, None)
        while (rows := coming.result()) is not None:
            coming = pool.submit(next, chunks, None)
            yield rows


def _advance_sequences(cursor: Any) -> None:
    for table in TABLES:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'id'", [table]
        )
        if cursor.fetchone() is None:
            continue
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        sequence = cursor.fetchone()[0] or f"{table}_id_seq"
        cursor.execute(f"SELECT setval(%s, greatest(1, (SELECT max(id) FROM {table})))", [sequence])


def _connect() -> psycopg.Connection:
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(name, None)
    return psycopg.connect(**parameters)
