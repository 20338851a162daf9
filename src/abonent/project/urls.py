"""Addresses. Each interface keeps its own under its own room."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("webhooks/", include("abonent.interfaces.webhooks.urls")),
    path("", include("abonent.interfaces.office.urls")),
]
