"""Who pays: how a payer is written in a query, and the accounts of premises looked up for a few rows."""

from collections import defaultdict
from datetime import date
from typing import Any

from abonent.gateways.named_rows import named_rows
from abonent.usecases.reports.model import Row

# for queries with `party` in them
PAYER = (
    "CASE WHEN party.kind = 2 THEN party.name ELSE trim(concat_ws(' ', party.last_name, party.first_name, "
    "nullif(party.middle_name, ''))) END"
)


def add_accounts(cursor: Any, rows: list[Row], *, on: date) -> None:
    """Add `account`, the first of them if several, and `payer`, all of them, to rows that have a `premise_id`."""
    found = named_rows(
        cursor,
        f"""SELECT account.premise_id, account.number, {PAYER} AS payer
            FROM contracts_account account JOIN parties_party party ON party.id = account.party_id
            WHERE account.premise_id = ANY(%(premises)s) AND account.during @> %(on)s::date
            ORDER BY account.share_no""",
        {"premises": [row["premise_id"] for row in rows if row["premise_id"]], "on": on},
    )
    of_premise = defaultdict(list)
    for one in found:
        of_premise[one["premise_id"]].append(one)
    for row in rows:
        accounts = of_premise[row["premise_id"]]
        row["account"] = accounts[0]["number"] if accounts else None
        row["payer"] = ", ".join(one["payer"] for one in accounts)
