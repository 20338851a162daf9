"""What the columns of a sender's file are: by the map kept for him, else guessed by the words in the header."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from abonent.gateways.spreadsheets import Table
from abonent.usecases.import_readings.model import FIELDS, BadFile

_HEADER_ROWS = 30
_VALUES = ("value", "value_t1", "value_t2", "value_t3")
_NOT_LETTERS = re.compile(r"[^0-9a-zа-яіїєґ]+")

# In the order of trust: the first word that fits a free column takes it. Matched against the header in lower case
# with everything but letters and digits made one space.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "ru": (
        r"account: (номер )?(лиц\w* сч[её]т\w*|л с|лс|лицевого|лицевой)( абонента)?",
        r"serial: (номер пу или )?идентификатор пу в гис жкх|(зав|сер)\w* номер( пу| прибора| счетчика)?( учета)?"
        r"|номер (пу|прибора|счетчика|эс)( учета)?( эл\w*)?|прибор учета|пу|счетчик|зав\w*",
        r"taken_on: дата (снятия|показани[яй]|передачи|съема)( показани[яй]| текущ\w+)?|дата тек\w* показани\w+|дата",
        r"kind: вид показани[яй]",
        r"value_t1: (тек\w* )?показани[ея] т ?1|т ?1|(показани[ея] )?(день|пик|дневн\w+|пиков\w+)( зона)?",
        r"value_t2: (тек\w* )?показани[ея] т ?2|т ?2|(показани[ея] )?(ночь|ночн\w+)( зона)?",
        r"value_t3: (тек\w* )?показани[ея] т ?3|т ?3|(показани[ея] )?(полупик|полупиков\w+)( зона)?",
        r"total: итого|сумма( показани\w+)?|всего|общее показание",
        r"zone: зона( суток)?|шкала|тариф(ная)?( зона)?|номер шкалы|тип показани\w+",
        r"value: (тек\w* |новое |конечное )?показани[ея]( квт ч| пу| прибора учета| счетчика| текущ\w+)?|значение|тек",
    ),
    "uk": (
        r"account: (номер )?(особов\w+ рахун\w+|о р)( абонента)?",
        r"serial: (заводський |серійний )?номер (лічильника|приладу)( обліку)?|заводський номер|лічильник"
        r"|прилад обліку",
        r"taken_on: дата (зняття|показник\w+|показан\w+|передачі)( показ\w+)?",
        r"value_t1: (показник|показання) т ?1|(показник |показання )?(день|пік|денн\w+|піков\w+)( зона)?",
        r"value_t2: (показник|показання) т ?2|(показник |показання )?(ніч|нічн\w+)( зона)?",
        r"value_t3: (показник|показання) т ?3|(показник |показання )?(напівпік|напівпіков\w+)( зона)?",
        r"total: разом|сума( показ\w+)?|усього",
        r"zone: зона доби",
        r"value: (поточн\w+ |нов\w+ )?(показник|показання|показ)и?( лічильника| квт год)?",
    ),
    "en": (
        r"account: (personal )?account( number| no)?|ls|lic|licsch|lschet|lics|nomls",
        r"serial: (meter )?serial( number| no)?|meter( number| no| id)?|nomer|nompu|zavnom|zav nom|counter",
        r"taken_on: (reading |taken )?(date|on)|taken on|date read|data|datapok|dt",
        r"value_t1: (reading |value )?t1|day|peak|pok1|pokaz1",
        r"value_t2: (reading |value )?t2|night|pok2|pokaz2",
        r"value_t3: (reading |value )?t3|semi peak|pok3|pokaz3",
        r"total: total|sum",
        r"zone: zone|rate|scale|tarif|zona",
        r"value: (current |meter )?reading|value|pokaz|pok|kwh",
    ),
}
_GUESSES = [(language, *word.split(": ", 1)) for language, words in _WORDS.items() for word in words]


@dataclass(frozen=True)
class Columns:
    """Where the fields stand: field → place from 1, and the row of the header, 0 where there is none."""

    places: Mapping[str, int]
    header_row: int
    headers: Sequence[str]
    by_guess: bool
    language: str

    @property
    def missing(self) -> tuple[str, ...]:
        """Return what a reading cannot do without and no column is known for."""
        lacking = []
        if not {"account", "serial"} & set(self.places):
            lacking.append("meter")
        if not set(_VALUES) & set(self.places):
            lacking.append("value")
        if "taken_on" not in self.places:
            lacking.append("taken_on")
        return tuple(lacking)


def normal(header: str | None) -> str:
    """Lower case, ё as е, № in words, single spaces between words."""
    text = (header or "").lower().replace("ё", "е").replace("№", " номер ").replace("#", " номер ")
    return _NOT_LETTERS.sub(" ", text).strip()


def check_map(columns: Mapping[str, str | int]) -> None:
    """Raise ValueError for a map that names an unknown field, or cannot make a reading."""
    unknown = sorted(set(columns) - set(FIELDS))
    if unknown:
        raise ValueError(f"no such field: {', '.join(unknown)}")
    lacking = Columns(dict.fromkeys(columns, 1), 0, (), False, "ru").missing
    if lacking:
        raise ValueError(f"the map has no {', '.join(lacking)}")


def find(table: Table, saved: Mapping[str, str | int]) -> Columns:
    """Return the columns by a saved map, or guessed where it is empty. Raises BadFile: columns_missing."""
    rows = [
        ["" if cell is None else str(cell).strip() for cell in row]
        for row in table.frame.head(_HEADER_ROWS).rows()
    ]
    return _by_map(rows, saved) if saved else _guessed(rows)


def _by_map(rows: list[list[str]], saved: Mapping[str, str | int]) -> Columns:
    named = {field: normal(text) for field, text in saved.items() if isinstance(text, str)}
    fixed = {field: place for field, place in saved.items() if isinstance(place, int)}
    width = max((len(row) for row in rows), default=0)
    if beyond := sorted(field for field, place in fixed.items() if not 1 <= place <= width):
        raise BadFile("columns_missing", fields=beyond)
    best: dict[str, int] = {}
    header_row = 0
    for number, row in enumerate(rows, 1):
        texts = [normal(cell) for cell in row]
        found = {field: texts.index(text) + 1 for field, text in named.items() if text and text in texts}
        if len(found) > len(best):
            best, header_row = found, number
    if lacking := sorted(set(named) - set(best)):
        raise BadFile("columns_missing", fields=lacking, headers=[saved[field] for field in lacking])
    if not named:
        header_row = _first_header(rows, fixed)
    headers = rows[header_row - 1] if header_row else []
    return Columns(best | fixed, header_row, headers, False, _language(headers))


def _first_header(rows: list[list[str]], fixed: Mapping[str, int]) -> int:
    """Where only places are known: the last of the first rows that have words where figures should be."""
    places = [fixed[field] for field in _VALUES if field in fixed]
    header_row = 0
    for number, row in enumerate(rows, 1):
        cells = [row[place - 1] for place in places if row[place - 1]]
        if any(
            any(letter.isdigit() for letter in cell) and not any(map(str.isalpha, cell)) for cell in cells
        ):
            break
        header_row = number
    return header_row if header_row < len(rows) else 0


def _guessed(rows: list[list[str]]) -> Columns:
    best: dict[str, int] = {}
    header_row, language = 0, "ru"
    for number, row in enumerate(rows, 1):
        found, spoken = guess(row)
        if len(found) > len(best):
            best, header_row, language = found, number, spoken
    headers = rows[header_row - 1] if header_row else (rows[0] if rows else [])
    return Columns(best, header_row, headers, True, language)


def guess(headers: Sequence[str]) -> tuple[dict[str, int], str]:
    """Return field → place from 1 by known words, and the language most of them are in."""
    texts = [normal(header) for header in headers]
    found: dict[str, int] = {}
    spoken: dict[str, int] = {}
    for language, field, words in _GUESSES:
        if field in found:
            continue
        for place, text in enumerate(texts, 1):
            if (
                place not in found.values()
                and text
                and re.fullmatch(words, text.replace("t", "т") if language != "en" else text)
            ):
                found[field] = place
                spoken[language] = spoken.get(language, 0) + 1
                break
    if "value" in found and {"value_t2", "value_t3"} & set(found) and "value_t1" not in found:
        found["value_t1"] = found.pop("value")
    return found, max(spoken, key=lambda one: spoken[one], default="ru")


def _language(headers: Sequence[str]) -> str:
    return guess(headers)[1]
