"""Addresses as people type them."""

import re

# words of an address that name no place; they are typed or left out at will
_IDLE_WORD = re.compile(
    "ул|улица|пер|переулок|пр|пр-т|пр-кт|просп|проспект|пр-д|проезд|пл|площадь|б-р|бул|бульвар|ш|шоссе|наб|набережная|д|дом|кв|квартира|г|город|"
    "вул|вулиця|пров|провулок|буд|будинок"
)
_TOKEN = re.compile(r"\d+(?:/\d+)?[^\W\d_]?(?![^\W\d_])|[^\W_]+(?:-[^\W_]+)*")


def normal(text: str) -> str:
    """Write a text as it is looked up: lower case, one space, е for ё."""
    return " ".join(text.lower().replace("ё", "е").split())


def split_address(text: str) -> tuple[list[str], list[str]]:
    """Return the words and the numbers of a typed address: "ул. Ленина, д. 12 кв 3" → ([ленина], [12, 3])."""
    tokens = [token for token in _TOKEN.findall(normal(text)) if not _IDLE_WORD.fullmatch(token)]
    words = [token for token in tokens if not token[0].isdigit()]
    return words, [token for token in tokens if token[0].isdigit()]
