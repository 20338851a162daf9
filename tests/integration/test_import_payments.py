"""Files of payments from their bytes to the books: recognised, posted once, stopped and finished, reversed."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F
from tests import bank_files
from tests import payment_files as samples
from tests import town as towns
from tests.money import owe
from tests.payment_files import sber_registry, write
from tests.town import Town

from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import Batch, Entry, EntryKind
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments.models import (
    Agent,
    AgentKind,
    Allocation,
    BankLine,
    BankLineState,
    Payment,
    PaymentFile,
    PaymentFileState,
    PaymentState,
    Recognition,
    Reconciliation,
)
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, books_check, import_payments
from abonent.usecases.import_payments import FileRefused, Stored, posting, reading, reconciling
from abonent.usecases.import_payments.keys import with_keys
from abonent.usecases.take_payment import (
    DayLocked,
    identify,
    lock_days,
    refund,
    return_unidentified,
    transfer,
    unidentify,
)

TODAY = date(2026, 10, 31)
AT = datetime(2026, 10, 31, 9, tzinfo=UTC)
MAY, JUNE = Month(2026, 5), Month(2026, 6)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town() -> Town:
    return towns.build()


@pytest.fixture
def agent(town: Town) -> Agent:
    return samples.sber(town.supplier)


@pytest.fixture(autouse=True)
def books_stay_right(town: Town) -> Iterator[None]:
    yield
    wrong = {result.check.name: result.rows for result in books_check.check_books() if result.disagreements}
    assert not wrong


def number(town: Town, flat: str) -> str:
    return town.accounts[flat].number


def take_in(agent: Agent, path: Path, **given: Any) -> Stored:
    return import_payments.store(
        path=path,
        name=path.name,
        agent_id=agent.pk,
        booked_on=given.pop("booked_on", TODAY),
        today=TODAY,
        actor_id=None,
        at=AT,
        **given,
    )


def of_file(stored: Stored) -> PaymentFile:
    return PaymentFile.objects.get(pk=stored.file_id)


class TestOnce:
    def test_a_registry_is_posted(self, town: Town, agent: Agent, tmp_path: Path) -> None:
        for flat in ("1", "2"):
            owe(town.accounts[flat], MAY, 30_000, kind=EntryKind.OPENING)
            owe(town.accounts[flat], JUNE, 20_000, kind=EntryKind.OPENING)
        rows = [(number(town, "1"), 40_000), (number(town, "2"), 70_000), ("нет такого", 1_000)]
        stored = take_in(agent, write(tmp_path, sber_registry(rows)))
        assert (stored.posted_rows, stored.unidentified_rows, stored.known_rows) == (2, 1, 0)
        assert balance_minor(account_id=town.accounts["1"].pk) == 10_000
        assert balance_minor(account_id=town.accounts["2"].pk) == -20_000
        payment = Payment.objects.get(account=town.accounts["1"])
        assert (payment.recognition, payment.confidence) == (Recognition.ACCOUNT_FIELD, 100)
        assert (payment.commission_minor, payment.named_period) == (400, date(2026, 9, 1))
        entry = Entry.objects.get(slot=payment.slot, batch_id=payment.batch_id, entry_no=payment.entry_no)
        assert (entry.account_id, entry.amount_minor) == (payment.account_id, -40_000)
        covered = Allocation.objects.filter(payment_id=payment.pk).order_by("period")
        assert [(row.period, row.amount_minor) for row in covered] == [
            (MAY.first_day, 30_000),
            (JUNE.first_day, 10_000),
        ]
        file = of_file(stored)
        assert (file.rows, file.amount_minor) == (3, 111_000)
        assert file.transferred_minor + file.commission_minor == 111_000
        assert file.state == PaymentFileState.POSTED

    def test_the_same_bytes_change_nothing(self, town: Town, agent: Agent, tmp_path: Path) -> None:
        path = write(tmp_path, sber_registry([(number(town, "1"), 40_000)]))
        first = take_in(agent, path)
        again = take_in(agent, write(tmp_path, path.read_bytes(), "another name.txt"))
        assert again.was_stored
        assert again.file_id == first.file_id
        assert Payment.objects.count() == 1
        assert balance_minor(account_id=town.accounts["1"].pk) == -40_000

    def test_a_row_of_another_file_is_known(self, town: Town, agent: Agent, tmp_path: Path) -> None:
        rows = [(number(town, "1"), 40_000), (number(town, "2"), 5_000), ("чужой", 700)]
        take_in(agent, write(tmp_path, sber_registry(rows)))
        longer = [*rows, (number(town, "3"), 900)]
        again = take_in(agent, write(tmp_path, sber_registry(longer, number="686337")))
        assert (again.rows, again.known_rows, again.posted_rows, again.amount_minor) == (4, 3, 1, 900)
        assert balance_minor(account_id=town.accounts["1"].pk) == -40_000
        assert Payment.objects.count() == 4

    def test_a_row_with_another_sum_is_no_row_that_is_known(
        self, town: Town, agent: Agent, tmp_path: Path
    ) -> None:
        take_in(agent, write(tmp_path, sber_registry([(number(town, "1"), 40_000)])))
        edited = write(tmp_path, sber_registry([(number(town, "1"), 40_001)], number="2"), "edited.txt")
        with pytest.raises(FileRefused) as refusal:
            take_in(agent, edited)
        assert refusal.value.code == "known_differs"
        assert [(one.row_no, one.field) for one in refusal.value.problems] == [(1, "amount")]
        assert PaymentFile.objects.count() == Payment.objects.count() == 1

    def test_a_number_that_comes_again_after_weeks_is_no_row_that_is_known(
        self, town: Town, agent: Agent, tmp_path: Path
    ) -> None:
        """The agent numbers anew: the same number and sum is another payer's money, and must not be lost."""
        take_in(agent, write(tmp_path, sber_registry([(number(town, "1"), 40_000)])))
        rows = [(number(town, "2"), 40_000)]
        later = write(tmp_path, sber_registry(rows, day=date(2026, 10, 20), number="2"), "later.txt")
        with pytest.raises(FileRefused) as refusal:
            take_in(agent, later)
        assert refusal.value.code == "known_elsewhen"
        assert [(one.row_no, one.field) for one in refusal.value.problems] == [(1, "paid_on")]
        assert Payment.objects.count() == 1
        again = write(
            tmp_path, sber_registry([(number(town, "1"), 40_000)], day=date(2026, 10, 6), number="3")
        )
        assert take_in(agent, again).known_rows == 1

    def test_two_processes_with_one_file(self, town: Town, agent: Agent, tmp_path: Path) -> None:
        path = write(tmp_path, sber_registry([(number(town, flat), 1_000) for flat in ("1", "2", "3")] * 20))
        told: list[object] = []

        def one() -> None:
            try:
                told.append(take_in(agent, path).file_id)
            except import_payments.FileBusy:
                told.append("busy")
            finally:
                connection.close()

        at_once = [threading.Thread(target=one) for _ in range(3)]
        for thread in at_once:
            thread.start()
        for thread in at_once:
            thread.join()
        assert len(told) == 3
        assert len({one for one in told if one != "busy"}) == 1
        take_in(agent, path)
        assert Payment.objects.count() == 60
        assert balance_minor(account_id=town.accounts["1"].pk) == -20_000

    def test_two_files_with_the_same_rows_at_once(self, town: Town, agent: Agent, tmp_path: Path) -> None:
        rows = [(number(town, flat), 1_000) for flat in ("1", "2", "3")] * 10 + [("чужой", 500)] * 5
        paths = [
            write(tmp_path, sber_registry(rows, number=str(place)), f"{place}.txt") for place in range(3)
        ]

        def one(path: Path) -> None:
            take_in(agent, path)
            connection.close()

        at_once = [threading.Thread(target=one, args=[path]) for path in paths]
        for thread in at_once:
            thread.start()
        for thread in at_once:
            thread.join()
        assert Payment.objects.count() == 35
        assert sorted(PaymentFile.objects.values_list("known_rows", flat=True)) == [0, 35, 35]
        assert balance_minor(account_id=town.accounts["2"].pk) == -10_000

    def test_the_same_sum_twice_in_a_minute_is_two_payments(
        self, town: Town, agent: Agent, tmp_path: Path
    ) -> None:
        row = f"05-10-2026;09-00-00;1;1;;{number(town, '1')};ИВАНОВ;АДРЕС;0926;10,00;10,00;0,00;5"
        other = row.replace("ИВАНОВ", "ИВАНОВА")
        text = "\r\n".join([row, row, other, "=3;30,00;30,00;0,00;7;06-10-2026", ""])
        path = write(tmp_path, text.encode("cp1251"))
        assert take_in(agent, path, partial=True).posted_rows == 3
        again = "\r\n".join([other, row, row, "=3;30,00;30,00;0,00;8;06-10-2026", ""])
        reordered = write(tmp_path, again.encode("cp1251"), "reordered.txt")
        assert take_in(agent, reordered, partial=True).known_rows == 3


class TestRefusals:
    @pytest.fixture
    def path(self, town: Town, tmp_path: Path) -> Path:
        return write(tmp_path, sber_registry([(number(town, "1"), 40_000), (number(town, "2"), 1)]))

    def nothing_was_written(self) -> bool:
        return not (PaymentFile.objects.exists() or Payment.objects.exists() or Batch.objects.exists())

    def test_a_locked_day(self, town: Town, agent: Agent, path: Path) -> None:
        lock_days(supplier_id=town.supplier.pk, through=TODAY, reason="", today=TODAY, actor_id=None, at=AT)
        with pytest.raises(DayLocked):
            take_in(agent, path)
        assert self.nothing_was_written()

    def test_a_closed_month(self, town: Town, agent: Agent, path: Path) -> None:
        with pytest.raises(billing_run.PeriodClosed):
            take_in(agent, path, booked_on=date(2026, 9, 30))
        assert self.nothing_was_written()

    @pytest.mark.parametrize(
        ("spoil", "code"),
        [
            (lambda text: text.replace("=2;400,01", "=2;400,02"), "stated_total"),
            (lambda text: text.replace("=2;", "=3;"), "stated_rows"),
            (lambda text: text[: text.index("=2;")], "no_total"),
            (lambda text: text[: len(text) // 2], "no_total"),
            (lambda text: text.replace("05-10-2026;09", "05-10-2027;09"), "in_future"),
            (lambda text: text.replace(";0,01;", ";-0,01;"), "not_positive"),
            (lambda text: "", "empty"),
        ],
    )
    def test_a_spoilt_file(self, agent: Agent, path: Path, spoil: Any, code: str) -> None:
        path.write_bytes(spoil(path.read_bytes().decode("cp1251")).encode("cp1251"))
        with pytest.raises(FileRefused) as refusal:
            take_in(agent, path)
        told = {refusal.value.code, *(problem.code for problem in refusal.value.problems)}
        assert code in told
        assert self.nothing_was_written()

    def test_a_period_closed_while_it_is_posted(
        self, town: Town, agent: Agent, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file_id, _new = import_payments.begin(
            sha256=import_payments.keep(path),
            name=path.name,
            agent_id=agent.pk,
            booked_on=TODAY,
            today=TODAY,
            actor_id=None,
            at=AT,
        )
        BillingPeriod.objects.filter(month=date(2026, 10, 1)).update(state=2)
        with pytest.raises(billing_run.PeriodClosed):
            import_payments.post(file_id=file_id, today=TODAY, at=AT)
        assert not Payment.objects.exists()
        assert import_payments.unfinished() == [file_id]
        BillingPeriod.objects.filter(month=date(2026, 10, 1)).update(state=1)
        assert import_payments.post(file_id=file_id, today=TODAY, at=AT).posted_rows == 2

    def test_settings_changed_before_the_rest(self, town: Town, agent: Agent, path: Path) -> None:
        file_id, _new = import_payments.begin(
            sha256=import_payments.keep(path),
            name=path.name,
            agent_id=agent.pk,
            booked_on=TODAY,
            today=TODAY,
            actor_id=None,
            at=AT,
        )
        PaymentFile.objects.filter(pk=file_id).update(amount_minor=F("amount_minor") + 1)
        with pytest.raises(FileRefused) as refusal:
            import_payments.post(file_id=file_id, today=TODAY, at=AT)
        assert refusal.value.code == "layout_changed"
        assert not Payment.objects.exists()
        # such a file can be taken out, and its bytes come again
        import_payments.reverse_file(
            file_id=file_id, reason="столбцы другие", booked_on=TODAY, actor_id=None, at=AT
        )
        assert import_payments.unfinished() == []
        assert take_in(agent, path).posted_rows == 2

    def test_what_is_refused_is_not_kept(self, agent: Agent, path: Path) -> None:
        path.write_bytes(path.read_bytes()[:-30])
        with pytest.raises(FileRefused):
            take_in(agent, path)
        assert not import_payments.kept_in(sha256(path.read_bytes()).hexdigest()).exists()


class TestStopped:
    def test_what_was_posted_stays_and_the_rest_follows(
        self, town: Town, agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(posting, "SHARD_ROWS", 10)
        monkeypatch.setattr(posting, "PARALLEL", 1)
        monkeypatch.setattr(posting, "BUCKETS", 5)
        flats = list(town.accounts)
        path = write(tmp_path, sber_registry([(number(town, flat), 1_000) for flat in flats] * 8))
        post_in, calls = posting._post_in, []

        def broken(cursor: Any, no: int, rows: Any, tags: Any) -> Any:
            calls.append(no)
            if len(calls) == 2:
                raise ConnectionError("pulled out")
            return post_in(cursor, no, rows, tags)

        monkeypatch.setattr(posting, "_post_in", broken)
        with pytest.raises(ConnectionError):
            take_in(agent, path)
        file = PaymentFile.objects.get()
        assert file.state == PaymentFileState.POSTING
        posted = Payment.objects.count()
        assert 0 < posted < 40
        monkeypatch.setattr(posting, "_post_in", post_in)
        with monkeypatch.context() as columns:
            # the number of the operation now stands in another column
            columns.setattr(reading, "with_keys", lambda rows, agent_id: with_keys(rows, agent_id=0))
            with pytest.raises(FileRefused) as refusal:
                import_payments.post(file_id=file.pk, today=TODAY, at=AT)
        assert (refusal.value.code, Payment.objects.count()) == ("layout_changed", posted)
        stored = take_in(agent, path)
        assert (stored.posted_rows, stored.known_rows) == (40, 0)
        assert {balance_minor(account_id=account.pk) for account in town.accounts.values()} == {-8_000}

    def test_an_account_opened_meanwhile(
        self, town: Town, agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A row that was nobody's becomes somebody's, in a shard that is done already: it is posted all the same."""
        monkeypatch.setattr(posting, "SHARD_ROWS", 1)
        rows = [("0990000001", 700), (number(town, "1"), 1_000), (number(town, "2"), 2_000)]
        path = write(tmp_path, sber_registry(rows))
        post_in = posting._post_in
        of_nobody = []

        def without_nobody(cursor: Any, no: int, rows: Any, tags: Any) -> Any:
            if rows["account_id"].null_count():
                of_nobody.append(no)
                raise ConnectionError("pulled out")
            return post_in(cursor, no, rows, tags)

        monkeypatch.setattr(posting, "_post_in", without_nobody)
        with pytest.raises(ConnectionError):
            take_in(agent, path)
        monkeypatch.setattr(posting, "_post_in", post_in)
        Account.objects.filter(pk=town.accounts["3"].pk).update(number="0990000001")
        stored = take_in(agent, path)
        assert (stored.posted_rows, stored.unidentified_rows) == (3, 0)
        assert balance_minor(account_id=town.accounts["3"].pk) == -700


class TestReversal:
    def reverse(self, file_id: int) -> int:
        return import_payments.reverse_file(
            file_id=file_id, reason="прислан по ошибке", booked_on=TODAY, actor_id=None, at=AT
        )

    def test_a_whole_file(self, town: Town, agent: Agent, tmp_path: Path) -> None:
        owe(town.accounts["1"], MAY, 30_000, kind=EntryKind.OPENING)
        rows = [(number(town, "1"), 40_000), (number(town, "2"), 5_000), ("чужой", 900)]
        path = write(tmp_path, sber_registry(rows))
        stored = take_in(agent, path)
        assert self.reverse(stored.file_id) == 2
        assert self.reverse(stored.file_id) == 0
        assert balance_minor(account_id=town.accounts["1"].pk) == 30_000
        assert sum(Allocation.objects.values_list("amount_minor", flat=True)) == 0
        states = Payment.objects.order_by("row_no").values_list("state", flat=True)
        assert list(states) == [PaymentState.REVERSED, PaymentState.REVERSED, PaymentState.RETURNED]
        again = take_in(agent, path)  # corrected or not, it may come again
        assert not again.was_stored
        assert again.posted_rows == 2
        assert balance_minor(account_id=town.accounts["1"].pk) == -10_000

    def test_not_with_payments_that_were_moved(self, town: Town, agent: Agent, tmp_path: Path) -> None:
        stored = take_in(agent, write(tmp_path, sber_registry([(number(town, "1"), 40_000)])))
        transfer(
            payment_id=Payment.objects.get().pk,
            to_account_id=town.accounts["2"].pk,
            amount_minor=100,
            reason="ошибся",
            booked_on=TODAY,
            key=uuid4(),
            actor_id=None,
            at=AT,
        )
        with pytest.raises(FileRefused) as refusal:
            self.reverse(stored.file_id)
        assert refusal.value.code == "changed"

    def test_not_while_one_taken_from_a_wrong_account_stands(
        self, town: Town, agent: Agent, tmp_path: Path
    ) -> None:
        stored = take_in(agent, write(tmp_path, sber_registry([(number(town, "1"), 40_000)])))
        by = {"booked_on": TODAY, "actor_id": None, "at": AT}
        again = unidentify(payment_id=Payment.objects.get().pk, reason="не того", **by)
        identify(payment_id=again.pk, account_id=town.accounts["2"].pk, **by)
        other = unidentify(payment_id=again.pk, reason="и не этого", **by)
        with pytest.raises(FileRefused) as refusal:
            self.reverse(stored.file_id)
        assert (refusal.value.code, refusal.value.facts) == ("changed", {"rows": 1})
        return_unidentified(payment_id=other.pk, reason="плательщику", **by)
        assert self.reverse(stored.file_id) == 0
        assert of_file(stored).state == PaymentFileState.REVERSED

    def test_what_is_refunded_meanwhile_is_not_given_back_twice(
        self, town: Town, agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from abonent.usecases.import_payments import reversing

        rows = [(number(town, "1"), 40_000), (number(town, "2"), 500)]
        stored = take_in(agent, write(tmp_path, sber_registry(rows)))
        required = reversing._require_reversible

        def required_then_refunded(file: PaymentFile) -> None:
            required(file)
            for payment, amount_minor in zip(Payment.objects.order_by("row_no"), (15_000, 500), strict=True):
                refund(
                    payment_id=payment.pk,
                    amount_minor=amount_minor,
                    reason="просил вернуть",
                    booked_on=TODAY,
                    key=uuid4(),
                    actor_id=None,
                    at=AT,
                )

        monkeypatch.setattr(reversing, "_require_reversible", required_then_refunded)
        assert self.reverse(stored.file_id) == 2
        assert {balance_minor(account_id=town.accounts[flat].pk) for flat in ("1", "2")} == {0}

    def test_it_goes_on_after_a_stop(
        self, town: Town, agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from abonent.usecases.import_payments import reversing

        monkeypatch.setattr(posting, "SHARD_ROWS", 2)
        rows = [(number(town, flat), 1_000) for flat in town.accounts]
        stored = take_in(agent, write(tmp_path, sber_registry(rows)))
        shard, calls = reversing._reverse_shard, []

        def broken(*arguments: Any) -> int:
            calls.append(1)
            if len(calls) == 3:
                raise ConnectionError("pulled out")
            return shard(*arguments)

        monkeypatch.setattr(reversing, "_reverse_shard", broken)
        with pytest.raises(ConnectionError):
            self.reverse(stored.file_id)
        self.reverse(stored.file_id)
        assert {balance_minor(account_id=account.pk) for account in town.accounts.values()} == {0}
        assert of_file(stored).state == PaymentFileState.REVERSED


class TestStatement:
    OWN = "40702810900000000001"

    @pytest.fixture
    def own_bank(self, town: Town) -> Agent:
        return samples.bank(town.supplier)

    def document(self, number: str, minor: int, **given: Any) -> list[str]:
        return samples.document(number, minor, own=self.OWN, **given)

    def statement(
        self, tmp_path: Path, *documents: list[str], name: str = "kl_to_1c.txt", **given: Any
    ) -> Path:
        return write(tmp_path, samples.statement(documents, own=self.OWN, **given), name)

    def test_a_payment_a_lump_sum_and_what_goes_out(
        self, town: Town, agent: Agent, own_bank: Agent, tmp_path: Path
    ) -> None:
        rows = [(number(town, "1"), 40_000), (number(town, "2"), 70_000)]
        registry = take_in(agent, write(tmp_path, sber_registry(rows)))
        lump = samples.transferred(rows)
        path = self.statement(
            tmp_path,
            self.document("11", 5_000, purpose=f"ЛС {number(town, '3')} за э/э 09.2026"),
            self.document("12", lump, purpose="Перечисление по реестру № 686336", inn=samples.SBER_INN),
            self.document("13", 900, purpose="Комиссия банка", incoming=False),
            self.document("14", 800, purpose="за свет, спасибо"),
            opening_minor=100_000,
        )
        stored = take_in(own_bank, path)
        assert (stored.rows, stored.posted_rows, stored.unidentified_rows) == (2, 1, 1)
        states = dict(BankLine.objects.values_list("number", "state"))
        assert states == {
            "11": BankLineState.PAYMENT,
            "12": BankLineState.REGISTRY,
            "13": BankLineState.OUTGOING,
            "14": BankLineState.PAYMENT,
        }
        found = Reconciliation.objects.get()
        assert (found.file_id, found.amount_minor, found.by_person) == (registry.file_id, lump, False)
        payment = Payment.objects.get(account=town.accounts["3"])
        assert payment.bank_line is not None
        assert payment.bank_line.number == "11"
        assert payment.named_period == date(2026, 9, 1)

    def test_statements_that_overlap(self, town: Town, own_bank: Agent, tmp_path: Path) -> None:
        first = self.document("11", 5_000, purpose=f"ЛС {number(town, '3')}")
        same_again = self.document("11", 5_000, purpose=f"ЛС {number(town, '3')}")
        second = self.document("12", 6_000, purpose=f"ЛС {number(town, '2')}")
        take_in(own_bank, self.statement(tmp_path, first, same_again, name="1.txt"))
        assert BankLine.objects.count() == Payment.objects.count() == 2  # two real ones
        again = take_in(own_bank, self.statement(tmp_path, first, same_again, second, name="2.txt"))
        assert (again.known_rows, again.posted_rows) == (2, 1)
        assert BankLine.objects.count() == Payment.objects.count() == 3
        assert balance_minor(account_id=town.accounts["3"].pk) == -10_000

    def test_of_another_account(self, own_bank: Agent, tmp_path: Path) -> None:
        own = "40702810500000000777"
        content = samples.statement([samples.document("1", 100, own=own, purpose="")], own=own)
        with pytest.raises(FileRefused) as refusal:
            take_in(own_bank, write(tmp_path, content))
        assert refusal.value.code == "foreign_account"
        assert not BankLine.objects.exists()

    def test_several_registries_in_one_sum(
        self, town: Town, agent: Agent, own_bank: Agent, tmp_path: Path
    ) -> None:
        sums = (40_000, 55_500, 70_100)
        for place, minor in enumerate(sums):
            content = sber_registry([(number(town, "1"), minor)], number=f"70{place}", first=place * 10 + 1)
            take_in(agent, write(tmp_path, content, f"{place}.txt"))
        lump = samples.transferred([("", 40_000), ("", 70_100)])
        take_in(
            own_bank,
            self.statement(tmp_path, self.document("1", lump, purpose="Перечисление", inn=samples.SBER_INN)),
        )
        assert sorted(Reconciliation.objects.values_list("file__number", flat=True)) == ["700", "702"]

    def test_a_choice_is_left_to_a_person(
        self, town: Town, agent: Agent, own_bank: Agent, tmp_path: Path
    ) -> None:
        files = [
            take_in(
                agent,
                write(
                    tmp_path,
                    sber_registry([(number(town, "1"), 40_000)], number=f"80{place}", first=place * 10 + 1),
                    f"{place}.txt",
                ),
            ).file_id
            for place in range(2)
        ]
        lump = samples.transferred([("", 40_000)])
        less = lump - 100
        take_in(
            own_bank,
            self.statement(
                tmp_path,
                self.document("1", lump, purpose="Перечисление", inn=samples.SBER_INN),
                self.document("2", less, purpose="Реестр 801", inn=samples.SBER_INN),
            ),
        )
        assert not Reconciliation.objects.exists()
        line = BankLine.objects.get(number="2")
        likely = reconciling.candidates(line_id=line.pk)
        assert (likely[0].file_id, likely[0].hint) == (files[1], "number")
        left = reconciling.cover(line_id=line.pk, file_ids=[files[1]], actor_id=None, at=AT)
        assert left == -100
        assert Reconciliation.objects.get().amount_minor == less
        with pytest.raises(reconciling.ReconciliationRefused):
            reconciling.cover(line_id=line.pk, file_ids=[files[0]], actor_id=None, at=AT)
        reconciling.uncover(line_id=line.pk, actor_id=None, at=AT)
        assert not Reconciliation.objects.exists()
        reconciling.cover(line_id=line.pk, file_ids=[files[1]], actor_id=None, at=AT)
        # the other document now has one registry of its sum left
        assert reconciling.reconcile(supplier_id=town.supplier.pk, at=AT) == 1

    def test_a_person_and_the_machine_decide_at_once(
        self, town: Town, agent: Agent, own_bank: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Or the same money would cover a registry and be somebody's payment as well."""
        rows = [(number(town, "1"), 40_000)]
        document = self.document(
            "12", samples.transferred(rows), purpose="по реестру № 686336", inn=samples.SBER_INN
        )
        take_in(own_bank, self.statement(tmp_path, document))
        line = BankLine.objects.get()
        open_files, told = reconciling._open_files, []

        def person() -> None:
            try:
                reconciling.make_payment(line_id=line.pk, booked_on=TODAY, actor_id=None, at=AT)
            except reconciling.ReconciliationRefused as refusal:
                told.append(refusal.code)
            finally:
                connection.close()

        at_it = threading.Thread(target=person)

        def meanwhile(*arguments: Any, **given: Any) -> Any:
            at_it.start()
            at_it.join(1)
            return open_files(*arguments, **given)

        monkeypatch.setattr(reconciling, "_open_files", meanwhile)
        take_in(agent, write(tmp_path, sber_registry(rows)))
        at_it.join(10)
        line.refresh_from_db()
        assert (line.state, told) == (BankLineState.REGISTRY, ["not_waiting"])
        assert not line.payments.exists()

    def test_what_is_no_payment(self, town: Town, own_bank: Agent, tmp_path: Path) -> None:
        take_in(
            own_bank, self.statement(tmp_path, self.document("1", 100, purpose="Возврат налога", payer="УФК"))
        )
        line = BankLine.objects.get()
        assert Payment.objects.get().state == PaymentState.UNIDENTIFIED
        reconciling.set_aside(line_id=line.pk, note="возврат налога", booked_on=TODAY, actor_id=None, at=AT)
        assert Payment.objects.get().state == PaymentState.RETURNED
        line.refresh_from_db()
        assert line.state == BankLineState.OTHER

    def test_set_aside_by_mistake_it_is_a_payment_again(
        self, town: Town, own_bank: Agent, tmp_path: Path
    ) -> None:
        take_in(
            own_bank, self.statement(tmp_path, self.document("1", 100, purpose="за свет", payer="Иванов"))
        )
        line = BankLine.objects.get()
        for _time in range(2):
            reconciling.set_aside(line_id=line.pk, note="не наше", booked_on=TODAY, actor_id=None, at=AT)
            reconciling.uncover(line_id=line.pk, actor_id=None, at=AT)
            made = reconciling.make_payment(line_id=line.pk, booked_on=TODAY, actor_id=None, at=AT)
            assert (made.state, made.amount_minor) == (PaymentState.UNIDENTIFIED, 100)
        assert Payment.objects.filter(state=PaymentState.RETURNED).count() == 2

    def test_a_lump_sum_that_is_a_payment_after_all(self, own_bank: Agent, tmp_path: Path) -> None:
        document = self.document("1", 100, purpose="Оплата по реестру счетов", payer="ООО «Свет»")
        take_in(own_bank, self.statement(tmp_path, document))
        line = BankLine.objects.get()
        assert line.state == BankLineState.WAITING
        made = reconciling.make_payment(line_id=line.pk, booked_on=TODAY, actor_id=None, at=AT)
        assert (made.state, made.bank_line_id) == (PaymentState.UNIDENTIFIED, line.pk)

    def test_reversed_and_taken_in_again(self, town: Town, own_bank: Agent, tmp_path: Path) -> None:
        path = self.statement(tmp_path, self.document("11", 5_000, purpose=f"ЛС {number(town, '3')}"))
        stored = take_in(own_bank, path)
        import_payments.reverse_file(
            file_id=stored.file_id, reason="не тот счёт", booked_on=TODAY, actor_id=None, at=AT
        )
        again = take_in(own_bank, path)
        assert again.posted_rows == 1
        assert balance_minor(account_id=town.accounts["3"].pk) == -5_000
        assert sorted(BankLine.objects.values_list("state", flat=True)) == [
            BankLineState.PAYMENT,
            BankLineState.OTHER,
        ]


class TestNotices:
    """Notices of the state portal: what they tell of may have come by a registry."""

    def portal(self, town: Town, **notices: Any) -> Agent:
        return Agent.objects.create(
            supplier=town.supplier,
            code="gis",
            name="ГИС ЖКХ",
            kind=AgentKind.PORTAL,
            layout={"notices": notices} if notices else {},
        )

    def path(self, town: Town, tmp_path: Path, *told: tuple[str, str, int], name: str = "gis.xml") -> Path:
        notices = [
            bank_files.Notice(
                order=f"{place:018}",
                day=day,
                account=number(town, flat),
                kopecks=minor,
                year=2026,
                month=9,
            )
            for place, (flat, day, minor) in enumerate(told, start=1)
        ]
        return write(tmp_path, bank_files.gis(notices).encode(), name)

    def test_arrived_and_only_told(self, town: Town, agent: Agent, tmp_path: Path) -> None:
        rows = [(number(town, "1"), 40_000), (number(town, "2"), 70_000)]
        take_in(agent, write(tmp_path, sber_registry(rows)))  # paid on the 5th
        path = self.path(
            town,
            tmp_path,
            ("1", "2026-10-07", 40_000),
            ("1", "2026-10-05", 40_000),  # one payment answers one notice, the nearest
            ("2", "2026-10-09", 70_000),  # too far away
            ("3", "2026-10-05", 100),
        )
        told = take_in(self.portal(town), path)
        assert (told.rows, told.known_rows, told.told_rows, told.posted_rows) == (4, 1, 3, 0)
        assert Payment.objects.count() == 2
        file = of_file(told)
        assert (file.known_minor, file.told_minor, file.transferred_minor) == (40_000, 110_100, 0)

    def test_posted_by_the_agents_setting(self, town: Town, agent: Agent, tmp_path: Path) -> None:
        take_in(agent, write(tmp_path, sber_registry([(number(town, "1"), 40_000)])))
        portal = self.portal(town, post=True, days=5)
        path = self.path(town, tmp_path, ("1", "2026-10-10", 40_000), ("3", "2026-10-05", 100))
        told = take_in(portal, path)
        assert (told.known_rows, told.told_rows, told.posted_rows) == (1, 0, 1)
        assert balance_minor(account_id=town.accounts["3"].pk) == -100
        assert balance_minor(account_id=town.accounts["1"].pk) == -40_000
        again = take_in(
            portal,
            self.path(town, tmp_path, ("1", "2026-10-10", 40_000), ("3", "2026-10-05", 100), name="2.xml"),
        )
        assert again.was_stored
