"""Payments begun online, as the office sees them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
