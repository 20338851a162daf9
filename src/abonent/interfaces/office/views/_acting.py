"""What all pages do that change something by a form: show it, do it or say why not, go on."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from abonent.interfaces.office.place_forms import PlaceForm
from abonent.usecases.premises import By, PlaceRefused


def form_page(
    request: HttpRequest,
    form: PlaceForm,
    *,
    title: str,
    back: str,
    button: str,
    act: Callable[[By], str],
    page: str = "office/places/form.html",
    **context: Any,
) -> HttpResponse:
    """Show a form; when it is sent, `act` on it and go to the address it returns, or show the refusal."""
    if request.method == "POST" and form.is_valid():
        by = By(
            at=timezone.now(),
            actor_id=request.user.pk,
            document=form.cleaned_data.get("document", "").strip(),
        )
        try:
            with transaction.atomic():
                return redirect(act(by))
        except PlaceRefused as refusal:
            form.refuse(refusal)
    context |= {"form": form, "title": title, "back": back, "button": button}
    return render(request, page, context, status=422 if form.errors else 200)


def tell_done(request: HttpRequest, text: str, *, months: int = 0) -> None:
    """Say what was done, and that billed months wait for recalculation where they do."""
    if months:
        waiting = ngettext(
            "%(count)d billed month waits for recalculation.",
            "%(count)d billed months wait for recalculation.",
            months,
        ) % {"count": months}
        text = f"{text} {waiting}"
    messages.success(request, text)


def nothing_changed(request: HttpRequest) -> None:
    messages.info(request, _("Nothing is different, so nothing was written."))


def pdf(content: bytes, *, name: str) -> HttpResponse:
    """Answer with a PDF that the browser shows."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
