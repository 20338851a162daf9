"""The list of payments."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from abonent.contexts.payments.listing import payments as payment_rows
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.money_filters import PaymentFilter
from abonent.interfaces.office.money_words import payment_state
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import STAFF, allow


@allow(*STAFF)
def payments(request: HttpRequest) -> HttpResponse:
    """The list of payments of every channel and state."""
    filters = PaymentFilter(request.GET)
    columns = [
        Column(name="booked_on", title=_("Booked on"), kind="day", order=("booked_on",)),
        Column(name="paid_on", title=_("Paid on"), kind="day", order=("paid_on",), minor_on_phone=True),
        Column(
            name="number",
            title=_("Account"),
            link=lambda row: reverse("office:account", args=[row["number"]]) if row["number"] else None,
        ),
        Column(name="amount_minor", title=_("Amount"), kind="minor", order=("amount_minor",)),
        Column(name="agent_name", title=_("Channel"), minor_on_phone=True),
        Column(name="payer", title=_("Payer"), minor_on_phone=True),
        Column(name="purpose", title=_("Purpose"), minor_on_phone=True),
        Column(
            name="state",
            title=_("State"),
            kind="word",
            text=lambda row: payment_state(row["state"]),
        ),
    ]
    listing = Listing(
        filters.narrow(payment_rows()), columns, request.GET, default_sort="-booked_on", filters=filters
    )
    return listed(request, listing, file_name="payments", page="office/money/payments.html")
