"""Statements of ISO 20022 camt.053: what is read out of them, and what is refused, where and why."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bank_files import DAYS, OURS, SUMS, THEIRS, TODAY, Entry, camt053

from abonent.gateways.bank_files import Malformed, Statement, detect, read

CAME, LEFT = Entry(105_298), Entry(70_000, incoming=False, reference="REF2")
ACCOUNT = OURS[:-1] + "1"


@pytest.fixture
def statement(tmp_path: Path) -> Callable[..., Statement]:
    def of(content: str | bytes, **options: bool) -> Statement:
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found = read(path, name="statement.xml", today=TODAY, **options)
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


class TestRead:
    @pytest.mark.parametrize("version", [2, 4, 6, 8, 10, 12])
    def test_every_version(self, statement, version):
        found = statement(camt053([CAME, LEFT], version=version))
        assert (found.format, len(found.accounts)) == ("camt053", 1)
        came, left = found.documents
        assert (came.incoming, came.amount_minor, came.own_account) == (True, 105_298, ACCOUNT)
        assert (came.counterparty, came.counterparty_account, came.counterparty_bic) == (
            "Иванов Иван",
            THEIRS,
            "TESTRUMM",
        )
        assert (came.purpose, came.external_id, came.number) == ("ЛС 50133547364 RF18", "E2E1", "REF1")
        assert (came.booked_on, came.currency) == (date(2026, 11, 20), "RUB")
        assert not left.incoming
        account = found.accounts[0]
        assert (account.opening_minor, account.closing_minor) == (830_000, 830_000 + 105_298 - 70_000)

    @pytest.mark.parametrize("version", [2, 8])
    def test_a_batch_is_told_payment_by_payment(self, statement, version):
        found = statement(camt053([Entry(600, parts=(100, 200, 300))], version=version))
        assert [(one.amount_minor, one.number, one.external_id) for one in found.documents] == [
            (100, "REF1-1", "E2E1"),
            (200, "REF1-2", "E2E2"),
            (300, "REF1-3", "E2E3"),
        ]

    def test_rows_differ_even_in_one_line(self, statement):
        entries = [Entry(600, parts=(100, 200, 300)), CAME, LEFT]
        found = statement(camt053(entries, statements=2).replace("\n", " "))
        assert [one.row_no for one in found.documents] == list(range(1, 11))

    def test_several_statements(self, statement):
        found = statement(camt053([CAME], statements=3))
        assert [one.number[-1] for one in found.accounts] == ["1", "2", "3"]
        assert found.received_minor == 3 * 105_298

    def test_what_is_not_booked_is_left_out_in_sight(self, statement):
        found = statement(camt053([CAME, Entry(1, status="PDNG")]))
        assert (len(found.documents), len(found.skipped)) == (1, 1)

    def test_without_a_summary_the_balances_prove_it(self, statement, refusal):
        assert statement(camt053([CAME], summary=False)).received_minor == 105_298
        assert refusal(camt053([CAME], summary=False, closing_minor=1)).code == "balance"

    def test_an_overdraft(self, statement):
        assert statement(camt053([LEFT], opening_minor=10_000)).accounts[0].closing_minor == -60_000

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1251"])
    def test_the_encoding_an_xml_declares(self, statement, encoding):
        declared = encoding.removesuffix("-sig")
        content = camt053([CAME]).replace("UTF-8", declared).encode(encoding)
        assert statement(content).documents[0].counterparty == "Иванов Иван"

    def test_a_long_one_in_little_memory(self, statement):
        found = statement(camt053([Entry(n + 1, reference=f"R{n}") for n in range(3_000)]))
        assert len(found.documents) == 3_000

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_what_is_written_is_read(self, statement, data):
        entry = st.builds(Entry, amount_minor=SUMS, incoming=st.booleans(), day=DAYS)
        batch = st.lists(SUMS, min_size=2, max_size=4).map(
            lambda parts: Entry(sum(parts), parts=tuple(parts))
        )
        entries = data.draw(st.lists(st.one_of(entry, batch), max_size=6))
        found = statement(camt053(entries, version=data.draw(st.sampled_from([2, 8]))))
        assert found.received_minor == sum(one.amount_minor for one in entries if one.incoming)
        assert found.spent_minor == sum(one.amount_minor for one in entries if not one.incoming)
        assert len(found.documents) == sum(len(one.parts) or 1 for one in entries)


class TestRefused:
    @pytest.mark.parametrize(
        ("old", "new", "code", "field"),
        [
            (">1052.98</Amt><CdtDbtInd>CRDT", ">-1052.98</Amt><CdtDbtInd>CRDT", "not_positive", "Amt"),
            (">1052.98</Amt><CdtDbtInd>CRDT", ">0</Amt><CdtDbtInd>CRDT", "not_positive", "Amt"),
            (">1052.98</Amt><CdtDbtInd>CRDT", ">1052,9x</Amt><CdtDbtInd>CRDT", "not_a_sum", "Amt"),
            (">1052.98</Amt><CdtDbtInd>CRDT", f">{'9' * 30}</Amt><CdtDbtInd>CRDT", "too_large_sum", "Amt"),
            (">1052.98</Amt><CdtDbtInd>CRDT", ">1052.98</Amt><CdtDbtInd>BOTH", "missing", "CdtDbtInd"),
            ("<Ntry><Amt Ccy='RUB'>", "<Ntry><Amt Ccy='XTS'>", "foreign_currency", "Amt"),
            ("<Ntry><Amt Ccy='RUB'>", "<Ntry><Amt>", "foreign_currency", "Amt"),
            ("<BookgDt><Dt>2026-11-20", "<BookgDt><Dt>2027-11-20", "in_future", "BookgDt"),
            ("<BookgDt><Dt>2026-11-20", "<BookgDt><Dt>2026-11-31", "not_a_date", "BookgDt"),
            ("<Sum>1052.98", "<Sum>1052.99", "stated_total", "TtlCdtNtries"),
            ("<NbOfNtries>1", "<NbOfNtries>2", "stated_rows", "TtlCdtNtries"),
            ("<NbOfNtries>1", "<NbOfNtries>two", "not_a_number", "NbOfNtries"),
            ("<Cd>CLBD", "<Cd>OPBD", "repeated", "OPBD"),
        ],
    )
    def test_with_row_and_element(self, refusal, old, new, code, field):
        content = camt053([CAME])
        assert old in content
        wrong = refusal(content.replace(old, new, 1))
        assert (wrong.code, wrong.field) == (code, field)
        assert wrong.row > 0

    def test_parts_that_do_not_add_up(self, refusal):
        wrong = refusal(camt053([Entry(600, parts=(100, 200, 301))]))
        assert (wrong.code, wrong.facts["counted_minor"]) == ("row_total", 601)

    def test_edited_balances_and_entries_taken_away_or_doubled(self, refusal):
        assert refusal(camt053([CAME], closing_minor=1)).code == "balance"
        content = camt053([CAME, LEFT])
        entry = content[content.index("<Ntry>") : content.index("</Ntry>") + 7]
        assert refusal(content.replace(entry, "")).code == "stated_rows"
        assert refusal(content.replace(entry, entry * 2)).code == "stated_rows"

    def test_a_file_cut_anywhere_or_doubled(self, refusal):
        content = camt053([CAME, LEFT])
        for end in range(120, len(content) - 1, 53):
            assert refusal(content[:end]).code in {"damaged", "unknown_format"}
        assert refusal(content + content).code == "damaged"

    def test_another_currency_than_ours(self, refusal):
        assert refusal(camt053([CAME]).replace("RUB", "EUR")).code == "foreign_currency"

    def test_no_statement_in_it(self, refusal):
        content = camt053([])
        empty = content[: content.index("<Stmt>")] + content[content.index("</BkToCstmrStmt>") :]
        assert refusal(empty).code == "no_documents"

    @pytest.mark.parametrize(
        "hostile",
        [
            "<!DOCTYPE a [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;&lol;'>]>",
            "<!DOCTYPE a [<!ENTITY xxe SYSTEM 'file:///etc/passwd'>]>",
            "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'>",
        ],
    )
    def test_entities(self, refusal, hostile):
        content = (
            camt053([CAME]).replace("<Document", hostile + "<Document", 1).replace("REF1<", "&lol2;&xxe;<")
        )
        assert refusal(content).code == "entities"

    def test_deep_and_wide(self, refusal, tmp_path):
        content = camt053([CAME])
        deep = content.replace("<BookgDt>", "<a>" * 100_000 + "</a>" * 100_000 + "<BookgDt>")
        assert refusal(deep).code == "damaged"
        wide = content.replace("<BookgDt>", f"<a b='{'x' * 11_000_000}'/><BookgDt>")
        assert refusal(wide).code == "damaged"

    def test_another_message_of_the_standard(self, refusal):
        assert refusal(camt053([CAME]).replace("camt.053", "camt.054")).code == "unknown_format"


def test_an_xml_is_known_by_its_root(tmp_path):
    path = tmp_path / "statement.txt"
    path.write_text(camt053([]))
    assert detect(path) == "camt053"
