"""The list of buildings and the building card."""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from abonent.contexts.charging.models import BuildingBalance, RunState
from abonent.contexts.charging.queries import balance_months, building_balance, usage_of_accounts
from abonent.contexts.contracts.queries import accounts, row_payer, terms_on
from abonent.contexts.metering.queries import meters_of_building
from abonent.contexts.places import queries as places
from abonent.contexts.places.models import BuildingKind, CommonNeeds, PremiseKind
from abonent.contexts.places.queries import address_of, building_passport
from abonent.interfaces.office.filters import BuildingFilter
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import STAFF, allow
from abonent.kernel.periods import Month


@allow(*STAFF)
def buildings(request: HttpRequest) -> HttpResponse:
    """The list of buildings, by streets and house numbers in their natural order."""
    filters = BuildingFilter(request.GET)
    columns = [
        Column(
            name="address",
            title=_("Address"),
            order=("street_name", "number_order", "number"),
            text=lambda row: address_of(
                street_kind=row["street_kind"], street=row["street_name"], building=row["number"]
            ),
            link=lambda row: reverse("office:building", args=[row["id"]]),
        ),
        Column(name="branch_name", title=_("Branch"), order=("branch_name",), minor_on_phone=True),
        Column(
            name="kind", title=_("Kind"), text=lambda row: BuildingKind(row["kind"]).label, order=("kind",)
        ),
        Column(name="floors", title=_("Floors"), kind="count", order=("floors",), minor_on_phone=True),
        Column(name="premises_area_dm2", title=_("Premises, m²"), kind="area", order=("premises_area_dm2",)),
        Column(
            name="common_area_dm2",
            title=_("Common property, m²"),
            kind="area",
            order=("common_area_dm2",),
            minor_on_phone=True,
        ),
        Column(
            name="common_needs",
            title=_("Common needs are paid by"),
            minor_on_phone=True,
            order=("common_needs",),
            text=lambda row: "" if row["common_needs"] is None else CommonNeeds(row["common_needs"]).label,
        ),
    ]
    rows = filters.narrow(places.buildings(on=timezone.localdate()))
    listing = Listing(rows, columns, request.GET, default_sort="address", filters=filters)
    return listed(request, listing, file_name="buildings", page="office/buildings/list.html")


@allow(*STAFF)
def card(request: HttpRequest, building_id: int) -> HttpResponse:
    """The building card: passport, the balance of a month, and who lives there."""
    today = timezone.localdate()
    months = balance_months(building_id=building_id)
    period = _chosen(request.GET.get("period", ""), months)
    passport = building_passport(building_id=building_id, on=period or today)
    if passport is None:
        raise Http404
    balance = building_balance(building_id=building_id, period=period) if period else None
    listing = _premises(request, building_id, period=period, on=today)
    context = {
        "passport": passport,
        "months": months,
        "period": period,
        "balance": balance,
        "balance_rows": _balance_rows(balance) if balance else [],
        "is_proposal": bool(balance and balance.run.state == RunState.RATED),
        "meters": meters_of_building(building_id=building_id, on=today),
    }
    page = "office/buildings/card.html"
    return listed(request, listing, file_name=f"building-{building_id}", page=page, context=context)


def _chosen(text: str, months: list[date]) -> date | None:
    try:
        return Month.parse(text).first_day
    except ValueError:
        return months[0] if months else None


def _premises(request: HttpRequest, building_id: int, *, period: date | None, on: date) -> Listing:
    """The accounts of the building with what they used in the month."""
    rows = accounts().filter(building_id=building_id, during__contains=period or on)
    ids = list(rows.order_by().values_list("id", flat=True))
    used = usage_of_accounts(account_ids=ids, period=period) if period else {}
    terms = terms_on(building_id=building_id, on=period or on)

    def of_usage(name: str) -> Any:
        return lambda row: used.get(row["id"], {}).get(name)

    def of_terms(name: str) -> Any:
        return lambda row: getattr(terms.get(row["premise_id"]), name, None)

    def premise_word(row: dict[str, Any]) -> str:
        number = row["premise_number"] or gettext("whole house")
        if row["premise_kind"] == PremiseKind.NONLIVING:
            return gettext("%(number)s, non-living") % {"number": number}
        return str(number)

    columns = [
        Column(
            name="premise",
            title=_("Premise"),
            order=("premise_order", "premise_number", "share_no"),
            text=premise_word,
        ),
        Column(
            name="number",
            title=_("Account"),
            order=("number",),
            link=lambda row: reverse("office:account", args=[row["number"]]),
        ),
        Column(
            name="payer",
            title=_("Payer"),
            text=row_payer,
            minor_on_phone=True,
            order=("last_name", "first_name", "middle_name", "organisation"),
        ),
        Column(name="area", title=_("Area, m²"), kind="area", text=of_terms("area_dm2"), minor_on_phone=True),
        Column(
            name="residents",
            title=_("Residents"),
            kind="count",
            text=of_terms("residents"),
            minor_on_phone=True,
        ),
        Column(name="own", title=_("Own use, kWh"), kind="kwh", text=of_usage("own_wh")),
        Column(name="common", title=_("Common needs, kWh"), kind="kwh", text=of_usage("common_wh")),
        Column(name="amount", title=_("Charged"), kind="minor", text=of_usage("amount_minor")),
    ]
    return Listing(rows, columns, request.GET, default_sort="premise", page_rows=100)


def _balance_rows(balance: BuildingBalance) -> list[dict[str, Any]]:
    """The balance in the order it is computed; figures that play no part are left out."""
    parts = [
        (_("Counted by the building meter"), balance.supplied_wh, "source"),
        (_("Non-living premises"), balance.nonliving_wh, "part"),
        (_("Living, by norm"), balance.norm_wh, "part"),
        (_("Living, by meters and averages"), balance.metered_wh, "part"),
        (_("Heating and hot water"), balance.heating_wh, "part"),
        (_("Common needs"), balance.common_wh, "total"),
        (_("Norm of common needs (the cap)"), balance.cap_wh, "note"),
        (_("Shared out to consumers"), balance.distributed_wh, "total"),
        (_("Left to the executor"), balance.executor_wh, "part"),
        (_("Returned to residents"), balance.negative_wh, "part"),
        (_("Nobody to charge"), balance.unassigned_wh, "warning"),
        (_("Could not be returned"), balance.unreturned_wh, "warning"),
    ]
    return [
        {"name": name, "usage_wh": usage_wh, "kind": kind}
        for name, usage_wh, kind in parts
        if usage_wh or kind == "total"
    ]
