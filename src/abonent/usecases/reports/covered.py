"""What the money of a month was allocated to: months, kinds of debt and services, tied to the ledger's payments."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from abonent.contexts.contracts.models import Service
from abonent.contexts.payments.models import Debt
from abonent.gateways.named_rows import named_rows
from abonent.usecases.reports import _money, _sections
from abonent.usecases.reports._money import money
from abonent.usecases.reports.model import PLACES, Answer, Ask, Asked, Column, Fact, Report, Table


def _answer(cursor: Any, asked: Asked) -> Answer:
    values = _money.slots(cursor, asked)
    some = _money.only_some(asked)
    places = f"""JOIN contracts_account account ON account.id = account_id
        JOIN {_money.buildings(asked)} ON building.id = account.building_id"""
    sql = f"""
        SELECT period, debt, service, count(DISTINCT account_id) AS accounts,
               coalesce(sum(amount_minor) FILTER (WHERE payment_id > 0), 0)::bigint AS payments_minor,
               coalesce(sum(amount_minor) FILTER (WHERE payment_id = 0), 0)::bigint AS netted_minor,
               sum(amount_minor)::bigint AS covered_minor
        FROM payments_allocation {places}
        WHERE slot = %(month_slot)s {some}
        GROUP BY period, debt, service"""
    (sums,) = named_rows(
        cursor,
        f"""SELECT
              (SELECT coalesce(-sum(paid_minor), 0)::bigint FROM ledger_turnover {places}
               WHERE slot = ANY(%(slots)s) {some}) AS paid_minor,
              (SELECT coalesce(sum(amount_minor), 0)::bigint FROM payments_allocation {places}
               WHERE slot = %(month_slot)s {some}) AS covered_minor""",
        {**asked.values, **values},
    )
    table = Table(
        name="covered",
        columns=_COLUMNS,
        sql=sql,
        order=("period", "debt", "service"),
        unique=("period", "debt", "service"),
        values=values,
        empty=_("Nothing was allocated in this month."),
    )
    facts = (
        Fact(title=_("Paid in the month by the ledger"), value=sums["paid_minor"], kind="minor"),
        Fact(title=_("Allocated in the month"), value=sums["covered_minor"], kind="minor"),
        Fact(title=_("Change of advances"), value=sums["paid_minor"] - sums["covered_minor"], kind="minor"),
    )
    return Answer(tables=(table,), facts=facts)


_COLUMNS = (
    Column(name="period", title=_("For the month"), kind="month"),
    Column(name="debt", title=_("Debt"), words=lambda debt: Debt(debt).label),
    Column(name="service", title=_("Service"), words=lambda code: dict(Service.choices).get(code, str(code))),
    Column(name="accounts", title=_("Accounts"), kind="count", minor_on_phone=True),
    money("payments_minor", _("By payments, ₽"), minor_on_phone=True),
    money("netted_minor", _("By credits of other months, ₽"), minor_on_phone=True),
    money("covered_minor", _("Covered, ₽")),
)

REPORT = Report(
    code="covered",
    title=_("What payments cover"),
    about=_("Which months, kinds of debt and services the money of a month was allocated to."),
    section=_sections.MONEY,
    roles=_money.ROLES,
    asks=(Ask.PERIOD, *PLACES),
    required=(Ask.PERIOD,),
    answer=_answer,
)
