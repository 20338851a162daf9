"""In which order the supplier's money covers debts on a day: its own setting, else what the law says."""

from dataclasses import replace
from datetime import date
from typing import Any

from abonent.engine.parameters import ParameterSet
from abonent.engine.settle import Policy

_PARAMETER = "ru.allocation"
_SERVICES = (1, 2)


def policy_of(cursor: Any, *, supplier_id: int, day: date, parameters: ParameterSet) -> Policy:
    """Return the order of a day. Limitation is the law's, whatever the supplier has set."""
    rows = sorted(parameters.version(_PARAMETER, on=day).rows, key=lambda row: int(row["place"] or 0))
    lawful = Policy(
        debt_order=tuple(int(row["debt"] or 0) for row in rows),
        service_order=_SERVICES,
        limitation_months=max(int(row["limitation_months"] or 0) for row in rows),
    )
    cursor.execute(
        "SELECT debt_order, service_order, honours_named_period, period_before_debt "
        "FROM payments_allocationpolicy WHERE supplier_id = %s AND during @> %s::date",
        [supplier_id, day],
    )
    if (own := cursor.fetchone()) is None:
        return lawful
    return replace(
        lawful,
        debt_order=tuple(own[0]),
        service_order=tuple(own[1]),
        honours_named_period=own[2],
        period_before_debt=own[3],
    )
