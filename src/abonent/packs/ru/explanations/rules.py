"""Which sentences tell a line of each rule."""

from collections.abc import Callable, Iterator

from abonent.engine import registry
from abonent.engine.parameters import ParameterSet
from abonent.packs.ru.explanations import building_rules as building_of
from abonent.packs.ru.explanations import household_rules as household
from abonent.packs.ru.explanations.model import Building, Line, Register, Told
from abonent.packs.ru.explanations.speech import Speech
from abonent.packs.ru.explanations.telling import Telling
from abonent.packs.ru.rules import catalogue

_SINGLE_RATE = 1
_TOLD_BY: dict[registry.Rule, Callable[[Telling], Iterator[str]]] = {
    catalogue.METERED: household.metered,
    catalogue.AVERAGE: household.average,
    catalogue.NORM: household.norm,
    catalogue.NORM_UPLIFT: household.uplift,
    catalogue.SPREAD: household.spread,
    catalogue.ABSENCE: household.absence,
    catalogue.UNAUTHORISED: household.unauthorised,
    catalogue.COMMUNAL_SHARE: household.communal_share,
    catalogue.AGREED: household.agreed,
    catalogue.MANUAL: household.manual,
    catalogue.COMMON_METERED: building_of.common_metered,
    catalogue.COMMON_NORM: building_of.common_norm,
    catalogue.COMMON_NEGATIVE: building_of.negative,
    catalogue.EXECUTOR: building_of.executor,
    catalogue.EXECUTOR_NORM: building_of.executor_norm,
    catalogue.COMMON_EXCESS: building_of.excess,
    catalogue.HOUSING_METERED: building_of.common_metered,
    catalogue.HOUSING_NORM: building_of.common_norm,
    catalogue.HOUSING_AVERAGE: building_of.housing_average,
    catalogue.HOUSING_TRUE_UP: building_of.true_up,
}


def title_of(line: Line, say: Speech) -> str:
    name = registry.rule(line.rule).code.removeprefix("ru.energy.").removeprefix("ru.").replace(".", "_")
    title = say.word("title", name)
    if line.zone == _SINGLE_RATE:
        return title
    return say.word("title", "zone").format(title=title, zone=say.zone(line.zone))


def tell_line(
    line: Line,
    say: Speech,
    *,
    parameters: ParameterSet,
    register: Register | None,
    building: Building | None,
    price_act: str,
) -> Told:
    """Tell one line. Raises KeyError for a rule that is not of this pack."""
    rule = registry.rule(line.rule)
    told_by = _TOLD_BY[rule]
    telling = Telling(
        line, say, parameters=parameters, register=register, building=building, price_act=price_act
    )
    sentences = (*told_by(telling), *telling.owned(), *telling.banded(), *telling.priced())
    return Told(
        title=title_of(line, say), sentences=sentences, figures=tuple(telling.figures()), act=rule.act
    )
