"""Stored codes in words, with the colour each is shown in."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from abonent.contexts.charging.models import PeriodState, PrintState, RegistryState, RunState
from abonent.contexts.contracts.models import AbsenceState
from abonent.contexts.ledger.models import SubsidyRowState
from abonent.contexts.metering.models import ReadingFileState, ReadingStatus, RowDecision, Zone


@dataclass(frozen=True)
class Word:
    text: str
    colour: str


_RUN_COLOURS = {
    RunState.DRAFT: "secondary",
    RunState.RATING: "blue",
    RunState.RATED: "yellow",
    RunState.POSTED: "green",
    RunState.CANCELLED: "secondary",
    RunState.FAILED: "red",
    RunState.DISCARDED: "secondary",
}
_READING_COLOURS = {
    ReadingStatus.ACCEPTED: "green",
    ReadingStatus.DOUBTFUL: "yellow",
    ReadingStatus.REJECTED: "red",
    ReadingStatus.ANNULLED: "secondary",
}

_ABSENCE_COLOURS = {
    AbsenceState.APPLIED: "yellow",
    AbsenceState.APPROVED: "green",
    AbsenceState.REFUSED: "red",
    AbsenceState.WITHDRAWN: "secondary",
}


def absence_state(state: int) -> Word:
    return Word(str(AbsenceState(state).label), _ABSENCE_COLOURS[AbsenceState(state)])


def run_state(state: int) -> Word:
    return Word(str(RunState(state).label), _RUN_COLOURS[RunState(state)])


def reading_status(status: int) -> Word:
    return Word(str(ReadingStatus(status).label), _READING_COLOURS[ReadingStatus(status)])


_PRINT_COLOURS = {
    PrintState.WAITING: "secondary",
    PrintState.PRINTING: "blue",
    PrintState.PRINTED: "green",
    PrintState.FAILED: "red",
}


def print_state(state: int) -> Word:
    return Word(str(PrintState(state).label), _PRINT_COLOURS[PrintState(state)])


def period_state(state: int) -> Word:
    return Word(str(PeriodState(state).label), "green" if state == PeriodState.OPEN else "secondary")


_FILE_COLOURS = {
    ReadingFileState.WAITING: "secondary",
    ReadingFileState.READING: "blue",
    ReadingFileState.STORED: "green",
    ReadingFileState.FAILED: "red",
}
_DECISION_COLOURS = {
    RowDecision.WAITING: "yellow",
    RowDecision.ACCEPTED: "green",
    RowDecision.REFUSED: "secondary",
}


def reading_file_state(state: int) -> Word:
    return Word(str(ReadingFileState(state).label), _FILE_COLOURS[ReadingFileState(state)])


def row_decision(decision: int) -> Word:
    return Word(str(RowDecision(decision).label), _DECISION_COLOURS[RowDecision(decision)])


_LINES = {
    1: gettext_lazy("by the meter"),
    2: gettext_lazy("by average usage"),
    3: gettext_lazy("by norm"),
    4: gettext_lazy("raised norm"),
    5: gettext_lazy("common needs by the building meter"),
    6: gettext_lazy("common needs by norm"),
    7: gettext_lazy("returned by the building's balance"),
}


def line_words(*, rule: int, zone: int) -> str:
    """Name a charge line: by what it was charged and, where there are several, in which zone."""
    name = str(_LINES.get(rule, rule))
    return name if zone == Zone.SINGLE else f"{name}, {Zone(zone).label}"


_REGISTRY_COLOURS = {
    RegistryState.WAITING: "secondary",
    RegistryState.MAKING: "blue",
    RegistryState.MADE: "yellow",
    RegistryState.SENT: "green",
    RegistryState.FAILED: "red",
}
_SUBSIDY_COLOURS = {
    SubsidyRowState.POSTED: "green",
    SubsidyRowState.HELD: "yellow",
    SubsidyRowState.RETURNED: "secondary",
}


def registry_state(state: int) -> Word:
    return Word(str(RegistryState(state).label), _REGISTRY_COLOURS[RegistryState(state)])


def subsidy_state(state: int) -> Word:
    return Word(str(SubsidyRowState(state).label), _SUBSIDY_COLOURS[SubsidyRowState(state)])
