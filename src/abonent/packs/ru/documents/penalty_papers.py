"""The calculation of penalties an account's payer or a court is handed: every debt, payment and stretch. In Russian."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from abonent.kernel.money import format_minor
from abonent.kernel.periods import Month
from abonent.packs.ru.documents import wording
from abonent.packs.ru.documents.bill import Supplier
from abonent.packs.ru.documents.paper import Paper, PaperTable

_NBSP: Final = "\u00a0"
DEBTORS: Final = {
    1: "граждане и иные лица, оплачивающие жилое помещение и коммунальные услуги (ЖК РФ ст. 155 ч. 14)",
    2: "потребитель электрической энергии (35-ФЗ ст. 37)",
    3: "товарищество собственников жилья, кооператив (35-ФЗ ст. 37)",
    4: "управляющая организация, теплоснабжающая организация, организация ВКХ (35-ФЗ ст. 37)",
    5: "покупатель услуг по передаче (35-ФЗ ст. 37)",
}
_RATES: Final = {
    1: "ставка, действовавшая в каждый день просрочки",
    2: "ставка на день фактической оплаты; на неоплаченную часть — на день расчёта",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetStretch:
    """Days of one base, rate and part. Hundredths of a percent, kopecks."""

    first_day: date
    last_day: date
    days: int
    base_minor: int
    rate_e2: int
    divisor: int
    suspended: bool
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetDebt:
    """A month's debt, its payments and its stretches."""

    period: date
    due_on: date
    debtor: int
    amount_minor: int
    left_minor: int
    penalty_minor: int
    payments: Sequence[tuple[date, int]]
    stretches: Sequence[SheetStretch]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFacts:
    """`rate_of`: 1 each day, 2 the day of payment, 3 that of `rate_on`."""

    account: str
    payer: str
    address: str
    on: date
    rate_of: int
    rate_on: date | None
    debts: Sequence[SheetDebt]
    posted_minor: int
    acts: Sequence[str]


def roubles(amount_minor: int) -> str:
    """100000 -> "1 000,00"."""
    return format_minor(amount_minor, language="ru")


def percent(rate_e2: int) -> str:
    """950 -> "9,5 %"."""
    whole, rest = divmod(rate_e2, 100)
    digits = f"{rest:02}".rstrip("0")
    return f"{whole},{digits}{_NBSP}%" if digits else f"{whole}{_NBSP}%"


def formula(stretch: SheetStretch) -> str:
    """Write a stretch as it is multiplied: 1 000,00 × 30 × 1/300 × 9,5 %."""
    if stretch.suspended:
        return "не начисляется"
    return (
        f"{roubles(stretch.base_minor)}{_NBSP}× {stretch.days}{_NBSP}× 1/{stretch.divisor}{_NBSP}× "
        f"{percent(stretch.rate_e2)}"
    )


def _long(day: date) -> str:
    return wording.long_day(day, language="ru")


def _month(period: date) -> str:
    return wording.month_name(Month.of(period), language="ru")


def calculation(facts: SheetFacts, *, supplier: Supplier) -> Paper:
    """Return the calculation as a paper."""
    asked = sum(debt.penalty_minor for debt in facts.debts)
    left = sum(debt.left_minor for debt in facts.debts)
    rate = _RATES.get(facts.rate_of) or f"ставка на {_long(facts.rate_on or facts.on)}"
    debtors = dict.fromkeys(DEBTORS[debt.debtor] for debt in facts.debts)
    return Paper(
        supplier=supplier,
        title="Расчёт пеней за просрочку оплаты",
        subtitle=f"по лицевому счёту № {facts.account} на {_long(facts.on)} включительно",
        facts=[
            ("Плательщик", facts.payer),
            ("Адрес", facts.address),
            ("Кто просрочил", "; ".join(debtors)),
            ("Ставка", rate),
            ("Просроченный долг", f"{roubles(left)} руб."),
            ("Пени", f"{roubles(asked)} руб."),
            ("Начислено по лицевому счёту", f"{roubles(facts.posted_minor)} руб."),
        ],
        tables=[_summary(facts, asked, left), *(_of_debt(debt) for debt in facts.debts)],
        statements=[
            "Пени за отрезок дней: долг × дней × доля ставки × ставка; каждый отрезок округлён до копейки. День оплаты "
            "входит в просрочку.",
            *(f"Основание: {act}." for act in facts.acts),
        ],
        signatures=[("Расчёт составил", "")],
    )


def _summary(facts: SheetFacts, asked: int, left: int) -> PaperTable:
    rows = [
        (
            _month(debt.period),
            wording.short_day(debt.due_on),
            roubles(debt.amount_minor),
            roubles(debt.amount_minor - debt.left_minor),
            roubles(debt.left_minor),
            roubles(debt.penalty_minor),
        )
        for debt in facts.debts
    ]
    owed = sum(debt.amount_minor for debt in facts.debts)
    total = ("Итого", "", roubles(owed), roubles(owed - left), roubles(left), roubles(asked))
    return PaperTable(
        title="Долги по месяцам",
        columns=("Месяц", "Оплатить до", "Долг, руб.", "Оплачено, руб.", "Осталось, руб.", "Пени, руб."),
        rows=[*rows, total] if rows else [],
        widths=(12, 10, 10, 10, 10, 10),
        figures=(2, 3, 4, 5),
    )


def _of_debt(debt: SheetDebt) -> PaperTable:
    rows = [
        (
            stretch.first_day,
            1,
            (
                f"{wording.short_day(stretch.first_day)} – {wording.short_day(stretch.last_day)}",
                str(stretch.days),
                roubles(stretch.base_minor),
                formula(stretch),
                roubles(stretch.amount_minor),
            ),
        )
        for stretch in debt.stretches
    ]
    rows += [
        (day, 2, (f"{wording.short_day(day)} оплата", "", f"−{roubles(amount)}", "", ""))
        for day, amount in debt.payments
    ]
    total = ("Итого", "", "", "", roubles(debt.penalty_minor))
    return PaperTable(
        title=f"За {_month(debt.period)}: {roubles(debt.amount_minor)} руб., оплатить до "
        f"{wording.short_day(debt.due_on)}",
        columns=("Дни", "Дней", "Долг, руб.", "Формула", "Пени, руб."),
        rows=[*(row for _, _, row in sorted(rows, key=lambda one: one[:2])), total],
        widths=(14, 4, 8, 18, 7),
        figures=(1, 2, 4),
    )
