"""The account card with its payments: what is paid, month by month and debt by debt, and by which payments."""

from collections import defaultdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from abonent.contexts.contracts.queries import AccountHead
from abonent.contexts.ledger.queries import balance_minor
from abonent.contexts.payments import queries
from abonent.contexts.payments.listing import payments
from abonent.interfaces.office.lists import Listing
from abonent.interfaces.office.money_forms import WriteOffForm, new_key
from abonent.interfaces.office.money_words import debt_words
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import MONEY_KEEPERS, STAFF, allow
from abonent.interfaces.office.views.accounts import CARD, tab_frame
from abonent.interfaces.office.views.lookups import head_of
from abonent.interfaces.office.views.payment_cards import booked, dialog, read_day
from abonent.interfaces.office.views.payments import payment_columns
from abonent.usecases import take_payment

MONTHS_SHOWN = 24


@allow(*STAFF)
def account_payments(request: HttpRequest, number: str) -> HttpResponse:
    """The tab: the table of debts as of a day, then the payments."""
    head = head_of(number)
    on = read_day(request.GET.get("on", ""))
    listing = Listing(
        payments().filter(account_id=head.account_id),
        payment_columns(few=True, with_account=False),
        request.GET,
        default_sort="-booked_on",
    )
    context = {"number": number, **paid_table(head, on=on, every="all" in request.GET)}
    frame = {"head": head, "tab": "payments"} if request.htmx else tab_frame(request, head, "payments")
    return listed(
        request,
        listing,
        file_name=f"payments-{number}",
        page=CARD,
        part="office/lists/_list.html" if request.htmx.target == "list" else "office/money/_account.html",
        context={**frame, **context, "csv_query": listing.query(export="csv")},
    )


def paid_table(head: AccountHead, *, on: Any, every: bool) -> dict[str, Any]:
    """What each month owes by debt, what covers it and what is open, the latest first; what is paid ahead."""
    covers = defaultdict(list)
    for one in queries.allocations_of(account_ids=[head.account_id], on=on):
        covers[one.period, one.service, one.debt].append(one)
    rows = [
        {
            "period": one.period,
            "debt": debt_words(debt=one.debt, service=one.service),
            "owed_minor": one.owed_minor,
            "covers": sorted(covers[one.period, one.service, one.debt], key=_by_day),
            "open_minor": one.open_minor,
        }
        for one in reversed(queries.debts_of(account_ids=[head.account_id], on=on))
    ]
    shown = (
        rows
        if every
        else [row for place, row in enumerate(rows) if place < MONTHS_SHOWN or row["open_minor"]]
    )
    return {
        "on": on,
        "debts": shown,
        "more_debts": len(rows) - len(shown),
        "open_minor": sum(row["open_minor"] for row in rows if row["open_minor"] > 0),
        "free": queries.free_payments(account_id=head.account_id, on=on),
        "advance_minor": queries.advance_minor(account_id=head.account_id, on=on),
    }


def _by_day(cover: queries.Cover) -> Any:
    return (cover.paid_on is not None, cover.paid_on, cover.payment_id)


@allow(*MONEY_KEEPERS)
@require_http_methods(["GET", "POST"])
def write_off(request: HttpRequest, number: str) -> HttpResponse:
    """Write the small remainder of an account off."""
    head = head_of(number)
    form = WriteOffForm(request.POST or None, initial=booked() | new_key())
    balance = balance_minor(account_id=head.account_id)

    def do(values: dict[str, Any], by: dict[str, Any]) -> str:
        take_payment.write_off(account_id=head.account_id, reason=values["reason"], **by)
        return reverse("office:account_payments", args=[number])

    return dialog(
        request,
        form,
        do,
        title=_("Write the remainder off?"),
        button=_("Write off"),
        text=_("Everything that is open on the account goes by an entry of its own."),
        remainder_minor=balance,
    )
