"""Holders of benefits and the categories they hold."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from abonent.contexts.contracts import benefits as queries
from abonent.contexts.contracts.models import BenefitCategory, BenefitHolder
from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.places.queries import address_of
from abonent.interfaces.office import formats
from abonent.interfaces.office.benefit_forms import CategoryForm, FileForm, HolderFilter, HolderForm
from abonent.interfaces.office.lists import Column, Listing, Row
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import BENEFIT_KEEPERS, STAFF, allow
from abonent.interfaces.office.views.benefit_files import KeptFile, errors_file, keep_upload
from abonent.interfaces.office.words import Word
from abonent.usecases import packs
from abonent.usecases.benefits import holder_files, holders
from abonent.usecases.benefits.tables import BadFile
from abonent.usecases.benefits.words import field_name, tell_file, tell_holder

SHOWN_ERRORS = 200


@allow(*STAFF)
def holders_list(request: HttpRequest) -> HttpResponse:
    """The list of holders, of all accounts or of one."""
    filters = HolderFilter(request.GET)
    columns = [
        Column(
            name="name",
            title=gettext_lazy("Holder"),
            order=("name",),
            link=lambda row: reverse("office:benefit_holder", args=[row["id"]]),
        ),
        Column(
            name="account_number",
            title=gettext_lazy("Account"),
            order=("account_number",),
            link=lambda row: reverse("office:account", args=[row["account_number"]]),
        ),
        Column(name="address", title=gettext_lazy("Address"), text=_address, minor_on_phone=True),
        Column(
            name="category_name",
            title=gettext_lazy("Category"),
            order=("category_name",),
            minor_on_phone=True,
        ),
        Column(name="percent", title=gettext_lazy("Percent"), kind="count", order=("percent",)),
        Column(
            name="people",
            title=gettext_lazy("People"),
            kind="count",
            text=lambda row: row["people"] if row["covers_family"] else 1,
            minor_on_phone=True,
        ),
        Column(name="document", title=gettext_lazy("Document"), minor_on_phone=True),
        Column(name="begins_on", title=gettext_lazy("Begins"), kind="day", minor_on_phone=True),
        Column(
            name="ends_on", title=gettext_lazy("Last day"), kind="day", text=_last_day, minor_on_phone=True
        ),
        Column(name="state", title=gettext_lazy("State"), kind="word", text=_state),
    ]
    listing = Listing(
        filters.narrow(queries.holders()), columns, request.GET, default_sort="name", filters=filters
    )
    return listed(request, listing, file_name="benefits", page="office/benefits/holders.html")


@allow(*BENEFIT_KEEPERS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter a holder."""
    form = HolderForm(request.POST or None, initial={"account": request.GET.get("account", "")})
    if request.method == "POST" and form.is_valid():
        try:
            holders.add(
                account=form.cleaned_data["account"],
                actor_id=request.user.pk,
                at=timezone.now(),
                **form.values(),
            )
        except holders.HolderRefused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The holder is entered."))
            return redirect("office:benefit_holders")
    status = 422 if form.errors else 200
    return render(request, "office/benefits/holder.html", {"form": form}, status=status)


@allow(*STAFF)
@require_http_methods(["GET", "POST"])
def holder(request: HttpRequest, holder_id: int) -> HttpResponse:
    """A holder as it stands; changed or ended by those who keep benefits."""
    row = queries.holders().filter(id=holder_id).first()
    if row is None:
        raise Http404
    may_change = getattr(request.user, "role", None) in BENEFIT_KEEPERS and not row["is_void"]
    initial = {
        "name": row["name"],
        "category": row["category_id"],
        "document": row["document"],
        "people": row["people"],
        "begins_on": row["begins_on"],
        "last_day": _last_day(row),
        "end_document": row["end_document"],
    }
    if request.method == "POST" and not may_change:
        return render(request, "office/refused.html", status=403)
    form = HolderForm(request.POST or None, initial=initial, is_known=True)
    if request.method == "POST" and form.is_valid():
        try:
            changed = holders.change(
                holder_id=holder_id,
                end_document=form.cleaned_data["end_document"],
                actor_id=request.user.pk,
                at=timezone.now(),
                **form.values(),
            )
        except holders.HolderRefused as refusal:
            form.refuse(refusal)
        else:
            told = (
                _("The holder is changed. The next registry reports what differs.")
                if changed
                else _("Nothing was changed.")
            )
            messages.success(request, told)
            return redirect("office:benefit_holders")
    context = {
        "form": form,
        "holder": row | {"address": _address(row), "last_day": _last_day(row), "state": _state(row)},
        "may_change": may_change,
    }
    return render(request, "office/benefits/holder.html", context, status=422 if form.errors else 200)


@allow(*BENEFIT_KEEPERS)
@require_POST
def remove(request: HttpRequest, holder_id: int) -> HttpResponse:
    """Take back a holder who never was one."""
    get_object_or_404(BenefitHolder, pk=holder_id)
    holders.remove(
        holder_id=holder_id,
        document=_("entered by mistake"),
        actor_id=request.user.pk,
        at=timezone.now(),
    )
    messages.success(request, _("The holder is taken back. The next registry takes back what was reported."))
    return redirect("office:benefit_holders")


@allow(*BENEFIT_KEEPERS)
@require_http_methods(["GET", "POST"])
def take_in(request: HttpRequest) -> HttpResponse:
    """A registry of the social security office: looked at first, then taken in."""
    form = FileForm(request.POST or None, request.FILES or None, fields=holder_files.FIELDS)
    context: dict[str, Any] = {"form": form}
    page = "office/benefits/import.html"
    if request.method == "GET" or not form.is_valid():
        return render(request, page, context, status=422 if form.errors else 200)
    kept = keep_upload(form)
    is_confirmed = "confirmed" in request.POST
    try:
        result = holder_files.import_holders(
            path=kept.path,
            name=kept.name,
            supplier_id=supplier_id(),
            actor_id=request.user.pk,
            at=timezone.now(),
            columns=form.columns(),
            dry_run=not is_confirmed,
        )
    except BadFile as error:
        return _mend(request, page, context, kept, tell_file(error))
    if "errors" in request.POST:
        return errors_file(kept.name, result.errors)
    if is_confirmed:
        messages.success(
            request,
            _(
                "Taken in: %(added)s entered, %(changed)s changed, %(unchanged)s as they were, %(errors)s refused."
            )
            % {
                "added": result.added,
                "changed": result.changed,
                "unchanged": result.unchanged,
                "errors": len(result.errors),
            },
        )
        return redirect("office:benefit_holders")
    context |= {
        "kept": kept,
        "result": result,
        "headings": [(field_name(name), heading) for name, heading in result.headings.items()],
        "errors": [
            {
                "row": one.row,
                "field": field_name(one.field),
                "text": one.text,
                "reason": tell_holder(one.code),
            }
            for one in result.errors[:SHOWN_ERRORS]
        ],
    }
    return render(request, page, context)


def _mend(request: HttpRequest, page: str, context: dict[str, Any], kept: KeptFile, why: str) -> HttpResponse:
    """Show why a file cannot be taken, with the fields to name its columns; the file need not be chosen again."""
    return render(request, page, context | {"kept": kept, "refusal": why}, status=422)


@allow(*STAFF)
def categories(request: HttpRequest) -> HttpResponse:
    """The list of categories."""
    columns = [
        Column(name="name", title=gettext_lazy("Category"), order=("name",)),
        Column(name="code", title=gettext_lazy("Code"), order=("code",)),
        Column(name="percent", title=gettext_lazy("Percent"), kind="count", order=("percent",)),
        Column(
            name="within_norm",
            title=gettext_lazy("Volume"),
            text=lambda row: _("within the norm") if row["within_norm"] else _("whole"),
            minor_on_phone=True,
        ),
        Column(
            name="covers_family",
            title=gettext_lazy("For whom"),
            text=lambda row: _("holder and family") if row["covers_family"] else _("holder"),
            minor_on_phone=True,
        ),
        Column(name="act", title=gettext_lazy("Act"), minor_on_phone=True),
        Column(name="holders", title=gettext_lazy("Holders"), kind="count"),
    ]
    listing = Listing(queries.categories(), columns, request.GET, default_sort="name")
    return listed(request, listing, file_name="benefit-categories", page="office/benefits/categories.html")


@allow(*BENEFIT_KEEPERS)
@require_http_methods(["GET", "POST"])
def new_category(request: HttpRequest) -> HttpResponse:
    """Enter a category of the region."""
    form = CategoryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        BenefitCategory.objects.create(**form.cleaned_data)
        messages.success(request, _("The category is entered."))
        return redirect("office:benefit_categories")
    status = 422 if form.errors else 200
    return render(request, "office/benefits/category.html", {"form": form}, status=status)


@allow(*BENEFIT_KEEPERS)
@require_POST
def federal_categories(request: HttpRequest) -> HttpResponse:
    """Enter the categories of federal law that are not there yet."""
    entered = holders.take_over_categories(parameters=packs.pack_parameters(), on=timezone.localdate())
    messages.success(request, _("Categories entered: %(count)s.") % {"count": formats.count(entered)})
    return redirect("office:benefit_categories")


def _address(row: Row) -> str:
    return address_of(
        street_kind=row["street_kind"],
        street=row["street_name"],
        building=row["building_number"],
        premise=row["premise_number"],
    )


def _last_day(row: Row) -> Any:
    return row["ends_on"] - timedelta(days=1) if row["ends_on"] else None


def _state(row: Row) -> Word:
    today = timezone.localdate()
    if row["is_void"]:
        return Word(_("taken back"), "secondary")
    if row["begins_on"] > today:
        return Word(_("to come"), "blue")
    if row["ends_on"] and row["ends_on"] <= today:
        return Word(_("ended"), "secondary")
    return Word(_("in force"), "green")
