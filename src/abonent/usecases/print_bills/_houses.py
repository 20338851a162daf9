"""Which bills are printed, house by house in the order of their addresses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from abonent.contexts.places.queries import address_of
from abonent.gateways.named_rows import named_rows
from abonent.kernel.periods import Month
from abonent.usecases.billing_run import Scope
from abonent.usecases.print_bills._refusals import BillsOutOfDate, NoBills
from abonent.usecases.print_bills._rows import LATEST


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A building with bills to print, and what they add up to."""

    building_id: int
    kind: int
    street_kind: str
    street: str
    district: str
    has_twin: bool
    number: str
    common_needs: int
    common_norm_category: int
    premises_area_dm2: int
    common_area_dm2: int
    bills: int
    total_minor: int

    @property
    def address(self) -> str:
        return self.address_of("")

    def address_of(self, premise: str) -> str:
        """Write an address; where two streets are called the same, with the district."""
        address = address_of(
            street_kind=self.street_kind, street=self.street, building=self.number, premise=premise
        )
        return f"{self.district}, {address}" if self.has_twin else address

    @property
    def order(self) -> tuple[Any, ...]:
        return natural(self.street), self.street_kind, natural(self.district), natural(self.number)


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts as people do: 2, 2а, 10, 10 корп. 2, 10 корп. 10; ё beside е."""
    parts = re.findall(r"\d+|\D+", text.casefold().replace("ё", "е"))
    return tuple((int(part), "") if part.isdigit() else (-1, part.strip()) for part in parts)


def houses(cursor: Any, *, scope: Scope, month: Month, slots: list[int]) -> list[House]:
    """Return the houses of a scope with their latest bills, sorted by address.

    Raises NoBills; BillsOutOfDate when the books of the month say something else by now.
    """
    conditions = {
        "building.branch_id = %(branch)s": scope.branch_id,
        "building.id = %(building)s": scope.building_id,
        "account.id = %(account)s": scope.account_id,
    }
    wanted = " AND ".join(
        [
            "branch.supplier_id = %(supplier)s",
            *(name for name, value in conditions.items() if value is not None),
        ]
    )
    values = {
        "supplier": scope.supplier_id,
        "branch": scope.branch_id,
        "building": scope.building_id,
        "account": scope.account_id,
        "month": month.first_day,
        "slots": slots,
    }
    (stale,) = named_rows(cursor, _STALE.format(scope=wanted, latest=LATEST), values)
    if stale["bills"]:
        raise BillsOutOfDate(month, stale["bills"], stale["example"])
    found = [House(**row) for row in named_rows(cursor, _HOUSES.format(scope=wanted, latest=LATEST), values)]
    if not found:
        raise NoBills(month)
    return sorted(found, key=lambda house: house.order)


def in_chunks(found: list[House], size: int) -> Iterator[list[House]]:
    """Yield whole houses in their order, of about `size` bills together."""
    chunk: list[House] = []
    for house in found:
        chunk.append(house)
        if sum(one.bills for one in chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


_FROM = """
FROM charging_bill bill
JOIN contracts_account account ON account.id = bill.account_id
JOIN places_building building ON building.id = account.building_id
JOIN parties_branch branch ON branch.id = building.branch_id
"""

_HOUSES = f"""
SELECT building.id AS building_id, building.kind, street.kind AS street_kind, street.name AS street,
       district.name AS district, building.number, coalesce(terms.common_needs, 0) AS common_needs,
       coalesce(terms.common_norm_category, 1) AS common_norm_category,
       coalesce(terms.premises_area_dm2, 0) AS premises_area_dm2,
       coalesce(terms.common_area_dm2, 0) AS common_area_dm2,
       EXISTS (SELECT FROM places_street twin
               WHERE twin.kind = street.kind AND twin.name = street.name AND twin.id <> street.id) AS has_twin,
       count(*) AS bills, sum(bill.total_minor)::bigint AS total_minor
{_FROM}
JOIN places_street street ON street.id = building.street_id
JOIN places_district district ON district.id = street.district_id
LEFT JOIN places_buildingterms terms ON terms.building_id = building.id AND terms.during @> %(month)s::date
WHERE {{scope}} AND bill.period = %(month)s AND {{latest}}
GROUP BY building.id, street.id, district.id, terms.id
"""

_STALE = f"""
SELECT count(*) AS bills, min(account.number) AS example
{_FROM}
CROSS JOIN LATERAL (
    SELECT coalesce(sum(charged_minor), 0) AS charged, coalesce(sum(recalculated_minor), 0) AS recalculated,
           coalesce(sum(penalty_minor), 0) AS penalty, coalesce(sum(written_off_minor), 0) AS written_off,
           -coalesce(sum(paid_minor), 0) AS paid
    FROM ledger_turnover WHERE slot = ANY(%(slots)s) AND account_id = account.id
) booked
WHERE {{scope}} AND bill.period = %(month)s AND {{latest}}
  AND (booked.charged, booked.recalculated, booked.penalty, booked.written_off, booked.paid)
      IS DISTINCT FROM (bill.charged_minor, bill.recalculated_minor, bill.penalty_minor, bill.written_off_minor,
                        bill.paid_minor)
"""
