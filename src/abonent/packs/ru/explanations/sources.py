"""The acts that set the norms and coefficients a line was made with."""

from abonent.engine.parameters import ParameterMissingError, ParameterSet
from abonent.kernel.decimals import parse_scaled
from abonent.packs.ru.explanations.model import Line
from abonent.packs.ru.rules import catalogue

# parameter, its column, and the fact of a line that was read from it
_SOURCES = {
    catalogue.NORM.number: ("ru.electricity.norms", "kwh_per_person", "norm_wh_per_person"),
    catalogue.NORM_UPLIFT.number: ("ru.electricity.norm_uplift", "coefficient", "coefficient_e3"),
    catalogue.COMMON_NORM.number: ("ru.electricity.common_norms", "kwh_per_m2", "norm_wh_per_m2"),
    catalogue.HOUSING_NORM.number: ("ru.electricity.common_norms", "kwh_per_m2", "norm_wh_per_m2"),
    catalogue.EXECUTOR_NORM.number: ("ru.electricity.common_norms", "kwh_per_m2", "norm_wh_per_m2"),
    catalogue.ABSENCE.number: ("ru.electricity.norms", "kwh_per_person", "norm_wh_per_person"),
}


def source_of(line: Line, facts: dict[str, int], parameters: ParameterSet) -> str:
    """Name the act that set the figure a line was made with, as long as the parameters still hold that figure."""
    if line.rule not in _SOURCES:
        return ""
    id, column, fact = _SOURCES[line.rule]
    try:
        version = parameters.version(id, on=line.month.first_day)
    except ParameterMissingError:
        return ""
    rows = parameters.parameters[id].content["versions"][version.effective_from.isoformat()]["rows"]
    acts = {
        str(row["source"]["act"]) if "source" in row else version.source.act
        for row in rows
        if parse_scaled(row[column], places=3, what=column) == facts[fact]
        and row.get("norm_category") in (None, str(facts.get("norm_category")))
    }
    return acts.pop() if len(acts) == 1 else ""
