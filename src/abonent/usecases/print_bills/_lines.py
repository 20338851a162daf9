"""From charge lines and entries of a month to the lines of its bill."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from abonent.contexts.ledger.models import EntryKind
from abonent.kernel.periods import Month
from abonent.kernel.quantities import price_of
from abonent.packs.ru import explanations
from abonent.packs.ru.documents.bill import BillLine
from abonent.packs.ru.rules import catalogue
from abonent.usecases.print_bills._rows import Row

# what the form calls the way a volume was found; the increase stands in a column of the line it raises
METHODS = {
    catalogue.METERED.number: "metered",
    catalogue.AVERAGE.number: "average",
    catalogue.NORM.number: "norm",
    catalogue.NORM_UPLIFT.number: "norm",
    catalogue.COMMON_METERED.number: "common_metered",
    catalogue.COMMON_NORM.number: "common_norm",
    catalogue.COMMON_NEGATIVE.number: "negative",
    catalogue.SPREAD.number: "spread",
    catalogue.ABSENCE.number: "absence",
    catalogue.UNAUTHORISED.number: "unauthorised",
    catalogue.COMMUNAL_SHARE.number: "communal",
    catalogue.AGREED.number: "agreed",
    catalogue.EXECUTOR.number: "common_metered",
    catalogue.EXECUTOR_NORM.number: "common_norm",
    catalogue.COMMON_EXCESS.number: "excess",
    catalogue.HOUSING_METERED.number: "common_metered",
    catalogue.HOUSING_NORM.number: "common_norm",
    catalogue.HOUSING_AVERAGE.number: "common_average",
    catalogue.HOUSING_TRUE_UP.number: "true_up",
    catalogue.MANUAL.number: "manual",
}
_METHOD_ORDER = [*dict.fromkeys(METHODS.values()), ""]
_BOOKED = (EntryKind.CHARGE, EntryKind.RECALCULATION, EntryKind.REVERSAL)


@dataclass(frozen=True, order=True)
class _Key:
    service: int
    zone: int
    method_order: int
    price_e5: int


@dataclass
class _Sum:
    parts: list[tuple[int, int]] = field(default_factory=list)  # quantity and amount of each charge line
    uplift_minor: int = 0
    recalculation_minor: int = 0
    reasons: dict[str, None] = field(default_factory=dict)  # in the order they were met, each once


@dataclass(frozen=True)
class Charges:
    """The lines of a bill; `moved_minor` is to be added to what was charged and taken from what was recalculated.

    `standing` are the charge lines of the month itself that nothing has taken back.
    """

    lines: tuple[BillLine, ...]
    moved_minor: int
    standing: list[Row]


def charges(lines: list[Row], entries: list[Row], *, month: Month, language: str) -> Charges:
    """Fold everything that was booked on an account in a month into the lines of its bill.

    A run that was cancelled within the month is left out together with its reversal: the consumer never owed it, and
    the total is the same. Whatever else changes earlier lines stands in the column of recalculations.
    """
    kinds = {(entry["batch_id"], entry["service"]): entry["kind"] for entry in entries}
    by_id = {_id(line): line for line in lines}
    undone = {
        _reversed(line): _id(line)
        for line in lines
        if kinds[line["batch_id"], line["service"]] == EntryKind.REVERSAL and _reversed(line) in by_id
    }
    left_out = undone.keys() | set(undone.values())
    moved_minor = -sum(
        line["amount_minor"]
        for one in undone
        if kinds[(line := by_id[one])["batch_id"], line["service"]] == EntryKind.CHARGE
    )
    kept = [line for line in lines if _id(line) not in left_out]
    sums: dict[_Key, _Sum] = {}
    for line in kept:
        if kinds[line["batch_id"], line["service"]] == EntryKind.CHARGE:
            _charge(sums.setdefault(_key(line), _Sum()), line)
    for line in kept:
        if kinds[line["batch_id"], line["service"]] != EntryKind.CHARGE:
            reason = explanations.reason_text(line["reason"], language=language)
            _recalculate(sums, _key(line), line["amount_minor"], f"{reason}, {_month(line)}")
    _by_hand(sums, lines, entries, language)
    taken_back = {_reversed(line) for line in kept}
    return Charges(
        tuple(line for key in sorted(sums) for line in _bill_lines(key, sums[key])),
        moved_minor,
        [
            line
            for line in kept
            if line["period"] == month.first_day
            and not line["reverses_batch_id"]
            and _id(line) not in taken_back
        ],
    )


def _id(line: Row) -> tuple[int, int]:
    return line["batch_id"], line["line_no"]


def _reversed(line: Row) -> tuple[int, int]:
    return line["reverses_batch_id"], line["reverses_line_no"]


def _month(row: Row) -> str:
    return f"{row['period']:%m.%Y}"


def _key(line: Row) -> _Key:
    return _Key(line["service"], line["zone"], _METHOD_ORDER.index(METHODS[line["rule"]]), line["price_e5"])


def _charge(total: _Sum, line: Row) -> None:
    if line["rule"] == catalogue.NORM_UPLIFT.number:
        total.uplift_minor += line["amount_minor"]
    else:
        total.parts.append((line["quantity_wh"], line["amount_minor"]))


def _recalculate(sums: dict[_Key, _Sum], key: _Key, amount_minor: int, reason: str) -> None:
    """Put a recalculation on the line it comes closest to; on a line of its own where the service has none."""
    of_zone = (one for one in sums if (one.service, one.zone) == (key.service, key.zone))
    of_service = (one for one in sums if one.service == key.service)
    alone = _Key(key.service, key.zone, _METHOD_ORDER.index(""), key.price_e5)
    if key not in sums:
        key = next(of_zone, None) or next(of_service, None) or alone
    total = sums.setdefault(key, _Sum())
    total.recalculation_minor += amount_minor
    total.reasons[reason] = None


def _by_hand(sums: dict[_Key, _Sum], lines: list[Row], entries: list[Row], language: str) -> None:
    """Add what was booked without charge lines: a posting by hand says only its amount and reason."""
    lined = {(line["batch_id"], line["service"]) for line in lines}
    for entry in entries:
        if entry["kind"] not in _BOOKED or (entry["batch_id"], entry["service"]) in lined:
            continue
        key = _Key(entry["service"], 1, _METHOD_ORDER.index(""), 0)
        if entry["kind"] == EntryKind.CHARGE:
            sums.setdefault(key, _Sum()).parts.append((0, entry["amount_minor"]))
        else:
            reason = explanations.reason_text(entry["reason"], language=language)
            _recalculate(sums, key, entry["amount_minor"], f"{reason}, {_month(entry)}")


def _bill_lines(key: _Key, total: _Sum) -> Iterator[BillLine]:
    """Yield one line for all parts, if its quantity times the price is their sum; else a line for each.

    Every charge line is rounded on its own, so together they can be a kopeck off.
    """
    parts = total.parts or [(0, 0)]
    quantity_wh, amount_minor = (sum(column) for column in zip(*parts, strict=True))
    if not key.price_e5 or amount_minor == price_of(quantity_wh, price_e5=key.price_e5):
        parts = [(quantity_wh, amount_minor)]
    for number, (quantity_wh, amount_minor) in enumerate(parts):
        uplift_minor, recalculation_minor = (
            (0, 0) if number else (total.uplift_minor, total.recalculation_minor)
        )
        yield BillLine(
            service=key.service,
            zone=key.zone,
            quantity_wh=quantity_wh,
            price_e5=key.price_e5,
            amount_minor=amount_minor,
            uplift_minor=uplift_minor,
            recalculation_minor=recalculation_minor,
            recalculation_reason="" if number else "; ".join(total.reasons),
            total_minor=amount_minor + uplift_minor + recalculation_minor,
            method=_METHOD_ORDER[key.method_order],
        )
