"""A report on paper: what the rows say in words, handed to the pack's document."""

from pathlib import Path

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from abonent.contexts.parties.models import Supplier
from abonent.gateways import typesetting
from abonent.packs.ru.documents.report import (
    ReportColumn,
    ReportDocument,
    ReportRow,
    ReportSheet,
    ReportTable,
    pages,
)
from abonent.usecases.reports import figures
from abonent.usecases.reports.edition import Counted, Edition, label
from abonent.usecases.reports.model import Answer, Fact, Table
from abonent.usecases.reports.reading import Line, Part

MOST_ROWS = 100_000


class TooManyRows(Exception):
    """So long a report is no use on paper."""

    def __init__(self, rows: int) -> None:
        super().__init__(f"{rows} rows are too many for paper: narrow the report or take a spreadsheet")
        self.rows = rows


def write(edition: Edition, answer: Answer, counted: Counted, path: Path) -> None:
    """Set the tables one under another. Raises TooManyRows, TypesettingError."""
    if counted.rows > MOST_ROWS:
        raise TooManyRows(counted.rows)
    supplier, *facts = edition.heads(answer)
    document = ReportDocument(
        title=edition.title,
        supplier=str(supplier.value),
        scope=", ".join(_fact(edition, fact)[1] for fact in facts[: len(facts) - len(answer.facts)]),
        made=edition.made(),
        facts=[_fact(edition, fact) for fact in facts],
        tables=[_table(edition, table, counted) for table in answer.tables],
        page_of=_("page {page} of {pages}"),
    )
    made = typesetting.render_many(
        pages(document),
        sheet=ReportSheet(document, language=edition.language),
        output=path,
        created_on=localdate(edition.made_at),
        author=Supplier.objects.get(pk=edition.asked.supplier_id).short_name,
    )
    for _progress in made:
        pass


def _fact(edition: Edition, fact: Fact) -> tuple[str, str]:
    return str(fact.title), figures.shown(fact.value, fact.kind, language=edition.language)


def _table(edition: Edition, table: Table, counted: Counted) -> ReportTable:
    return ReportTable(
        title=str(table.title),
        columns=[
            ReportColumn(title=str(column.title), band=str(column.band), is_figure=column.is_figure)
            for column in table.columns
        ],
        rows=[_row(edition, table, line) for line in counted.lines(table) if counted.rows],
        empty=str(table.empty) or _("There are no rows."),
    )


def _row(edition: Edition, table: Table, line: Line) -> ReportRow:
    cells = [edition.shown(column, line) for column in table.columns]
    if line.part != Part.ROW:
        cells[0] = label(table, line)
    return ReportRow(cells, strong=line.part != Part.ROW)
