"""Stored codes in words, with the colour each is shown in."""

from dataclasses import dataclass

from abonent.contexts.charging.models import PeriodState, RunState
from abonent.contexts.metering.models import ReadingStatus


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


def run_state(state: int) -> Word:
    return Word(str(RunState(state).label), _RUN_COLOURS[RunState(state)])


def reading_status(status: int) -> Word:
    return Word(str(ReadingStatus(status).label), _READING_COLOURS[ReadingStatus(status)])


def period_state(state: int) -> Word:
    return Word(str(PeriodState(state).label), "green" if state == PeriodState.OPEN else "secondary")
