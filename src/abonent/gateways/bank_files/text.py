"""The bytes of a text: never too many, no line too long, and in the encoding that decoding finds."""

import codecs
import re
from pathlib import Path

import numpy as np

from abonent.gateways.bank_files.model import Malformed

MOST_BYTES = 512 << 20
LONGEST_LINE = 1 << 20
_CHUNK = 4 << 20
_SAMPLE = 1 << 16
# What the two bytes of a Cyrillic letter in UTF-8 look like in Windows-1251. Of Russian letters only ё is among the
# second ones, so that a text made of such pairs is no text.
_TELLING_PAIRS = 5
_TWICE = re.compile(f"[РС][{re.escape(bytes(range(0x80, 0xC0)).decode('cp1251', 'ignore'))}\x98\ufffd?]")
_BOMS_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def load(path: Path) -> bytes:
    """Return the bytes of a file of lines. Raises Malformed: empty, too_large, line_too_long, not_text."""
    size = path.stat().st_size
    if not size:
        raise Malformed("empty")
    if size > MOST_BYTES:
        raise Malformed("too_large", megabytes=size >> 20, most=MOST_BYTES >> 20)
    with path.open("rb") as file:
        head = file.read(LONGEST_LINE + 1)
        if len(head) > LONGEST_LINE and b"\n" not in head and b"\r" not in head:
            raise Malformed("line_too_long", row=1, most=LONGEST_LINE)
        raw = head + file.read()
    check_lines(raw)
    return raw


def check_lines(raw: bytes) -> None:
    """Refuse a line that no file has, before anything tries to make a row of it. Raises Malformed."""
    start, row = 0, 1
    ending = b"\n" if b"\n" in raw else b"\r"
    while len(raw) - start > LONGEST_LINE:
        end = raw.rfind(ending, start, start + LONGEST_LINE)
        if end < 0:
            raise Malformed("line_too_long", row=row, most=LONGEST_LINE)
        row += raw.count(ending, start, end + 1)
        start = end + 1


def decode(raw: bytes, *, encoding: str = "") -> tuple[str, str]:
    """Return the text with line feeds only, and its encoding: utf-8, utf-16, cp1251 or cp866, unless one is given.

    Raises Malformed: undecodable, mixed_encodings, not_text.
    """
    encoding = encoding or encoding_of(raw)
    if encoding != "utf-16":
        if b"\0" in raw:
            raise Malformed("not_text", row=raw.count(b"\n", 0, raw.index(b"\0")) + 1)
        if b"\r" in raw:
            raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        start = getattr(error, "start", 0)
        raise Malformed("undecodable", row=raw.count(b"\n", 0, start) + 1, encoding=encoding) from error
    if encoding == "utf-16":
        if "\0" in text:
            raise Malformed("not_text", row=text.count("\n", 0, text.index("\0")) + 1)
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if encoding != "cp1251" and is_encoded_twice(text[:_SAMPLE]):
        raise Malformed("undecodable", row=1, encoding=encoding, cause="encoded twice")
    return text, encoding


def is_encoded_twice(sample: str) -> bool:
    """Tell a text of UTF-8 that somebody took for Windows-1251 and encoded again: «РЎРЈРњРњРђ» for «СУММА»."""
    foreign = sum(letter > "\x7f" for letter in sample)
    pairs = _TWICE.findall(sample)
    return len(set(pairs)) >= _TELLING_PAIRS and 2 * len(pairs) > 0.7 * foreign


def encoding_of(raw: bytes) -> str:
    """Find the encoding by decoding. Raises Malformed: undecodable, mixed_encodings."""
    if raw.startswith(_BOMS_16):
        return "utf-16"
    try:
        codecs.utf_8_decode(raw, "strict", True)
    except UnicodeDecodeError as error:
        if (foreign := _utf8_word(raw)) is not None:
            rows = [raw.count(b"\n", 0, place) + 1 for place in (error.start, foreign)]
            raise Malformed("mixed_encodings", row=max(rows), other_row=min(rows)) from error
    else:
        return "utf-8"
    return "cp866" if _is_of_dos(raw) else "cp1251"


def _utf8_word(raw: bytes) -> int | None:
    """Find three Cyrillic letters of UTF-8: six bytes that are no word in Windows-1251 or in the code page of DOS."""
    for start in range(0, len(raw), _CHUNK):
        part = np.frombuffer(raw, np.uint8, min(_CHUNK + 5, len(raw) - start), start)
        pairs = ((part[:-1] & 0xFE) == 0xD0) & ((part[1:] & 0xC0) == 0x80)
        words = pairs[:-4] & pairs[2:-2] & pairs[4:]
        if words.any():
            return start + int(words.argmax())
    return None


def _is_of_dos(raw: bytes) -> bool:
    """Tell cp866 from cp1251 by the bytes only one of them has letters for; small р–я is where both have some."""
    view = raw[:_CHUNK]
    of_dos = len(view) - len(view.translate(None, bytes(range(0x80, 0xB0))))
    of_windows = len(view) - len(view.translate(None, bytes((*range(0xC0, 0xE0), *range(0xF0, 0x100)))))
    return of_dos > of_windows
