"""A shard written down in a few words, for tests of single rules. Days are ISO texts, energy is in kWh."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from abonent.engine import frames
from abonent.engine.frames import Inputs, Rated
from abonent.kernel.periods import Month
from abonent.packs.ru.month import rate, rate_months
from abonent.usecases.packs import pack_parameters

FOREVER = "9999-12-31"
GROUP = 1


def day(text: str) -> date:
    return date.fromisoformat(text)


@dataclass
class Shard:
    """Building 1 of `month`; every method adds rows and returns the shard."""

    month: Month
    premises_area: int = 0
    common_area: int = 0
    common_needs: int = 0
    common_basis: int = 1
    excess_to_consumers: bool = False
    banding: int = 0
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def _add(self, frame: str, **row: Any) -> "Shard":
        self.rows.setdefault(frame, []).append(row)
        return self

    def flat(
        self, premise_id: int, account: int | None = None, *, since: str = "", until: str = "", share: str = "1/1",
        area: int = 50, rooms: int = 2, residents: int = 2, owners: int = 1, cause: int = 0, kind: int = 1,
        parent: int = 0, root: int = 0, agreed: bool = False, agreed_kwh: int = 0, terms: bool = True,
    ) -> "Shard":  # fmt: skip
        begins_on = day(since) if since else self.month.first_day
        ends_on = day(until) if until else self.month.next().first_day
        if kind != 1:
            self._add(
                "premises", premise_id=premise_id, building_id=1, kind=kind, parent_id=parent,
                root_id=root or parent or premise_id,
            )  # fmt: skip
        if account is not None:
            numerator, denominator = share.split("/")
            self._add(
                "services", account_id=account, premise_id=premise_id, building_id=1,
                share_numerator=int(numerator), share_denominator=int(denominator),
                begins_on=begins_on, ends_on=ends_on,
            )  # fmt: skip
        if terms:
            self._add(
                "terms", premise_id=premise_id, building_id=1, tariff_group_id=GROUP, area_dm2=area * 100,
                rooms=rooms, residents=residents, owners=owners, uplift_cause=cause, room_meters_agreed=agreed,
                agreed_wh_per_month=agreed_kwh * 1000, begins_on=begins_on, ends_on=ends_on,
            )  # fmt: skip
        return self

    def meter(
        self, installation_id: int, premise_id: int, readings: Iterable[tuple[str, float] | tuple[str, float, int]],
        *, zone: int = 1, digits: int = 6, ratio: int = 1, since: str = "2000-01-01", until: str = FOREVER,
    ) -> "Shard":  # fmt: skip
        """`readings`: (day, kWh) or (day, kWh, source). Premise 0 is the building's own meter."""
        self._add(
            "installations", installation_id=installation_id, building_id=1, premise_id=premise_id, zone=zone,
            digits=digits, ratio=ratio, begins_on=day(since), ends_on=day(until),
        )  # fmt: skip
        for taken_on, kwh, *source in readings:
            self._add(
                "readings", installation_id=installation_id, taken_on=day(taken_on),
                value_wh=round(kwh * 1000), source=source[0] if source else 1,
            )  # fmt: skip
        return self

    def price(
        self, roubles: float, *, zone: int = 1, band: int = 1, since: str = "2000-01-01", until: str = FOREVER
    ) -> "Shard":
        place = len(self.rows.get("prices", []))
        return self._add(
            "prices", price_id=place + 1, tariff_group_id=GROUP, zone=zone, band=band,
            price_e5=round(roubles * 100_000), price_begins_on=day(since), price_ends_on=day(until),
        )  # fmt: skip

    def away(self, premise_id: int, left_on: str, returned_on: str, people: int = 1) -> "Shard":
        return self._add(
            "absences", premise_id=premise_id, building_id=1, people=people, left_on=day(left_on),
            returned_on=day(returned_on),
        )  # fmt: skip

    def past_the_meter(self, premise_id: int, power_w: int, since: str, until: str) -> "Shard":
        return self._add(
            "unauthorised", premise_id=premise_id, building_id=1, power_w=power_w, begins_on=day(since),
            ends_on=day(until),
        )  # fmt: skip

    def history(
        self, *, carried: int = 0, months: int = 0, used: int = 0, charged: int = 0, cap: int = 0
    ) -> "Shard":
        return self._add(
            "common_history", building_id=1, carried_wh=carried * 1000, year_months=months,
            year_common_wh=used * 1000, year_charged_wh=charged * 1000, year_cap_wh=cap * 1000,
        )  # fmt: skip

    def inputs(self) -> Inputs:
        building = {
            "building_id": 1, "apartments": True, "premises_area_dm2": self.premises_area * 100,
            "common_area_dm2": self.common_area * 100, "common_norm_category": 1, "common_needs": self.common_needs,
            "common_basis": self.common_basis, "excess_to_consumers": self.excess_to_consumers,
        }  # fmt: skip
        groups = {"tariff_group_id": GROUP, "norm_category": 1, "banding": self.banding, "band_category": 1}
        rows = {**self.rows, "buildings": [building], "tariff_groups": [groups]}
        return Inputs(
            **{
                name: pl.DataFrame(rows.get(name, []), schema=dict(schema), orient="row")
                for name, schema in _SCHEMAS.items()
            }
        )

    def rated(self, *, with_common_needs: bool = True) -> Rated:
        return rate(self.inputs(), pack_parameters(), self.month, with_common_needs=with_common_needs)

    def rated_months(self, months: Sequence[Month]) -> dict[Month, Rated]:
        return rate_months(self.inputs(), pack_parameters(), months)

    def lines(self) -> list[tuple[int, int, float, float]]:
        """Return (account, rule, kWh, roubles) of every line."""
        return told(self.rated())


def told(rated: Rated) -> list[tuple[int, int, float, float]]:
    assert rated.exceptions.is_empty(), rated.exceptions.to_dicts()
    return [
        (row["account_id"], row["rule"], row["quantity_wh"] / 1000, row["amount_minor"] / 100)
        for row in rated.lines.iter_rows(named=True)
    ]


_SCHEMAS = {
    "buildings": frames.BUILDINGS,
    "premises": frames.PREMISES,
    "services": frames.SERVICES,
    "terms": frames.TERMS,
    "installations": frames.INSTALLATIONS,
    "readings": frames.READINGS,
    "prices": frames.PRICES,
    "tariff_groups": frames.TARIFF_GROUPS,
    "absences": frames.ABSENCES,
    "unauthorised": frames.UNAUTHORISED,
    "common_history": frames.COMMON_HISTORY,
}
