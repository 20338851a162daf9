"""Payments begun online, as the office sees them, and the page the payer sees."""

from django.urls import URLPattern, path

from abonent.interfaces.office.views import online_days, online_orders, online_settings, payer

urlpatterns: list[URLPattern] = [
    path("payments/online/", online_orders.orders, name="online_orders"),
    path("payments/online/days/", online_days.day, name="online_days"),
    path("payments/online/days/ask/", online_days.ask, name="online_days_ask"),
    path("payments/online/settings/", online_settings.agents, name="online_settings"),
    path("payments/online/settings/new/", online_settings.new, name="online_agent_new"),
    path("payments/online/settings/<int:agent_id>/", online_settings.edit, name="online_agent"),
    path("payments/online/<uuid:online_id>/", online_orders.card, name="online_order"),
    path("payments/online/<uuid:online_id>/refund/", online_orders.refund, name="online_refund"),
    path("payments/online/<uuid:online_id>/ask/", online_orders.ask, name="online_ask"),
    path("accounts/<str:number>/pay-link/", online_orders.pay_link, name="account_pay_link"),
    path("pay/<uuid:online_id>/", payer.page, name="online_pay"),
]
