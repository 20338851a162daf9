"""The meters of a bill: what each register was counted from and to."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from abonent.engine import registry
from abonent.kernel.periods import Month
from abonent.packs.ru.documents.bill import BillMeter
from abonent.packs.ru.explanations import day_of
from abonent.packs.ru.rules import catalogue
from abonent.usecases.print_bills._lines import METHODS
from abonent.usecases.print_bills._rows import Chunk, Row

_BETWEEN_READINGS = (catalogue.METERED.number, catalogue.SPREAD.number)
_BY_METER = (*_BETWEEN_READINGS, catalogue.AVERAGE.number)


def bill_meters(places: list[Row], standing: list[Row], chunk: Chunk, *, month: Month) -> Iterator[BillMeter]:
    """Yield the registers that stood in a premise, those that were billed with the very readings they were billed by.

    A register that was not counted shows what was last known of it.
    """
    counted = defaultdict(list)
    for line in standing:
        if line["rule"] in _BY_METER:
            counted[registry.rule(line["rule"]).facts(line["because"])["installation_id"]].append(line)
    for place in places:
        if lines := counted.get(place["id"]):
            yield _counted(place, lines, chunk, month)
        elif place["ends_on"] is None or place["ends_on"] > month.first_day:
            yield from _uncounted(place, chunk, month)


def _counted(place: Row, lines: list[Row], chunk: Chunk, month: Month) -> BillMeter:
    rule = lines[0]["rule"]
    facts = registry.rule(rule).facts(lines[0]["because"])
    if rule in _BETWEEN_READINGS:
        previous_on, current_on = day_of(facts["from_day"]), day_of(facts["to_day"])
    else:
        known = chunk.last_before.get(place["id"])  # gone if it was annulled since
        previous_on, current_on = known[0] if known else month.first_day, month.last_day
    return _meter(
        place,
        month,
        previous=(previous_on, facts["from_value_wh"]),
        current=(current_on, facts["to_value_wh"]),
        usage_wh=sum(line["quantity_wh"] for line in lines),
        method=METHODS[rule],
    )


def _uncounted(place: Row, chunk: Chunk, month: Month) -> Iterator[BillMeter]:
    """What was last known of a register, and what it is assumed to show after a month by norm."""
    if (previous := chunk.last_before.get(place["id"])) is None:
        return
    assumed = chunk.assumed.get(place["id"])
    current = assumed or previous
    usage_wh = (current[1] - previous[1]) * place["ratio"]
    method = METHODS[catalogue.NORM.number] if assumed else ""
    yield _meter(place, month, previous=previous, current=current, usage_wh=usage_wh, method=method)


def _meter(
    place: Row,
    month: Month,
    *,
    previous: tuple[date, int],
    current: tuple[date, int],
    usage_wh: int,
    method: str,
) -> BillMeter:
    removed = place["ends_on"] is not None and place["ends_on"] <= month.last_day
    return BillMeter(
        serial=place["serial"],
        model=place["model"],
        zone=place["zone"],
        previous_on=previous[0],
        previous_wh=previous[1],
        current_on=current[0],
        current_wh=current[1],
        usage_wh=usage_wh,
        method=method,
        verified_until=place["verification_due_on"],
        ratio=place["ratio"],
        digits=place["digits"],
        removed_on=place["ends_on"] if removed else None,
    )
