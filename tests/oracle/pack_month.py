"""The pack's side of a comparison: random buildings as the frames it reads, and its lines as plain tuples."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import polars as pl
from tests.oracle import ru_month as oracle
from tests.oracle.ru_month.arithmetic import Span, common
from tests.oracle.ru_month.town import ESTIMATE, LIVING, Building, Law, Premise, Price

from abonent.engine import frames
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import packs

Key = tuple[int, int, int, date, date, int]
Lines = dict[Key, list[tuple[int, int]]]


def thousandths(text: str | None) -> int:
    return round(float(text or 0) * 1000)


def optional(text: str | None) -> int | None:
    return None if text is None else int(text)


def law_of(parameters: ParameterSet, month: Span) -> Law:
    def rows(name: str) -> list[dict[str, str | None]]:
        return list(parameters.version(f"ru.electricity.{name}", on=month[0]).rows)

    (average,), (limits,), (absence,) = rows("average"), rows("limits"), rows("absence")
    return Law(
        norms={
            (int(row["norm_category"]), int(row["rooms"]), int(row["residents"])): thousandths(
                row["kwh_per_person"]
            )
            for row in rows("norms")
        },
        common_norms={int(row["category"]): thousandths(row["kwh_per_m2"]) for row in rows("common_norms")},
        uplifts={int(row["cause"]): thousandths(row["coefficient"]) for row in rows("norm_uplift")},
        average_window=int(average["window_months"]),
        average_least=int(average["min_months"]),
        average_most=optional(average["max_periods"]),
        building_average_most=optional(average["building_max_periods"]),
        rollover_wh_per_day=thousandths(limits["rollover_max_kwh_per_day"]),
        negative_percent=int(limits["negative_common_max_percent"]),
        ranges={
            int(row["category"]): (thousandths(row["upper_1_kwh"]), thousandths(row["upper_2_kwh"]))
            for row in rows("ranges")
            if int(row["first_month"]) <= month[0].month <= int(row["last_month"])
        },
        social_norms={
            int(row["residents"]): thousandths(row["kwh_per_person"]) for row in rows("social_norm")
        },
        absent_more_than_days=int(absence["more_than_days"]),
    )


def _frame(schema: frames.Schema, rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema), orient="row")


def _root(building: Building, premise: Premise) -> int:
    while premise.parent:
        premise = next(one for one in building.premises if one.id == premise.parent)
    return premise.id


def inputs_of(
    buildings: dict[int, Building], prices: list[Price], booked_until: date | None = None
) -> frames.Inputs:
    """Return the frames of buildings by id, all of one month. What comes after `booked_until` is not known yet."""
    month = next(iter(buildings.values())).month
    known_until = booked_until or month[1]
    flats = [(id, building, premise) for id, building in buildings.items() for premise in building.premises]
    registers = [(id, premise.id, one) for id, _, premise in flats for one in premise.registers]
    registers += [(id, 0, one) for id, building in buildings.items() for one in building.meter]
    registers = [row for row in registers if row[2].span[0] < known_until]

    def clipped(span: Span) -> Span | None:
        return common(span, month)

    return frames.Inputs(
        buildings=_frame(
            frames.BUILDINGS,
            [
                (
                    id, True, one.premises_area_dm2, one.common_area_dm2, one.common_norm_category, one.common_needs,
                    one.basis, one.excess_to_consumers,
                )
                for id, one in buildings.items()
            ],
        ),
        premises=_frame(
            frames.PREMISES,
            [
                (premise.id, id, premise.kind, premise.parent, _root(building, premise))
                for id, building, premise in flats
                if premise.kind != LIVING
            ],
        ),
        services=_frame(
            frames.SERVICES,
            [
                (
                    payer.account, premise.id, id, payer.share.numerator, payer.share.denominator,
                    *(clipped(payer.span) or ()),
                )
                for id, _, premise in flats
                for payer in premise.payers
                if clipped(payer.span)
            ],
        ),
        terms=_frame(
            frames.TERMS,
            [
                (
                    premise.id, id, terms.group, terms.area_dm2, terms.rooms, terms.residents, terms.owners,
                    terms.cause, terms.room_meters_agreed, terms.agreed_wh, *(clipped(terms.span) or ()),
                )
                for id, _, premise in flats
                for terms in premise.terms
                if clipped(terms.span)
            ],
        ),
        installations=_frame(
            frames.INSTALLATIONS,
            [(one.id, id, premise, one.zone, one.digits, one.ratio, *one.span) for id, premise, one in registers],
        ),
        readings=_frame(
            frames.READINGS,
            [
                (one.id, day, *read)
                for _, _, one in registers
                for day, read in sorted(one.readings.items())
                if day < known_until and read[1] != ESTIMATE
            ],
        ),
        prices=_frame(
            frames.PRICES,
            [
                (price.id, price.group, price.zone, price.band, price.price_e5, *(clipped(price.span) or ()))
                for price in prices
                if clipped(price.span)
            ],
        ),
        tariff_groups=_frame(
            frames.TARIFF_GROUPS,
            [
                (id, group.norm_category, group.banding, group.band_category)
                for id, group in next(iter(buildings.values())).groups.items()
            ],
        ),
        absences=_frame(
            frames.ABSENCES,
            [
                (premise.id, id, absence.people, absence.left_on, absence.returned_on)
                for id, _, premise in flats
                for absence in premise.absences
            ],
        ),
        unauthorised=_frame(
            frames.UNAUTHORISED,
            [
                (premise.id, id, equipment.power_w, *(clipped(equipment.span) or ()))
                for id, _, premise in flats
                for equipment in premise.equipment
                if clipped(equipment.span)
            ],
        ),
        common_history=_frame(
            frames.COMMON_HISTORY,
            [
                (id, one.carried_in_wh, *_past_year(one))
                for id, one in buildings.items()
            ],
        ),
    )  # fmt: skip


def _past_year(building: Building) -> tuple[int, int, int, int]:
    year = building.past_year
    return (year.months, year.common_wh, year.charged_wh, year.cap_wh) if year else (0, 0, 0, 0)


def rate(
    buildings: dict[int, Building],
    prices: list[Price],
    parameters: ParameterSet,
    booked_until: date | None = None,
) -> frames.Rated:
    month = Month.of(next(iter(buildings.values())).month[0])
    return packs.pack("ru").rate(inputs_of(buildings, prices, booked_until), parameters, month)


def lines_by_pack(rated: frames.Rated) -> dict[int, Lines]:
    """Return the lines that carry energy or money, by building."""
    found: dict[int, Lines] = defaultdict(lambda: defaultdict(list))
    for row in rated.lines.filter((pl.col("quantity_wh") != 0) | (pl.col("amount_minor") != 0)).iter_rows(
        named=True
    ):
        key = (row["account_id"], row["rule"], row["zone"], row["begins_on"], row["ends_on"], row["price_id"])
        found[row["building_id"]][key].append((row["quantity_wh"], row["amount_minor"]))
    return {building: {key: sorted(rows) for key, rows in lines.items()} for building, lines in found.items()}


def lines_by_oracle(bill: oracle.Bill) -> Lines:
    found: Lines = defaultdict(list)
    for line in bill.lines:
        if line.quantity_wh or line.amount_minor:
            key = (line.account, line.rule, line.zone, *line.span, line.price_id)
            found[key].append((line.quantity_wh, line.amount_minor))
    return {key: sorted(rows) for key, rows in found.items()}
