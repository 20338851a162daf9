"""What goes into an export, added up from the ledger, and what it comes to beside the ledger's own totals.

Sales are charges and recalculations booked in the month, by branch and service; legal entities stand one by one, the
population together. Receipts are the ledger's money by day, branch and agent. Penalties, court costs and what was
written off are no sales: they are told, not exported. What comes to less than nothing is left out and told as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any

from django.db import connection

from abonent.contexts.contracts.models import Service
from abonent.contexts.ledger.models import BatchState
from abonent.contexts.parties.models import PartyKind
from abonent.contexts.payments.models import AgentKind
from abonent.gateways.named_rows import named_rows
from abonent.kernel.periods import Month
from abonent.packs.ru.formats.enterprise_data import Counterparty, Line, Receipt, Sale
from abonent.usecases import packs
from abonent.usecases.reports import reading
from abonent.usecases.reports._money import MONEY

# codes of tag 1199 of a fiscal receipt, by which the parameter tells the rate of the month
_VAT_PERCENT = {1: 20, 11: 22}
_SERVICE_ITEM = 1


class NothingToExport(Exception):
    """There are no books of the month, or nothing of it was asked for."""


class What(StrEnum):
    """What is exported."""

    ALL = "all"
    SALES = "sales"
    RECEIPTS = "receipts"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A month; for receipts the days of it, both counted in. Raises ValueError for days that are not in the month."""

    supplier_id: int
    month: Month
    first: date
    last: date
    what: What = What.ALL

    def __post_init__(self) -> None:
        if self.first not in self.month or self.last not in self.month or self.last < self.first:
            raise ValueError(f"{self.first} to {self.last} are not days of {self.month}")

    @property
    def values(self) -> dict[str, Any]:
        return {
            "supplier": self.supplier_id,
            "period": self.month.first_day,
            "first": self.first,
            "end": self.last + timedelta(days=1),
            "posted": int(BatchState.POSTED),
            "organisation": int(PartyKind.ORGANISATION),
        }


@dataclass(frozen=True, kw_only=True)
class ExportTotals:
    """Minor units. `…ledger_minor` is added up from turnovers or entries apart from what is exported."""

    sales: int
    sales_minor: int
    sales_left_out_minor: int
    sales_ledger_minor: int
    receipts: int
    receipts_minor: int
    receipts_left_out_minor: int
    receipts_ledger_minor: int
    penalties_minor: int
    written_off_minor: int

    @property
    def ties(self) -> bool:
        """Whether what is exported and what is left out is what the ledger says."""
        return (
            self.sales_minor + self.sales_left_out_minor == self.sales_ledger_minor
            and self.receipts_minor + self.receipts_left_out_minor == self.receipts_ledger_minor
        )


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What is exported, added up already, with its totals."""

    sales: Sequence[Sale]
    receipts: Sequence[Receipt]
    totals: ExportTotals

    @property
    def counterparties(self) -> list[Counterparty]:
        """Whom the documents refer to, each once."""
        documents: list[Sale | Receipt] = [*self.sales, *self.receipts]
        return list({one.counterparty.key: one.counterparty for one in documents}.values())


def _sales(wanted: Wanted) -> list[Sale]:
    """Return the sales of the month, the population's first, also those below nothing."""
    if wanted.what is What.RECEIPTS:
        return []
    percent = vat_percent(wanted.month)
    with connection.cursor() as cursor:
        rows = named_rows(cursor, _SALES, wanted.values)
    found = []
    for (branch, _party), lines in groupby(rows, key=lambda row: (row["branch"], row["party_id"])):
        own = list(lines)
        found.append(
            Sale(
                month=wanted.month.first_day,
                booked_on=wanted.month.last_day,
                branch=branch,
                branch_name=own[0]["branch_name"],
                counterparty=_counterparty(own[0]),
                vat_percent=percent,
                lines=[
                    Line(
                        service=str(row["service"]),
                        name=_service(row["service"]),
                        amount_minor=row["minor"],
                        vat_minor=vat_within(row["minor"], percent),
                    )
                    for row in own
                ],
            )
        )
    return found


def _receipts(wanted: Wanted) -> list[Receipt]:
    """Return the money of the days by agent, branch and counterparty, also what comes to less than nothing."""
    if wanted.what is What.SALES:
        return []
    with connection.cursor() as cursor:
        rows = named_rows(cursor, _RECEIPTS, wanted.values)
    return [
        Receipt(
            day=row["day"],
            branch=row["branch"],
            branch_name=row["branch_name"],
            agent=row["agent"] or "",
            agent_name=row["agent_name"] or "без платёжного агента",
            is_cash=row["agent_kind"] == AgentKind.CASH_DESK,
            counterparty=_counterparty(row),
            amount_minor=row["minor"],
        )
        for row in rows
    ]


def gather(wanted: Wanted) -> Gathered:
    """Add up what is exported and what the ledger says, all of one moment. Raises NothingToExport."""
    with reading.moment() as cursor:
        sold, received = _sales(wanted), _receipts(wanted)
        (ledger,) = named_rows(cursor, _LEDGER, wanted.values)
    if not sold and not received:
        raise NothingToExport(str(wanted.month))
    has_sales, has_receipts = wanted.what is not What.RECEIPTS, wanted.what is not What.SALES
    found = ExportTotals(
        sales=sum(one.amount_minor > 0 for one in sold),
        sales_minor=sum(one.amount_minor for one in sold if one.amount_minor > 0),
        sales_left_out_minor=sum(one.amount_minor for one in sold if one.amount_minor <= 0),
        sales_ledger_minor=ledger["sales_minor"] if has_sales else 0,
        receipts=sum(one.amount_minor > 0 for one in received),
        receipts_minor=sum(one.amount_minor for one in received if one.amount_minor > 0),
        receipts_left_out_minor=sum(one.amount_minor for one in received if one.amount_minor <= 0),
        receipts_ledger_minor=ledger["receipts_minor"] if has_receipts else 0,
        penalties_minor=ledger["penalties_minor"],
        written_off_minor=-ledger["written_off_minor"],
    )
    return Gathered(
        sales=[one for one in sold if one.amount_minor > 0],
        receipts=[one for one in received if one.amount_minor > 0],
        totals=found,
    )


def vat_percent(month: Month) -> int:
    """Return the rate of value added tax on a month's energy (НК РФ ст. 164 п. 3). Raises ParameterMissingError."""
    rows = packs.pack_parameters().version("ru.payment.receipt_items", on=month.first_day).rows
    (code,) = (row["vat"] for row in rows if row["item"] == str(_SERVICE_ITEM))
    return _VAT_PERCENT[int(code or 0)]


def vat_within(amount_minor: int, percent: int) -> int:
    """Return the tax within an amount, halves away from nothing."""
    sign = -1 if amount_minor < 0 else 1
    return sign * ((2 * abs(amount_minor) * percent + 100 + percent) // (2 * (100 + percent)))


def _service(code: int) -> str:
    return _NAMES.get(code, f"Услуга {code}")


_NAMES = {
    int(Service.ELECTRICITY): "Электроэнергия",
    int(Service.ELECTRICITY_COMMON): "Электроэнергия на общедомовые нужды",
}


def _counterparty(row: dict[str, Any]) -> Counterparty:
    if row["party_id"] is None:
        return Counterparty()
    return Counterparty(key=str(row["party_id"]), name=row["party"], inn=row["inn"])


_PLACED = """
    JOIN contracts_account account ON account.id = entry.account_id
    JOIN places_building building ON building.id = account.building_id
    JOIN parties_branch branch ON branch.id = building.branch_id AND branch.supplier_id = %(supplier)s
    LEFT JOIN parties_party party ON party.id = account.party_id AND party.kind = %(organisation)s"""
_WHO = """branch.code AS branch, branch.name AS branch_name, party.id AS party_id, party.name AS party, party.inn"""
_BY_WHOM = "branch.code, branch.name, party.id, party.name, party.inn"
_OF_MONTH = """entry.slot IN (SELECT slot FROM ledger_batch WHERE booked_period = %(period)s AND state = %(posted)s)"""

_SALES = f"""
    SELECT {_WHO}, entry.service, sum(entry.amount_minor)::bigint AS minor
    FROM (
        SELECT account_id, service, sum(amount_minor) AS amount_minor FROM ledger_entry entry
        WHERE kind IN (2, 3, 4) AND {_OF_MONTH} GROUP BY account_id, service
    ) entry {_PLACED}
    GROUP BY {_BY_WHOM}, entry.service
    HAVING sum(entry.amount_minor) <> 0
    ORDER BY branch.code, party.id NULLS FIRST, entry.service"""

_RECEIPTS = f"""
    SELECT entry.booked_on AS day, {_WHO}, agent.code AS agent, agent.name AS agent_name, agent.kind AS agent_kind,
           -sum(entry.amount_minor)::bigint AS minor
    FROM ledger_entry entry {_PLACED}
    LEFT JOIN payments_payment payment ON payment.slot = entry.slot AND payment.batch_id = entry.batch_id
      AND payment.entry_no = entry.entry_no
    LEFT JOIN (
        SELECT change.slot, change.batch_id, min(payment.agent_id) AS agent_id
        FROM payments_paymentchange change JOIN payments_payment payment ON payment.id = change.payment_id
        WHERE change.batch_id IS NOT NULL AND change.kind IN (1, 2, 3) GROUP BY change.slot, change.batch_id
    ) change ON change.slot = entry.slot AND change.batch_id = entry.batch_id
    LEFT JOIN payments_agent agent ON agent.id = coalesce(payment.agent_id, change.agent_id)
    WHERE entry.kind IN ({MONEY}) AND {_OF_MONTH} AND entry.booked_on >= %(first)s AND entry.booked_on < %(end)s
    GROUP BY entry.booked_on, {_BY_WHOM}, agent.code, agent.name, agent.kind
    HAVING sum(entry.amount_minor) <> 0
    ORDER BY entry.booked_on, agent.code, branch.code, party.id NULLS FIRST"""

# turnovers, not entries: a second way to the same sums; but days of money only entries know
_LEDGER = f"""
    SELECT coalesce(sum(entry.charged_minor + entry.recalculated_minor), 0)::bigint AS sales_minor,
           coalesce(sum(entry.penalty_minor), 0)::bigint AS penalties_minor,
           coalesce(sum(entry.written_off_minor), 0)::bigint AS written_off_minor,
           CASE WHEN %(first)s::date = %(period)s
                 AND %(end)s::date = (%(period)s::date + interval '1 month')::date
                THEN coalesce(-sum(entry.paid_minor), 0)::bigint
                ELSE (SELECT coalesce(-sum(amount_minor), 0)::bigint FROM ledger_entry entry
                      JOIN contracts_account account ON account.id = entry.account_id
                      JOIN places_building building ON building.id = account.building_id
                      JOIN parties_branch branch ON branch.id = building.branch_id
                       AND branch.supplier_id = %(supplier)s
                      WHERE entry.kind IN ({MONEY}) AND {_OF_MONTH}
                        AND entry.booked_on >= %(first)s AND entry.booked_on < %(end)s)
           END AS receipts_minor
    FROM ledger_turnover entry {_PLACED}
    WHERE entry.booked_period = %(period)s"""
