"""How the lines of a building's common needs are told."""

from collections.abc import Iterator

from abonent.kernel.rounding import divide_half_away
from abonent.packs.ru.explanations.model import Building
from abonent.packs.ru.explanations.telling import Telling

_BY_METER_AVERAGE = 3


def common_metered(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    if (building := t.building) is not None:
        yield from _inside(t, building)
        inside_wh = building.supplied_wh - building.common_wh
        values = {
            "supplied": say.kwh(building.supplied_wh),
            "inside": say.kwh(inside_wh),
            "common": say.kwh(building.common_wh),
            "cap": say.kwh(building.cap_wh),
            "executor": say.kwh(building.executor_wh),
        }
        yield say.sentence("building_common", **values)
        if building.executor_wh > 0:
            yield say.sentence("building_capped", **values)
        elif building.common_wh > building.cap_wh:
            yield say.sentence("building_all_shared", **values)
    yield from _share(t)
    if facts["zones_total_wh"]:
        yield say.sentence(
            "share_zone",
            zone_part=say.kwh(facts["zone_part_wh"]),
            zones_total=say.kwh(facts["zones_total_wh"]),
            quantity=say.kwh(t.line.quantity_wh),
        )


def common_norm(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    yield say.sentence(
        "building_norm",
        norm_per_m2=say.kwh(facts["norm_wh_per_m2"]),
        common_area=say.area(facts["common_area_dm2"]),
        common=say.kwh(facts["common_wh"]),
    )
    if t.source:
        yield say.sentence("norm_source", act=t.source)
    yield from _share(t)


def negative(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    if t.building is not None:
        yield from _inside(t, t.building)
    yield say.sentence("negative", negative=say.kwh(facts["negative_wh"]))
    yield say.sentence(
        "negative_share",
        residents=facts["residents"],
        total_residents=facts["total_residents"],
        share=say.kwh(facts["share_wh"]),
    )
    if facts["individual_wh"] < facts["share_wh"]:
        yield say.sentence("negative_limited", individual=say.kwh(facts["individual_wh"]))
    if -t.line.quantity_wh != min(facts["share_wh"], facts["individual_wh"]):
        yield say.sentence("negative_part", quantity=say.kwh(-t.line.quantity_wh))


def _inside(t: Telling, building: Building) -> Iterator[str]:
    say = t.say
    by_average = building.method == _BY_METER_AVERAGE
    supplied = say.kwh(building.supplied_wh)
    yield say.sentence("building_meter_average" if by_average else "building_meter", supplied=supplied)
    yield say.sentence(
        "building_used",
        premises=say.kwh(building.nonliving_wh + building.metered_wh + building.norm_wh),
        nonliving=say.kwh(building.nonliving_wh),
        metered=say.kwh(building.metered_wh),
        norm=say.kwh(building.norm_wh),
    )
    if building.heating_wh:
        yield say.sentence("building_heating", heating=say.kwh(building.heating_wh))


def _share(t: Telling, total: str = "common_wh") -> Iterator[str]:
    say, facts, line = t.say, t.facts, t.line
    days, days_in_month = (line.ends_on - line.begins_on).days, line.month.days
    usage_wh = divide_half_away(
        facts[total] * facts["area_dm2"] * days, facts["total_area_dm2"] * days_in_month
    )
    yield say.sentence(
        "share" if days == days_in_month else "share_days",
        area=say.area(facts["area_dm2"]),
        total_area=say.area(facts["total_area_dm2"]),
        distributed=say.kwh(facts[total]),
        days=days,
        days_in_month=days_in_month,
        usage=say.kwh(usage_wh),
    )
    if not facts.get("zones_total_wh") and usage_wh != line.quantity_wh and line.share == (1, 1):
        yield say.sentence("share_evened", quantity=say.kwh(line.quantity_wh))


def executor(t: Telling) -> Iterator[str]:
    """What a building leaves to its executor, less the deficit of the months before (ПП РФ 124)."""
    say, facts = t.say, t.facts
    if t.building is not None:
        yield from _inside(t, t.building)
    yield say.sentence("executor", common=say.kwh(facts["common_wh"]))
    if facts["carried_in_wh"]:
        yield say.sentence(
            "executor_carried",
            common=say.kwh(facts["common_wh"]),
            carried=say.kwh(facts["carried_in_wh"]),
            due=say.kwh(facts["common_wh"] - facts["carried_in_wh"]),
        )
    yield from _zone(t)


def executor_norm(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    yield say.sentence(
        "building_norm",
        norm_per_m2=say.kwh(facts["norm_wh_per_m2"]),
        common_area=say.area(facts["common_area_dm2"]),
        common=say.kwh(facts["cap_wh"]),
    )
    if t.source:
        yield say.sentence("norm_source", act=t.source)


def excess(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    yield say.sentence(
        "excess",
        common=say.kwh(facts["common_wh"]),
        distributed=say.kwh(facts["distributed_wh"]),
        excess=say.kwh(facts["common_wh"] - facts["distributed_wh"]),
    )
    yield from _zone(t)


def housing_average(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    yield say.sentence(
        "housing_average",
        used=say.kwh(facts["year_common_wh"]),
        months=facts["year_months"],
        common=say.kwh(facts["common_wh"]),
    )
    yield from _share(t)


def true_up(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    yield say.sentence(
        "true_up",
        used=say.kwh(facts["year_used_wh"]),
        charged=say.kwh(facts["year_charged_wh"]),
        due=say.kwh(facts["true_up_wh"]),
    )
    yield from _share(t, "true_up_wh")


def _zone(t: Telling) -> Iterator[str]:
    if t.facts["zones_total_wh"]:
        yield t.say.sentence(
            "executor_zone",
            zone_part=t.say.kwh(t.facts["zone_part_wh"]),
            zones_total=t.say.kwh(t.facts["zones_total_wh"]),
            quantity=t.say.kwh(t.line.quantity_wh),
        )
