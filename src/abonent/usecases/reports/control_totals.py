"""Control totals of money by day and agent: payments, files, the till and the ledger, and where they differ.

The ledger is added up from its entries: those behind a payment, those behind what was taken back, and a row without an
agent for money that no payment stands behind.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.usecases.reports import _money, _sections
from abonent.usecases.reports._money import money
from abonent.usecases.reports.model import Answer, Ask, Asked, Choice, Column, Drill, Report, Table

_WHICH = Choice(
    name="which", title=_("Days"), answers=(("all", _("all")), ("differ", _("only with a difference")))
)
_FIGURES = (
    "payments",
    "received_minor",
    "unidentified_minor",
    "taken_minor",
    "ledger_minor",
    "files_minor",
    "of_files_minor",
    "till_minor",
    "of_till_minor",
)


def _part(select: str, source: str, **figures: str) -> str:
    shown = ", ".join(f"{figures.get(name, '0')} AS {name}" for name in _FIGURES)
    return f"SELECT {select}, {shown} FROM {source}"


def _answer(cursor: Any, asked: Asked) -> Answer:
    month = "{0} >= %(period)s AND {0} < %(end)s"
    agent = "AND agent.id = %(agent)s" if asked.agent_id is not None else ""
    mine = f"JOIN payments_agent agent ON agent.id = {{}} AND agent.supplier_id = %(supplier)s {agent}"
    parts = [
        _part(
            "payment.booked_on AS day, agent.id AS agent_id",
            f"payments_payment payment {mine.format('payment.agent_id')} WHERE {month.format('payment.booked_on')}",
            payments="CASE WHEN state IN (2, 3) THEN 1 ELSE 0 END",
            received_minor="CASE WHEN state IN (2, 3) THEN amount_minor ELSE 0 END",
            unidentified_minor="CASE WHEN state = 1 THEN amount_minor ELSE 0 END",
            of_till_minor="CASE WHEN agent.kind = 1 AND state IN (2, 3) THEN amount_minor ELSE 0 END",
        ),
        _part(
            "change.booked_on, agent.id",
            f"""payments_paymentchange change JOIN payments_payment payment ON payment.id = change.payment_id
                {mine.format("payment.agent_id")} WHERE change.kind IN (1, 2, 3) AND payment.state IN (2, 3)
                AND {month.format("change.booked_on")}""",
            taken_minor="change.amount_minor",
            of_till_minor="CASE WHEN agent.kind = 1 THEN -change.amount_minor ELSE 0 END",
        ),
        _part(
            "file.booked_on, agent.id",
            f"""payments_paymentfile file {mine.format("file.agent_id")}
                WHERE file.state IN (1, 2) AND agent.kind <> 2 AND {month.format("file.booked_on")}""",
            files_minor="file.amount_minor",
        ),
        _part(
            "file.booked_on, agent.id",
            f"""payments_paymentfile file {mine.format("file.agent_id")} JOIN payments_payment payment
                ON payment.file_id = file.id
                WHERE file.state IN (1, 2) AND agent.kind <> 2 AND {month.format("file.booked_on")}""",
            of_files_minor="payment.amount_minor",
        ),
        _part(
            "shift.day, agent.id",
            f"""payments_cashorder ordered JOIN payments_cashshift shift ON shift.id = ordered.shift_id
                JOIN payments_cashdesk desk ON desk.id = ordered.desk_id {mine.format("desk.agent_id")}
                WHERE ordered.kind IN (1, 2) AND {month.format("shift.day")}""",
            till_minor="(cash_minor + card_minor) * CASE WHEN ordered.kind = 1 THEN 1 ELSE -1 END",
        ),
        _ledger("WHERE agent_id = %(agent)s" if asked.agent_id is not None else ""),
    ]
    sums = ", ".join(f"sum({name})::bigint AS {name}" for name in _FIGURES)
    found = f"""
        SELECT moved.day, moved.agent_id, agent.name AS agent, extract(day FROM moved.day)::int AS day_no, {sums},
               sum(received_minor - taken_minor - ledger_minor)::bigint AS difference_minor,
               sum(files_minor - of_files_minor)::bigint AS files_difference_minor,
               sum(till_minor - of_till_minor)::bigint AS till_difference_minor
        FROM ({" UNION ALL ".join(parts)}) moved LEFT JOIN payments_agent agent ON agent.id = moved.agent_id
        GROUP BY moved.day, moved.agent_id, agent.name"""
    differ = "difference_minor <> 0 OR files_difference_minor <> 0 OR till_difference_minor <> 0"
    table = Table(
        name="control_totals",
        columns=_COLUMNS,
        sql=found if _WHICH.answer(asked) == "all" else f"SELECT * FROM ({found}) found WHERE {differ}",
        order=("day", "agent"),
        unique=("agent_id",),
        values=_money.slots(cursor, asked),
        empty=_("No money moved on these days.")
        if _WHICH.answer(asked) == "all"
        else _("Payments, files, the till and the ledger agree on every day."),
    )
    return Answer(tables=(table,))


def _ledger(which: str) -> str:
    """Return SQL of the ledger's money entries, each under the agent of the payment or the change behind it."""
    return _part(
        "day, agent_id",
        f"""(
            SELECT entry.booked_on AS day, coalesce(payment.agent_id, change.agent_id) AS agent_id, entry.amount_minor
            FROM ledger_entry entry
            JOIN contracts_account account ON account.id = entry.account_id
            JOIN places_building building ON building.id = account.building_id
            JOIN parties_branch branch ON branch.id = building.branch_id AND branch.supplier_id = %(supplier)s
            LEFT JOIN payments_payment payment ON payment.slot = entry.slot AND payment.batch_id = entry.batch_id
              AND payment.entry_no = entry.entry_no
            LEFT JOIN (
                SELECT change.slot, change.batch_id, min(payment.agent_id) AS agent_id
                FROM payments_paymentchange change JOIN payments_payment payment ON payment.id = change.payment_id
                WHERE change.batch_id IS NOT NULL AND change.kind IN (1, 2, 3)
                GROUP BY change.slot, change.batch_id
            ) change ON change.slot = entry.slot AND change.batch_id = entry.batch_id
            WHERE entry.slot = ANY(%(slots)s) AND entry.kind IN ({_money.MONEY})
        ) entry {which}""",
        ledger_minor="-amount_minor",
    )


_PAYMENTS, _FILES, _TILL = _("Payments, ₽"), _("Files, ₽"), _("Till, ₽")
_COLUMNS = (
    Column(
        name="day",
        title=_("Day"),
        kind="day",
        opens=Drill(report="payments", sets={}, takes={"day": "day_no"}),
    ),
    Column(name="agent", title=_("Agent")),
    Column(name="payments", title=_("Payments"), kind="count", total=True, minor_on_phone=True),
    money("received_minor", _("posted payments"), band=_PAYMENTS),
    money("taken_minor", _("what was taken back"), band=_PAYMENTS, minor_on_phone=True),
    money("unidentified_minor", _("unidentified"), band=_PAYMENTS, minor_on_phone=True),
    money("ledger_minor", _("Ledger, ₽")),
    money("difference_minor", _("Difference, ₽")),
    money("files_minor", _("as they say"), band=_FILES, minor_on_phone=True),
    money("of_files_minor", _("their payments"), band=_FILES, minor_on_phone=True),
    money("files_difference_minor", _("difference"), band=_FILES, minor_on_phone=True),
    money("till_minor", _("cash orders"), band=_TILL, minor_on_phone=True),
    money("of_till_minor", _("its payments"), band=_TILL, minor_on_phone=True),
    money("till_difference_minor", _("difference"), band=_TILL, minor_on_phone=True),
)

REPORT = Report(
    code="control_totals",
    title=_("Control totals of money"),
    about=_(
        "Payments, files and the till against the ledger, day by day and agent by agent, with the differences."
    ),
    section=_sections.MONEY,
    roles=_money.ROLES,
    asks=(Ask.PERIOD, Ask.AGENT),
    required=(Ask.PERIOD,),
    choices=(_WHICH,),
    answer=_answer,
)
