"""What every page knows."""

from typing import Any

from django.http import HttpRequest

THEMES = ("light", "dark")


def page(request: HttpRequest) -> dict[str, Any]:
    """The theme is kept by the browser, so that the first paint is already right."""
    theme = request.COOKIES.get("theme", "")
    return {"theme": theme if theme in THEMES else "light"}
