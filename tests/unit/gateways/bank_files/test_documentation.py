"""The examples of docs/formats are read as the pages say, and every reason has its place there."""

import json
import re
from pathlib import Path

import pytest
from tests.bank_files import TODAY

from abonent.gateways.bank_files import CODES, PRESETS, Registry, Statement, read
from abonent.gateways.bank_files.layout import _READERS

FORMATS = Path(__file__).resolve().parents[4] / "docs" / "formats"


def blocks(page: str) -> list[tuple[str, str]]:
    return re.findall(r"```(\w*)\n(.*?)```", (FORMATS / page).read_text(), re.DOTALL)


@pytest.mark.parametrize(
    ("nth", "sums"), [(0, [100_000, 50_050]), (2, [857_532, 50])], ids=["by headings", "of fixed width"]
)
def test_tables(tmp_path, nth, sums):
    (kind, text), (json_kind, layout) = blocks("payment-tables.md")[nth : nth + 2]
    assert (kind, json_kind) == ("", "json")
    path = tmp_path / "file"
    path.write_text(text)
    found = read(path, name="x", today=TODAY, layout=json.loads(layout))
    assert isinstance(found, Registry)
    assert found.frame["amount_minor"].to_list() == sums


def test_statement_of_1c(tmp_path):
    path = tmp_path / "file"
    path.write_text(blocks("bank-1c.md")[0][1])
    found = read(path, name="x", today=TODAY)
    assert isinstance(found, Statement)
    assert found.received_minor == 105_298


def test_registry_of_the_bank(tmp_path):
    path = tmp_path / "file"
    path.write_text(blocks("sber-registry.md")[0][1])
    found = read(path, name="x", today=TODAY)
    assert isinstance(found, Registry)
    assert found.counted.amount_minor == 1_080_653


def test_every_reason_every_key_and_every_ready_layout_is_told():
    told = (FORMATS / "payment-files.md").read_text()
    assert {code for code in CODES if f"`{code}`" not in told} == set()
    tables = (FORMATS / "payment-tables.md").read_text()
    keys = {*_READERS, "preset", *PRESETS}
    assert {key for key in keys if f"`{key}`" not in tables} == set()
