"""Billing periods: open ones take lines, closed ones refuse them."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from abonent.contexts.charging import queries as charging
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import STAFF, allow
from abonent.interfaces.office.words import period_state


@allow(*STAFF)
def periods(request: HttpRequest) -> HttpResponse:
    columns = [
        Column(name="month", title=_("Month"), kind="month", order=("month",)),
        Column(
            name="state",
            title=_("State"),
            kind="word",
            text=lambda row: period_state(row["state"]),
            order=("state",),
        ),
        Column(name="closed_at", title=_("Closed at"), kind="moment"),
    ]
    listing = Listing(charging.periods(), columns, request.GET, default_sort="-month")
    return listed(request, listing, file_name="periods", page="office/periods/list.html")
