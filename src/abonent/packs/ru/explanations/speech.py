"""Words and figures of explanations in one language."""

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from abonent.kernel.decimals import format_scaled
from abonent.kernel.money import format_minor
from abonent.kernel.periods import Month
from abonent.kernel.quantities import format_area, format_price, format_wh
from abonent.packs.ru.documents import wording

LANGUAGES: Final = wording.LANGUAGES
_EPOCH = date(1970, 1, 1)


@cache
def _words() -> dict[str, dict[Any, dict[str, str]]]:
    text = Path(__file__).with_name("words.yaml").read_text(encoding="utf-8")
    words: dict[str, dict[Any, dict[str, str]]] = yaml.safe_load(text)
    return words


class Speech:
    """Says things in one language. Raises ValueError for one that is not spoken here."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"explanations are written in {', '.join(LANGUAGES)}; not in {language!r}")
        self.language = language

    def word(self, kind: str, name: str | int) -> str:
        return _words()[kind][name][self.language]

    def sentence(self, sentence: str, /, **values: object) -> str:
        return self.word("sentence", sentence).format(**values)

    def kwh(self, usage_wh: int) -> str:
        return _minus(format_wh(usage_wh, language=self.language))

    def area(self, area_dm2: int) -> str:
        return format_area(area_dm2, language=self.language)

    def money(self, amount_minor: int) -> str:
        return _minus(format_minor(amount_minor, language=self.language))

    def thousandths(self, value_e3: int) -> str:
        return format_scaled(value_e3, places=3, least=0, language=self.language)

    def day_number(self, number: int) -> str:
        return short_day(day_of(number))

    def price(self, price_e5: int) -> str:
        return format_price(price_e5, language=self.language)

    def product(self, product_e8: int) -> str:
        """Write an amount before it is rounded: hundred-millionths of a rouble."""
        return _minus(format_scaled(product_e8, places=8, least=2, language=self.language))

    def month(self, month: Month) -> str:
        return wording.month_name(month, language=self.language)

    def zone(self, zone: int) -> str:
        return wording.zone_name(zone, language=self.language)

    def reason(self, reason: str) -> str:
        """The reasons the system gives are translated; a person's stay as written."""
        known = _words()["reason"].get(reason)
        return known[self.language] if known else reason


def day_of(number: int) -> date:
    """Return the day a line keeps as a number of days since 1970-01-01."""
    return _EPOCH + timedelta(days=number)


def short_day(day: date) -> str:
    return wording.short_day(day)


def _minus(text: str) -> str:
    return text.replace("-", "\u2212")
