"""Billing periods: open ones take lines, closed ones refuse them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.charging import queries as charging
from abonent.contexts.charging.operations import PeriodRefused, close_period, open_period
from abonent.contexts.parties.queries import supplier_id
from abonent.interfaces.office import formats
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import APPROVERS, STAFF, allow
from abonent.interfaces.office.views.lookups import read_month
from abonent.interfaces.office.words import period_state
from abonent.kernel.periods import Month
from abonent.usecases.refusal_words import tell_period

DIALOG = "office/periods/_dialog.html"


@allow(*STAFF)
def periods(request: HttpRequest) -> HttpResponse:
    """The list of periods and the month that comes next."""
    columns = [
        Column(name="month", title=gettext_lazy("Month"), kind="month", order=("month",)),
        Column(
            name="state",
            title=gettext_lazy("State"),
            kind="word",
            text=lambda row: period_state(row["state"]),
            order=("state",),
        ),
        Column(name="closed_at", title=gettext_lazy("Closed at"), kind="moment"),
    ]
    listing = Listing(charging.periods(), columns, request.GET, default_sort="-month")
    choices = charging.period_choices()
    newest = Month.of(choices[0].month) if choices else Month.of(timezone.localdate()).previous()
    context = {
        "next": newest.next().first_day,
        "open_months": [row.month for row in choices if row.is_open],
        "closed_months": [row.month for row in choices if not row.is_open],
    }
    return listed(request, listing, file_name="periods", page="office/periods/list.html", context=context)


@allow(*APPROVERS)
@require_http_methods(["GET", "POST"])
def open_month(request: HttpRequest) -> HttpResponse:
    """Ask, then open a month, or a closed one again."""
    month = read_month(request.GET.get("month") or request.POST.get("month", ""))
    known = {row.month: row.is_open for row in charging.period_choices()}
    context = {
        "title": _("Open %(month)s?") % {"month": formats.month_within(month.first_day)},
        "text": _("It was closed: bills of it may have been sent. Charges posted now will change its totals.")
        if month.first_day in known
        else _("Runs can be made for it, and lines booked in it."),
        "button": _("Open the month"),
        "month": month,
        "address": reverse("office:period_open"),
    }
    if request.method == "GET":
        return render(request, DIALOG, context)
    try:
        open_period(supplier_id=supplier_id(), month=month)
    except PeriodRefused as refusal:
        return render(request, DIALOG, {**context, "refusal": tell_period(refusal)}, status=422)
    return HttpResponseClientRedirect(reverse("office:periods"))


@allow(*APPROVERS)
@require_http_methods(["GET", "POST"])
def close_month(request: HttpRequest) -> HttpResponse:
    """Ask, then close a month to new lines."""
    month = read_month(request.GET.get("month") or request.POST.get("month", ""))
    context = {
        "title": _("Close %(month)s?") % {"month": formats.month_within(month.first_day)},
        "text": _("It takes no more lines. What has to be corrected later is booked in an open month."),
        "button": _("Close the month"),
        "month": month,
        "address": reverse("office:period_close"),
    }
    if request.method == "GET":
        return render(request, DIALOG, context)
    try:
        close_period(supplier_id=supplier_id(), month=month, at=timezone.now())
    except PeriodRefused as refusal:
        return render(request, DIALOG, {**context, "refusal": tell_period(refusal)}, status=422)
    return HttpResponseClientRedirect(reverse("office:periods"))
