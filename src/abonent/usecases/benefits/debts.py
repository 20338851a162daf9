"""The answer to a social security office: what accounts owe and for how many months (ЖК РФ ст. 159 ч. 5, ст. 160).

A debt is laid on the newest charges first, because what is paid settles the oldest: so it is as many months old as
charges it takes to cover it.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import IO, Any

import xlsxwriter
from django.db import connection
from django.utils.translation import gettext as _

from abonent.contexts.places.queries import address_of
from abonent.gateways.named_rows import named_rows
from abonent.kernel.periods import Month


class Whom(Enum):
    """Whose debts are asked for."""

    SUBSIDIES = "subsidies"
    BENEFITS = "benefits"
    LISTED = "listed"


@dataclass(frozen=True)
class Debt:
    """An account of the answer. `account_id` 0: there is no account of this number.

    `months`: how many months' charges the debt takes; `oldest`: the first of these. `is_older`: all charges known do
    not cover it, so it is older than the books.
    """

    number: str
    account_id: int = 0
    payer: str = ""
    address: str = ""
    debt_minor: int = 0
    months: int = 0
    oldest: date | None = None
    is_older: bool = False


def debts(*, supplier_id: int, whom: Whom, until: Month, numbers: Sequence[str] = ()) -> list[Debt]:
    """Return what was owed at the end of a month, by account number; listed numbers in the order they came in."""
    listed = list(dict.fromkeys(number.strip() for number in numbers if number.strip()))
    values: dict[str, Any] = {
        "supplier": supplier_id,
        "until": until.first_day,
        "end": until.next().first_day,
        "numbers": listed,
    }
    with connection.cursor() as cursor:
        rows = named_rows(cursor, _DEBTS.format(whom=_WHOM[whom]), values)
    found = {row["number"]: _debt(row) for row in rows}
    if whom is Whom.LISTED:
        return [found.get(number) or Debt(number) for number in listed]
    return [found[number] for number in sorted(found)]


def spreadsheet(answer: Sequence[Debt], *, until: Month) -> IO[bytes]:
    """Return the answer as xlsx, read from its beginning; the caller closes it."""
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 – closed by whoever sends it
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    money = book.add_format({"num_format": "#,##0.00"})
    month = book.add_format({"num_format": "mm.yyyy"})
    sheet.write_string(
        0, 0, _("Debts for electricity at the end of %(month)s") % {"month": f"{until.month:02}.{until.year}"}
    )
    headings = [
        _("Account"),
        _("Payer"),
        _("Address"),
        _("Debt, RUB"),
        _("Months"),
        _("Since"),
        _("Remark"),
    ]
    for place, heading in enumerate(headings):
        sheet.set_column(place, place, (16, 32, 44, 14, 10, 10, 32)[place])
        sheet.write_string(2, place, heading, bold)
    for number, row in enumerate(answer, start=3):
        for place, text in enumerate((row.number, row.payer, row.address)):
            sheet.write_string(number, place, text)
        if row.account_id:
            sheet.write_number(number, 3, row.debt_minor / 100, money)
            sheet.write_number(number, 4, row.months)
        if row.oldest:
            sheet.write_datetime(number, 5, row.oldest, month)
        sheet.write_string(number, 6, remark(row))
    book.close()
    file.seek(0)
    return file


def remark(row: Debt) -> str:
    """Say what the figures do not."""
    if not row.account_id:
        return _("There is no account with this number.")
    return _("Part of the debt is older than these books.") if row.is_older else ""


def _debt(row: dict[str, Any]) -> Debt:
    name = row["organisation"] or " ".join(
        filter(None, (row["last_name"], row["first_name"], row["middle_name"]))
    )
    debt_minor = max(int(row["balance"]), 0)
    return Debt(
        number=row["number"],
        account_id=row["account_id"],
        payer=name,
        address=address_of(
            street_kind=row["street_kind"],
            street=row["street"],
            building=row["building"],
            premise=row["premise"],
        ),
        debt_minor=debt_minor,
        months=row["months"] if debt_minor else 0,
        oldest=row["oldest"] if debt_minor else None,
        is_older=bool(debt_minor) and debt_minor > row["charged"],
    )


_WHOM = {
    Whom.LISTED: "account.number = ANY(%(numbers)s)",
    Whom.BENEFITS: """account.id IN (SELECT holder.account_id FROM contracts_benefitholder holder
                                     WHERE holder.during && daterange(%(until)s, %(end)s))""",
    # whoever got one in the last twelve months: a subsidy is granted for half a year (ПП РФ 761, п. 46)
    Whom.SUBSIDIES: """account.id IN (
        SELECT paid.account_id FROM ledger_subsidyrow paid JOIN ledger_subsidyfile file ON file.id = paid.file_id
        WHERE paid.state = 1 AND file.reversed_at IS NULL AND paid.period > %(until)s::date - interval '1 year')""",
}

# cover: what the charges of this month and of all later ones come to
_DEBTS = """
WITH wanted AS (
    SELECT account.id, account.number, account.premise_id, account.party_id
    FROM contracts_account account
    JOIN places_building building ON building.id = account.building_id
    JOIN parties_branch branch ON branch.id = building.branch_id
    WHERE branch.supplier_id = %(supplier)s AND {whom}
), booked AS (
    SELECT turnover.account_id, turnover.booked_period,
           sum(turnover.charged_minor + turnover.recalculated_minor)::bigint AS charged,
           sum(turnover.balance_minor)::bigint AS balance
    FROM ledger_turnover turnover JOIN wanted ON wanted.id = turnover.account_id
    WHERE turnover.booked_period <= %(until)s
    GROUP BY turnover.account_id, turnover.booked_period
), covered AS (
    SELECT account_id, booked_period, charged, sum(balance) OVER (PARTITION BY account_id) AS balance,
           coalesce(sum(charged) OVER (PARTITION BY account_id ORDER BY booked_period DESC
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS later
    FROM booked
), summed AS (
    SELECT account_id, max(balance)::bigint AS balance, sum(charged)::bigint AS charged,
           count(*) FILTER (WHERE later < balance AND charged > 0) AS months,
           min(booked_period) FILTER (WHERE later < balance AND charged > 0) AS oldest
    FROM covered GROUP BY account_id
)
SELECT wanted.number, wanted.id AS account_id, party.last_name, party.first_name, party.middle_name,
       party.name AS organisation, premise.number AS premise, building.number AS building,
       street.kind AS street_kind, street.name AS street, coalesce(summed.balance, 0) AS balance,
       coalesce(summed.charged, 0) AS charged, coalesce(summed.months, 0) AS months, summed.oldest
FROM wanted
JOIN parties_party party ON party.id = wanted.party_id
JOIN places_premise premise ON premise.id = wanted.premise_id
JOIN places_building building ON building.id = premise.building_id
JOIN places_street street ON street.id = building.street_id
LEFT JOIN summed ON summed.account_id = wanted.id
"""
