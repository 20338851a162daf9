"""Acts about meters and connections, what they charge, and applications of people who were away."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from abonent.usecases.demo_supplier.homes import Homes, Ids, Rows
from abonent.usecases.demo_supplier.meters import Meters
from abonent.usecases.demo_supplier.occasions import CONNECTION, Occasions

_DAY = np.timedelta64(1, "D")
_INSPECTORS = ("Контролёров П. С.", "Обходов А. И.", "Проверкин Н. В.")
_APPROVED = 2
_APPLIED_AFTER, _DECIDED_AFTER = 3 * _DAY, 5 * _DAY


def draw_up(
    homes: Homes, meters: Meters, found: Occasions, ids: Ids, *, today: np.datetime64
) -> Iterator[Rows]:
    """Yield acts with what follows from them, and absences; nothing was written down after `today`."""
    building_id = homes.of("id")
    act_id = ids.take("metering_act", len(found.visits)).tolist()

    def place(unit: int) -> dict[str, Any]:
        return {"premise_id": int(homes.premise_id[unit]), "building_id": int(building_id[unit])}

    if found.visits:
        acts = [
            {"id": id, **place(visit.unit), **act}
            for id, visit, act in zip(
                act_id, found.visits, _acts(homes, meters, found, ids, today), strict=True
            )
        ]
        yield "metering_act", pl.DataFrame(acts, infer_schema_length=None)
    if found.uses:
        uses = [
            {
                **place(found.visits[visit].unit),
                "power_w": power_w,
                "during": f"[{first},{end})",
                "act_id": act_id[visit],
            }
            for visit, power_w, first, end in found.uses
        ]
        yield "contracts_unauthoriseduse", pl.DataFrame(uses)
    if found.absences:
        absences = [
            {
                **place(unit),
                "people": 1,
                "left_on": str(left_on),
                "returned_on": str(returned_on),
                "applied_on": str(returned_on + _APPLIED_AFTER),
                "document": f"командировочное удостоверение № {unit % 900 + 100}",
                "state": _APPROVED,
                "decided_on": str(returned_on + _DECIDED_AFTER),
                "reason": "",
                "created_at": str(min(returned_on + _APPLIED_AFTER, today)),
            }
            for unit, left_on, returned_on in found.absences
        ]
        yield "contracts_absence", pl.DataFrame(absences)


def _acts(
    homes: Homes, meters: Meters, found: Occasions, ids: Ids, today: np.datetime64
) -> Iterator[dict[str, Any]]:
    """Yield what each act says, with the meter and the accounts of the place as they stood."""
    accounts_of: dict[int, list[dict[str, str]]] = defaultdict(list)
    unit_of = homes.layout.unit
    for account in np.flatnonzero(np.isin(unit_of, [visit.unit for visit in found.visits])):
        number, payer = homes.accounts["number"][int(account)], homes.accounts["payer"][int(account)]
        accounts_of[int(unit_of[account])].append({"number": number, "payer": payer})
    for visit in found.visits:
        year = str(visit.drawn_on)[:4]
        (number,) = ids.take(f"act {visit.kind} {year}", 1)
        meter = int(meters.of_unit[visit.unit])
        facts = {
            **({} if visit.kind == CONNECTION else {"meter": meters.facts(meter)}),
            **visit.facts,
            "accounts": accounts_of[visit.unit],
            "causes_before": [],
        }
        yield {
            "kind": visit.kind,
            "number": f"{year}-{number:06}",
            "drawn_on": str(visit.drawn_on),
            "meter_id": None if visit.kind == CONNECTION else int(meters.id[meter]),
            "inspector": _INSPECTORS[visit.unit % len(_INSPECTORS)],
            "present": "",
            "note": "",
            "facts": json.dumps(facts, ensure_ascii=False),
            "created_at": str(min(visit.drawn_on, today)),
            "annulled_because": "",
        }
