"""Statements and registries, and what of them arrived at the bank."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
