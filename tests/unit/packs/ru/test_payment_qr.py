"""Payment codes by ГОСТ Р 56042-2014: what is written, what is left off, what is refused."""

import pytest

from abonent.packs.ru.formats.payment_qr import MANDATORY, RECOMMENDED_BYTES, BadPaymentCode, decode, encode

# The payee of the generator tests of QRCoder, a library that writes the same standard.
REQUIRED = {
    "Name": "ООО «Три кита»",
    "PersonalAcc": "40702810138250123017",
    "BankName": 'ОАО "БАНК"',
    "BIC": "044525225",
    "CorrespAcc": "30101810965770000413",
}


def test_five_mandatory_fields_as_another_library_writes_them():
    expected = (
        'ST00012|Name=ООО «Три кита»|PersonalAcc=40702810138250123017|BankName=ОАО "БАНК"'
        "|BIC=044525225|CorrespAcc=30101810965770000413"
    )
    assert encode(required=REQUIRED) == expected
    assert decode((expected + "|").encode()) == REQUIRED


def test_mandatory_fields_come_first_whatever_the_order_given():
    shuffled = {"Sum": "63000", **dict(reversed(REQUIRED.items()))}
    assert tuple(decode(encode(required=shuffled).encode())) == (*MANDATORY, "Sum")


def test_empty_fields_are_not_written():
    assert "Sum" not in encode(required=REQUIRED | {"Sum": ""}, optional=[{"LastName": ""}])


def test_an_optional_group_that_does_not_fit_is_left_off_whole():
    names = {"LastName": "Иванов", "FirstName": "Иван", "MiddleName": "Очень-Длинный-" * 8}
    text = encode(required=REQUIRED, optional=[{"Purpose": "За электроэнергию"}, names, {"KPP": "770701001"}])
    assert len(text.encode()) <= RECOMMENDED_BYTES
    assert set(decode(text.encode())) == {*MANDATORY, "Purpose", "KPP"}


@pytest.mark.parametrize("spare", range(-1, 2))
def test_the_limit_is_counted_to_the_byte(spare: int):
    whole = encode(required=REQUIRED, optional=[{"Purpose": "Я"}])
    limit_bytes = len(whole.encode()) + spare
    text = encode(required=REQUIRED, optional=[{"Purpose": "Я"}], limit_bytes=limit_bytes)
    assert (text == whole) == (spare >= 0)


def test_required_fields_are_written_even_beyond_the_recommended_size():
    text = encode(required=REQUIRED | {"Name": "Ж" * 160}, optional=[{"LastName": "Иванов"}])
    assert len(text.encode()) > RECOMMENDED_BYTES
    assert "LastName" not in text


def test_a_bar_in_a_value_makes_another_delimiter_be_chosen_and_the_value_stays():
    fields = REQUIRED | {"Name": "Сбыт|Восток ~ №1"}
    text = encode(required=fields)
    assert text.startswith("ST00012^Name=Сбыт|Восток ~ №1^PersonalAcc=")
    assert decode(text.encode()) == fields


def test_values_that_use_up_every_delimiter_are_refused():
    with pytest.raises(BadPaymentCode, match="every delimiter"):
        encode(required=REQUIRED | {"Name": "|~^#$@!;"})


@pytest.mark.parametrize("key", MANDATORY)
def test_a_missing_mandatory_field_is_named(key: str):
    with pytest.raises(BadPaymentCode) as refusal:
        encode(required=REQUIRED | {key: ""})
    assert refusal.value.key == key


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Name", "Ж" * 161),
        ("BankName", "Б" * 46),
        ("PersonalAcc", "4070281013825012301"),
        ("PersonalAcc", "4070281013825012301О"),
        ("BIC", "04452522"),
        ("CorrespAcc", "1"),
        ("Sum", "630,00"),
        ("Sum", "-1"),
        ("Sum", "9" * 19),
        ("PayeeINN", "77070838931"),
        ("KPP", "7707010011"),
        ("Purpose", "Н" * 211),
        ("LastName", "Иванов\nSum=1"),
    ],
)
def test_a_bad_value_is_refused_and_named(key: str, value: str):
    with pytest.raises(BadPaymentCode) as refusal:
        encode(required=REQUIRED | {key: value})
    assert refusal.value.key == key


def test_a_bank_without_a_correspondent_account_writes_zero():
    assert decode(encode(required=REQUIRED | {"CorrespAcc": "0"}).encode())["CorrespAcc"] == "0"


@pytest.mark.parametrize(("digit", "encoding"), [("1", "cp1251"), ("2", "utf-8"), ("3", "koi8-r")])
def test_the_three_encodings_are_read(digit: str, encoding: str):
    text = encode(required=REQUIRED | {"Name": "ООО Три кита"}).replace("ST00012", f"ST0001{digit}")
    assert decode(text.encode(encoding))["Name"] == "ООО Три кита"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ST0001",
        b"ST00022|Name=x",
        b"ST00014|Name=x",
        b"https://example.org/pay",
        b"ST00012|Name",
        b"ST00012|\xff=1",
    ],
)
def test_what_is_no_payment_code_is_refused(data: bytes):
    with pytest.raises(BadPaymentCode):
        decode(data)


def test_a_code_without_a_mandatory_field_is_refused_when_read():
    with pytest.raises(BadPaymentCode) as refusal:
        decode(encode(required=REQUIRED).replace("BIC=044525225|", "").encode())
    assert refusal.value.key == "BIC"
