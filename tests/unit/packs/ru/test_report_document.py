"""A report on paper is broken into pages that hold every row once and never overflow."""

from hypothesis import given, settings
from hypothesis import strategies as st

from abonent.packs.ru.documents.report import (
    ReportColumn,
    ReportDocument,
    ReportRow,
    ReportSheet,
    ReportTable,
    pages,
)

PAGE_MM = 193.0  # A4 on its side without its margins


def document(*tables: ReportTable, facts: int = 3) -> ReportDocument:
    return ReportDocument(
        title="Ведомость",
        supplier="АО «Образец-Энерго»",
        scope="Октябрь 2026",
        made="Сформировал: Анна, 05.11.2026",
        facts=[(f"факт {number}", "1") for number in range(facts)],
        tables=tables,
        page_of="стр. {page} из {pages}",
    )


def table(cells: list[tuple[str, str]], *, title: str = "") -> ReportTable:
    columns = [
        ReportColumn(title="Адрес"),
        ReportColumn(title="Объём", band="кВт·ч", is_figure=True),
        ReportColumn(title="доля", band="кВт·ч", is_figure=True),
    ]
    return ReportTable(
        title=title,
        columns=columns,
        rows=[ReportRow([text, figure, "0,1"]) for text, figure in cells],
        empty="Строк нет.",
    )


TEXTS = st.text(st.sampled_from("абвгШЖ .,д1"), max_size=120)
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from(["0", "1 234,5", "123 456 789,123"])), max_size=150)


@settings(max_examples=60, deadline=None)
@given(first=ROWS, second=ROWS, facts=st.integers(0, 14))
def test_every_row_once_in_order_and_no_page_overflows(
    first: list[tuple[str, str]], second: list[tuple[str, str]], facts: int
) -> None:
    report = document(table(first, title="Первая"), table(second), facts=facts)
    broken = pages(report)
    sheet = ReportSheet(report)
    seen = []
    for number, page in enumerate(broken, start=1):
        told = sheet.page(page)
        assert told["folio"] == f"стр. {number} из {len(broken)}"
        assert bool(told["facts"]) == (number == 1 and facts > 0)
        used_mm = told["head"]
        for block in told["blocks"]:
            used_mm += 7.0 if block["title"] else 0.0
            if block["empty"]:
                used_mm += 6.0
                continue
            assert len(block["heights"]) == block["headings"] + len(block["rows"])
            assert sum(block["widths"]) <= 277.1
            assert block["titles"] == ["Объём", "доля"], "the headings are on every page"
            used_mm += sum(block["heights"])
            seen += [(row[0], row[1]) for row in block["rows"]]
        assert used_mm <= PAGE_MM - 3.4, "the foot has its place"
    assert seen == first + second


def test_a_long_table_keeps_its_columns_from_page_to_page() -> None:
    report = document(table([("ул. Лесная, д. 10", "1 234,5")] * 500))
    sheet = ReportSheet(report)
    widths = {tuple(sheet.page(page)["blocks"][0]["widths"]) for page in pages(report)}
    assert len(widths) == 1
    assert len(pages(report)) > 10


def test_many_columns_are_written_smaller() -> None:
    columns = [ReportColumn(title=f"колонка {number}", is_figure=True) for number in range(22)]
    wide = ReportTable(columns=columns, rows=[ReportRow(["123 456 789,12"] * 22)])
    report = document(wide)
    block = ReportSheet(report).page(pages(report)[0])["blocks"][0]
    assert block["size"] < 8.0
    assert sum(block["widths"]) <= 277.1


def test_nothing_to_show_is_said() -> None:
    report = document(table([]))
    (page,) = pages(report)
    (block,) = ReportSheet(report).page(page)["blocks"]
    assert block["empty"] == "Строк нет."
