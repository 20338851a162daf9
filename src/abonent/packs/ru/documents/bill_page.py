"""From a bill's data to the words and figures of its page: everything a template prints is made here.

The page itself is `bill.typ`; it only places what it is given, so that a page costs little to set.
"""

from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import Any

from abonent.kernel.money import format_minor
from abonent.kernel.quantities import format_area, format_price, format_wh
from abonent.packs.ru.documents import wording
from abonent.packs.ru.documents.bill import (
    HISTORY_MONTHS,
    VERIFICATION_NOTICE,
    BillDocument,
    BillLine,
    BillMeter,
    MonthUsage,
)
from abonent.packs.ru.formats import payment_qr

# Rows of both tables together; beyond these the page is set tighter, so that it stays one page.
_ROWS_NORMAL, _ROWS_COMPACT = 7, 11
# The payer's block: so many letters fit a line for certain, and so many lines before it outgrows the amount due.
_METER_CHARS = 32
_PAYER_LINE_CHARS, _PAYER_LINES = 40, 8
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class BillSheet:
    """How bills are printed in one language: the template, its fixed words, and a page for each document."""

    language: str = "ru"
    template: Path = field(default=Path(__file__).with_name("bill.typ"), init=False)

    @property
    def title(self) -> str:
        return wording.words(self.language)["document"]

    @property
    def shared(self) -> dict[str, Any]:
        """What is the same on every page of a print."""
        return {"language": self.language, "words": wording.words(self.language)}

    def page(self, document: BillDocument, /) -> dict[str, Any]:
        """Return the figures of one page as text; `qr` is the payload of its payment code."""
        return _Page(self.language, document).as_dict()


def payment_code(document: BillDocument, /) -> str:
    """Return the text of the payment QR (ГОСТ Р 56042-2014).

    The payee goes by its short name, to leave room; the bank's is cut to the length the standard allows. An advance
    leaves the sum to the payer. Period with purpose, the payer's names and КПП are added, in this order, where
    the code keeps to the recommended 300 bytes: names seldom do, and the account tells whose it is without them.
    Raises payment_qr.BadPaymentCode when the supplier's details are wrong.
    """
    supplier = document.supplier
    cut = payment_qr.MAX_CHARS
    month = f"{document.period.month:02}.{document.period.year}"
    purpose = wording.PURPOSE.format(month=month)
    required = {
        "Name": supplier.short_name[: cut["Name"]],
        "PersonalAcc": supplier.bank_account,
        "BankName": supplier.bank_name[: cut["BankName"]],
        "BIC": supplier.bic,
        "CorrespAcc": supplier.correspondent_account or "0",
        "PersAcc": document.account_number,
        "Sum": str(document.total_due_minor) if document.total_due_minor > 0 else "",
        "PayeeINN": supplier.inn,
    }
    names = dict(zip(("LastName", "FirstName", "MiddleName"), document.payer_names or (), strict=False))
    optional = (
        {"PaymPeriod": month.replace(".", ""), "Purpose": purpose},
        names,
        {"KPP": supplier.kpp},
    )
    return payment_qr.encode(required=required, optional=optional)


@dataclass(frozen=True, slots=True)
class _Page:
    language: str
    bill: BillDocument

    def as_dict(self) -> dict[str, Any]:
        bill, words = self.bill, wording.words(self.language)
        rows = len(bill.lines) + len(bill.meters)
        return {
            "qr": payment_code(bill),
            "density": 0 if rows <= _ROWS_NORMAL else 1 if rows <= _ROWS_COMPACT else 2,
            "title": words["title"].format(month=wording.month_name(bill.period, language=self.language)),
            "number": words["number"].format(number=bill.number, day=wording.short_day(bill.issued_on)),
            "period": wording.month_name(bill.period, language=self.language),
            "supplier": self.supplier(),
            "account": bill.account_number,
            "payer": bill.payer_name,
            "address": bill.address,
            "extra_lines": self.extra_lines(),
            "area": f"{format_area(bill.area_dm2, language=self.language)} м²",
            "people": self.people(words),
            "tariff_group": bill.tariff_group,
            "due": self.due(words),
            "balance": self.balance(words),
            "lines": [self.line(line) for line in bill.lines],
            "totals": self.totals(words),
            "meters": (meters := self.meters(words)),
            "tall_meters": [len(cells[0]) > _METER_CHARS for cells in meters],
            "no_meter": "" if bill.meters else self.no_meter(words),
            "chart": self.chart(),
            "reference": self.reference(words),
            "notes": self.notes(words),
            "boxes": [self.boxes(meter) for meter in bill.meters if meter.removed_on is None],
        }

    def supplier(self) -> dict[str, Any]:
        supplier = self.bill.supplier
        return {
            "name": supplier.name,
            "short_name": supplier.short_name,
            "address": supplier.address,
            "contacts": [
                line
                for line in (supplier.phones, " · ".join(filter(None, (supplier.email, supplier.site))))
                if line
            ],
            "inn": supplier.inn,
            "kpp": supplier.kpp,
            "bank_name": supplier.bank_name,
            "bic": supplier.bic,
            "bank_account": supplier.bank_account,
            "correspondent_account": supplier.correspondent_account,
        }

    def people(self, words: dict[str, str]) -> list[tuple[str, str]]:
        rooms = [(words["rooms"], str(self.bill.rooms))] if self.bill.rooms else []
        return [*rooms, (words["residents"], str(self.bill.residents))]

    def extra_lines(self) -> int:
        """How many lines the payer's block needs beyond those it has room for beside the amount due."""
        texts = (self.bill.payer_name, self.bill.address, self.bill.tariff_group)
        return max(sum(-(-len(text) // _PAYER_LINE_CHARS) for text in texts) - _PAYER_LINES, 0)

    def due(self, words: dict[str, str]) -> dict[str, str]:
        bill = self.bill
        owed = bill.total_due_minor > 0
        deadline = words["pay_by"].format(day=wording.long_day(bill.due_on, language=self.language))
        return {
            "amount": self.money(max(bill.total_due_minor, 0)),
            "deadline": deadline if owed else words["advance_due"],
        }

    def balance(self, words: dict[str, str]) -> list[str]:
        bill = self.bill
        paid = (
            words["paid_last"].format(day=wording.short_day(bill.paid_on)) if bill.paid_on else words["paid"]
        )
        seldom = (("penalty", bill.penalty_minor), ("written_off", bill.written_off_minor))
        rows = [
            (
                words["opening_debt"] if bill.opening_minor >= 0 else words["opening_advance"],
                bill.opening_minor,
            ),
            (paid, -bill.paid_minor),
            (words["charged"], bill.charged_minor),
            (words["recalculated"], bill.recalculated_minor),
            *((words[name], amount) for name, amount in seldom if amount),
            (words["total"], bill.total_due_minor),
        ]
        return [text for label, amount_minor in rows for text in (label, self.money(amount_minor))]

    def line(self, line: BillLine) -> list[str]:
        name = wording.service_name(line.service, language=self.language)
        return [
            name if line.zone == 1 else f"{name}, {wording.zone_name(line.zone, language=self.language)}",
            wording.method_name(line.method, language=self.language),
            self.energy(line.quantity_wh),
            format_price(line.price_e5, language=self.language),
            self.money(line.amount_minor),
            self.money_or_blank(line.uplift_minor),
            self.money_or_blank(line.recalculation_minor),
            self.money(line.total_minor),
        ]

    def totals(self, words: dict[str, str]) -> list[str]:
        lines = self.bill.lines
        return [
            words["total"],
            "",
            self.energy(sum(line.quantity_wh for line in lines)),
            "",
            self.money(sum(line.amount_minor for line in lines)),
            self.money_or_blank(sum(line.uplift_minor for line in lines)),
            self.money_or_blank(self.bill.recalculated_minor),
            self.money(self.bill.charged_minor + self.bill.recalculated_minor),
        ]

    def meters(self, words: dict[str, str]) -> list[list[str]]:
        """The serial, model and verification stand only on the first row of a meter."""
        rows = []
        shown: tuple[str, date | None] | None = None
        for meter in self.bill.meters:
            first = shown != (meter.serial, meter.removed_on)
            shown = (meter.serial, meter.removed_on)
            removed = (
                words["removed"].format(day=wording.short_day(meter.removed_on)) if meter.removed_on else ""
            )
            verified = wording.short_day(meter.verified_until) if meter.verified_until else _NOTHING
            rows.append(
                [
                    ", ".join(filter(None, (meter.serial, meter.model, removed))) if first else "",
                    verified if first else "",
                    wording.zone_name(meter.zone, language=self.language),
                    wording.short_day(meter.previous_on),
                    self.energy(meter.previous_wh),
                    wording.short_day(meter.current_on),
                    self.energy(meter.current_wh),
                    str(meter.ratio),
                    self.energy(meter.usage_wh),
                    wording.method_name(meter.method, language=self.language),
                ]
            )
        return rows

    def no_meter(self, words: dict[str, str]) -> str:
        norm_wh = self.bill.norm_wh_per_resident
        return (
            words["no_meter_plain"]
            if norm_wh is None
            else words["no_meter"].format(norm=self.energy(norm_wh))
        )

    def months(self) -> list[MonthUsage]:
        """The last months up to the billed one. A month without data keeps its place."""
        known = {usage.month: usage for usage in self.bill.history}
        months = (self.bill.period.shift(offset) for offset in range(1 - HISTORY_MONTHS, 1))
        return [known.get(month) or MonthUsage(month=month, usage_wh={}) for month in months]

    def chart(self) -> dict[str, Any]:
        """The months as stacked bars: tops in thousandths of the tallest bar, the first zone lowest."""
        months = self.months()
        zones = sorted({zone for usage in months for zone in usage.usage_wh})
        tops_wh = [
            list(accumulate(max(usage.usage_wh.get(zone, 0), 0) for zone in zones)) for usage in months
        ]
        tallest_wh = max((tops[-1] for tops in tops_wh if tops), default=0) or 1
        tops = [[top_wh * 1000 // tallest_wh for top_wh in month] for month in tops_wh]
        drawn = [index for index, usage in enumerate(months) if usage.usage_wh]

        def bars(*, estimated: bool) -> list[list[tuple[int, int]]]:
            chosen = [index for index in drawn if months[index].estimated == estimated]
            return (
                [[(index, tops[index][level]) for index in chosen] for level in range(len(zones))]
                if chosen
                else []
            )

        return {
            "months": [
                {
                    "name": wording.short_month(usage.month, language=self.language),
                    "year": str(usage.month.year) if usage.month.month == 1 or usage is months[0] else "",
                }
                for usage in months
            ],
            "zones": [wording.zone_name(zone, language=self.language) for zone in zones],
            "metered": bars(estimated=False),
            "estimated": bars(estimated=True),
            "values": [
                (tops[index][-1], str(_whole_kwh(sum(usage.usage_wh.values()))))
                if usage.usage_wh
                else (0, "")
                for index, usage in enumerate(months)
            ],
        }

    def reference(self, words: dict[str, str]) -> list[str]:
        rows: list[str] = []
        building = self.bill.building
        if building is not None:
            for key, wh in (
                ("building_meter", building.meter_usage_wh),
                ("living_usage", building.living_usage_wh),
                ("non_living_usage", building.non_living_usage_wh),
                ("common_usage", building.common_usage_wh),
                ("common_norm", building.common_norm_wh_per_m2),
            ):
                if wh is not None:
                    rows += (words[key], self.energy(wh))
            for key, dm2 in (
                ("premises_area", building.premises_area_dm2),
                ("common_area", building.common_area_dm2),
            ):
                if dm2 is not None:
                    rows += (words[key], format_area(dm2, language=self.language))
        if self.bill.norm_wh_per_resident is not None:
            rows += (words["norm"], self.energy(self.bill.norm_wh_per_resident))
        return rows

    def notes(self, words: dict[str, str]) -> list[str]:
        notes = [
            words["recalculation_note"].format(
                amount=self.money(line.recalculation_minor), reason=line.recalculation_reason
            )
            for line in self.bill.lines
            if line.recalculation_reason
        ]
        ending: dict[str, date] = {
            meter.serial: meter.verified_until
            for meter in self.bill.meters
            if meter.verified_until and meter.removed_on is None
        }
        for serial, day in ending.items():
            if day < self.bill.issued_on + VERIFICATION_NOTICE:
                key = "verification_past" if day < self.bill.issued_on else "verification_soon"
                notes.append(words[key].format(serial=serial, day=wording.short_day(day)))
        if self.bill.reading_days and any(meter.removed_on is None for meter in self.bill.meters):
            first, last = self.bill.reading_days
            notes.append(words["readings_window"].format(first=first, last=last))
        return [*notes, *self.support(words), *self.bill.messages]

    def support(self, words: dict[str, str]) -> list[str]:
        """What the state pays: compensations to people, subsidies counted as paid."""
        notes = []
        for benefit in self.bill.benefits:
            facts = {
                "percent": benefit.percent,
                "volume": words["benefit_norm" if benefit.within_norm else "benefit_whole"],
                "people": benefit.people,
            }
            if benefit.due_minor is None:
                notes.append(words["benefit_unknown"].format(**facts))
            else:
                notes.append(words["benefit_note"].format(amount=self.money(benefit.due_minor), **facts))
        if self.bill.subsidy_minor:
            notes.append(words["subsidy_note"].format(amount=self.money(self.bill.subsidy_minor)))
        return notes

    def boxes(self, meter: BillMeter) -> dict[str, Any]:
        """The place for a new reading: as many boxes as the register has digits."""
        return {
            "label": f"{meter.serial}, {wording.zone_name(meter.zone, language=self.language)}",
            "digits": meter.digits,
        }

    def money(self, amount_minor: int) -> str:
        return format_minor(amount_minor, language=self.language).replace("-", "−")

    def money_or_blank(self, amount_minor: int) -> str:
        return self.money(amount_minor) if amount_minor else ""

    def energy(self, usage_wh: int) -> str:
        return format_wh(usage_wh, language=self.language).replace("-", "−")


def _whole_kwh(usage_wh: int) -> int:
    return (usage_wh + 500) // 1000
