"""Readings that wait for a person: the list, and decisions one by one or many at once."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from abonent.contexts.access.queries import user_names
from abonent.contexts.contracts.held_readings import held_readings, payers_of, season_of
from abonent.contexts.contracts.queries import row_payer
from abonent.contexts.metering.models import ReadingStatus, RowDecision, Zone
from abonent.contexts.places.queries import address_of
from abonent.interfaces.office.lists import PAGE_ROWS, Column, Listing, Row
from abonent.interfaces.office.reading_filters import HeldFilter
from abonent.interfaces.office.reading_forms import CorrectionForm
from abonent.interfaces.office.rendering import listed
from abonent.interfaces.office.roles import DECIDERS, STAFF, allow
from abonent.interfaces.office.words import reading_status, row_decision
from abonent.usecases import import_readings, packs
from abonent.usecases.import_readings import DecisionRefused
from abonent.usecases.reading_reasons import reason

MOST_AT_ONCE = 1_000
LIST = "office/held/_list.html"
ROWS = "office/held/_rows.html"
ROW = "office/held/_row.html"
# what has a column of its own on the screen; the file has all
HEADS = (
    "address",
    "row_no",
    "taken_on",
    "previous_wh",
    "value_wh",
    "usage_wh",
    "average_wh",
    "season_wh",
    "status",
    "decision",
)


@allow(*STAFF)
def held(request: HttpRequest) -> HttpResponse:
    """The list, of every file."""
    listing = _listing(request.GET)
    file_id = listing.filters.values().get("file") if listing.filters else None
    context = {
        "heads": [heading for heading in listing.headings if heading["column"].name in HEADS],
        "file": file_id and listing.rows.values("file_id", "file_name").first(),
        "most_at_once": MOST_AT_ONCE,
    }
    return listed(
        request,
        listing,
        file_name="held-readings",
        page="office/held/list.html",
        context=context,
        part=LIST,
        rows=ROWS,
    )


@allow(*DECIDERS)
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, row_id: int) -> HttpResponse:
    """A row opened to be corrected; or accepted, refused, accepted with a correction; then as it has become."""
    row = _row(row_id)
    if request.method == "GET":
        if "back" in request.GET:
            return _answer(request, row)
        form = CorrectionForm(row=row)
        return _answer(request, row, form=form)
    accept = request.POST.get("decision") == "accept"
    form = CorrectionForm(request.POST, row=row) if "value" in request.POST else None
    if form and not form.is_valid():
        return _answer(request, row, form=form, status=422)
    now = timezone.now()
    decided = import_readings.decide(
        row_ids=[row_id],
        accept=accept,
        actor_id=request.user.pk,
        at=now,
        today=timezone.localdate(now),
        parameters=packs.pack_parameters(),
        **(form.correction() if form and accept else {}),
    )
    if reasons := decided.refused.get(row_id):
        refusal = "; ".join(map(_words, reasons))
        return _answer(request, _row(row_id), form=form, refusal=refusal, status=422)
    response = _answer(request, _row(row_id))
    if decided.along:
        # other zones of the same meter were decided with it: their rows are asked for anew
        response.headers["HX-Trigger"] = "held-changed"
    return response


@allow(*DECIDERS)
@require_POST
def undo(request: HttpRequest, row_id: int) -> HttpResponse:
    """Take a decision back."""
    row = _row(row_id)
    try:
        import_readings.undo_decision(row_id=row_id, actor_id=request.user.pk, at=timezone.now())
    except DecisionRefused as refusal:
        return _answer(request, row, refusal=_words(refusal.code), status=422)
    return _answer(request, _row(row_id))


@allow(*DECIDERS)
@require_http_methods(["GET", "POST"])
def decide_many(request: HttpRequest) -> HttpResponse:
    """Show what a decision on many rows would do; confirmed, do it."""
    asked = request.POST if request.method == "POST" else request.GET
    accept = asked.get("decision") == "accept"
    if request.method == "GET":
        return render(request, "office/held/_many.html", _preview(_asked_rows(asked), accept=accept))
    row_ids = [int(text) for text in asked.get("rows", "").split(",") if text.isdigit()][:MOST_AT_ONCE]
    now = timezone.now()
    decided = import_readings.decide(
        row_ids=row_ids,
        accept=accept,
        actor_id=request.user.pk,
        at=now,
        today=timezone.localdate(now),
        parameters=packs.pack_parameters(),
    )
    refused = Counter(_words(code) for codes in decided.refused.values() for code in codes)
    context = {"accept": accept, "decided": decided, "refused": refused.most_common()}
    response = render(request, "office/held/_many_done.html", context)
    response.headers["HX-Trigger"] = "held-changed"
    return response


def _words(code: str) -> str:
    """Say why a row stays as it is: what happened to it meanwhile, else what is wrong with the reading."""
    words = {
        "no_row": _("This row is no longer there."),
        "decided_already": _("Somebody has decided on this reading already."),
        "annulled_already": _("The reading is annulled already."),
        "not_decided": _("Nobody has decided on this reading yet."),
        "used": _(
            "A bill that was posted since rests on this reading. Correct it in the history of the account."
        ),
    }
    return words.get(code) or reason(code).title


def _asked_rows(asked: QueryDict) -> Iterable[Row]:
    """The rows ticked, or those of the list's filter when none are named."""
    waiting = held_readings().filter(decision=RowDecision.WAITING).order_by("-id")
    ticked = [int(text) for text in asked.getlist("row") if text.isdigit()]
    if asked.get("which") == "ticked":
        return waiting.filter(id__in=ticked)[:MOST_AT_ONCE]
    return HeldFilter(asked).narrow(waiting)[: MOST_AT_ONCE + 1]


def _preview(rows: Iterable[Row], *, accept: bool) -> dict[str, Any]:
    """What is about to be decided: how many, for what reasons, of how much energy; what stays as it is."""
    found = list(rows)
    chosen = found[:MOST_AT_ONCE]
    # a rejected reading is accepted only with a correction of its own
    doable = [row for row in chosen if not accept or row["status"] == ReadingStatus.DOUBTFUL]
    reasons = Counter(reason(code).title for row in doable for code in row["reasons"])
    largest = sorted(doable, key=lambda row: -(row["usage_wh"] or 0))[:5]
    prepare(largest)
    return {
        "accept": accept,
        "rows": doable,
        "row_ids": ",".join(str(row["id"]) for row in doable),
        "left_out": len(chosen) - len(doable),
        "cut_at": MOST_AT_ONCE if len(found) > MOST_AT_ONCE else 0,
        "reasons": reasons.most_common(),
        "usage_wh": sum(row["usage_wh"] or 0 for row in doable),
        "largest": largest,
    }


def _row(row_id: int) -> Row:
    row = held_readings().filter(id=row_id).first()
    if row is None:
        raise Http404
    prepare([row])
    return row


def _answer(
    request: HttpRequest,
    row: Row,
    *,
    form: CorrectionForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    return render(request, ROW, {"row": row, "form": form, "refusal": refusal}, status=status)


def prepare(rows: list[Row]) -> None:
    """Add to rows what is asked for many at once: payers, last year's season, people; and what is said in words."""
    payers = payers_of(row["account_id"] for row in rows)
    seasons = season_of(rows)
    people = user_names(row["decided_by_id"] for row in rows)
    for row in rows:
        payer = payers.get(row["account_id"])
        row["payer"] = row_payer(payer) if payer else ""
        row["account_number"] = payer["number"] if payer else str(row["said"].get("account", ""))
        row["account_url"] = reverse("office:account_readings", args=[payer["number"]]) if payer else ""
        row["address"] = _address(row)
        row["meter"] = row["serial"] or str(row["said"].get("serial", ""))
        row["zone_name"] = _zone(row)
        row["season_wh"] = _whole_kwh(seasons.get(row["id"]))
        row["average_wh"] = _whole_kwh(row["average_wh"], ratio=row["ratio"] or 1)
        row["said_value"] = row["said"].get(f"value_t{row['part']}" if row["part"] else "value") or ""
        told = [reason(code) for code in row["reasons"]]
        row["why"] = [one.title for one in told]
        row["advice"] = " ".join(one.advice for one in told)
        row["status_word"] = reading_status(row["status"])
        row["decision_word"] = row_decision(row["decision"])
        row["is_waiting"] = row["decision"] == RowDecision.WAITING
        row["is_doubtful"] = row["status"] == ReadingStatus.DOUBTFUL
        row["decided_by"] = people.get(row["decided_by_id"], "")


def _whole_kwh(usage_wh: int | None, *, ratio: int = 1) -> int | None:
    """What is only to compare with is shown without a fraction."""
    return None if usage_wh is None else usage_wh * ratio // 1000 * 1000


def _zone(row: Row) -> str:
    if row["zone"]:
        return "" if row["zone"] == Zone.SINGLE else str(Zone(row["zone"]).label)
    return f"T{row['part']}" if row["part"] else str(row["said"].get("zone") or "")


def _address(row: Row) -> str:
    if not row["street_name"]:
        return ""
    return address_of(
        street_kind=row["street_kind"],
        street=row["street_name"],
        building=row["building_number"],
        premise=row["premise_number"],
    )


def _listing(params: QueryDict) -> Listing:
    filters = HeldFilter(params)
    columns = [
        Column(
            name="address",
            title=gettext_lazy("Address"),
            order=("street_name", "building_order", "building_number", "premise_order"),
        ),
        Column(name="account_number", title=gettext_lazy("Account")),
        Column(name="payer", title=gettext_lazy("Payer")),
        Column(name="meter", title=gettext_lazy("Meter")),
        Column(name="zone_name", title=gettext_lazy("Zone")),
        Column(
            name="row_no",
            title=gettext_lazy("Row of the file"),
            order=("file_id", "row_no"),
            minor_on_phone=True,
        ),
        Column(
            name="taken_on", title=gettext_lazy("Taken on"), kind="day", order=("day",), minor_on_phone=True
        ),
        Column(name="previous_on", title=gettext_lazy("Previous on"), kind="day"),
        Column(name="previous_wh", title=gettext_lazy("Previous, kWh"), kind="kwh", minor_on_phone=True),
        Column(name="value_wh", title=gettext_lazy("New, kWh"), kind="kwh"),
        Column(name="usage_wh", title=gettext_lazy("Used, kWh"), kind="kwh", order=("usage_order",)),
        Column(name="average_wh", title=gettext_lazy("A month on average"), kind="kwh", minor_on_phone=True),
        Column(name="season_wh", title=gettext_lazy("A year ago"), kind="kwh", minor_on_phone=True),
        Column(
            name="status",
            title=gettext_lazy("Why"),
            kind="word",
            order=("status",),
            text=lambda row: row["status_word"],
        ),
        Column(name="why", title=gettext_lazy("Reasons"), text=lambda row: "; ".join(row["why"])),
        Column(
            name="decision",
            title=gettext_lazy("Decision"),
            kind="word",
            order=("decision",),
            text=lambda row: row["decision_word"],
        ),
        Column(name="decided_by", title=gettext_lazy("Decided by")),
        Column(name="decided_at", title=gettext_lazy("Decided at"), kind="moment"),
        Column(name="sender", title=gettext_lazy("Sender")),
        Column(name="file_name", title=gettext_lazy("File")),
    ]
    rows = filters.narrow(held_readings())
    return Listing(
        rows, columns, params, default_sort="row_no", filters=filters, prepare=prepare, page_rows=PAGE_ROWS
    )
