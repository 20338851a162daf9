"""Which sentences tell a line of each rule, and the figures in them."""

from collections.abc import Iterator
from datetime import timedelta

from abonent.engine import registry
from abonent.engine.parameters import ParameterSet
from abonent.kernel.quantities import price_of
from abonent.kernel.rounding import divide_half_away
from abonent.packs.ru.explanations.model import Building, Figure, Line, Register, Told
from abonent.packs.ru.explanations.sources import source_of
from abonent.packs.ru.explanations.speech import Speech, day_of, short_day
from abonent.packs.ru.rules import catalogue

_SINGLE_RATE = 1
_BY_METER_AVERAGE = 3
_THOUSAND = 1000
_UPLIFT_CAUSES = {1: "uplift_no_meter", 2: "uplift_refused"}
_SILENT_FACTS = {"building_id", "installation_id", "uplift_cause"}
_BUILDING_FIGURES = (
    "supplied_wh",
    "nonliving_wh",
    "metered_wh",
    "norm_wh",
    "heating_wh",
    "common_wh",
    "cap_wh",
    "executor_wh",
)
_NO_REGISTER = Register(serial="–", digits=0)


def title_of(line: Line, say: Speech) -> str:
    name = registry.rule(line.rule).code.removeprefix("ru.energy.").removeprefix("ru.").replace(".", "_")
    title = say.word("title", name)
    if line.zone == _SINGLE_RATE:
        return title
    return say.word("title", "zone").format(title=title, zone=say.zone(line.zone))


class Teller:
    """Tells one line. Raises KeyError for a rule that is not of this pack."""

    def __init__(
        self,
        line: Line,
        say: Speech,
        *,
        parameters: ParameterSet,
        register: Register | None,
        building: Building | None,
        price_act: str,
    ) -> None:
        self.line, self.say = line, say
        self.facts = registry.rule(line.rule).facts(list(line.because))
        self.register = register or _NO_REGISTER
        self.building, self.price_act = building, price_act
        self.source = source_of(line, self.facts, parameters)

    def tell(self) -> Told:
        rule = registry.rule(self.line.rule)
        sentences = {
            catalogue.METERED: self._metered,
            catalogue.AVERAGE: self._average,
            catalogue.NORM: self._norm,
            catalogue.NORM_UPLIFT: self._uplift,
            catalogue.COMMON_METERED: self._common_metered,
            catalogue.COMMON_NORM: self._common_norm,
            catalogue.COMMON_NEGATIVE: self._negative,
        }[rule]()
        return Told(
            title=title_of(self.line, self.say),
            sentences=(*sentences, *self._priced()),
            figures=tuple(self._figures()),
            act=rule.act,
        )

    def _metered(self) -> Iterator[str]:
        say, facts = self.say, self.facts
        face_wh = facts["to_value_wh"] - facts["from_value_wh"]
        values = {
            "serial": self.register.serial,
            "from_day": say.day_number(facts["from_day"]),
            "from_value": say.kwh(facts["from_value_wh"]),
            "from_source": say.word("source", self.register.from_source),
            "to_day": say.day_number(facts["to_day"]),
            "to_value": say.kwh(facts["to_value_wh"]),
            "to_source": say.word("source", self.register.to_source),
        }
        if facts["from_day"] == facts["to_day"]:
            yield say.sentence("not_read_yet", **values)
            return
        yield say.sentence("readings", **values)
        if face_wh < 0 and self.line.quantity_wh >= 0:
            capacity_wh = 10**self.register.digits * _THOUSAND
            face_wh += capacity_wh
            over = {"digits": self.register.digits, "capacity": say.kwh(capacity_wh)}
            yield say.sentence("rolled_over", **values, **over, face=say.kwh(face_wh))
        else:
            yield say.sentence(
                "below_estimate" if face_wh < 0 else "face_usage", **values, face=say.kwh(face_wh)
            )
        yield from self._by_ratio(face_wh, facts["ratio"])
        yield from self._part(face_wh * facts["ratio"])

    def _average(self) -> Iterator[str]:
        say, facts = self.say, self.facts
        face_wh = divide_half_away(facts["history_usage_wh"], facts["history_months"])
        month = say.month(self.line.month)
        yield say.sentence("no_readings", month=month, serial=self.register.serial)
        yield say.sentence(
            "average",
            history_months=facts["history_months"],
            history_usage=say.kwh(facts["history_usage_wh"]),
            face=say.kwh(face_wh),
        )
        yield from self._by_ratio(face_wh, facts["ratio"])
        yield from self._part(face_wh * facts["ratio"])
        yield say.sentence(
            "assumed",
            from_value=say.kwh(facts["from_value_wh"]),
            to_value=say.kwh(facts["to_value_wh"]),
        )

    def _norm(self) -> Iterator[str]:
        say, facts = self.say, self.facts
        usage_wh = self._norm_wh()
        values = {
            "norm": say.kwh(facts["norm_wh_per_person"]),
            "usage": say.kwh(usage_wh),
            **{name: facts[name] for name in facts if name != "norm_wh_per_person"},
        }
        yield say.sentence("by_norm")
        yield say.sentence("norm_figure", **values)
        if self.source:
            yield say.sentence("norm_source", act=self.source)
        whole = facts["days"] == facts["days_in_month"]
        yield say.sentence("norm_usage" if whole else "norm_usage_days", **values)
        yield from self._part(usage_wh)

    def _uplift(self) -> Iterator[str]:
        say, facts = self.say, self.facts
        base_wh = self._norm_wh()
        usage_wh = divide_half_away(base_wh * (facts["coefficient_e3"] - _THOUSAND), _THOUSAND)
        coefficient = say.thousandths(facts["coefficient_e3"])
        yield say.sentence(_UPLIFT_CAUSES[facts["uplift_cause"]], coefficient=coefficient)
        if self.source:
            yield say.sentence("coefficient_source", act=self.source)
        yield say.sentence(
            "uplift_usage", base=say.kwh(base_wh), coefficient=coefficient, usage=say.kwh(usage_wh)
        )
        yield from self._part(usage_wh)

    def _common_metered(self) -> Iterator[str]:
        say, facts = self.say, self.facts
        if (building := self.building) is not None:
            yield from self._inside(building)
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
        yield from self._share()
        if facts["zones_total_wh"]:
            yield say.sentence(
                "share_zone",
                zone_part=say.kwh(facts["zone_part_wh"]),
                zones_total=say.kwh(facts["zones_total_wh"]),
                quantity=say.kwh(self.line.quantity_wh),
            )

    def _common_norm(self) -> Iterator[str]:
        say, facts = self.say, self.facts
        yield say.sentence(
            "building_norm",
            norm_per_m2=say.kwh(facts["norm_wh_per_m2"]),
            common_area=say.area(facts["common_area_dm2"]),
            common=say.kwh(facts["common_wh"]),
        )
        if self.source:
            yield say.sentence("norm_source", act=self.source)
        yield from self._share()

    def _negative(self) -> Iterator[str]:
        say, facts = self.say, self.facts
        if self.building is not None:
            yield from self._inside(self.building)
        yield say.sentence("negative", negative=say.kwh(facts["negative_wh"]))
        yield say.sentence(
            "negative_share",
            residents=facts["residents"],
            total_residents=facts["total_residents"],
            share=say.kwh(facts["share_wh"]),
        )
        if facts["individual_wh"] < facts["share_wh"]:
            yield say.sentence("negative_limited", individual=say.kwh(facts["individual_wh"]))
        if -self.line.quantity_wh != min(facts["share_wh"], facts["individual_wh"]):
            yield say.sentence("negative_part", quantity=say.kwh(-self.line.quantity_wh))

    def _inside(self, building: Building) -> Iterator[str]:
        say = self.say
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

    def _share(self) -> Iterator[str]:
        say, facts, line = self.say, self.facts, self.line
        days, days_in_month = (line.ends_on - line.begins_on).days, line.month.days
        usage_wh = divide_half_away(
            facts["common_wh"] * facts["area_dm2"] * days, facts["total_area_dm2"] * days_in_month
        )
        yield say.sentence(
            "share" if days == days_in_month else "share_days",
            area=say.area(facts["area_dm2"]),
            total_area=say.area(facts["total_area_dm2"]),
            distributed=say.kwh(facts["common_wh"]),
            days=days,
            days_in_month=days_in_month,
            usage=say.kwh(usage_wh),
        )
        if not facts.get("zones_total_wh") and usage_wh != line.quantity_wh:
            yield say.sentence("share_evened", quantity=say.kwh(line.quantity_wh))

    def _by_ratio(self, face_wh: int, ratio: int) -> Iterator[str]:
        if ratio != 1:
            yield self.say.sentence(
                "ratio", face=self.say.kwh(face_wh), ratio=ratio, usage=self.say.kwh(face_wh * ratio)
            )

    def _part(self, usage_wh: int) -> Iterator[str]:
        """A line that covers some of the days takes its part of the quantity."""
        if self.line.quantity_wh != usage_wh:
            yield self.say.sentence(
                "part_of_month",
                first_day=short_day(self.line.begins_on),
                last_day=short_day(self.line.ends_on - timedelta(days=1)),
                quantity=self.say.kwh(self.line.quantity_wh),
            )

    def _priced(self) -> Iterator[str]:
        say, line = self.say, self.line
        price = say.price(line.price_e5)
        name = "price_act" if self.price_act else "price"
        yield say.sentence(name, price=price, act=self.price_act)
        product_e8 = line.quantity_wh * line.price_e5
        exact = product_e8 == price_of(line.quantity_wh, price_e5=line.price_e5) * 1_000_000
        yield say.sentence(
            "amount" if exact else "amount_rounded",
            quantity=say.kwh(line.quantity_wh),
            price=price,
            product=say.product(product_e8),
            amount=say.money(line.amount_minor),
        )

    def _figures(self) -> Iterator[Figure]:
        if "installation_id" in self.facts:
            yield self._figure("serial", self.register.serial)
        for name, value in self.facts.items():
            if name not in _SILENT_FACTS and (value or not name.startswith("zone")):
                yield self._figure(name, value)
        if self.building is not None:
            for name in _BUILDING_FIGURES:
                yield self._figure(f"building_{name}", getattr(self.building, name))
        if self.source:
            yield self._figure("parameter_act", self.source)
        if self.price_act:
            yield self._figure("price_act", self.price_act)

    def _figure(self, name: str, value: int | str) -> Figure:
        text = str(value)
        if isinstance(value, int):
            if name.endswith("_day"):
                text, value = self.say.day_number(value), day_of(value).isoformat()
            elif name.endswith("_dm2"):
                text = self.say.area(value)
            elif name.endswith("_e3"):
                text = self.say.thousandths(value)
            elif "_wh" in name:
                text = self.say.kwh(value)
        return Figure(name=name, label=self.say.word("figure", name), text=text, value=value)

    def _norm_wh(self) -> int:
        facts = self.facts
        people_wh = facts["residents"] * facts["norm_wh_per_person"]
        return divide_half_away(people_wh * facts["days"], facts["days_in_month"])
