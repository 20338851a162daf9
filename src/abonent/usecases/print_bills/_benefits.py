"""What bills say of measures of social support: worked out from the month's lines, as registries do."""

from collections import defaultdict
from typing import Any

import polars as pl

from abonent.engine.parameters import ParameterMissingError, ParameterSet
from abonent.gateways.named_rows import named_rows
from abonent.kernel.periods import Month
from abonent.packs.ru.documents.bill import BillBenefit
from abonent.packs.ru.rules.benefits import NormMissing
from abonent.usecases.benefits.due import PAIRS, due, read_by


def benefits(
    cursor: Any, *, accounts: list[int], month: Month, parameters: ParameterSet
) -> dict[int, list[BillBenefit]]:
    """Return the benefits of a month by account. Where the law's figures are missing, they come without amounts."""
    values = {"accounts": accounts, "month": month.first_day, "end": month.next().first_day}
    held = named_rows(cursor, _HELD, values)
    if not held:
        return {}
    pairs = pl.DataFrame(
        {"account_id": sorted({row["account_id"] for row in held}), "period": month.first_day},
        schema=dict(PAIRS),
    )
    try:
        amounts = due(pairs, parameters=parameters, read=read_by(cursor))
    except (ParameterMissingError, NormMissing):
        amounts = pl.DataFrame(schema={"holder_id": pl.Int64, "due_minor": pl.Int64})
    due_minor = dict(amounts.select("holder_id", "due_minor").iter_rows())
    found: dict[int, list[BillBenefit]] = defaultdict(list)
    for row in held:
        found[row["account_id"]].append(
            BillBenefit(
                percent=row["percent"],
                within_norm=row["within_norm"],
                people=row["people"],
                due_minor=due_minor.get(row["id"]),
            )
        )
    return found


_HELD = """
SELECT holder.id, holder.account_id, category.percent, category.within_norm,
       CASE WHEN category.covers_family THEN holder.people ELSE 1 END AS people
FROM contracts_benefitholder holder JOIN contracts_benefitcategory category ON category.id = holder.category_id
WHERE holder.account_id = ANY(%(accounts)s) AND holder.during && daterange(%(month)s, %(end)s)
ORDER BY holder.account_id, holder.id
"""
