"""The register of payments of a month: each with where it came from, whose it is, and how much of it covers debts."""

from collections import defaultdict
from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.models import Role
from abonent.contexts.payments.models import PaymentState, Recognition
from abonent.gateways.named_rows import named_rows
from abonent.usecases.reports import _places, _sections
from abonent.usecases.reports._money import money
from abonent.usecases.reports._people import PAYER
from abonent.usecases.reports.model import (
    PLACES,
    Answer,
    Ask,
    Asked,
    Card,
    Choice,
    Column,
    Report,
    Row,
    Table,
)

_STATE = Choice(
    name="state",
    title=_("Payments"),
    answers=(
        ("all", _("all")),
        ("posted", PaymentState.POSTED.label),
        ("unidentified", PaymentState.UNIDENTIFIED.label),
        ("reversed", PaymentState.REVERSED.label),
        ("returned", PaymentState.RETURNED.label),
    ),
)
DAY = Choice(
    name="day",
    title=_("Day of the month"),
    answers=(("all", _("any")), *((str(day), str(day)) for day in range(1, 32))),
)


def _answer(_cursor: Any, asked: Asked) -> Answer:
    conditions = ["payment.supplier_id = %(supplier)s", booked_in_month(asked)]
    if (state := _STATE.answer(asked)) != "all":
        conditions.append(f"payment.state = {PaymentState[state.upper()].value}")
    if asked.agent_id is not None:
        conditions.append("payment.agent_id = %(agent)s")
    if _is_placed(asked):  # an unidentified payment is nowhere
        conditions.append(_places.meant(asked))
    table = Table(
        name="payments",
        columns=_COLUMNS,
        sql=f"""
            SELECT payment.id AS payment_id, payment.booked_on, payment.paid_on, agent.name AS agent,
                   payment.account_id, account.number AS account, payment.account_text, payment.amount_minor,
                   payment.commission_minor, payment.state, payment.recognition, payment.confidence,
                   payment.external_id, payment.purpose, payment.payer AS said_payer, payment.file_id, payment.row_no
            FROM payments_payment payment
            JOIN payments_agent agent ON agent.id = payment.agent_id
            LEFT JOIN contracts_account account ON account.id = payment.account_id
            LEFT JOIN places_building building ON building.id = account.building_id
            LEFT JOIN places_street street ON street.id = building.street_id
            WHERE {" AND ".join(conditions)}""",
        order=("booked_on", "payment_id"),
        unique=("payment_id",),
        named=_named,
        complete=_complete,
        empty=_("There are no such payments in this month."),
    )
    return Answer(tables=(table,))


def booked_in_month(asked: Asked, column: str = "payment.booked_on") -> str:
    """Return the condition that keeps to the month, or to its day that was asked for."""
    day = DAY.answer(asked)
    if day == "all":
        return f"{column} >= %(period)s AND {column} < %(end)s"
    return f"{column} = %(period)s::date + {int(day) - 1} AND {column} < %(end)s"


def _is_placed(asked: Asked) -> bool:
    return any(one is not None for one in (asked.branch_id, asked.district_id, asked.building_id))


def _named(rows: str) -> str:
    return f"""
        SELECT rows.*, file.name AS file_name, {PAYER} AS known_payer, {_places.ADDRESS} AS address,
               premise.number AS premise
        FROM ({rows}) rows
        LEFT JOIN payments_paymentfile file ON file.id = rows.file_id
        LEFT JOIN contracts_account account ON account.id = rows.account_id
        LEFT JOIN parties_party party ON party.id = account.party_id
        LEFT JOIN places_premise premise ON premise.id = account.premise_id
        LEFT JOIN places_building building ON building.id = account.building_id
        LEFT JOIN places_street street ON street.id = building.street_id"""


def _complete(cursor: Any, rows: list[Row], asked: Asked) -> None:
    """Add what each payment covers by now, what was taken back of it, and the rest: the advance."""
    values = {
        "payments": [row["payment_id"] for row in rows],
        "accounts": [row["account_id"] for row in rows if row["account_id"]],
    }
    covered: dict[int, int] = defaultdict(int)
    for one in named_rows(
        cursor,
        """SELECT payment_id, sum(amount_minor)::bigint AS minor FROM payments_allocation
           WHERE account_id = ANY(%(accounts)s) AND payment_id = ANY(%(payments)s) GROUP BY payment_id""",
        values,
    ):
        covered[one["payment_id"]] = one["minor"]
    taken: dict[int, int] = defaultdict(int)
    for one in named_rows(
        cursor,
        """SELECT payment_id, sum(amount_minor)::bigint AS minor FROM payments_paymentchange
           WHERE payment_id = ANY(%(payments)s) AND kind IN (1, 2, 3) GROUP BY payment_id""",
        values,
    ):
        taken[one["payment_id"]] = one["minor"]
    for row in rows:
        row["covered_minor"], row["taken_minor"] = covered[row["payment_id"]], taken[row["payment_id"]]
        is_posted = row["state"] in (PaymentState.POSTED, PaymentState.REVERSED)
        rest = row["amount_minor"] - row["taken_minor"] - row["covered_minor"]
        row["advance_minor"] = rest if is_posted else None
        row["payer"] = row["known_payer"] or row["said_payer"]
        row["account"] = row["account"] or row["account_text"] or None


_COLUMNS = (
    Column(name="booked_on", title=_("Booked on"), kind="day", order=("booked_on", "payment_id")),
    Column(name="account", title=_("Account"), opens=Card(of="account", key="account")),
    Column(name="payer", title=_("Payer"), late=True, minor_on_phone=True),
    Column(name="address", title=_("Address"), late=True, minor_on_phone=True),
    Column(name="premise", title=_("Premise"), late=True, minor_on_phone=True),
    Column(name="agent", title=_("Agent"), minor_on_phone=True),
    Column(name="paid_on", title=_("Paid on"), kind="day", minor_on_phone=True),
    money("amount_minor", _("Amount, ₽")),
    money("commission_minor", _("Commission, ₽"), minor_on_phone=True),
    money("taken_minor", _("Taken back, ₽"), late=True, total=False, minor_on_phone=True),
    money("covered_minor", _("Covers debts, ₽"), late=True, total=False, minor_on_phone=True),
    money("advance_minor", _("Advance, ₽"), late=True, total=False, minor_on_phone=True),
    Column(name="state", title=_("State"), words=lambda state: PaymentState(state).label),
    Column(
        name="recognition",
        title=_("Known by"),
        words=lambda code: Recognition(code).label,
        minor_on_phone=True,
    ),
    Column(name="external_id", title=_("Number of the operation"), minor_on_phone=True),
    Column(name="file_name", title=_("File"), late=True, minor_on_phone=True),
    Column(name="row_no", title=_("Row"), kind="count", minor_on_phone=True),
    Column(name="purpose", title=_("Purpose"), minor_on_phone=True),
)

REPORT = Report(
    code="payments",
    title=_("Register of payments"),
    about=_(
        "Every payment booked in a month: who paid, through whom, for which account, and what it covers."
    ),
    section=_sections.MONEY,
    roles=frozenset(Role),
    asks=(Ask.PERIOD, Ask.AGENT, *PLACES),
    required=(Ask.PERIOD,),
    choices=(_STATE, DAY),
    answer=_answer,
)
