"""Payments: the list, the card, what is unidentified, settings of allocation."""

from django.urls import URLPattern, path

from abonent.interfaces.office.views import payments

urlpatterns: list[URLPattern] = [
    path("payments/", payments.payments, name="payments"),
]
