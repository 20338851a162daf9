"""A building's list of meters: readings entered with the keyboard, sent at once."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import reswap, retarget

from abonent.contexts.contracts.reading_list import short_payers
from abonent.contexts.metering.models import Zone
from abonent.contexts.places.queries import building_passport
from abonent.interfaces.office import formats
from abonent.interfaces.office.reading_forms import ReadingListForm
from abonent.interfaces.office.rendering import page_or_part
from abonent.interfaces.office.roles import READING_TAKERS, STAFF, allow, may
from abonent.kernel.periods import Month
from abonent.usecases import import_readings, packs
from abonent.usecases.import_readings import ListEntered, ListRegister, RowJudged
from abonent.usecases.reading_reasons import reason

PART = "office/buildings/_reading_list.html"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A register as a row of the table: what was typed, and what is wrong or doubtful about it.

    Figures are written already: a page of a thousand rows is put together twice as fast from plain text.
    """

    register: ListRegister
    key: str
    premise: str
    payer: str
    account_url: str
    label: str
    zone: str
    digits: str
    ratio: str
    capacity_wh: str
    previous_wh: str
    previous: str
    previous_on: str
    read: str
    is_read: bool
    typed: str
    errors: list[str]
    is_doubtful: bool
    is_confirmed: bool


@allow(*STAFF)
def reading_list(request: HttpRequest, building_id: int) -> HttpResponse:
    """The list as of a day; what was typed before comes back from the browser's storage."""
    today = timezone.localdate()
    asked = QueryDict(mutable=True)
    asked["taken_on"] = request.GET.get("taken_on") or today.isoformat()
    asked["source"] = request.GET.get("source") or "1"
    form = ReadingListForm(asked, today=today)
    form.is_valid()
    context = _context(request, building_id, form)
    return page_or_part(request, page="office/buildings/readings.html", part=PART, context=context)


@allow(*READING_TAKERS)
@require_POST
def check(request: HttpRequest, building_id: int) -> JsonResponse:
    """Judge what was typed into one row, storing nothing: installation → what is doubtful about it."""
    form = ReadingListForm(request.POST, today=timezone.localdate())
    if not form.is_valid():
        return JsonResponse({})
    values, errors = form.read_values()
    try:
        judged = _enter(request, building_id, form, values, dry_run=True).rows
    except ValueError as error:
        raise Http404 from error
    told = {row.installation_id: "; ".join(reason(code).title for code in row.reasons) for row in judged}
    return JsonResponse({**told, **errors})


@allow(*READING_TAKERS)
@require_POST
def send(request: HttpRequest, building_id: int) -> HttpResponse:
    """Store what can be; the rest stays in its fields with the reason. Asks first when not all is filled in."""
    form = ReadingListForm(request.POST, today=timezone.localdate())
    if not form.is_valid():
        return render(request, PART, _context(request, building_id, form), status=422)
    values, errors = form.read_values()
    if not values and not errors:
        context = _context(request, building_id, form, refusal=_("Nothing is filled in yet."))
        return render(request, PART, context, status=422)
    if not errors and "partly" not in request.POST:
        lines = _lines(building_id, form)
        missing = sum(not line.is_read and line.register.installation_id not in values for line in lines)
        if missing:
            response = render(
                request, "office/buildings/_not_all.html", {"missing": missing, "total": len(lines)}
            )
            return reswap(retarget(response, "#dialog"), "innerHTML")
    try:
        entered = _enter(request, building_id, form, values)
    except ValueError as error:
        raise Http404 from error
    context = _context(request, building_id, form, entered=entered, errors=errors)
    return render(request, PART, context, status=422 if context["outcome"]["refused"] else 200)


def _enter(
    request: HttpRequest,
    building_id: int,
    form: ReadingListForm,
    values: dict[int, int],
    *,
    dry_run: bool = False,
) -> ListEntered:
    now = timezone.now()
    return import_readings.enter_list(
        building_id=building_id,
        taken_on=form.cleaned_data["taken_on"],
        values=values,
        source=form.cleaned_data["source"],
        actor_id=request.user.pk,
        today=timezone.localdate(now),
        at=now,
        parameters=packs.pack_parameters(),
        confirmed=form.confirmed(),
        dry_run=dry_run,
    )


def _context(
    request: HttpRequest,
    building_id: int,
    form: ReadingListForm,
    *,
    entered: ListEntered | None = None,
    errors: dict[int, str] | None = None,
    refusal: str = "",
) -> dict[str, Any]:
    passport = building_passport(building_id=building_id, on=timezone.localdate())
    if passport is None:
        raise Http404
    judged = {row.installation_id: row for row in entered.rows} if entered else {}
    refused = {key: row for key, row in judged.items() if row.status in ("doubtful", "rejected")}
    taken_in = judged.keys() - refused.keys()
    lines = _lines(building_id, form, refused=refused, errors=errors or {}, taken_in=taken_in)
    return {
        "passport": passport,
        "form": form,
        "today": form.today,
        "lines": lines,
        "done": sum(line.is_read or bool(line.typed) for line in lines),
        "may_send": may(request, "building_readings_send"),
        "refusal": refusal,
        "forget": sorted(taken_in),
        "outcome": entered
        and {
            "stored": entered.stored,
            "known": entered.known,
            "refused": len(refused) + len(errors or {}),
            "months": entered.months_to_recalculate,
        },
    }


def _lines(
    building_id: int,
    form: ReadingListForm,
    *,
    refused: dict[int, RowJudged] | None = None,
    errors: dict[int, str] | None = None,
    taken_in: set[int] | None = None,
) -> list[Line]:
    on: date = form.cleaned_data.get("taken_on") or form.today
    begins = Month.of(on).first_day
    registers = import_readings.list_registers(
        building_id=building_id, taken_on=on, parameters=packs.pack_parameters()
    )
    payers = short_payers(building_id=building_id, on=on)
    confirmed = form.confirmed()
    lines: list[Line] = []
    for register in registers:
        key = register.installation_id
        row = (refused or {}).get(key)
        told = [reason(code).title for code in row.reasons] if row else []
        if error := (errors or {}).get(key):
            told.append(error)
        premise = register.premise or (_("whole building") if register.premise_id is None else "")
        is_read = register.today_wh is not None or bool(
            register.previous_on and register.previous_on >= begins
        )
        is_first = not lines or lines[-1].register.premise_id != register.premise_id
        zone = "" if register.zone == Zone.SINGLE else str(Zone(register.zone).label)
        line = Line(
            register=register,
            key=str(key),
            premise=premise if is_first else "",
            payer=payers.get(register.premise_id or 0, "") if is_first else "",
            account_url=reverse("office:account", args=[register.account]) if register.account else "",
            label=", ".join(filter(None, [f"{premise} {register.serial}", zone])),
            zone=zone,
            digits=str(register.digits) + (f" × {register.ratio}" if register.ratio != 1 else ""),
            ratio=str(register.ratio),
            capacity_wh=str(10**register.digits * 1000),
            previous_wh="" if register.previous_wh is None else str(register.previous_wh),
            previous=formats.shown(register.previous_wh, "kwh"),
            previous_on=formats.day(register.previous_on) if register.previous_on else "",
            read="" if register.today_wh is None else formats.kwh(register.today_wh),
            is_read=is_read,
            typed="" if key in (taken_in or set()) else form.typed(key),
            errors=told,
            is_doubtful=bool(row and row.status == "doubtful"),
            is_confirmed=key in confirmed,
        )
        lines.append(line)
    return lines
