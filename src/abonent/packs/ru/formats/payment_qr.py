"""Payment QR code: the text that payers' banks read, by ГОСТ Р 56042-2014.

`ST0001` + encoding digit + delimiter, then `Key=Value` joined by the delimiter. We always write UTF-8 (digit 2).
The code itself is to be drawn with error correction level M (section 6 of the standard).
"""

from collections.abc import Mapping, Sequence

ERROR_CORRECTION = "M"
RECOMMENDED_BYTES = 300

_PREFIX = "ST0001"
_HEADER_BYTES = (
    len(_PREFIX) + 1
)  # with the encoding digit; every field is counted with one delimiter before it
_ENCODINGS = {"1": "cp1251", "2": "utf-8", "3": "koi8-r"}
MANDATORY = ("Name", "PersonalAcc", "BankName", "BIC", "CorrespAcc")
# Characters, not bytes; tables 1 and 2 of the standard. Keys of table 3 have no limit of their own.
MAX_CHARS = {
    "Name": 160,
    "PersonalAcc": 20,
    "BankName": 45,
    "BIC": 9,
    "CorrespAcc": 20,
    "Sum": 18,
    "Purpose": 210,
    "PayeeINN": 12,
    "PayerINN": 12,
    "KPP": 9,
}
_DIGITS_ONLY = {
    "PersonalAcc": (20,),
    "BIC": (9,),
    "CorrespAcc": (1, 20),
    "PayeeINN": (10, 12),
    "PayerINN": (10, 12),
}
# The standard lets the writer name any delimiter in the eighth character; the bar is what everybody uses.
_DELIMITERS = "|~^#$@!;"


class BadPaymentCode(ValueError):
    """A payment code that cannot be written or read; `key` names the field, empty for the whole."""

    def __init__(self, *, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}" if key else reason)
        self.key, self.reason = key, reason


def encode(
    *,
    required: Mapping[str, str],
    optional: Sequence[Mapping[str, str]] = (),
    limit_bytes: int = RECOMMENDED_BYTES,
) -> str:
    """Return the text of the code: the required fields, then as many optional groups as fit `limit_bytes`.

    A group is written whole or left off; the worthiest comes first. Empty values are never written.
    A bar inside a value makes another delimiter be chosen, as the standard allows; values are never altered.
    Raises BadPaymentCode when one of the five mandatory fields is missing, a value is too long or malformed,
    or no delimiter is free. Required fields are written even when they exceed the recommended size.
    """
    fields = {key: value for key, value in required.items() if value}
    for key in MANDATORY:
        if key not in fields:
            raise BadPaymentCode(key=key, reason="this mandatory field is empty")
    fields = {key: fields[key] for key in MANDATORY} | fields  # the standard wants these five first
    for group in optional:
        wider = fields | {key: value for key, value in group.items() if value}
        if _HEADER_BYTES + _size(wider) <= limit_bytes:
            fields = wider
    for key, value in fields.items():
        _check(key, value)
    delimiter = next(
        (mark for mark in _DELIMITERS if not any(mark in value for value in fields.values())), None
    )
    if delimiter is None:
        raise BadPaymentCode(key="", reason=f"the values use up every delimiter of {_DELIMITERS!r}")
    return f"{_PREFIX}2{delimiter}" + delimiter.join(f"{key}={value}" for key, value in fields.items())


def decode(data: bytes, /) -> dict[str, str]:
    """Read a code in any of the three encodings; keys as written, a trailing delimiter is forgiven.

    Raises BadPaymentCode when it is not such a code or lacks a mandatory field.
    """
    head = data[:8].decode("ascii", errors="replace")
    if len(head) < 8 or not head.startswith(_PREFIX) or head[6] not in _ENCODINGS:
        raise BadPaymentCode(key="", reason=f"not a payment code of ГОСТ Р 56042-2014: {head!r}")
    try:
        text = data[8:].decode(_ENCODINGS[head[6]])
    except UnicodeDecodeError as error:
        raise BadPaymentCode(key="", reason=f"not in the encoding it claims: {error}") from error
    fields = {}
    for part in text.rstrip(head[7]).split(head[7]):
        key, sign, value = part.partition("=")
        if not sign:
            raise BadPaymentCode(key=key, reason="a field without '='")
        fields[key] = value
    present = {key.lower() for key, value in fields.items() if value}
    for key in MANDATORY:
        if key.lower() not in present:
            raise BadPaymentCode(key=key, reason="this mandatory field is empty")
    return fields


def _size(fields: Mapping[str, str]) -> int:
    return sum(len(f"{key}={value}".encode()) + 1 for key, value in fields.items())


def _check(key: str, value: str) -> None:
    if len(value) > MAX_CHARS.get(key, len(value)):
        raise BadPaymentCode(key=key, reason=f"longer than {MAX_CHARS[key]} characters: {value!r}")
    if any(ord(character) < 32 for character in value):
        raise BadPaymentCode(key=key, reason=f"a control character in {value!r}")
    if (lengths := _DIGITS_ONLY.get(key)) and not (
        value.isascii() and value.isdigit() and len(value) in lengths
    ):
        raise BadPaymentCode(key=key, reason=f"must be {' or '.join(map(str, lengths))} digits: {value!r}")
    if key == "CorrespAcc" and len(value) == 1 and value != "0":
        raise BadPaymentCode(key=key, reason=f"a bank without this account writes 0, not {value!r}")
    if key == "Sum" and not (value.isascii() and value.isdigit()):
        raise BadPaymentCode(key=key, reason=f"must be whole kopecks: {value!r}")
