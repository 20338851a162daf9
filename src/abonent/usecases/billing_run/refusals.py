"""Why a run is refused, in words that say what to do."""

from abonent.kernel.periods import Month


class RunRefused(Exception):
    """A run cannot do what was asked; the text says why and what to do instead."""

    code = "refused"


class PeriodClosed(RunRefused):
    """Lines cannot be booked into a closed month."""

    code = "period_closed"

    def __init__(self, period: Month, open_period: Month | None) -> None:
        self.period, self.open_period = period, open_period
        advice = (
            f"book the correction in an open one: abonent billing run --period {period} --book-in {open_period}"
            if open_period
            else f"open a month first: abonent period open {period.next()}"
        )
        super().__init__(f"The period {period} is closed and takes no new lines; {advice}")


class PeriodUnknown(RunRefused):
    """Nobody opened this month."""

    code = "period_unknown"

    def __init__(self, period: Month) -> None:
        self.period = period
        super().__init__(f"The period {period} has not been opened: abonent period open {period}")


class ScopeBusy(RunRefused):
    """Another run has claimed some of the buildings."""

    code = "scope_busy"

    def __init__(self, period: Month, run_ids: list[int]) -> None:
        self.period, self.run_ids = period, run_ids
        runs = ", ".join(f"#{run_id}" for run_id in run_ids)
        super().__init__(
            f"Run {runs} is already working on buildings of this scope for {period}: approve or discard it first"
        )


class NothingToBill(RunRefused):
    """The scope has no account with a service in the month."""

    code = "nothing_to_bill"


class NothingWaits(NothingToBill):
    """No billed month of the scope waits to be rated again, or other runs are at work on all that does."""

    code = "nothing_waits"


class WrongState(RunRefused):
    """The run is not in a state that allows the step."""

    code = "wrong_state"


class Overlaid(RunRefused):
    """A later run corrected lines of this one."""

    code = "overlaid"

    def __init__(self, run_id: int, later: list[int]) -> None:
        self.run_id, self.later = run_id, later
        runs = ", ".join(f"#{other}" for other in later)
        super().__init__(f"Run #{run_id} was corrected by run {runs}: cancel that one first")


class ReadingsCameIn(RunRefused):
    """Readings arrived after the run was rated."""

    code = "readings_came_in"

    def __init__(self, run_id: int, count: int) -> None:
        self.run_id, self.count = run_id, count
        super().__init__(
            f"{count} readings came in after run #{run_id} was rated: rate it again, then approve it"
        )
