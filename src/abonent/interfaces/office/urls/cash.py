"""The cash desk: shifts, receipts, the close of the day."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
