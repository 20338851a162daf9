"""Reports: a registry of them, and one way to see, page, sort, total and write them all."""

from abonent.usecases.reports.edition import Edition, Format, said, write
from abonent.usecases.reports.model import (
    Answer,
    Ask,
    Asked,
    Card,
    Choice,
    Column,
    Drill,
    Fact,
    NotReady,
    Report,
    Table,
)
from abonent.usecases.reports.pdf import TooManyRows
from abonent.usecases.reports.registry import REPORTS, UnknownReport, report, reports_of

__all__ = [
    "REPORTS",
    "Answer",
    "Ask",
    "Asked",
    "Card",
    "Choice",
    "Column",
    "Drill",
    "Edition",
    "Fact",
    "Format",
    "NotReady",
    "Report",
    "Table",
    "TooManyRows",
    "UnknownReport",
    "report",
    "reports_of",
    "said",
    "write",
]
