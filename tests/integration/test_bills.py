"""From posted lines to explained, issued and printed bills, on a street where every kind of line comes about."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import pypdfium2
import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker
from tests import street
from tests.street import AT, BEFORE, MONTH, Built
from typer.testing import CliRunner

from abonent.contexts.charging.models import Bill, BillingPeriod, Run, RunShard, RunState
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.ledger.operations import Posting, post_batch
from abonent.contexts.metering.models import Installation, ReadingSource
from abonent.interfaces.cli import bill as command
from abonent.interfaces.cli import runtime
from abonent.kernel.money import format_minor
from abonent.kernel.periods import Month
from abonent.packs.ru.documents.bill import BillDocument
from abonent.usecases import billing_run, books_check, enter_reading, packs, recalculation
from abonent.usecases.billing_run import Scope
from abonent.usecases.explain_bill import LANGUAGES, Explanation, explain
from abonent.usecases.issue_bills import Issued, NothingPosted, issue
from abonent.usecases.print_bills import BillsOutOfDate, NoBills, print_account, print_bills
from abonent.usecases.print_bills._houses import natural

pytestmark = pytest.mark.django_db

IN_ORDER = ["2/1", "2/2", "2а/1", "2а/2", *(f"10/{flat}" for flat in (1, 2, 3, 4, 5, 6, 7, 10)), "100"]
LATER = AT + timedelta(days=2)


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Built]:
    """The street, billed and with its bills issued, committed once: runs and mass prints have connections of their own.

    Tests change it inside transactions of theirs, which are rolled back.
    """
    with django_db_blocker.unblock():
        try:
            street_built = street.build()
            for month in (BEFORE, MONTH):
                issue_month(street_built, month)
            yield street_built
        finally:
            call_command("flush", interactive=False, verbosity=0)


def issue_month(built: Built, month: Month = MONTH, *, at: datetime = AT, **scope: int) -> Issued:
    return issue(
        scope=Scope(built.supplier.pk, **scope), period=month, parameters=packs.pack_parameters(), at=at
    )


def told(built: Built, name: str, *, month: Month = MONTH, language: str = "ru") -> Explanation:
    return explain(account=built.accounts[name], month=month, language=language)


def bill_of(built: Built, name: str, month: Month = MONTH) -> Bill:
    return Bill.objects.filter(account=built.accounts[name], period=month.first_day).latest("version")


def read_again(built: Built, name: str, kwh: int, *, day: date = date(2026, 10, 28)) -> None:
    """A reading that came in after the month was billed, and is settled on the spot."""
    place = Installation.objects.get(premise=built.accounts[name].premise, during__contains=day)
    enter_reading.enter(
        account=built.accounts[name],
        shown=[enter_reading.Shown(place, kwh * 1000)],
        taken_on=day,
        source=ReadingSource.SUBSCRIBER,
        parameters=packs.pack_parameters(),
        booked_period=MONTH,
        actor_id=None,
        today=day,
        at=LATER,
    )


class TestExplanation:
    def test_lines_add_up_to_the_bill(self, built: Built) -> None:
        for name in built.accounts:
            explanation = told(built, name)
            assert explanation.total_minor == bill_of(built, name).charged_minor
            assert explanation.recalculations == ()
            assert all(line.stands and line.kind == "charge" for line in explanation.lines)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_line_is_told_in_every_language(self, built: Built, language: str) -> None:
        for name in built.accounts:
            for line in told(built, name, language=language).lines:
                amount = format_minor(line.amount_minor, language=language).replace("-", "−")
                assert amount in line.sentence
                assert "Приказ № 37/9-П" in line.sentence
                assert line.figures

    def test_readings_carry_their_days_and_sources(self, built: Built) -> None:
        (line, _) = told(built, "10/1").lines
        assert "20.09.2026 – 99\u00a0950 (передал потребитель), 20.10.2026 – 100" in line.sentence
        old, new, _ = told(built, "10/7").lines
        assert "11.10.2026 – 1\u00a0840 (при снятии)" in old.sentence
        assert "11.10.2026 – 0 (при установке)" in new.sentence

    def test_the_building_stands_behind_a_share(self, built: Built) -> None:
        share = told(built, "10/3").lines[-1]
        figures = {figure.name: figure.value for figure in share.figures}
        assert figures["building_supplied_wh"] == 1_400_000
        assert figures["building_executor_wh"] == 241_000
        assert figures["common_wh"] == 36_000

    def test_a_parked_account_says_why_and_what_to_do(self, built: Built) -> None:
        explanation = told(built, "100", language="en")
        assert explanation.lines == ()
        (parked,) = explanation.exceptions
        assert (parked.code, parked.of_building) == ("negative_usage", False)
        assert "14000001" in parked.details
        assert parked.advice
        assert told(built, "10/1").exceptions == ()

    def test_a_correction_takes_back_and_charges_anew(self, built: Built) -> None:
        before = told(built, "10/4").total_minor
        read_again(built, "10/4", 1_900)
        lines = [line for line in told(built, "10/4").lines if line.service == 1]
        average, back, metered = sorted(lines, key=lambda line: (line.stands, line.kind == "reversal"))
        assert (average.rule, average.stands) == ("ru.energy.average", False)
        assert f"снят расчётом № {back.run_id}" in average.sentence.replace("снята", "снят")
        assert (back.kind, back.stands, back.amount_minor) == ("reversal", False, -average.amount_minor)
        assert "внесено показание" in back.sentence
        assert (metered.kind, metered.rule, metered.quantity_wh) == (
            "recalculation",
            "ru.energy.metered",
            60_000,
        )
        assert "перерасчёт за октябрь 2026 г." in metered.sentence
        assert told(built, "10/4").total_minor == before - 25_200

    def test_what_was_booked_for_other_months_is_told_beside(self, built: Built) -> None:
        rerun_september(built)
        explanation = told(built, "10/6")
        assert [line.kind for line in explanation.recalculations] == ["reversal", "recalculation"]
        assert {line.month for line in explanation.recalculations} == {"2026-09"}
        assert {line.booked for line in explanation.recalculations} == {"2026-10"}
        assert explanation.recalculated_minor == 420 * 20
        assert explanation.total_minor == bill_of(built, "10/6").charged_minor

    def test_it_is_plain_data_in_few_queries(self, built: Built, django_assert_max_num_queries: Any) -> None:
        with django_assert_max_num_queries(7):
            plain = told(built, "10/2").as_dict()
        assert json.loads(json.dumps(plain)) == plain
        assert plain["total_minor"] == sum(line["amount_minor"] for line in plain["lines"])
        assert plain["lines"][0]["begins_on"] == "2026-10-01"

    def test_a_month_without_lines_is_empty(self, built: Built) -> None:
        nothing = told(built, "10/1", month=Month(2025, 1))
        assert (nothing.lines, nothing.exceptions, nothing.total_minor) == ((), (), 0)

    def test_an_unknown_language_is_refused(self, built: Built) -> None:
        with pytest.raises(ValueError, match="ru, uk, en"):
            told(built, "10/1", language="de")


def rerun_september(built: Built) -> None:
    """A kilowatt-hour more in September, by transformers of 20, booked in October."""
    (place,) = Installation.objects.filter(premise=built.accounts["10/6"].premise)
    built.read(place, date(2026, 9, 25), 1_050, entered_at=LATER)
    recalculation.bill(
        account=built.accounts["10/6"],
        month=BEFORE,
        booked_period=MONTH,
        supplier_id=built.supplier.pk,
        parameters=packs.pack_parameters(),
        actor_id=None,
        at=LATER,
        reason="контрольный обход",
    )


class TestIssue:
    def test_figures_are_those_of_the_books(self, built: Built) -> None:
        bill = bill_of(built, "10/1")
        assert bill.number == f"{built.accounts['10/1'].number}-202610"
        assert (bill.opening_minor, bill.charged_minor, bill.recalculated_minor) == (64_890, 64_890, 0)
        assert (bill.paid_minor, bill.total_minor) == (50_000, 79_780)
        assert (bill.due_on, bill.issued_on) == (date(2026, 11, 16), date(2026, 11, 1))

    def test_the_auditor_agrees(self, built: Built) -> None:
        bills = [one for one in books_check.check_books() if one.check.name.startswith("bill.")]
        assert [one.disagreements for one in bills] == [0, 0, 0]
        assert bills[0].looked_at == 26

    def test_again_changes_nothing(self, built: Built) -> None:
        again = issue_month(built, at=LATER)
        assert (again.bills, again.versions, again.unchanged) == (0, 0, 13)
        assert again.total_minor == sum(bill_of(built, name).total_minor for name in built.accounts)

    def test_what_changed_becomes_a_new_version(self, built: Built) -> None:
        read_again(built, "10/4", 1_900)
        again = issue_month(built, at=LATER)
        assert (again.bills, again.versions, again.unchanged) == (0, 1, 12)
        newest = bill_of(built, "10/4")
        assert (newest.version, newest.number) == (2, f"{built.accounts['10/4'].number}-202610-2")
        assert (newest.charged_minor, newest.recalculated_minor) == (52_290, -25_200)
        assert Bill.objects.filter(account=built.accounts["10/4"], period=MONTH.first_day).count() == 2

    def test_a_scope_is_kept_to(self, built: Built) -> None:
        Bill.objects.filter(period=MONTH.first_day).delete()
        one = issue_month(built, account_id=built.accounts["2/2"].pk)
        assert (one.bills, one.total_minor) == (1, 153_300)
        house = issue_month(built, building_id=built.buildings["2"].pk)
        assert (house.bills, house.unchanged) == (1, 1)
        branch = issue_month(built, branch_id=built.branch.pk)
        assert (branch.bills, branch.unchanged) == (11, 2)

    def test_the_parked_get_a_bill_only_for_a_balance(self, built: Built) -> None:
        assert bill_of(built, "100").charged_minor == 0
        assert bill_of(built, "100").total_minor == 84_000
        built.pay("100", 84_000, day=date(2026, 9, 30), origin="test:paid")
        Bill.objects.filter(period=MONTH.first_day).delete()
        assert issue_month(built).bills == 12

    def test_an_advance_is_below_zero(self, built: Built) -> None:
        assert bill_of(built, "10/10").total_minor == 1_890 - 12_345 + 1_890

    @pytest.mark.parametrize("state", [RunState.RATED, RunState.CANCELLED])
    def test_only_posted_months_are_issued(self, built: Built, state: RunState) -> None:
        Run.objects.filter(period=MONTH.first_day).update(state=state)
        with pytest.raises(NothingPosted, match="abonent billing run --period 2026-10"):
            issue_month(built)

    def test_one_account_billed_alone_is_issued_alone(self, built: Built) -> None:
        run = Run.objects.get(period=MONTH.first_day)
        run.account = built.accounts["10/2"]
        run.save()
        assert issue_month(built).unchanged == 1

    def test_the_old_due_day_holds_for_old_months(self, built: Built) -> None:
        assert bill_of(built, "10/1", BEFORE).due_on == date(2026, 10, 15)
        RunShard.objects.filter(period=BEFORE.first_day).update(period=date(2026, 2, 1))
        BillingPeriod.objects.create(supplier=built.supplier, month=date(2026, 2, 1))
        built.pay("10/1", 1, day=date(2026, 2, 3), origin="test:february")
        assert issue_month(built, Month(2026, 2)).due_on == date(2026, 3, 10)


def pages(pdf: bytes | Path) -> list[str]:
    """The text of each page, figures as a reader types them."""
    with pypdfium2.PdfDocument(pdf) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    return [re.sub(r"[ \u00a0\r\n]+", " ", text) for text in texts]


def payment_of(pdf: bytes | Path, page: int = 0) -> dict[str, str]:
    """What an independent decoder reads from the code on a page (ГОСТ Р 56042-2014)."""
    with pypdfium2.PdfDocument(pdf) as document:
        pictures = [
            document[page].render(scale=dots_per_inch / 72).to_numpy() for dots_per_inch in (200, 300, 400)
        ]
    payloads = {payload for picture in pictures if (payload := _scanned(picture))}
    (payload,) = payloads  # a scanner tries until it reads one; whatever it reads is the same
    assert payload.startswith("ST00012|")
    return dict(part.split("=", 1) for part in payload.split("|")[1:])


def _scanned(picture: Any) -> str:
    height, width = picture.shape[:2]
    corner = picture[
        : height // 6, width * 3 // 4 :, :3
    ].copy()  # the second code, on the slip, says the same
    payload, _, _ = cv2.QRCodeDetector().detectAndDecode(corner)
    return payload


@pytest.fixture(scope="module")
def printed(
    built: Built, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The bills of October on paper."""
    with django_db_blocker.unblock():
        return print_street(built, tmp_path_factory.mktemp("print") / "street.pdf")


class TestPrint:
    def test_bills_lie_in_the_order_of_addresses(self, built: Built, printed: Path) -> None:
        _, *bills = pages(printed)
        assert len(bills) == len(IN_ORDER)
        for name, page in zip(IN_ORDER, bills, strict=True):
            assert built.accounts[name].number in page

    def test_the_cover_counts_and_adds_up(self, built: Built, printed: Path) -> None:
        cover = pages(printed)[0]
        total = sum(bill_of(built, name).total_minor for name in built.accounts)
        assert f"Контрольная сумма, руб. {as_printed(total)}" in cover
        assert "Документов 13 Листов 13" in cover
        house_10 = sum(bill_of(built, name).total_minor for name in built.accounts if name.startswith("10/"))
        assert f"ул. Лесная, д. 10 5 8 8 {as_printed(house_10)}" in cover

    def test_a_page_carries_the_figures_of_its_bill(self, built: Built, printed: Path) -> None:
        for name, page in zip(IN_ORDER, pages(printed)[1:], strict=True):
            bill = bill_of(built, name)
            assert f"№ {bill.number} от 01.11.2026" in page
            for amount in (bill.opening_minor, bill.charged_minor, -bill.paid_minor, bill.total_minor):
                assert as_printed(amount) in page
            if name != "10/7":  # two meters of one price make one line
                assert all(as_printed(line.amount_minor) in page for line in told(built, name).lines)

    def test_the_payment_code_says_the_total(self, built: Built, printed: Path) -> None:
        for place, name in enumerate(IN_ORDER, start=1):
            bill, payment = bill_of(built, name), payment_of(printed, place)
            assert payment["PersAcc"] == built.accounts[name].number
            assert payment.get("Sum") == (str(bill.total_minor) if bill.total_minor > 0 else None)
            assert payment["PersonalAcc"] == built.supplier.bank_account

    def test_meters_show_what_was_counted(self, printed: Path) -> None:
        by_name = dict(zip(IN_ORDER, pages(printed)[1:], strict=True))
        assert "20.09.2026 99 950 20.10.2026 100" in by_name["10/1"]
        assert "день 20.09.2026 2 470 20.10.2026 2 680" in by_name["10/2"]
        assert "20.09.2026 1 840 31.10.2026 1 960 1 120 по среднему" in by_name["10/4"]
        assert "20.09.2026 1 049 20.10.2026 1 056 20 140" in by_name["10/6"]
        assert "снят 11.10.2026" in by_name["10/7"]
        assert "по нормативу 60 кВт·ч на человека" in by_name["10/3"]

    def test_the_form_folds_the_increase_into_its_line(self, printed: Path) -> None:
        page = pages(printed)[1 + IN_ORDER.index("10/5")]
        assert "по нормативу 120 4,20 504,00 252,00 756,00" in page

    def test_two_meters_of_one_price_make_one_line(self, printed: Path) -> None:
        page = pages(printed)[1 + IN_ORDER.index("10/7")]
        assert "по показаниям 173 4,20 726,60 726,60" in page

    def test_it_tells_what_the_payer_should_know(self, printed: Path) -> None:
        by_name = dict(zip(IN_ORDER, pages(printed)[1:], strict=True))
        assert "11000004 не поступили, объём взят по среднему" in by_name["10/4"]
        assert "Начисление за октябрь 2026 г. отложено" in by_name["100"]
        assert "14.08.2026 истёк срок поверки" in by_name["10/2"]
        assert "последняя 12.10.2026" in by_name["10/1"]

    def test_the_building_and_the_months_before(self, printed: Path) -> None:
        page = pages(printed)[1 + IN_ORDER.index("10/7")]
        assert "Общедомовой прибор учёта, кВт·ч 1 400" in page
        assert "Общедомовые нужды, кВт·ч 277" in page
        assert "100 173" in page  # the two months of the chart

    def test_the_same_print_is_the_same_file(self, built: Built, printed: Path, tmp_path: Path) -> None:
        assert print_street(built, tmp_path / "again.pdf").read_bytes() == printed.read_bytes()

    def test_one_account(self, built: Built) -> None:
        pdf = print_account(account=built.accounts["2/2"], month=MONTH)
        assert pdf == print_account(account=built.accounts["2/2"], month=MONTH)
        (page,) = pages(pdf)
        assert "1 533,00" in page
        assert payment_of(pdf)["Sum"] == "153300"

    @pytest.mark.parametrize(("language", "word"), [("uk", "Особовий рахунок"), ("en", "Amount due")])
    def test_in_other_languages(self, built: Built, language: str, word: str) -> None:
        (page,) = pages(print_account(account=built.accounts["10/4"], month=MONTH, language=language))
        assert word in page

    def test_a_house_alone(self, built: Built, tmp_path: Path) -> None:
        printed = print_street(built, tmp_path / "house.pdf", building_id=built.buildings["2"].pk)
        cover, *bills = pages(printed)
        assert len(bills) == 2
        assert "1 533,00" in cover

    def test_a_corrected_bill_shows_the_recalculation(self, built: Built) -> None:
        read_again(built, "10/4", 1_900)
        issue_month(built, at=LATER)
        (page,) = pages(print_account(account=built.accounts["10/4"], month=MONTH))
        assert "120 4,20 504,00 −252,00 252,00" in page
        assert "внесено показание, 10.2026" in page
        assert "20.09.2026 1 840 28.10.2026 1 900 1 60 по показаниям" in page

    def test_a_recalculation_of_another_month_says_which(self, built: Built) -> None:
        rerun_september(built)
        issue_month(built, at=LATER)
        (page,) = pages(print_account(account=built.accounts["10/6"], month=MONTH))
        assert "588,00 84,00 672,00" in page
        assert "Перерасчёт 84,00 руб.: контрольный обход, 09.2026." in page

    def test_a_posting_by_hand_has_a_line(self, built: Built) -> None:
        by_hand = [
            Posting(built.accounts["2/2"].pk, 1, EntryKind.RECALCULATION, BEFORE.first_day, -10_000),
            Posting(built.accounts["100"].pk, 1, EntryKind.CHARGE, MONTH.first_day, 5_000),
        ]
        post_batch(
            origin="test:hand",
            postings=by_hand,
            booked_period=MONTH,
            booked_on=date(2026, 10, 30),
            at=LATER,
            reason="решение суда",
        )
        issue_month(built, at=LATER)
        (page,) = pages(print_account(account=built.accounts["2/2"], month=MONTH))
        assert "Перерасчёт −100,00 руб.: решение суда, 09.2026." in page
        assert as_printed(153_300 - 10_000) in page
        (page,) = pages(print_account(account=built.accounts["100"], month=MONTH))
        assert as_printed(89_000) in page

    def test_a_cancelled_run_is_not_on_the_bill_that_follows(self, built: Built) -> None:
        (run_id,) = Run.objects.filter(period=MONTH.first_day).values_list("pk", flat=True)
        billing_run.cancel(run_id=run_id, actor_id=None, at=LATER, reason="не та цена")
        recalculation.bill(
            account=built.accounts["2/2"],
            month=MONTH,
            booked_period=MONTH,
            supplier_id=built.supplier.pk,
            parameters=packs.pack_parameters(),
            actor_id=None,
            at=LATER,
            reason="",
        )
        assert issue_month(built, at=LATER).versions == 1
        (page,) = pages(print_account(account=built.accounts["2/2"], month=MONTH))
        assert "190 4,20 798,00 798,00" in page
        assert "Начислено за период 798,00 Перерасчёт 0,00" in page
        assert told(built, "2/2").total_minor == 79_800
        assert [line.kind for line in told(built, "2/2").lines].count("reversal") == 2

    def test_bills_behind_the_books_are_refused(self, built: Built, tmp_path: Path) -> None:
        read_again(built, "10/4", 1_900)
        with pytest.raises(BillsOutOfDate, match="abonent bill issue --period 2026-10") as refusal:
            print_account(account=built.accounts["10/4"], month=MONTH)
        assert (refusal.value.bills, refusal.value.example) == (1, built.accounts["10/4"].number)

    def test_nothing_issued_is_refused(self, built: Built, tmp_path: Path) -> None:
        with pytest.raises(NoBills, match="abonent bill issue --period 2026-08"):
            print_street(built, tmp_path / "none.pdf", month=Month(2026, 8))
        assert list(tmp_path.iterdir()) == []

    def test_a_failure_leaves_the_old_file(
        self, built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A bill that does not add up stops the print, and what was there stays."""
        output = tmp_path / "street.pdf"
        output.write_bytes(b"yesterday's")
        check = BillDocument.__post_init__

        def spoiled(document: BillDocument) -> None:
            object.__setattr__(document, "charged_minor", document.charged_minor + (document.rooms == 2))
            check(document)

        monkeypatch.setattr(BillDocument, "__post_init__", spoiled)
        with pytest.raises(ValueError, match="charged is"):
            print_street(built, output)
        assert output.read_bytes() == b"yesterday's"
        assert list(tmp_path.iterdir()) == [output]


def print_street(built: Built, output: Path, *, month: Month = MONTH, **scope: int) -> Path:
    *_, last = print_bills(
        scope=Scope(built.supplier.pk, **scope), month=month, output=output, printed_on=date(2026, 11, 2)
    )
    assert last.finished
    assert last.bills == last.bills_total
    return output


def as_printed(amount_minor: int) -> str:
    return format_minor(amount_minor, language="ru").replace("-", "−").replace("\u00a0", " ")


def test_numbers_sort_as_people_do() -> None:
    numbers = ["10 корп. 10", "2а", "100", "10", "10 корп. 2", "2", "10/1", "1", "2Б"]
    assert sorted(numbers, key=natural) == [
        "1",
        "2",
        "2а",
        "2Б",
        "10",
        "10/1",
        "10 корп. 2",
        "10 корп. 10",
        "100",
    ]
    assert sorted(["Ёлочная", "Жукова", "Еловая"], key=natural) == ["Еловая", "Ёлочная", "Жукова"]


class TestCommandLine:
    @pytest.fixture(autouse=True)
    def _no_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runtime, "ready", lambda: None)

    def test_issue(self, built: Built) -> None:
        ran = CliRunner().invoke(command.app, ["issue", "--period", "2026-10", "--json"])
        issued = json.loads(ran.output)
        assert (issued["bills"], issued["versions"], issued["unchanged"]) == (0, 0, 13)
        refused = CliRunner().invoke(command.app, ["issue", "--period", "2026-08"])
        assert refused.exit_code == 1
        assert "Nothing is posted here for 2026-08" in refused.output

    def test_print(self, built: Built, tmp_path: Path) -> None:
        output = tmp_path / "house.pdf"
        house = str(built.buildings["2"].pk)
        ran = CliRunner().invoke(
            command.app,
            [
                "print",
                "--period",
                "2026-10",
                "--building",
                house,
                "--output",
                str(output),
                "--language",
                "en",
            ],
        )
        assert ran.exit_code == 0
        assert "2 pages and a cover; control sum 1\u00a0533.00" in ran.output
        assert "Amount due" in pages(output)[1]
        one = ["print", "--period", "2026-10", "--account", built.accounts["2/2"].number]
        ran = CliRunner().invoke(command.app, [*one, "--output", str(output), "--json"])
        assert json.loads(ran.output)["bills"] == 1
        assert len(pages(output)) == 1

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["print", "--period", "2026-10", "--output", "nowhere/x.pdf"], "the file cannot be written"),
            (["print", "--period", "2026-08", "--output", "x.pdf"], "No bills are issued here for 2026-08"),
            (["print", "--period", "2026-10", "--account", "1", "--output", "x.pdf"], "no account 1"),
            (["explain", "1", "2026-10"], "no account 1"),
        ],
    )
    def test_refusals(self, built: Built, arguments: list[str], reason: str) -> None:
        ran = CliRunner().invoke(command.app, arguments)
        assert ran.exit_code == 1
        assert reason in ran.output

    def test_explain(self, built: Built) -> None:
        number = built.accounts["10/1"].number
        ran = CliRunner().invoke(command.app, ["explain", number, "2026-10"])
        assert "Электроэнергия по прибору учёта" in ran.output
        assert "648,90" in ran.output
        ran = CliRunner().invoke(command.app, ["explain", number, "2026-10", "--json", "--language", "en"])
        assert json.loads(ran.output)["lines"][0]["title"] == "Electricity by the meter"
        ran = CliRunner().invoke(command.app, ["explain", built.accounts["100"].number, "2026-10"])
        assert "14000001" in ran.output
