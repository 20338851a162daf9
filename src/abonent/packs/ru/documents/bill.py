"""The electricity bill of a household as plain data (ПП РФ 354, п. 69): the contract of whoever prints one.

Money in kopecks, energy in Wh, prices in 1e-5 of a rouble per kWh, areas in dm². Nothing here is formatted;
`bill_page` turns a document into the words and figures of a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from abonent.kernel.periods import Month

HISTORY_MONTHS = 13
# A meter whose verification ends this soon after the bill's date is pointed out.
VERIFICATION_NOTICE = timedelta(days=60)


class BillDoesNotAddUp(ValueError):
    """A total of the bill is not the sum of its parts; `what` names it, with both figures in kopecks."""

    def __init__(self, *, account_number: str, what: str, stated_minor: int, added_minor: int) -> None:
        super().__init__(
            f"account {account_number}: {what} is {stated_minor}, its parts add up to {added_minor}"
        )
        self.account_number, self.what = account_number, what
        self.stated_minor, self.added_minor = stated_minor, added_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """Who bills and where the money goes (п. 69 "б")."""

    name: str
    short_name: str
    inn: str
    kpp: str
    address: str
    phones: str
    bank_name: str
    bic: str
    bank_account: str
    correspondent_account: str
    site: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillMeter:
    """One register of a meter over the month. `zone` and `method` are codes of `wording`; readings are face values."""

    serial: str
    model: str
    zone: int
    previous_on: date
    previous_wh: int
    current_on: date
    current_wh: int
    usage_wh: int
    method: str
    verified_until: date | None = None
    ratio: int = 1
    digits: int = 6
    removed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One charged volume. `service` 1 individual, 2 common needs (ОДН); `method` as in BillMeter, may be empty.

    `uplift_minor` is the excess charged through the increasing coefficient; the total includes it.
    """

    service: int
    zone: int
    quantity_wh: int
    price_e5: int
    amount_minor: int
    total_minor: int
    method: str = ""
    uplift_minor: int = 0
    recalculation_minor: int = 0
    recalculation_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthUsage:
    """What was used in a month, by zone code; `estimated` when any of it was not read from a meter."""

    month: Month
    usage_wh: Mapping[int, int]
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildingVolumes:
    """Volumes and areas of the building (п. 69 "д", "е"); None where the building has no such figure."""

    meter_usage_wh: int | None = None
    living_usage_wh: int | None = None
    non_living_usage_wh: int | None = None
    common_usage_wh: int | None = None
    common_norm_wh_per_m2: int | None = None
    premises_area_dm2: int | None = None
    common_area_dm2: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillBenefit:
    """A measure of social support the account's people are due for the month (п. 69 "ж"); not taken off the bill.

    It does not say which: a bill is seen by others. `due_minor` None: not known.
    """

    percent: int
    within_norm: bool
    people: int
    due_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDocument:
    """One bill. `opening_minor` above zero is a debt, below an advance; so is `total_due_minor`.

    Raises BillDoesNotAddUp when a line, the charges or the total due differ from their parts:
    total due = opening − paid + charged + recalculated + penalty + written off.
    """

    supplier: Supplier
    number: str
    issued_on: date
    period: Month
    account_number: str
    payer_name: str
    address: str
    tariff_group: str
    residents: int
    rooms: int
    area_dm2: int
    lines: tuple[BillLine, ...]
    opening_minor: int
    paid_minor: int
    charged_minor: int
    recalculated_minor: int
    total_due_minor: int
    due_on: date
    paid_on: date | None = None  # the day of the last payment counted
    payer_names: tuple[str, str, str] | None = None  # last, first and middle name, when the payer is a person
    meters: tuple[BillMeter, ...] = ()
    norm_wh_per_resident: int | None = None
    building: BuildingVolumes | None = None
    history: tuple[MonthUsage, ...] = ()
    reading_days: tuple[int, int] | None = None  # first and last day of the month to hand in readings
    messages: tuple[str, ...] = ()
    benefits: tuple[BillBenefit, ...] = ()
    subsidy_minor: int = 0  # what the state paid; `paid_minor` includes it
    penalty_minor: int = 0  # penalties and court costs of the month
    written_off_minor: int = 0  # below zero where a debt went

    def __post_init__(self) -> None:
        for number, line in enumerate(self.lines, start=1):
            parts = line.amount_minor + line.uplift_minor + line.recalculation_minor
            self._must_equal(f"the total of line {number}", line.total_minor, parts)
        charged = sum(line.amount_minor + line.uplift_minor for line in self.lines)
        self._must_equal("charged", self.charged_minor, charged)
        recalculated = sum(line.recalculation_minor for line in self.lines)
        self._must_equal("recalculated", self.recalculated_minor, recalculated)
        due = self.opening_minor - self.paid_minor + self.charged_minor + self.recalculated_minor
        due += self.penalty_minor + self.written_off_minor
        self._must_equal("total due", self.total_due_minor, due)

    def _must_equal(self, what: str, stated_minor: int, added_minor: int) -> None:
        if stated_minor != added_minor:
            raise BillDoesNotAddUp(
                account_number=self.account_number,
                what=what,
                stated_minor=stated_minor,
                added_minor=added_minor,
            )
