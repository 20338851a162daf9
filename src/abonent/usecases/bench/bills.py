"""Bills by the thousand: from the books to one PDF with payment codes, charts and a cover."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import demo_supplier
from abonent.usecases.billing_run import Scope
from abonent.usecases.print_bills import print_bills


@dataclass(frozen=True)
class BillFigures:
    """Pages of the file and the seconds it took, queries, codes, charts and joining included."""

    bills: int
    pages: int
    processes: int
    seconds: float
    pages_per_second: float
    megabytes: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    *,
    supplier_id: int,
    month: Month,
    parameters: ParameterSet,
    clock: Callable[[], datetime],
    processes: int | None = None,
) -> BillFigures:
    """Bill and issue the month of the sample supplier where that is not done, then print it and measure that."""
    sample = demo_supplier.present()
    assert sample is not None, "the bench is for the sample supplier"
    demo_supplier.live(sample=sample, month=month, parameters=parameters, clock=clock)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "bills.pdf"
        begun = perf_counter()
        printed = list(
            print_bills(
                scope=Scope(supplier_id),
                month=month,
                output=output,
                printed_on=clock().date(),
                processes=processes,
            )
        )[-1]
        seconds = perf_counter() - begun
        size = output.stat().st_size
    return BillFigures(
        bills=printed.bills,
        pages=printed.pages,
        processes=processes or os.cpu_count() or 1,
        seconds=round(seconds, 2),
        pages_per_second=round(printed.pages / seconds, 1),
        megabytes=round(size / (1 << 20), 1),
    )
