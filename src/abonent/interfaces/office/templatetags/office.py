"""Filters and tags of the office's templates."""

from datetime import date, timedelta
from typing import Any

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from abonent.interfaces.office import formats, roles
from abonent.usecases.reports import figures

register = template.Library()

SPRITE = "vendor/tabler-icons-3.51.0/sprite.svg"


def _filter(name: str) -> None:
    register.filter(name, lambda value: formats.shown(value, name))


for _kind in ("minor", "signed", "kwh", "price", "area", "count", "day", "moment", "month", "month_within"):
    _filter(_kind)


@register.filter
def day_before(value: date) -> str:
    """Write the last day of a half-open range."""
    return formats.day(value - timedelta(days=1))


@register.simple_tag
def shown(value: Any, kind: str) -> str:
    """Write a fact of a report by its kind."""
    return figures.shown(value, kind, language=formats.language())


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon of the sprite; it repeats what words beside it say, so readers of the screen skip it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>', css, static(SPRITE), name
    )


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], name: str) -> bool:
    """Tell whether the reader may open the office's view of this name."""
    return roles.may(context["request"], name)


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], *sections: str) -> str:
    """Mark the section of the menu the page belongs to."""
    request: HttpRequest = context["request"]
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    return "active" if name.split("_")[0] in sections else ""
