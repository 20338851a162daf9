"""The page a payer sees, by a link nobody can guess: the sum and the state, nothing of the person."""

from contextlib import suppress
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from abonent.contexts.payments.models import Agent, OnlineOrder, OnlineOrderState
from abonent.contexts.payments.online import PAID
from abonent.interfaces.office.roles import ANYONE, allow
from abonent.usecases import online_payments
from abonent.usecases.online_payments import OnlineRefused, Way


@allow(ANYONE)
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, online_id: UUID) -> HttpResponse:
    """The state of an order, with the way to the acquirer's page; a POST asks the acquirer for that page again."""
    order = OnlineOrder.objects.select_related("account", "agent__supplier").filter(pk=online_id).first()
    if order is None:
        raise Http404
    if request.method == "POST":
        with suppress(OnlineRefused):  # the page says that the bank is silent
            way = way_of(request, order.agent_id)
            online_payments.open_order(order_id=online_id, way=way, at=timezone.now())
        return redirect("office:online_pay", online_id)
    now = timezone.now()
    in_time = order.expires_at is None or order.expires_at > now
    waits = order.state in (OnlineOrderState.OPEN, OnlineOrderState.REFUSED) and in_time
    context = {
        "order": order,
        "supplier": order.agent.supplier,
        "is_paid": order.state in PAID or order.paid_at is not None,
        "is_refused": order.state == OnlineOrderState.REFUSED,
        "is_new": order.state == OnlineOrderState.NEW and in_time,
        "pay_url": order.pay_url if waits and not order.paid_at else "",
        "left_minor": order.amount_minor - order.refunded_minor,
    }
    response = render(request, "office/online/payer.html", context)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def way_of(request: HttpRequest, agent_id: int) -> Way:
    """Return where the payer comes back to and where notices go: under the public address, or the one just used."""
    code = Agent.objects.values_list("code", flat=True).get(pk=agent_id)
    nobody = UUID(int=0)
    back = public_address(request, reverse("office:online_pay", args=[nobody]))
    return Way(
        back=back.replace(str(nobody), "{order}"),
        notices=public_address(request, reverse("webhooks:acquiring", args=[code])),
        language=translation.get_language() or "ru",
    )


def public_address(request: HttpRequest, path: str) -> str:
    """Return a path as payers and the acquirer reach it: clerks may use an address of the inner network."""
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)
