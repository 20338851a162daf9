"""One line being told: its facts by name, the words, and the sentences any rule may need."""

from collections.abc import Iterator
from datetime import timedelta

from abonent.engine import registry
from abonent.engine.parameters import ParameterSet
from abonent.kernel.quantities import price_of
from abonent.kernel.rounding import divide_half_away
from abonent.packs.ru.explanations.model import Building, Figure, Line, Register
from abonent.packs.ru.explanations.sources import source_of
from abonent.packs.ru.explanations.speech import Speech, day_of, short_day

_SILENT_FACTS = {
    "building_id", "installation_id", "uplift_cause", "node_premise_id", "manual_recalculation_id",
}  # fmt: skip
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
_RANGES, _SOCIAL_NORM = 1, 2


class Telling:
    """A line, its facts by name and what it refers to."""

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

    def by_ratio(self, face_wh: int, ratio: int) -> Iterator[str]:
        if ratio != 1:
            yield self.say.sentence(
                "ratio", face=self.say.kwh(face_wh), ratio=ratio, usage=self.say.kwh(face_wh * ratio)
            )

    def part(self, usage_wh: int) -> Iterator[str]:
        """A line that covers some of the days takes its part of the quantity.

        Where it is a co-owner's, or one band of several, `owned` and `banded` say so instead.
        """
        line = self.line
        if line.quantity_wh != usage_wh and line.share == (1, 1) and not line.banding:
            yield self.say.sentence(
                "part_of_month",
                first_day=short_day(self.line.begins_on),
                last_day=short_day(self.line.ends_on - timedelta(days=1)),
                quantity=self.say.kwh(self.line.quantity_wh),
            )

    def owned(self) -> Iterator[str]:
        numerator, denominator = self.line.share
        if numerator != denominator:
            yield self.say.sentence(
                "co_owner",
                numerator=numerator,
                denominator=denominator,
                quantity=self.say.kwh(self.line.quantity_wh),
                amount=self.say.money(self.line.amount_minor),
            )

    def banded(self) -> Iterator[str]:
        line = self.line
        if line.banding == _RANGES:
            yield self.say.sentence("in_range", band=line.band, quantity=self.say.kwh(line.quantity_wh))
        elif line.banding == _SOCIAL_NORM:
            name = "within_social_norm" if line.band == 1 else "above_social_norm"
            yield self.say.sentence(name, quantity=self.say.kwh(line.quantity_wh))

    def norm_wh(self) -> int:
        facts = self.facts
        people_wh = facts["residents"] * facts["norm_wh_per_person"]
        return divide_half_away(people_wh * facts["days"], facts["days_in_month"])

    def priced(self) -> Iterator[str]:
        say, line = self.say, self.line
        if not line.price_e5:
            return
        price = say.price(line.price_e5)
        name = "price_act" if self.price_act else "price"
        yield say.sentence(name, price=price, act=self.price_act)
        if line.amount_minor != price_of(line.quantity_wh, price_e5=line.price_e5):
            return  # a co-owner's part of a kopeck: what it is was said by `owned`
        product_e8 = line.quantity_wh * line.price_e5
        exact = product_e8 == price_of(line.quantity_wh, price_e5=line.price_e5) * 1_000_000
        yield say.sentence(
            "amount" if exact else "amount_rounded",
            quantity=say.kwh(line.quantity_wh),
            price=price,
            product=say.product(product_e8),
            amount=say.money(line.amount_minor),
        )

    def figures(self) -> Iterator[Figure]:
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
