"""People with names of one gender and telephones that nobody has, organisations, and the numbers of their accounts."""

from functools import cache

import numpy as np
import polars as pl

from abonent.usecases.demo_supplier import names
from abonent.usecases.demo_supplier.town import ACCOUNT_DIGITS

_PERSON, _ORGANISATION = 1, 2


@cache
def _falling(count: int) -> np.ndarray:
    """Return probabilities that fall as names in a frequency list do."""
    weights = 1 / (np.arange(count) + 12)
    return weights / weights.sum()


def people(draw: np.random.Generator, count: int) -> pl.DataFrame:
    woman = draw.random(count) < 0.54

    def pick(of_men: list[str], of_women: list[str]) -> pl.Series:
        chosen = np.where(
            woman,
            draw.choice(len(of_women), count, p=_falling(len(of_women))) + len(of_men),
            draw.choice(len(of_men), count, p=_falling(len(of_men))),
        )
        return pl.Series(of_men + of_women).gather(chosen)

    figures = pl.Series(draw.integers(10**7, 10**8, count)).cast(pl.String)
    # the area code 000 does not exist: nobody is ever called
    phones = (
        "+7 000 " + figures.str.slice(1, 3) + "-" + figures.str.slice(4, 2) + "-" + figures.str.slice(6, 2)
    )
    return pl.DataFrame(
        {
            "kind": np.ones(count, int),
            "last_name": pick(names.SURNAMES_OF_MEN, names.SURNAMES_OF_WOMEN),
            "first_name": pick(names.MEN, names.WOMEN),
            "middle_name": pick(names.SONS_OF, names.DAUGHTERS_OF),
            "name": "",
            "inn": "",
            "phone": phones.set(pl.Series(draw.random(count) < 0.25), ""),
            "email": "",
        }
    )


def organisations(
    parties: pl.DataFrame, draw: np.random.Generator, *, executors: np.ndarray, shops: np.ndarray
) -> pl.DataFrame:
    """Return the parties with organisations in place of some people: who runs a building, who keeps a shop."""
    if not (executors | shops).any():
        return parties
    executor, shop = (
        pl.Series([form.format(name) for name in of]).gather(draw.integers(len(of), size=parties.height))
        for form, of in (("ООО «Управляющая компания «{}»", names.EXECUTORS), ("ООО «{}»", names.SHOPS))
    )
    mine = pl.Series(executors | shops)
    told = {"kind": _ORGANISATION, "last_name": "", "first_name": "", "middle_name": ""}
    return parties.with_columns(
        *(
            pl.when(mine).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in told.items()
        ),
        name=pl.when(pl.Series(executors))
        .then(executor)
        .when(pl.Series(shops))
        .then(shop)
        .otherwise(pl.lit("")),
    )


def payers(parties: pl.DataFrame) -> pl.Series:
    """Return how each party is called, as the office writes it."""
    person = pl.concat_str("last_name", "first_name", "middle_name", separator=" ")
    return parties.select(pl.when(pl.col("kind") == _PERSON).then(person).otherwise("name")).to_series()


def account_numbers(serials: np.ndarray) -> np.ndarray:
    """Return account numbers as numbers: what `kernel.identifiers.account_number` does, a column at a time."""
    total = np.zeros(len(serials), int)
    for place in range(ACCOUNT_DIGITS - 1):
        digit = serials // 10**place % 10
        doubled = digit * (2 - place % 2)
        total += doubled // 10 + doubled % 10
    return serials * 10 + -total % 10
