"""The bytes of a text: never too many, no line too long, and in the encoding that decoding finds."""

import codecs
import re
from pathlib import Path

from abonent.gateways.bank_files.model import Malformed

MOST_BYTES = 512 << 20
LONGEST_LINE = 1 << 20
_CHUNK = 4 << 20
_BOMS_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Six bytes that are three Cyrillic letters of UTF-8 make no word in Windows-1251 or in the code page of DOS.
_UTF8_WORD = re.compile(rb"(?:[\xd0-\xd2][\x80-\xbf]){3}")


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
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        start = getattr(error, "start", 0)
        raise Malformed("undecodable", row=raw.count(b"\n", 0, start) + 1, encoding=encoding) from error
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise Malformed("not_text", row=text.count("\n", 0, text.index("\0")) + 1)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, encoding


def encoding_of(raw: bytes) -> str:
    """Find the encoding by decoding. Raises Malformed: undecodable, mixed_encodings."""
    if raw.startswith(_BOMS_16):
        return "utf-16"
    try:
        codecs.utf_8_decode(raw, "strict", True)
    except UnicodeDecodeError as error:
        if foreign := _UTF8_WORD.search(raw):
            rows = [raw.count(b"\n", 0, place) + 1 for place in (error.start, foreign.start())]
            raise Malformed("mixed_encodings", row=max(rows), other_row=min(rows)) from error
    else:
        return "utf-8"
    return "cp866" if _is_of_dos(raw) else "cp1251"


def _is_of_dos(raw: bytes) -> bool:
    """Tell cp866 from cp1251 by the bytes only one of them has letters for; small р–я is where both have some."""
    view = raw[:_CHUNK]
    of_dos = len(view) - len(view.translate(None, bytes(range(0x80, 0xB0))))
    of_windows = len(view) - len(view.translate(None, bytes((*range(0xC0, 0xE0), *range(0xF0, 0x100)))))
    return of_dos > of_windows
