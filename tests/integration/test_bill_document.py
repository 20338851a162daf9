"""Bills as they leave the house: pages counted, text read out, codes scanned off the picture by another library."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from tests import sample_bills

from abonent.gateways import typesetting
from abonent.packs.ru.documents import wording
from abonent.packs.ru.documents.bill import BillDocument
from abonent.packs.ru.documents.bill_page import BillSheet, payment_code
from abonent.packs.ru.documents.cover import CoverDocument, CoverRow, CoverSheet

SHEET = BillSheet("ru")
DAY = sample_bills.ISSUED_ON
KINDS = {"ordinary": 0, "fullest": 1, "by_norm": 2, "long_names": 3}


def texts_of(pdf: bytes | Path) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def picture_of(pdf: bytes, *, dots_per_inch: int) -> np.ndarray:
    with pypdfium2.PdfDocument(pdf) as document:
        return cv2.cvtColor(document[0].render(scale=dots_per_inch / 72).to_numpy(), cv2.COLOR_BGR2GRAY)


def scanned(picture: np.ndarray, *, left: float, top: float, side: float) -> str:
    """Read the code in a square of the page; the measures are millimetres."""
    dots_per_mm = picture.shape[1] / 210
    rows = slice(round(top * dots_per_mm), round((top + side) * dots_per_mm))
    columns = slice(round(left * dots_per_mm), round((left + side) * dots_per_mm))
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(np.ascontiguousarray(picture[rows, columns]))
    return text


def many(count: int) -> list[BillDocument]:
    """Distinct bills of all kinds."""
    kinds = sample_bills.all_kinds()
    return [
        replace(kinds[at % 4], account_number=f"{15 * 10**8 + at}", number=f"№{at}") for at in range(count)
    ]


class _Ruler:
    """A sheet that refuses texts wider than a column, set as the tables of the bill are."""

    template = Path(__file__).with_name("ruler.typ")
    title, shared = "", {}

    def page(self, document: tuple[list[str], str]) -> dict:
        texts, width = document
        return {"texts": texts, "width": width}


def printed(documents: Sequence[BillDocument], output: Path, **other) -> list[typesetting.Progress]:
    return list(typesetting.render_many(documents, sheet=SHEET, output=output, created_on=DAY, **other))


@pytest.mark.parametrize("language", ["ru", "uk", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_bill_is_one_page(kind: str, language: str):
    document = sample_bills.all_kinds()[KINDS[kind]]
    pdf = typesetting.render(document, sheet=BillSheet(language), created_on=DAY)
    assert len(texts_of(pdf)) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_figures_can_be_read_out_of_the_file(kind: str):
    document = sample_bills.all_kinds()[KINDS[kind]]
    (text,) = texts_of(typesetting.render(document, sheet=SHEET, created_on=DAY))
    flat = " ".join(text.replace("\u00a0", " ").split())
    page = SHEET.page(document)
    for cell in [cell for row in (*page["lines"], page["totals"], *page["meters"]) for cell in row if cell]:
        assert cell.replace("\u00a0", " ") in flat
    for words in (
        page["due"]["amount"],
        document.supplier.bank_account,
        document.account_number,
        *page["notes"],
    ):
        assert words.replace("\u00a0", " ") in flat
    assert flat.count(document.account_number) == 2, "on the bill and on its slip"
    assert "\ufffd" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_both_codes_are_read_back_by_another_library(kind: str):
    document = sample_bills.all_kinds()[KINDS[kind]]
    picture = picture_of(typesetting.render(document, sheet=SHEET, created_on=DAY), dots_per_inch=300)
    assert scanned(picture, left=168, top=5, side=34) == payment_code(document), "the code in the head"
    assert scanned(picture, left=8, top=241, side=40) == payment_code(document), "the code on the slip"


def test_the_words_of_the_tables_fit_their_columns_in_one_line():
    lines = [
        f"{name}, {zone}"
        for names in wording.SERVICES.values()
        for zones in wording.ZONES.values()
        for name, zone in zip(names, zones, strict=True)
    ]
    methods = [name for names in wording.METHODS.values() for name in names]
    zones = [name for names in wording.ZONES.values() for name in names]
    for texts, width in ((lines, "41mm"), (methods, "17mm"), (zones, "12mm")):
        typesetting.render((texts, width), sheet=_Ruler(), created_on=DAY)
    with pytest.raises(typesetting.TypesettingError, match="too wide"):
        typesetting.render((lines, "12mm"), sheet=_Ruler(), created_on=DAY)


def test_nothing_is_printed_beyond_the_margins_or_over_the_cut():
    for document in sample_bills.all_kinds():
        ink = picture_of(typesetting.render(document, sheet=SHEET, created_on=DAY), dots_per_inch=72) < 200
        rows, columns = (
            ink.any(axis=1).nonzero()[0] / ink.shape[0] * 297,
            ink.any(axis=0).nonzero()[0] / ink.shape[1] * 210,
        )
        assert columns.min() >= 11.5
        assert columns.max() <= 198.5
        assert rows.max() <= 289.5


def test_the_same_bill_gives_the_same_bytes_and_another_bill_does_not():
    first, again = (
        typesetting.render(sample_bills.ordinary(), sheet=SHEET, created_on=DAY) for _ in range(2)
    )
    other = typesetting.render(sample_bills.by_norm(), sheet=SHEET, created_on=DAY)
    assert first == again != other


def test_a_mass_print_keeps_the_order_and_counts_itself(tmp_path: Path):
    documents, output = many(22), tmp_path / "bills.pdf"
    rows = []

    def cover(pages: Sequence[int]):
        due_minor = sum(document.total_due_minor for document in documents)
        rows.append(CoverRow(address="все дома", bills=len(pages), pages=sum(pages), total_minor=due_minor))
        facts = {
            "supplier_name": "АО",
            "scope": "Отделение",
            "period": sample_bills.PERIOD,
            "printed_on": DAY,
        }
        return CoverSheet("ru"), CoverDocument(rows=tuple(rows), **facts)

    steps = printed(documents, output, chunk_documents=5, processes=2, cover=cover)
    assert [step.documents for step in steps] == [5, 10, 15, 20, 22, 22]
    assert [step.finished for step in steps] == [False] * 5 + [True]
    texts = texts_of(output)
    assert steps[-1].pages == len(texts) - 1 == 22
    assert "Контрольная сумма" in texts[0]
    assert all(document.account_number in text for document, text in zip(documents, texts[1:], strict=True))
    assert list(tmp_path.iterdir()) == [output]


def test_a_print_by_one_process_is_the_same_file_as_by_two(tmp_path: Path):
    alone, together = tmp_path / "alone.pdf", tmp_path / "together.pdf"
    printed(many(6), alone, chunk_documents=2, processes=1)
    printed(many(6), together, chunk_documents=2, processes=2)
    assert alone.read_bytes() == together.read_bytes()


def test_a_bill_that_outgrows_its_page_goes_on_to_a_second_and_is_counted(tmp_path: Path):
    ordinary, fullest = sample_bills.ordinary(), sample_bills.fullest()
    overfull = sample_bills.bill(
        lines=fullest.lines * 4,
        meters=fullest.meters * 3,
        messages=("Напоминание. " * 12,) * 4,
        history=fullest.history,
    )
    seen: list[int] = []

    def cover(pages: Sequence[int]):
        seen.extend(pages)
        rows = (CoverRow(address="дом", bills=3, pages=sum(pages), total_minor=0),)
        facts = {"supplier_name": "АО", "scope": "Дом", "period": sample_bills.PERIOD, "printed_on": DAY}
        return CoverSheet("ru"), CoverDocument(rows=rows, **facts)

    *_, last = printed([ordinary, overfull, ordinary], tmp_path / "bills.pdf", cover=cover)
    assert seen == [1, 2, 1]
    assert last.pages == 4


def test_a_print_that_fails_leaves_no_file(tmp_path: Path):
    good = sample_bills.ordinary()
    bad = replace(good, supplier=replace(good.supplier, bic="0445"))
    with pytest.raises(ValueError, match="BIC"):
        printed([good, good, bad], tmp_path / "bills.pdf", chunk_documents=1, processes=1)
    assert list(tmp_path.iterdir()) == []


def test_a_print_of_nothing_is_refused(tmp_path: Path):
    with pytest.raises(typesetting.TypesettingError, match="nothing to print"):
        printed([], tmp_path / "bills.pdf")


def test_a_template_with_a_mistake_is_named(tmp_path: Path):
    class Broken:
        template = tmp_path / "broken.typ"
        title, shared = "", {}

        def page(self, document: object) -> dict:
            return {}

    Broken.template.write_text("#nonsense")
    with pytest.raises(typesetting.TypesettingError, match=r"broken\.typ.*nonsense"):
        typesetting.render(None, sheet=Broken(), created_on=DAY)
