"""The first page and the search that stands above every page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from abonent.contexts.charging.queries import periods, run_scope, runs
from abonent.contexts.contracts.search import search as search_accounts
from abonent.interfaces.office.roles import STAFF, allow
from abonent.interfaces.office.words import period_state, run_state

HITS = 12
HITS_ON_PAGE = 60


@allow(*STAFF)
def desk(request: HttpRequest) -> HttpResponse:
    """What is going on: the open months and the last runs."""
    last_runs = [
        {**row, "scope": run_scope(row), "state_word": run_state(row["state"])}
        for row in runs().order_by("-id")[:6]
    ]
    months = [{**row, "state_word": period_state(row["state"])} for row in periods().order_by("-month")[:4]]
    return render(request, "office/desk.html", {"runs": last_runs, "months": months})


@allow(*STAFF)
def search(request: HttpRequest) -> HttpResponse:
    """Hits as one types, or a page of them."""
    text = request.GET.get("q", "").strip()[:100]
    is_typing = bool(request.htmx)
    found = search_accounts(text=text, on=timezone.localdate(), limit=HITS if is_typing else HITS_ON_PAGE)
    context = {"found": found, "search_text": text}
    return render(request, "office/search/_hits.html" if is_typing else "office/search/page.html", context)
