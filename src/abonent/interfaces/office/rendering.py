"""Whole pages, their parts for htmx, and lists."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from abonent.interfaces.office.lists import Listing
from abonent.interfaces.office.spreadsheets import comma_separated, spreadsheet


def page_or_part(request: HttpRequest, *, page: str, part: str, context: dict[str, Any]) -> HttpResponse:
    """Answer with the part when htmx asks for it, with the page that includes the part otherwise."""
    asked_for_part = request.htmx and not request.htmx.history_restore_request
    response = render(request, part if asked_for_part else page, {**context, "part": part})
    # the two answers share an address: the browser must not show the part as the page on going back
    response.headers["Vary"] = "HX-Request"
    return response


def listed(
    request: HttpRequest,
    listing: Listing,
    *,
    file_name: str,
    page: str,
    context: dict[str, Any] | None = None,
    part: str = "office/lists/_list.html",
    rows: str = "office/lists/_rows.html",
) -> HttpResponse:
    """Answer with a list: its page, its table alone, its next rows, or all of it as a spreadsheet."""
    match request.GET.get("export"):
        case "xlsx":
            return spreadsheet(listing, name=file_name)
        case "csv":
            return comma_separated(listing, name=file_name)
    context = {**(context or {}), "listing": listing, "export_query": listing.query(export="xlsx")}
    if request.htmx and request.GET.get("after"):
        return render(request, rows, context)
    return page_or_part(request, page=page, part=part, context=context)
