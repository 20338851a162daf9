"""Statements of accounts, acts of reconciliation, exports to accounting."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
