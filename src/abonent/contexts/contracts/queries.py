"""What is asked about accounts."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from abonent.contexts.contracts.models import (
    Absence,
    Account,
    AccountService,
    BenefitHolder,
    PremiseTerms,
    Service,
    TariffGroup,
    UpliftCause,
)
from abonent.contexts.parties.models import PartyKind
from abonent.contexts.places.models import Premise, PremiseKind
from abonent.contexts.places.queries import number_order, row_address
from abonent.kernel.periods import Month


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The dated facts the account is billed by."""

    begins_on: date
    tariff_group: str
    area_dm2: int
    rooms: int
    residents: int
    owners: int
    uplift_cause: str


@dataclass(frozen=True, kw_only=True)
class AccountHead:
    """The top of the account card."""

    account_id: int
    number: str
    payer: str
    phone: str
    email: str
    address: str
    building_id: int
    premise_id: int
    is_living: bool
    share_no: int
    branch: str
    has_benefit: bool
    opens_on: date
    closes_on: date | None
    services: list[str]
    terms: Terms | None

    def is_open(self, *, on: date) -> bool:
        return self.opens_on <= on and (self.closes_on is None or on < self.closes_on)


def accounts() -> QuerySet[Account, dict[str, Any]]:
    """Rows of accounts with payer and address; `row_address` and `row_payer` write them."""
    return Account.objects.annotate(
        party_kind=F("party__kind"),
        last_name=F("party__last_name"),
        first_name=F("party__first_name"),
        middle_name=F("party__middle_name"),
        organisation=F("party__name"),
        street_kind=F("building__street__kind"),
        street_name=F("building__street__name"),
        building_number=F("building__number"),
        building_order=number_order("building__number"),
        premise_number=F("premise__number"),
        premise_order=F("premise__sort_key"),
        premise_kind=F("premise__kind"),
    ).values(
        "id",
        "number",
        "building_id",
        "premise_id",
        "share_no",
        "during",
        "party_kind",
        "last_name",
        "first_name",
        "middle_name",
        "organisation",
        "street_kind",
        "street_name",
        "building_number",
        "building_order",
        "premise_number",
        "premise_order",
        "premise_kind",
    )


def row_payer(row: dict[str, Any]) -> str:
    """Write the payer of a row of `accounts`."""
    if row["party_kind"] == PartyKind.ORGANISATION:
        return str(row["organisation"])
    return " ".join(part for part in (row["last_name"], row["first_name"], row["middle_name"]) if part)


def account_head(*, number: str, on: date) -> AccountHead | None:
    """Return the top of an account's card as of a day, or None when there is no such account."""
    row = (
        accounts()
        .annotate(
            phone=F("party__phone"),
            email=F("party__email"),
            branch=F("building__branch__name"),
            has_benefit=Exists(BenefitHolder.objects.filter(account=OuterRef("id"), during__contains=on)),
        )
        .filter(number=number)
        .first()
    )
    if row is None:
        return None
    # the building's index is looked in: that of the exclusion takes no literal numbers
    services = AccountService.objects.filter(
        building_id=row["building_id"], account_id=row["id"], during__contains=on
    ).order_by("service")
    return AccountHead(
        account_id=row["id"],
        number=row["number"],
        payer=row_payer(row),
        phone=row["phone"],
        email=row["email"],
        address=row_address(row),
        building_id=row["building_id"],
        premise_id=row["premise_id"],
        is_living=row["premise_kind"] == PremiseKind.LIVING,
        share_no=row["share_no"],
        branch=row["branch"],
        has_benefit=row["has_benefit"],
        opens_on=row["during"].lower,
        closes_on=row["during"].upper,
        services=[str(Service(service.service).label) for service in services],
        terms=terms_of(building_id=row["building_id"], premise_id=row["premise_id"], on=on),
    )


def terms_of(*, building_id: int, premise_id: int, on: date) -> Terms | None:
    """Return the facts a premise is billed by on a day."""
    terms = (
        PremiseTerms.objects.filter(building_id=building_id, premise_id=premise_id, during__contains=on)
        .select_related("tariff_group")
        .first()
    )
    if terms is None:
        return None
    return Terms(
        begins_on=terms.during.lower,
        tariff_group=terms.tariff_group.name,
        area_dm2=terms.area_dm2,
        rooms=terms.rooms,
        residents=terms.residents,
        owners=terms.owners,
        uplift_cause=str(UpliftCause(terms.uplift_cause).label) if terms.uplift_cause else "",
    )


@dataclass(frozen=True, kw_only=True)
class PremiseFacts:
    area_dm2: int
    residents: int


def terms_on(*, building_id: int, on: date) -> dict[int, PremiseFacts]:
    """Return area and residents of the premises of a building on a day, by premise."""
    rows = PremiseTerms.objects.filter(building_id=building_id, during__contains=on)
    return {
        row["premise_id"]: PremiseFacts(area_dm2=row["area_dm2"], residents=row["residents"])
        for row in rows.values("premise_id", "area_dm2", "residents")
    }


@dataclass(frozen=True, kw_only=True)
class AccountScope:
    account_id: int
    number: str
    payer: str


def account_scope(*, number: str) -> AccountScope | None:
    """Return what names an account, or None when there is no such number."""
    row = accounts().filter(number=number).first()
    return row and AccountScope(account_id=row["id"], number=row["number"], payer=row_payer(row))


def accounts_with_service(
    *,
    month: Month,
    branch_id: int | None = None,
    building_id: int | None = None,
    account_id: int | None = None,
) -> int:
    """Count the accounts that have electricity in a month, of a branch, a building or one."""
    rows = AccountService.objects.filter(
        service=Service.ELECTRICITY, during__overlap=DateRange(month.first_day, month.next().first_day)
    )
    if branch_id:
        rows = rows.filter(building__branch_id=branch_id)
    if building_id:
        rows = rows.filter(building_id=building_id)
    if account_id:
        rows = rows.filter(account_id=account_id)
    return rows.values("account_id").distinct().count()


def account_id(*, number: str) -> int:
    """Return the account of a number. Raises LookupError naming the number."""
    found = Account.objects.filter(number=number).values_list("id", flat=True).first()
    if found is None:
        raise LookupError(f"there is no account {number}")
    return found


def tariff_group_id(*, code: str) -> int:
    """Return a tariff group's id by its code. Raises LookupError."""
    found = TariffGroup.objects.filter(code=code).values_list("id", flat=True).first()
    if found is None:
        raise LookupError(f"there is no tariff group {code}")
    return found


def premises_of_building(*, building_id: int, on: date) -> QuerySet[Premise, dict[str, Any]]:
    """Rows of the premises of a building with their terms of a day and how many accounts are open on it."""
    terms = PremiseTerms.objects.filter(building_id=building_id, premise=OuterRef("pk"), during__contains=on)
    opened = Account.objects.filter(building_id=building_id, premise=OuterRef("pk"), during__contains=on)
    counted = opened.order_by().values("premise").annotate(number_of=Count("pk")).values("number_of")
    return (
        Premise.objects.filter(building_id=building_id)
        .annotate(
            parent_number=Coalesce("parent__number", Value("")),
            area_dm2=Subquery(terms.values("area_dm2")[:1]),
            rooms=Subquery(terms.values("rooms")[:1]),
            people=Subquery(terms.values("residents")[:1]),
            tariff_name=Subquery(terms.values("tariff_group__name")[:1]),
            accounts_open=Coalesce(Subquery(counted), 0),
        )
        .values(
            "id",
            "number",
            "sort_key",
            "kind",
            "parent_number",
            "area_dm2",
            "rooms",
            "people",
            "tariff_name",
            "accounts_open",
        )
    )


def absences() -> QuerySet[Absence, dict[str, Any]]:
    """Rows of applications by absence with the address of the premise; `row_address` writes it."""
    return Absence.objects.annotate(
        street_kind=F("premise__building__street__kind"),
        street_name=F("premise__building__street__name"),
        building_number=F("premise__building__number"),
        premise_number=F("premise__number"),
    ).values(
        "id",
        "state",
        "people",
        "left_on",
        "returned_on",
        "applied_on",
        "document",
        "street_kind",
        "street_name",
        "building_number",
        "premise_number",
    )
