"""Payments: the list, the card, what is unidentified, settings of allocation."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
