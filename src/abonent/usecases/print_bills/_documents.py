"""From the rows of a chunk to bill documents."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.parties.models import PartyKind
from abonent.contexts.parties.models import Supplier as SupplierRow
from abonent.contexts.places.models import BuildingKind, CommonNeeds
from abonent.engine import registry
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.kernel.quantities import parse_kwh
from abonent.packs.ru import explanations
from abonent.packs.ru.documents.bill import (
    BillDocument,
    BillMeter,
    BuildingVolumes,
    MonthUsage,
    Supplier,
)
from abonent.packs.ru.rules import catalogue
from abonent.usecases.letterhead import letterhead
from abonent.usecases.print_bills._houses import House
from abonent.usecases.print_bills._lines import Charges, charges
from abonent.usecases.print_bills._meters import bill_meters
from abonent.usecases.print_bills._rows import Chunk, Row

_ESTIMATED = (catalogue.AVERAGE.number, catalogue.NORM.number)
_BY_NORM = 2


@dataclass(frozen=True)
class Press:
    """What is the same on all bills of a print."""

    supplier: Supplier
    reading_days: tuple[int, int]
    month: Month
    language: str
    common_norms_wh: dict[str, int]

    @classmethod
    def of(cls, supplier: SupplierRow, *, month: Month, language: str, parameters: ParameterSet) -> "Press":
        norms = parameters.version("ru.electricity.common_norms", on=month.first_day).rows
        return cls(
            supplier=letterhead(supplier),
            reading_days=(supplier.reading_from_day, supplier.reading_to_day),
            month=month,
            language=language,
            common_norms_wh={str(row["category"]): parse_kwh(row["kwh_per_m2"] or "0") for row in norms},
        )

    def document(self, head: Row, chunk: Chunk, house: House) -> BillDocument:
        """Make one bill. Raises BillDoesNotAddUp when it differs from the books."""
        account_id = head["account_id"]
        entries = chunk.entries.get(account_id, [])
        charged = charges(chunk.lines.get(account_id, []), entries, month=self.month, language=self.language)
        places = chunk.installations.get(head["premise_id"], [])
        meters = tuple(bill_meters(places, charged.standing, chunk, month=self.month))
        return BillDocument(
            supplier=self.supplier,
            number=head["bill_number"],
            issued_on=head["issued_on"],
            period=self.month,
            account_number=head["number"],
            payer_name=_payer(head),
            payer_names=_names(head),
            address=house.address_of(head["premise_number"]),
            tariff_group=head["tariff_group"] or "",
            residents=head["residents"] or 0,
            rooms=head["rooms"] or 0,
            area_dm2=head["area_dm2"] or 0,
            lines=charged.lines,
            opening_minor=head["opening_minor"],
            paid_minor=head["paid_minor"],
            paid_on=max(
                (one["booked_on"] for one in entries if one["kind"] == EntryKind.PAYMENT), default=None
            ),
            charged_minor=head["charged_minor"] + charged.moved_minor,
            recalculated_minor=head["recalculated_minor"] - charged.moved_minor,
            penalty_minor=head["penalty_minor"],
            written_off_minor=head["written_off_minor"],
            total_due_minor=head["total_minor"],
            due_on=head["due_on"],
            meters=meters,
            norm_wh_per_resident=_norm_of(charged),
            building=self._building(house, chunk.balances.get(house.building_id)),
            history=tuple(_history(chunk.history.get(account_id, []))),
            reading_days=self.reading_days,
            messages=tuple(self._messages(head, chunk, charged, meters)),
            benefits=tuple(chunk.benefits.get(account_id, [])),
            subsidy_minor=-sum(one["amount_minor"] for one in entries if one["kind"] == EntryKind.SUBSIDY),
        )

    def _building(self, house: House, balance: Row | None) -> BuildingVolumes | None:
        if house.kind != BuildingKind.APARTMENT or house.common_needs != CommonNeeds.CONSUMERS:
            return None
        norm_wh = self.common_norms_wh.get(str(house.common_norm_category))
        areas = BuildingVolumes(
            common_norm_wh_per_m2=norm_wh,
            premises_area_dm2=house.premises_area_dm2,
            common_area_dm2=house.common_area_dm2,
        )
        if balance is None:
            return areas
        return BuildingVolumes(
            meter_usage_wh=None if balance["method"] == _BY_NORM else balance["supplied_wh"],
            living_usage_wh=balance["norm_wh"] + balance["metered_wh"],
            non_living_usage_wh=balance["nonliving_wh"],
            common_usage_wh=balance["common_wh"],
            common_norm_wh_per_m2=norm_wh,
            premises_area_dm2=house.premises_area_dm2,
            common_area_dm2=house.common_area_dm2,
        )

    def _messages(
        self, head: Row, chunk: Chunk, charged: Charges, meters: tuple[BillMeter, ...]
    ) -> Iterator[str]:
        if head["account_id"] in chunk.parked and not charged.standing:
            yield explanations.message("parked", month=self.month, language=self.language)
        for method in ("average", "norm"):
            serials = dict.fromkeys(meter.serial for meter in meters if meter.method == method)
            if serials:
                yield explanations.message(
                    method, month=self.month, language=self.language, serials=", ".join(serials)
                )


def _payer(head: Row) -> str:
    if head["party_kind"] == PartyKind.ORGANISATION:
        return str(head["organisation"])
    return " ".join(filter(None, (head["last_name"], head["first_name"], head["middle_name"])))


def _names(head: Row) -> tuple[str, str, str] | None:
    if head["party_kind"] == PartyKind.ORGANISATION:
        return None
    return head["last_name"], head["first_name"], head["middle_name"]


def _norm_of(charged: Charges) -> int | None:
    for line in charged.standing:
        if line["rule"] == catalogue.NORM.number:
            return registry.rule(line["rule"]).facts(line["because"])["norm_wh_per_person"]
    return None


def _history(rows: list[Row]) -> Iterator[MonthUsage]:
    usage: dict[date, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    estimated = set()
    for row in rows:
        usage[row["period"]][row["zone"]] += row["usage_wh"]
        if row["rule"] in _ESTIMATED and row["usage_wh"]:
            estimated.add(row["period"])
    for period, zones in usage.items():
        yield MonthUsage(month=Month.of(period), usage_wh=dict(zones), estimated=period in estimated)
