"""Statements of 1CClientBankExchange: what is read out of them, and what is refused, where and why."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bank_files import DAYS, OTHER_OF_OURS, OURS, SUMS, THEIRS, TODAY, Paid, statement_1c

from abonent.gateways.bank_files import Malformed, Statement, read

CAME = Paid(THEIRS, OURS, 105_298, number="6032", purpose="ЛС: 50133547364; сумма=1052.98")
LEFT = Paid(OURS, THEIRS, 70_000, number="61298", name="ООО ЭСК", purpose="Услуги")


@pytest.fixture
def statement(tmp_path: Path) -> Callable[..., Statement]:
    def of(content: str | bytes, *, vouched: bool = False, encoding: str = "cp1251") -> Statement:
        path = tmp_path / "kl_to_1c.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        found = read(path, name=path.name, today=TODAY, vouched=vouched)
        assert isinstance(found, Statement)
        return found

    return of


@pytest.fixture
def refusal(statement: Callable[..., Statement]) -> Callable[..., Malformed]:
    def of(content: str | bytes, **options: bool) -> Malformed:
        with pytest.raises(Malformed) as caught:
            statement(content, **options)
        return caught.value

    return of


def row_of(content: str, line: str, nth: int = 1) -> int:
    """The row a line begins in."""
    rows = [row for row, one in enumerate(content.splitlines(), 1) if one.startswith(line)]
    return rows[nth - 1]


class TestRead:
    @pytest.mark.parametrize("encoding", ["cp1251", "cp866", "utf-8", "utf-8-sig", "utf-16"])
    @pytest.mark.parametrize("new_line", ["\r\n", "\n", "\r"])
    def test_the_encoding_is_what_decoding_finds(self, statement, encoding, new_line):
        found = statement(statement_1c([CAME, LEFT], new_line=new_line), encoding=encoding)
        assert found.encoding == encoding.removesuffix("-sig")
        assert [one.counterparty for one in found.documents] == ["Иванов Иван Иванович", "ООО ЭСК"]

    def test_a_document_as_our_account_sees_it(self, statement):
        incoming, outgoing = statement(statement_1c([CAME, LEFT])).documents
        assert (incoming.incoming, incoming.amount_minor, incoming.own_account) == (True, 105_298, OURS)
        assert incoming.counterparty_account == THEIRS
        assert incoming.counterparty_inn == "6671093163"
        assert incoming.booked_on == date(2026, 11, 20)
        assert incoming.purpose == "ЛС: 50133547364; сумма=1052.98"  # the second = belongs to the value
        assert incoming.currency == "RUB"
        assert (outgoing.incoming, outgoing.counterparty_inn) == (False, "7706092528")

    def test_what_goes_between_our_accounts_is_told_by_both(self, statement):
        between = Paid(OURS, OTHER_OF_OURS, 5_000)
        found = statement(statement_1c([CAME, between], accounts=[OURS, OTHER_OF_OURS]))
        sides = [(one.own_account, one.incoming) for one in found.documents[1:]]
        assert sides == [(OURS, False), (OTHER_OF_OURS, True)]
        assert [one.closing_minor for one in found.accounts] == [830_000 + 105_298 - 5_000, 835_000]

    def test_between_our_accounts_and_not_arrived(self, statement):
        content = statement_1c([Paid(OURS, OTHER_OF_OURS, 5_000)], accounts=[OURS])
        content = content.replace(
            f"РасчСчет={OURS}\r\nСекция", f"РасчСчет={OURS}\r\nРасчСчет={OTHER_OF_OURS}\r\nСекция"
        )
        found = statement(content)
        assert [(one.own_account, one.incoming) for one in found.documents] == [(OURS, False)]

    def test_sections_of_an_account_follow_each_other(self, statement):
        first = statement_1c([CAME], until=date(2026, 11, 20))
        second = statement_1c(
            [], since=date(2026, 11, 21), opening_minor=830_000 + 105_298, until=date(2026, 11, 21)
        )
        section = second[second.index("СекцияРасчСчет") : second.index("КонецФайла")]
        content = first.replace("СекцияДокумент", section + "СекцияДокумент", 1)
        assert len(statement(content).accounts) == 2

    def test_a_purpose_broken_into_lines_and_one_in_numbered_lines(self, statement):
        broken = statement_1c([CAME]).replace("сумма=", "\r\nза октябрь ")
        assert statement(broken).documents[0].purpose == "ЛС: 50133547364; за октябрь 1052.98"
        numbered = statement_1c([CAME]).replace(
            "НазначениеПлатежа=", "НазначениеПлатежа1=за свет\r\nНазначениеПлатежа2="
        )
        assert statement(numbered).documents[0].purpose.startswith("за свет ЛС")

    def test_unknown_keys_and_empty_repeats_do_no_harm(self, statement):
        content = statement_1c([CAME]).replace("Номер=", "НовыйКлюч=7\r\nПлательщикИНН=\r\nНомер=")
        assert statement(content).documents[0].counterparty_inn == "6671093163"

    def test_orders_to_the_bank_have_not_happened_yet(self, statement):
        content = statement_1c([LEFT]).replace("ДатаСписано=20.11.2026", "ДатаСписано=")
        start, end = content.index("СекцияРасчСчет"), content.index("СекцияДокумент")
        assert statement(content[:start] + content[end:]).documents[0].booked_on is None

    def test_two_alike_documents_are_two_where_the_totals_agree(self, statement):
        assert len(statement(statement_1c([CAME, CAME])).documents) == 2

    def test_an_extract_is_read_only_when_a_person_vouches_for_it(self, statement, refusal):
        content = statement_1c([CAME], received_minor={OURS: 999_999})
        wrong = refusal(content)
        assert (wrong.code, wrong.field, wrong.row) == (
            "documents_total",
            "ВсегоПоступило",
            row_of(content, "ВсегоПоступило"),
        )
        assert (wrong.facts["stated_minor"], wrong.facts["counted_minor"]) == (999_999, 105_298)
        found = statement(content, vouched=True)
        assert [one.code for one in found.discrepancies] == ["documents_total"]

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_what_is_written_is_read(self, statement, data):
        words = st.text(st.sampled_from("АБВгдеё 019=\"'№/.,-()<>&«»"), max_size=40).map(
            lambda t: " ".join(t.split())
        )
        documents = data.draw(
            st.lists(
                st.builds(
                    Paid,
                    payer=st.sampled_from([THEIRS, OURS]),
                    payee=st.just(OTHER_OF_OURS),
                    amount_minor=SUMS,
                    day=DAYS,
                    number=st.integers(1, 999_999).map(str),
                    purpose=words,
                    name=words.filter(bool),
                ),
                max_size=8,
            )
        )
        encoding = data.draw(st.sampled_from(["cp1251", "utf-8"]))
        found = statement(statement_1c(documents, accounts=[OURS, OTHER_OF_OURS]), encoding=encoding)
        came = [one for one in found.documents if one.incoming]
        assert [(one.amount_minor, one.purpose, one.number, one.booked_on) for one in came] == [
            (one.amount_minor, one.purpose, one.number, one.day) for one in documents
        ]
        assert found.spent_minor == sum(one.amount_minor for one in documents if one.payer == OURS)


class TestRefused:
    @pytest.mark.parametrize(
        ("old", "new", "code", "field"),
        [
            ("Сумма=1052.98", "Сумма=-1052.98", "not_positive", "Сумма"),
            ("Сумма=1052.98", "Сумма=0.00", "not_positive", "Сумма"),
            ("Сумма=1052.98", "Сумма=1052,9 8", "not_a_sum", "Сумма"),
            ("Сумма=1052.98", "Сумма=1.052", "not_a_sum", "Сумма"),
            ("Сумма=1052.98", "Сумма=" + "9" * 30 + ".00", "too_large_sum", "Сумма"),
            ("Сумма=1052.98", "Сумма=1e5", "not_a_sum", "Сумма"),
            ("Сумма=1052.98", "Сумма=" + "9" * 5000, "not_a_sum", "Сумма"),
            ("Сумма=1052.98\r\n", "", "missing", "Сумма"),
            ("Номер=6032\r\n", "", "missing", "Номер"),
            ("Дата=20.11.2026", "Дата=23.11.2026", "in_future", "Дата"),
            ("Дата=20.11.2026", "Дата=31.02.2026", "not_a_date", "Дата"),
            ("Дата=20.11.2026", "Дата=20.11.0026", "too_old", "Дата"),
            ("Дата=20.11.2026", "Дата=20.11.26", "not_a_date", "Дата"),
            ("Дата=20.11.2026", "Дата=", "missing", "Дата"),
            ("ДатаПоступило=20.11.2026", "ДатаПоступило=31.10.2026", "period", "ДатаПоступило"),
            ("ДатаПоступило=20.11.2026", "ДатаПоступило=22.11.2027", "in_future", "ДатаПоступило"),
            ("НачальныйОстаток=8300.00\r\n", "", "missing", "НачальныйОстаток"),
            ("НачальныйОстаток=8300.00", "НачальныйОстаток=8300.01", "balance", "КонечныйОстаток"),
            ("ВсегоСписано=0.00", "ВсегоСписано=-5.00", "not_positive", "ВсегоСписано"),
            (f"ПолучательСчет={OURS}", f"ПолучательСчет={THEIRS}", "foreign_account", "ПолучательСчет"),
            ("Номер=6032", "Номер=6032\r\nНомер=6033", "repeated", "Номер"),
            ("СекцияДокумент=Платежное поручение", "СекцияДокумент=", "missing", "СекцияДокумент"),
            ("КонецДокумента\r\n", "", "truncated", "КонецДокумента"),
            ("КонецРасчСчет\r\n", "", "truncated", "КонецРасчСчет"),
            ("КонецДокумента", "КонецРасчСчет", "damaged", "КонецРасчСчет"),
            ("Номер=6032", "просто слова", "damaged", ""),
            ("КонецФайла", "", "truncated", "КонецФайла"),
        ],
    )
    def test_with_its_row_and_key(self, refusal, old, new, code, field):
        content = statement_1c([CAME])
        assert old in content
        wrong = refusal(content.replace(old, new, 1))
        assert (wrong.code, wrong.field) == (code, field)
        assert wrong.row > 0

    def test_the_row_is_that_of_the_file(self, refusal):
        content = statement_1c([LEFT, CAME]).replace("Сумма=1052.98", "Сумма=много")
        assert refusal(content).row == row_of(content, "Сумма", 2)

    def test_a_file_cut_anywhere(self, refusal):
        content = statement_1c([CAME, LEFT]).encode("cp1251")
        for end in range(25, len(content) - len("КонецФайла\r\n"), 37):
            assert refusal(content[:end]).code in {"truncated", "damaged", "mixed_encodings"}

    def test_a_file_doubled(self, refusal):
        content = statement_1c([CAME])
        wrong = refusal(content + content)
        assert (wrong.code, wrong.row) == ("after_end", content.count("\r\n") + 1)

    def test_a_document_doubled(self, refusal):
        content = statement_1c([CAME])
        document = content[content.index("СекцияДокумент") : content.index("КонецФайла")]
        wrong = refusal(content.replace(document, document * 2))
        assert wrong.code == "documents_total"
        assert [one.code for one in wrong.more] == ["duplicate"]

    def test_a_document_doubled_where_no_totals_tell(self, refusal):
        content = statement_1c([CAME, CAME])
        start, end = content.index("СекцияРасчСчет"), content.index("СекцияДокумент")
        wrong = refusal(content[:start] + content[end:])
        assert (wrong.code, wrong.field) == ("duplicate", "Номер")
        assert wrong.facts["other_row"] < wrong.row

    def test_a_section_doubled_and_one_that_does_not_follow(self, refusal):
        content = statement_1c([CAME])
        section = content[content.index("СекцияРасчСчет") : content.index("СекцияДокумент")]
        assert refusal(content.replace(section, section * 2)).code == "repeated"
        later = (
            section.replace("01.11.2026", "22.11.2026")
            .replace("21.11.2026", "22.11.2026")
            .replace("1052.98", "0.00")
        ).replace("9352.98", "8300.00")
        wrong = refusal(content.replace(section, section + later))
        assert (wrong.code, wrong.field) == ("continuity", "НачальныйОстаток")

    def test_two_encodings_in_one_file(self, refusal):
        start, _, end = statement_1c([CAME, LEFT]).partition("СекцияДокумент")
        assert refusal(start.encode("cp1251") + ("СекцияДокумент" + end).encode()).code == "mixed_encodings"
        assert (
            refusal(start.encode("cp1251") + ("СекцияДокумент" + end).encode("cp866")).code
            == "mixed_encodings"
        )

    def test_a_text_encoded_twice(self, refusal):
        twice = statement_1c([CAME]).encode().decode("cp1251", errors="replace").encode()
        assert refusal(twice).code == "undecodable"

    def test_zero_bytes(self, refusal):
        wrong = refusal(statement_1c([CAME]).replace("Номер=6032", "Номер=60\0").encode("cp1251"))
        assert (wrong.code, wrong.row) == ("not_text", row_of(statement_1c([CAME]), "Номер"))

    def test_a_currency_that_is_not_ours(self, refusal, tmp_path):
        dollars = OURS[:5] + "840" + OURS[8:]
        content = statement_1c([Paid(THEIRS, dollars, 100)], accounts=[dollars])
        wrong = refusal(content)
        assert (wrong.code, wrong.value) == ("foreign_currency", "USD")
        path = tmp_path / "usd.txt"
        path.write_text(content, "cp1251")
        assert read(path, name="usd.txt", today=TODAY, currency="USD")

    def test_neither_accounts_nor_documents(self, refusal):
        assert refusal("1CClientBankExchange\r\nВерсияФормата=1.03\r\nКонецФайла\r\n").field == "РасчСчет"
        empty = f"1CClientBankExchange\r\nРасчСчет={OURS}\r\nКонецФайла\r\n"
        assert refusal(empty).code == "no_documents"

    def test_the_value_stays_out_of_the_message(self, refusal):
        wrong = refusal(statement_1c([CAME]).replace("Сумма=1052.98", "Сумма=Иванов"))
        assert "Иванов" not in str(wrong)
        assert wrong.value == "Иванов"
