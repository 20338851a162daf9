"""How the charge lines of a month fold into the lines of its bill."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from abonent.contexts.ledger.models import EntryKind
from abonent.kernel.periods import Month
from abonent.kernel.quantities import price_of
from abonent.packs.ru.rules import catalogue
from abonent.usecases.print_bills._lines import METHODS, Charges, charges

OCTOBER = Month(2026, 10)
PRICE_E5 = 420_000


def line(batch: int, number: int, quantity_wh: int, **changes: Any) -> dict[str, Any]:
    quantity = {"quantity_wh": quantity_wh, "price_e5": changes.pop("price_e5", PRICE_E5)}
    whole = {
        "batch_id": batch,
        "line_no": number,
        "service": 1,
        "rule": catalogue.METERED.number,
        "zone": 1,
        "period": OCTOBER.first_day,
        "because": [0] * 6,
        "reverses_batch_id": 0,
        "reverses_line_no": 0,
        "reason": "",
        "amount_minor": price_of(quantity_wh, price_e5=quantity["price_e5"]),
    }
    return whole | quantity | changes


def reversal_of(one: dict[str, Any], batch: int, number: int, *, reason: str = "") -> dict[str, Any]:
    return one | {
        "batch_id": batch,
        "line_no": number,
        "quantity_wh": -one["quantity_wh"],
        "amount_minor": -one["amount_minor"],
        "reverses_batch_id": one["batch_id"],
        "reverses_line_no": one["line_no"],
        "reason": reason,
    }


def entry(batch: int, kind: EntryKind, amount_minor: int, **changes: Any) -> dict[str, Any]:
    whole = {
        "batch_id": batch,
        "service": 1,
        "kind": kind,
        "period": OCTOBER.first_day,
        "booked_on": date(2026, 10, 31),
        "amount_minor": amount_minor,
        "reason": "",
    }
    return whole | changes


def booked(lines: list[dict[str, Any]], kinds: dict[int, EntryKind]) -> list[dict[str, Any]]:
    """The entries of these lines: one for each batch and service."""
    keys = sorted({(one["batch_id"], one["service"]) for one in lines})
    return [
        entry(
            batch,
            kinds[batch],
            sum(
                one["amount_minor"] for one in lines if (one["batch_id"], one["service"]) == (batch, service)
            ),
            service=service,
        )
        for batch, service in keys
    ]


def folded(lines: list[dict[str, Any]], kinds: dict[int, EntryKind]) -> Charges:
    return charges(lines, booked(lines, kinds), month=OCTOBER, language="ru")


def test_parts_of_one_price_become_one_line() -> None:
    (one,) = folded([line(1, 1, 140_000), line(1, 2, 33_000)], {1: EntryKind.CHARGE}).lines
    assert (one.quantity_wh, one.amount_minor, one.method) == (173_000, 72_660, "metered")


def test_parts_that_would_be_a_kopeck_off_stay_apart() -> None:
    halves = [line(1, 1, 1_250, price_e5=100_000), line(1, 2, 1_250, price_e5=100_000)]
    assert [one["amount_minor"] for one in halves] == [125, 125]
    assert len(folded(halves, {1: EntryKind.CHARGE}).lines) == 1
    off = [line(1, 1, 1_255, price_e5=100_000), line(1, 2, 1_255, price_e5=100_000)]
    lines = folded(off, {1: EntryKind.CHARGE}).lines
    assert [(one.quantity_wh, one.amount_minor) for one in lines] == [(1_255, 126), (1_255, 126)]


def test_the_increase_stands_beside_its_norm() -> None:
    norm = line(1, 1, 120_000, rule=catalogue.NORM.number)
    uplift = line(1, 2, 60_000, rule=catalogue.NORM_UPLIFT.number)
    (one,) = folded([norm, uplift], {1: EntryKind.CHARGE}).lines
    assert (one.quantity_wh, one.amount_minor, one.uplift_minor, one.total_minor) == (
        120_000,
        50_400,
        25_200,
        75_600,
    )


def test_what_is_given_back_and_zones_have_lines_of_their_own() -> None:
    lines = [
        line(1, 1, 10_000, zone=22),
        line(1, 2, 20_000, zone=21),
        line(1, 3, -5_000, zone=21, rule=catalogue.COMMON_NEGATIVE.number),
        line(1, 4, 1_000, service=2, rule=catalogue.COMMON_METERED.number),
    ]
    told = [(one.service, one.zone, one.method) for one in folded(lines, {1: EntryKind.CHARGE}).lines]
    assert told == [(1, 21, "metered"), (1, 21, "negative"), (1, 22, "metered"), (2, 1, "common_metered")]


def test_a_correction_goes_to_the_line_it_corrects() -> None:
    old = line(1, 1, 120_000)
    lines = [
        old,
        reversal_of(old, 2, 1, reason="reading entered"),
        line(2, 2, 100_000, reason="reading entered"),
    ]
    found = folded(lines, {1: EntryKind.CHARGE, 2: EntryKind.RECALCULATION})
    (one,) = found.lines
    assert (one.amount_minor, one.recalculation_minor, one.total_minor) == (50_400, -8_400, 42_000)
    assert one.recalculation_reason == "внесено показание, 10.2026"
    assert [standing["quantity_wh"] for standing in found.standing] == [100_000]


def test_a_correction_of_another_price_goes_to_the_same_zone_or_service() -> None:
    day, night = line(1, 1, 10_000, zone=21), line(1, 2, 10_000, zone=22)
    september = {"period": date(2026, 9, 1), "price_e5": 400_000}
    for zone, place in ((22, 1), (1, 0)):
        correction = line(2, 1, 1_000, zone=zone, **september)
        found = folded([day, night, correction], {1: EntryKind.CHARGE, 2: EntryKind.RECALCULATION})
        assert [one.recalculation_minor for one in found.lines] == [400 * (place == 0), 400 * (place == 1)]
        assert found.lines[place].recalculation_reason.endswith(", 09.2026")


def test_a_correction_alone_has_a_line_without_a_quantity() -> None:
    correction = line(2, 1, 1_000, period=date(2026, 9, 1))
    (one,) = folded([correction], {2: EntryKind.RECALCULATION}).lines
    assert (one.quantity_wh, one.amount_minor, one.recalculation_minor, one.method) == (0, 0, 420, "")


def test_a_cancelled_run_and_its_reversal_leave_no_trace() -> None:
    wrong = line(1, 1, 120_000)
    lines = [wrong, reversal_of(wrong, 2, 1), line(3, 1, 120_000, price_e5=400_000)]
    kinds = {1: EntryKind.CHARGE, 2: EntryKind.REVERSAL, 3: EntryKind.CHARGE}
    found = folded(lines, kinds)
    (one,) = found.lines
    assert (one.amount_minor, one.recalculation_minor) == (48_000, 0)
    assert found.moved_minor == -50_400


def test_a_cancelled_correction_moves_nothing() -> None:
    first = line(1, 1, 120_000)
    back, again = reversal_of(first, 2, 1), line(2, 2, 100_000)
    lines = [first, back, again, reversal_of(back, 3, 1), reversal_of(again, 3, 2)]
    kinds = {1: EntryKind.CHARGE, 2: EntryKind.RECALCULATION, 3: EntryKind.REVERSAL}
    found = folded(lines, kinds)
    (one,) = found.lines
    assert (one.amount_minor, one.recalculation_minor, found.moved_minor) == (50_400, 0, 0)
    assert [standing["quantity_wh"] for standing in found.standing] == [120_000]


def test_a_reversal_of_a_month_already_billed_is_a_recalculation() -> None:
    september = line(1, 1, 120_000, period=date(2026, 9, 1))
    (one,) = folded([reversal_of(september, 2, 1, reason="не та цена")], {2: EntryKind.REVERSAL}).lines
    assert (one.recalculation_minor, one.recalculation_reason) == (-50_400, "не та цена, 09.2026")


_RULES = st.sampled_from(sorted(METHODS))
_LINES = st.lists(
    st.builds(
        lambda batch, quantity_wh, rule, zone, price_e5: line(
            batch,
            0,
            quantity_wh,
            rule=rule,
            zone=zone,
            price_e5=price_e5,
            service=2 if rule in (5, 6) else 1,
        ),
        st.integers(1, 3),
        st.integers(-(10**6), 10**7),
        _RULES,
        st.sampled_from([1, 21, 22]),
        st.sampled_from([420_000, 193_600]),
    ),
    max_size=12,
)


@given(_LINES, st.booleans())
def test_the_lines_of_a_bill_add_up_to_its_entries(lines: list[dict[str, Any]], cancelled: bool) -> None:
    for number, one in enumerate(lines, start=1):
        one["line_no"] = number
    kinds = {1: EntryKind.CHARGE, 2: EntryKind.RECALCULATION, 3: EntryKind.CHARGE, 4: EntryKind.REVERSAL}
    if cancelled:
        lines = lines + [reversal_of(one, 4, one["line_no"]) for one in lines if one["batch_id"] == 1]
    by_hand = [entry(9, EntryKind.RECALCULATION, -77), entry(10, EntryKind.PAYMENT, -1_000)]
    entries = booked(lines, kinds) + by_hand
    found = charges(lines, entries, month=OCTOBER, language="uk")
    charged = sum(one["amount_minor"] for one in entries if one["kind"] == EntryKind.CHARGE)
    recalculated = sum(
        one["amount_minor"] for one in entries if one["kind"] in (EntryKind.RECALCULATION, EntryKind.REVERSAL)
    )
    assert sum(one.amount_minor + one.uplift_minor for one in found.lines) == charged + found.moved_minor
    assert sum(one.recalculation_minor for one in found.lines) == recalculated - found.moved_minor
    for one in found.lines:
        assert one.total_minor == one.amount_minor + one.uplift_minor + one.recalculation_minor
