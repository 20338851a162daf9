"""Sums of money in Russian words, as cash papers want them: «Одна тысяча двести рублей 05 копеек»."""

from typing import Final

_ONES: Final = ("", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять")
_FEMININE: Final = {"один": "одна", "два": "две"}
_TEENS: Final = (
    "десять",
    "одиннадцать",
    "двенадцать",
    "тринадцать",
    "четырнадцать",
    "пятнадцать",
    "шестнадцать",
    "семнадцать",
    "восемнадцать",
    "девятнадцать",
)
_TENS: Final = (
    "",
    "",
    "двадцать",
    "тридцать",
    "сорок",
    "пятьдесят",
    "шестьдесят",
    "семьдесят",
    "восемьдесят",
    "девяносто",
)
_HUNDREDS: Final = (
    "",
    "сто",
    "двести",
    "триста",
    "четыреста",
    "пятьсот",
    "шестьсот",
    "семьсот",
    "восемьсот",
    "девятьсот",
)
# one, two to four, many; whether it is feminine
_SCALES: Final = (
    (("", "", ""), False),
    (("тысяча", "тысячи", "тысяч"), True),
    (("миллион", "миллиона", "миллионов"), False),
    (("миллиард", "миллиарда", "миллиардов"), False),
    (("триллион", "триллиона", "триллионов"), False),
)
_ROUBLES: Final = ("рубль", "рубля", "рублей")
_KOPECKS: Final = ("копейка", "копейки", "копеек")


def sum_in_words(amount_minor: int, /) -> str:
    """Return a sum of kopecks in words, the kopecks in figures. Raises ValueError below zero or from 10¹⁵ roubles."""
    roubles, kopecks = divmod(amount_minor, 100)
    if amount_minor < 0 or roubles >= 1000 ** len(_SCALES):
        raise ValueError(f"{amount_minor} kopecks cannot be spelled")
    spelled = " ".join(_spelled(roubles)) or "ноль"
    words = f"{spelled} {_form(roubles, _ROUBLES)} {kopecks:02} {_form(kopecks, _KOPECKS)}"
    return words[0].upper() + words[1:]


def _spelled(number: int) -> list[str]:
    words: list[str] = []
    for power in reversed(range(len(_SCALES))):
        group = number // 1000**power % 1000
        forms, feminine = _SCALES[power]
        if group:
            words += _group(group, feminine=feminine)
            if power:
                words.append(_form(group, forms))
    return words


def _group(number: int, *, feminine: bool) -> list[str]:
    """Spell 1 … 999."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words = [_HUNDREDS[hundreds]]
    if tens == 1:
        words.append(_TEENS[ones])
    else:
        one = _ONES[ones]
        words += [_TENS[tens], _FEMININE.get(one, one) if feminine else one]
    return [word for word in words if word]


def _form(number: int, forms: tuple[str, str, str]) -> str:
    if number % 100 in range(11, 15):
        return forms[2]
    return forms[0] if number % 10 == 1 else forms[1] if number % 10 in (2, 3, 4) else forms[2]
