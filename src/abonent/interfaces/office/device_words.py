"""Words of acts, seals and verification: why an act is refused and what to do; states with their colours."""

from collections.abc import Callable, Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.metering.models import ActKind, SealState
from abonent.interfaces.office import formats
from abonent.interfaces.office.words import Word
from abonent.packs.ru.documents.bill import VERIFICATION_NOTICE
from abonent.usecases.device_acts import ActRefused
from abonent.usecases.device_acts.verification_file import COLUMNS, FileRefused, Problem

_FAR_DAYS = 365
_SEAL_COLOURS = {SealState.INTACT: "green", SealState.REMOVED: "secondary", SealState.BROKEN: "red"}

SEAL_PLACES = (
    gettext_lazy("terminal cover"),
    gettext_lazy("case of the meter"),
    gettext_lazy("breaker box"),
    gettext_lazy("meter cabinet"),
)


# a seal is of another gender than a meter in Russian and Ukrainian, so it has words of its own
SEAL_STATES = {
    SealState.INTACT: gettext_lazy("intact"),
    SealState.REMOVED: gettext_lazy("taken off"),
    SealState.BROKEN: gettext_lazy("broken"),
}


def seal_state(state: int) -> Word:
    return Word(str(SEAL_STATES[SealState(state)]), _SEAL_COLOURS[SealState(state)])


def act_title(kind: int) -> str:
    """Name a kind of act as a heading."""
    words = str(ActKind(kind).label)
    return words[:1].upper() + words[1:]


def term_word(due_on: date | None, on: date) -> Word:
    """Say how a term of verification stands."""
    if due_on is None:
        return Word(_("not known"), "secondary")
    days = (due_on - on).days
    if days < 0:
        return Word(_("overdue by %(days)d days") % {"days": -days}, "red")
    if days > _FAR_DAYS:
        return Word(_("in force"), "green")
    return Word(
        _("%(days)d days left") % {"days": days}, "yellow" if days <= VERIFICATION_NOTICE.days else "green"
    )


def tell_act(refusal: ActRefused) -> str:
    """Say why an act is refused and what to do."""
    told = _WORDS.get(refusal.code)
    return told() % _written(refusal.facts) if told else str(refusal)


def tell_file_problem(problem: FileRefused | Problem) -> str:
    """Say why a file, or a row of it, is not taken."""
    told = _FILE_WORDS.get(problem.code) or _WORDS.get(problem.code)
    return told() % _written(problem.facts) if told else problem.code


def file_column(column: str) -> str:
    """Name the column a problem is in as the guide does."""
    return COLUMNS[column][0]


def _written(facts: Mapping[str, object]) -> dict[str, object]:
    return {
        name: formats.day(value)
        if isinstance(value, date)
        else formats.kwh(value)
        if name.endswith("_wh") and isinstance(value, int)
        else value
        for name, value in facts.items()
    }


_WORDS: dict[str, Callable[[], str]] = {
    "in_future": lambda: _("This day has not come yet."),
    "no_premise": lambda: _("There is no such premise in this building."),
    "no_building": lambda: _("There is no such building."),
    "drawn_already": lambda: _("Act № %(number)s of this kind and day is drawn up already."),
    "number_taken": lambda: _("There is an act № %(number)s of this kind already."),
    "not_standing": lambda: _("The meter did not stand here on %(day)s."),
    "not_every_register": lambda: _("Write what every register shows."),
    "negative": lambda: _("A reading is not below zero."),
    "above_capacity": lambda: _("The meter has %(digits)s digits before the comma; this does not fit."),
    "second_for_day": lambda: _("An act or a handover read this meter on %(day)s already."),
    "read_later": lambda: _(
        "The meter was read later, on %(next_on)s. Annul that reading first, or mend the day of the act."
    ),
    "below_previous": lambda: _(
        "Below the reading of %(previous_on)s, which is %(previous_wh)s. Mend it, or confirm that it is right."
    ),
    "above_next": lambda: _(
        "Above the later reading of %(next_on)s, which is %(next_wh)s. Mend it, or confirm that it is right."
    ),
    "no_serial": lambda: _("Write the serial number."),
    "zones_unknown": lambda: _("Choose one, two or three zones and write what each of them shows."),
    "ratio_not_positive": lambda: _("The ratio is one or more."),
    "model_unknown": lambda: _(
        "No meter of the model %(model)s is known. Mend it, or confirm that it is new."
    ),
    "verified_later": lambda: _("The verification is later than the act."),
    "due_before_verified": lambda: _("The verification ends before it begins."),
    "no_due_day": lambda: _("Write until what day the verification holds."),
    "verified_since": lambda: _("The meter was verified later, on %(day)s."),
    "stands_here": lambda: _("Meter %(serial)s stands here already."),
    "stands_elsewhere": lambda: _("This meter stands at %(address)s. Take it down there first."),
    "overlaps": lambda: _(
        "Meter %(serial)s was put in elsewhere just now. Look where, and draw the act up again."
    ),
    "point_taken": lambda: _(
        "Meter %(serial)s stands here. Replace it, or confirm that this is one more metering point."
    ),
    "put_in_today": lambda: _("The meter was put in on this very day."),
    "goes_already": lambda: _("The meter is taken down on %(day)s already."),
    "seal_twice": lambda: _("Seal %(number)s is written twice."),
    "seal_known": lambda: _("Seal %(number)s is set on meter %(serial)s already."),
    "seal_without_place": lambda: _("Write where each seal is set."),
    "seal_gone": lambda: _("This seal is no longer on the meter."),
    "seal_changed": lambda: _("This seal was changed meanwhile. Look at it again."),
    "seal_set_later": lambda: _("A seal was set later than the day of the act."),
    "seal_removed_and_broken": lambda: _("A seal is either taken off or broken."),
    "seal_touched": lambda: _("Seal %(number)s was dealt with later. Undo that first."),
    "no_seal": lambda: _("Write at least one seal that is set, taken off or broken."),
    "needs_premise": lambda: _("This act is about a premise, not about a whole building."),
    "no_terms": lambda: _("Nothing is known of the premise on %(day)s: no norm could be charged."),
    "power_not_positive": lambda: _("The power is above zero; leave it empty when it is not known."),
    "connected_later": lambda: _("The connection is later than the act."),
    "removed_before_found": lambda: _("It was put right no earlier than it was found."),
    "connected_already": lambda: _("These days are charged by act № %(number)s from %(day)s on already."),
    "uses_overlap": lambda: _("Two unauthorised connections would share days. Annul the later one first."),
    "no_act": lambda: _("There is no such act."),
    "annulled_already": lambda: _("Act № %(number)s is annulled already."),
    "rests_on_it": lambda: _("Act № %(number)s rests on this one. Annul it first."),
    "read_since": lambda: _("The meter was read since, on %(day)s. Annul that reading or act first."),
    "moved_on": lambda: _("The meter was taken down since. Annul that act first."),
    "place_taken": lambda: _("Another meter stands in its place now. Annul its admission first."),
    "correction": lambda: _("A correction is not annulled. Write the seal down anew."),
}

_FILE_WORDS: dict[str, Callable[[], str]] = {
    "no_column": lambda: _("The first row must name these columns: %(columns)s."),
    "unknown_kind": lambda: _("Send a table: xlsx, xls, csv or dbf."),
    "empty": lambda: _("The file is empty."),
    "too_large": lambda: _("The file is too large."),
    "too_many_rows": lambda: _("The file has too many rows."),
    "not_a_day": lambda: _("Write a day as 20.10.2026."),
    "no_meter": lambda: _("No meter of this number stands anywhere."),
    "several_meters": lambda: _("Several meters have this number: add a column with the model."),
    "twice_in_file": lambda: _("This meter is in the file twice."),
    "damaged": lambda: _("The file is damaged and cannot be read."),
}
