"""Cash desks and what they are set up with: for the administrator."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from abonent.contexts.access.models import Role
from abonent.contexts.payments import cash
from abonent.contexts.payments.models import CashDesk
from abonent.interfaces.office.cash_forms import DeskForm
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import STAFF, allow, may
from abonent.interfaces.office.views.cash_till import tell_refusal
from abonent.usecases import cash_desk
from abonent.usecases.cash_desk import CashRefused


@allow(*STAFF)
def settings(request: HttpRequest) -> HttpResponse:
    """The list of desks, those put out of use as well."""
    may_edit = may(request, "cash_desk_edit")
    columns = [
        Column(
            name="name",
            title=gettext_lazy("Cash desk"),
            order=("name",),
            link=lambda row: reverse("office:cash_desk_edit", args=[row["id"]]) if may_edit else None,
        ),
        Column(name="branch_name", title=gettext_lazy("Branch"), order=("branch_name",)),
        Column(
            name="register",
            title=gettext_lazy("Register"),
            text=lambda row: row["register"].get("registration", ""),
            minor_on_phone=True,
        ),
        Column(
            name="active",
            title=gettext_lazy("State"),
            text=lambda row: _("in use") if row["active"] else _("out of use"),
        ),
    ]
    listing = Listing(cash.desks(), columns, request.GET, default_sort="name")
    return listed(request, listing, file_name="cash-desks", page="office/cash/settings.html")


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new desk."""
    return _edit(request, None)


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, desk_id: int) -> HttpResponse:
    """What a desk is set up with."""
    return _edit(request, get_object_or_404(CashDesk, pk=desk_id))


def _edit(request: HttpRequest, desk: CashDesk | None) -> HttpResponse:
    initial = {}
    if desk is not None:
        initial = {
            "branch": desk.branch_id,
            "name": desk.name,
            "active": desk.active,
            **desk.register,
            **desk.papers,
        }
    form = DeskForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            cash_desk.save_desk(
                desk_id=desk and desk.pk,
                branch_id=form.cleaned_data["branch"].pk,
                name=form.cleaned_data["name"],
                register=form.register(),
                papers=form.papers(),
                active=form.cleaned_data["active"],
            )
            messages.success(request, _("The desk is kept."))
            return redirect("office:cash_settings")
        except CashRefused as refusal:
            field = refusal.facts.get("field") if refusal.code == "bad_register" else None
            form.add_error(field if field in form.fields else None, tell_refusal(refusal))
    context = {"form": form, "desk": desk}
    return render(request, "office/cash/desk_form.html", context, status=422 if form.errors else 200)
