"""Why bills are not printed, in words that say what to do."""

from abonent.kernel.periods import Month


class PrintRefused(Exception):
    """Bills cannot be printed; the text says why and what to do instead."""


class NoBills(PrintRefused):
    """None were issued."""

    def __init__(self, month: Month) -> None:
        self.month = month
        super().__init__(
            f"No bills are issued here for {month}: issue them first (abonent bill issue --period {month})"
        )


class BillsOutOfDate(PrintRefused):
    """Something was booked in the month after they were issued."""

    def __init__(self, month: Month, bills: int, example: str) -> None:
        self.month, self.bills, self.example = month, bills, example
        super().__init__(
            f"{bills} bills for {month} no longer say what the books say, the first of account {example}: "
            f"issue them again (abonent bill issue --period {month})"
        )
