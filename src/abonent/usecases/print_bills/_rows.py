"""Out of the database: what the bills of some whole buildings, or of one account, are made of.

A handful of queries for a chunk of bills, however many there are in it. Every function takes an open cursor.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from abonent.contexts.charging.models import RunState
from abonent.contexts.metering.models import ReadingSource, ReadingStatus
from abonent.gateways.named_rows import named_rows
from abonent.kernel.periods import Month
from abonent.packs.ru.documents.bill import HISTORY_MONTHS, BillBenefit
from abonent.packs.ru.rules import catalogue

Row = dict[str, Any]

LATEST = """NOT EXISTS (SELECT FROM charging_bill later WHERE later.account_id = bill.account_id
    AND later.period = bill.period AND later.version > bill.version)"""


@dataclass
class Chunk:
    """Rows of some bills: `heads` by building, one a bill, the rest by account, premise, register or building."""

    heads: dict[int, list[Row]]
    lines: dict[int, list[Row]] = field(default_factory=dict)
    entries: dict[int, list[Row]] = field(default_factory=dict)
    history: dict[int, list[Row]] = field(default_factory=dict)
    installations: dict[int, list[Row]] = field(default_factory=dict)
    balances: dict[int, Row] = field(default_factory=dict)
    parked: set[int] = field(default_factory=set)
    last_before: dict[int, tuple[date, int]] = field(default_factory=dict)
    assumed: dict[int, tuple[date, int]] = field(default_factory=dict)
    benefits: dict[int, list[BillBenefit]] = field(default_factory=dict)


@dataclass(frozen=True)
class Slots:
    """Where the books of a month stand, and those of the months its chart shows."""

    month: list[int]
    history: list[int]


def slots_of(cursor: Any, month: Month) -> Slots:
    found = named_rows(
        cursor,
        "SELECT DISTINCT slot, booked_period FROM ledger_batch WHERE booked_period BETWEEN %s AND %s",
        [_chart_from(month), month.first_day],
    )
    here = {row["slot"] for row in found if row["booked_period"] == month.first_day}
    return Slots(sorted(here), sorted({row["slot"] for row in found}))


def read_chunk(
    cursor: Any, *, buildings: list[int], account_id: int | None, month: Month, slots: Slots
) -> Chunk:
    """Read the latest bills of the month of these buildings, or of one account in them, in no order."""
    values = {
        "buildings": buildings,
        "account": account_id,
        "month": month.first_day,
        "end": month.next().first_day,
        "day_before": month.previous().last_day,
        "chart_from": _chart_from(month),
        "slots": slots.month,
        "chart_slots": slots.history,
        "posted": RunState.POSTED,
        "accepted": ReadingStatus.ACCEPTED,
        "assumed": ReadingSource.ESTIMATE,
        "uplift": catalogue.NORM_UPLIFT.number,
    }
    only = "" if account_id is None else "AND account.id = %(account)s"
    heads = named_rows(cursor, _HEADS.format(only=only, latest=LATEST), values)
    values["accounts"] = [head["account_id"] for head in heads]
    values["premises"] = [head["premise_id"] for head in heads]
    chunk = Chunk(
        heads=_by("building_id", heads),
        lines=_by("account_id", named_rows(cursor, _LINES, values)),
        entries=_by("account_id", named_rows(cursor, _ENTRIES, values)),
        history=_by("account_id", named_rows(cursor, _HISTORY, values)),
        installations=_by("premise_id", named_rows(cursor, _INSTALLATIONS, values)),
        balances={row["building_id"]: row for row in named_rows(cursor, _BALANCES, values)},
        parked={row["account_id"] for row in named_rows(cursor, _PARKED, values)},
    )
    read_by = {
        line["because"][_METERED_INSTALLATION]
        for lines in chunk.lines.values()
        for line in lines
        if line["rule"] in (catalogue.METERED.number, catalogue.SPREAD.number)
    }
    values["unread"] = [
        place["id"]
        for places in chunk.installations.values()
        for place in places
        if place["id"] not in read_by
    ]
    if values["unread"]:
        chunk.last_before = _readings(
            named_rows(cursor, _LAST_READINGS.format(span="taken_on < %(month)s"), values)
        )
        inside = "taken_on >= %(month)s AND taken_on < %(end)s AND source = %(assumed)s"
        chunk.assumed = _readings(named_rows(cursor, _LAST_READINGS.format(span=inside), values))
    return chunk


_METERED_INSTALLATION = catalogue.METERED.because.index("installation_id")


def _chart_from(month: Month) -> date:
    return month.shift(1 - HISTORY_MONTHS).first_day


def _by(key: str, found: Iterable[Row]) -> dict[int, list[Row]]:
    grouped = defaultdict(list)
    for row in found:
        grouped[row[key]].append(row)
    return dict(grouped)


def _readings(found: Iterable[Row]) -> dict[int, tuple[date, int]]:
    return {row["id"]: (row["taken_on"], row["value_wh"]) for row in found}


_HEADS = """
SELECT bill.account_id, bill.number AS bill_number, bill.opening_minor, bill.charged_minor, bill.recalculated_minor,
       bill.penalty_minor, bill.written_off_minor, bill.paid_minor, bill.total_minor, bill.due_on, bill.issued_on,
       account.number, account.building_id, account.premise_id, account.share_no,
       premise.number AS premise_number, premise.sort_key,
       party.kind AS party_kind, party.last_name, party.first_name, party.middle_name, party.name AS organisation,
       terms.area_dm2, terms.rooms, terms.residents, tariff_group.name AS tariff_group
FROM charging_bill bill
JOIN contracts_account account ON account.id = bill.account_id
JOIN places_premise premise ON premise.id = account.premise_id
JOIN parties_party party ON party.id = account.party_id
LEFT JOIN LATERAL (
    SELECT * FROM contracts_premiseterms terms
    WHERE terms.premise_id = account.premise_id AND terms.during && daterange(%(month)s, %(end)s)
    ORDER BY lower(terms.during) DESC LIMIT 1
) terms ON true
LEFT JOIN contracts_tariffgroup tariff_group ON tariff_group.id = terms.tariff_group_id
WHERE account.building_id = ANY(%(buildings)s) {only} AND bill.period = %(month)s AND {latest}
"""

_LINES = """
SELECT line.account_id, line.batch_id, line.line_no, line.service, line.rule, line.zone, line.period, line.quantity_wh,
       line.price_e5, line.amount_minor, line.because, line.reverses_batch_id, line.reverses_line_no, batch.reason
FROM charging_chargeline line JOIN ledger_batch batch ON batch.id = line.batch_id
WHERE line.slot = ANY(%(slots)s) AND line.account_id = ANY(%(accounts)s)
ORDER BY line.account_id, line.batch_id, line.line_no
"""

_ENTRIES = """
SELECT entry.account_id, entry.batch_id, entry.service, entry.kind, entry.period, entry.booked_on, entry.amount_minor,
       batch.reason
FROM ledger_entry entry JOIN ledger_batch batch ON batch.id = entry.batch_id
WHERE entry.slot = ANY(%(slots)s) AND entry.account_id = ANY(%(accounts)s)
ORDER BY entry.account_id, entry.batch_id, entry.entry_no
"""

_HISTORY = """
SELECT account_id, period, zone, rule, sum(quantity_wh)::bigint AS usage_wh
FROM charging_chargeline
WHERE slot = ANY(%(chart_slots)s) AND account_id = ANY(%(accounts)s) AND service = 1 AND rule <> %(uplift)s
  AND period BETWEEN %(chart_from)s AND %(month)s
GROUP BY account_id, period, zone, rule
"""

_INSTALLATIONS = """
SELECT place.id, place.premise_id, place.zone, place.digits, place.ratio, lower(place.during) AS begins_on,
       upper(place.during) AS ends_on, meter.serial, meter.verification_due_on, model.name AS model
FROM metering_installation place
JOIN metering_meter meter ON meter.id = place.meter_id
JOIN metering_metermodel model ON model.id = meter.model_id
WHERE place.premise_id = ANY(%(premises)s) AND place.during && daterange(%(day_before)s, %(end)s)
ORDER BY place.premise_id, begins_on, meter.serial, place.zone
"""

_LAST_READINGS = """
SELECT place.id, reading.taken_on, reading.value_wh
FROM unnest(%(unread)s::bigint[]) AS place (id)
CROSS JOIN LATERAL (
    SELECT taken_on, value_wh FROM metering_reading
    WHERE installation_id = place.id AND status = %(accepted)s AND {span}
    ORDER BY taken_on DESC LIMIT 1
) reading
"""

_BALANCES = """
SELECT DISTINCT ON (balance.building_id) balance.building_id, balance.method, balance.supplied_wh,
       balance.nonliving_wh, balance.norm_wh, balance.metered_wh, balance.common_wh
FROM charging_buildingbalance balance JOIN charging_run run ON run.id = balance.run_id
WHERE balance.building_id = ANY(%(buildings)s) AND balance.period = %(month)s AND run.state = %(posted)s
ORDER BY balance.building_id, run.posted_at DESC, run.id DESC
"""

_PARKED = """
SELECT DISTINCT parked.account_id FROM charging_runexception parked JOIN charging_run run ON run.id = parked.run_id
WHERE parked.account_id = ANY(%(accounts)s) AND parked.period = %(month)s AND run.state = %(posted)s
"""
