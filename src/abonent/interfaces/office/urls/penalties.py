"""Penalties: runs, exclusions, calculations on demand."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
