"""Results of verification out of a file: every row is taken, known already, or refused with its reason.

A row that says what is known changes nothing, so a file can be sent again after its bad rows were mended.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from django.db import transaction

from abonent.contexts.contracts.queries import accounts, row_payer
from abonent.contexts.metering.devices import standing_meters
from abonent.contexts.metering.models import Act, ActKind, Installation, Meter
from abonent.gateways import spreadsheets
from abonent.usecases.device_acts import record, verification
from abonent.usecases.device_acts.given import ActRefused
from abonent.usecases.device_acts.verification import Term

# What the columns are called, in small letters; the first of each is the one the guide names.
COLUMNS: dict[str, tuple[str, ...]] = {
    "serial": ("заводской номер", "зав. №", "зав.№", "№ пу", "номер пу", "serial", "заводський номер"),
    "verified_on": ("дата поверки", "поверен", "verified on", "дата повірки"),
    "due_on": ("действительна до", "дата следующей поверки", "valid until", "дійсна до"),
    "model": ("тип", "модель", "тип си", "model"),
    "certificate": ("свидетельство", "номер свидетельства", "certificate", "свідоцтво"),
    "verdict": ("результат", "пригодность", "result"),
}
_REQUIRED = ("serial", "verified_on", "due_on")
_UNFIT = ("негоден", "непригоден", "нет", "unfit", "no", "непридатний")
_DAY_FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y")


class FileRefused(ValueError):
    """A file that cannot be read; `code` and `facts` as `Problem` has them."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Problem:
    """A row that was not taken: its place in the file, the column to mend (of COLUMNS), what it said and why not."""

    row: int
    column: str
    said: str
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass
class Outcome:
    """What came of a file."""

    name: str
    rows: int = 0
    taken: int = 0
    known: int = 0
    problems: list[Problem] = field(default_factory=list)


class Upload(Protocol):
    def chunks(self) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class _Row:
    number: int
    serial: str
    model: str
    term: Term


def import_verifications(
    *, file: Upload, name: str, today: date, at: datetime, actor_id: int | None
) -> Outcome:
    """Read a table of verifications and write an act for each row that says something new.

    Raises FileRefused when it is no such table.
    """
    outcome = Outcome(name=name)
    rows = list(_rows(_cells(file, name), outcome, today))
    with transaction.atomic():
        places = _places([row.serial for row in rows], today)
        fresh: list[tuple[Installation, Term]] = []
        seen: set[int] = set()
        for row in rows:
            place = _place(row, places, outcome)
            if place is None:
                continue
            if place.meter_id in seen:
                outcome.problems.append(Problem(row.number, "serial", row.serial, "twice_in_file"))
            elif _is_known(place.meter, row.term):
                outcome.known += 1
            elif place.meter.verified_on is not None and row.term.verified_on < place.meter.verified_on:
                said, facts = row.term.verified_on.isoformat(), {"day": place.meter.verified_on}
                outcome.problems.append(Problem(row.number, "verified_on", said, "verified_since", facts))
            else:
                fresh.append((place, row.term))
            seen.add(place.meter_id)
        _write(fresh, today, at, actor_id)
        outcome.taken = len(fresh)
    outcome.problems.sort(key=lambda problem: problem.row)
    return outcome


def _cells(file: Upload, name: str) -> list[tuple[str | None, ...]]:
    with tempfile.TemporaryDirectory(prefix="abonent-verification-") as folder:
        path = Path(folder) / "file"
        with path.open("wb") as stored:
            for chunk in file.chunks():
                stored.write(chunk)
        try:
            return spreadsheets.read(path, name=name).frame.rows()
        except spreadsheets.BadTable as problem:
            raise FileRefused(problem.code, **problem.facts) from problem


def _rows(cells: Sequence[tuple[str | None, ...]], outcome: Outcome, today: date) -> Iterator[_Row]:
    header = [" ".join((text or "").lower().split()) for text in cells[0]]
    places = {
        name: next((place for place, text in enumerate(header) if text in words), None)
        for name, words in COLUMNS.items()
    }
    if missing := [COLUMNS[name][0] for name in _REQUIRED if places[name] is None]:
        raise FileRefused("no_column", columns=", ".join(missing))
    for number, row in enumerate(cells[1:], start=2):
        said = {
            name: (row[place] or "").strip() if place is not None else "" for name, place in places.items()
        }
        if not any(said.values()):
            continue
        outcome.rows += 1
        read = _read(number, said, today)
        if isinstance(read, Problem):
            outcome.problems.append(read)
        else:
            yield read


def _read(number: int, said: dict[str, str], today: date) -> _Row | Problem:
    is_fit = said["verdict"].lower() not in _UNFIT
    if not said["serial"]:
        return Problem(number, "serial", "", "no_serial")
    days: dict[str, date | None] = {}
    for name in ("verified_on", "due_on"):
        days[name] = _day(said[name])
        if days[name] is None and (said[name] or name == "verified_on"):
            return Problem(number, name, said[name], "not_a_day")
    verified_on = days["verified_on"] or today
    term = Term(
        verified_on=verified_on, due_on=days["due_on"], certificate=said["certificate"][:60], is_fit=is_fit
    )
    try:
        verification.judge(term, drawn_on=today)
    except ActRefused as refusal:
        name = "due_on" if refusal.field == "verification_due_on" else refusal.field
        return Problem(number, name, said[name], refusal.code, refusal.facts)
    return _Row(number, said["serial"], said["model"], term)


def _day(text: str) -> date | None:
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 – a day of the calendar has no zone
        except ValueError:
            continue
    return None


def _places(serials: list[str], today: date) -> dict[str, list[Installation]]:
    """The meters of these numbers that stand somewhere today, held until the file is written."""
    meters = list(
        Meter.objects.select_for_update(of=("self",)).filter(serial__in=serials).select_related("model")
    )
    found = defaultdict(list)
    for place in standing_meters(on=today).filter(meter__in=meters):
        found[place.meter.serial].append(place)
    return found


def _place(row: _Row, places: dict[str, list[Installation]], outcome: Outcome) -> Installation | None:
    found = places.get(row.serial, [])
    if len(found) > 1 and row.model:
        found = [place for place in found if place.meter.model.name.lower() == row.model.lower()]
    if len(found) == 1:
        return found[0]
    code = "several_meters" if found else "no_meter"
    outcome.problems.append(Problem(row.number, "serial", row.serial, code))
    return None


def _is_known(meter: Meter, term: Term) -> bool:
    if term.is_fit:
        return (meter.verified_on, meter.verification_due_on) == (term.verified_on, term.due_on)
    return meter.acts.filter(
        kind=ActKind.VERIFICATION,
        annulled_at=None,
        facts__is_fit=False,
        facts__verified_on=term.verified_on.isoformat(),
    ).exists()


def _write(
    fresh: Sequence[tuple[Installation, Term]], today: date, at: datetime, actor_id: int | None
) -> None:
    """Write the acts and the terms of their meters, however many, in a handful of statements."""
    payers = _payers([place.premise_id for place, _term in fresh if place.premise_id], today)
    numbers = record.numbers(ActKind.VERIFICATION, today.year, len(fresh)) if fresh else []
    Act.objects.bulk_create(
        (
            Act(
                kind=ActKind.VERIFICATION,
                number=number,
                drawn_on=today,
                building_id=place.building_id,
                premise_id=place.premise_id,
                meter=place.meter,
                facts={
                    **verification.facts_of(place.meter, term),
                    "accounts": payers.get(place.premise_id or 0, []),
                },
                created_at=at,
                author_id=actor_id,
            )
            for number, (place, term) in zip(numbers, fresh, strict=True)
        ),
        batch_size=1_000,
    )
    fit = [(place.meter, term) for place, term in fresh if term.is_fit]
    for meter, term in fit:
        meter.verified_on, meter.verification_due_on = term.verified_on, term.due_on
    Meter.objects.bulk_update(
        [meter for meter, _term in fit], ["verified_on", "verification_due_on"], batch_size=1_000
    )


def _payers(premise_ids: Iterable[int], today: date) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = accounts().filter(premise_id__in=list(premise_ids), during__contains=today)
    for row in rows.order_by("share_no"):
        found[row["premise_id"]].append({"number": row["number"], "payer": row_payer(row)})
    return found
