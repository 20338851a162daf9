"""Payments: the list, the card, what is unidentified, settings of allocation."""

from django.urls import URLPattern, path

from abonent.interfaces.office.views import (
    account_payments,
    payment_cards,
    payment_settings,
    payments,
    unidentified,
)

urlpatterns: list[URLPattern] = [
    path("payments/", payments.payments, name="payments"),
    path("payments/new/", payments.new, name="payment_new"),
    path("payments/new/preview/", payments.preview, name="payment_preview"),
    path("payments/accounts/", payments.accounts_found, name="payment_accounts"),
    path("payments/unidentified/", unidentified.queue, name="payments_unidentified"),
    path("payments/order/", payment_settings.order_of_payment, name="payment_policies"),
    path("payments/order/new/", payment_settings.new_order, name="payment_policy_new"),
    path("payments/locks/", payment_settings.locked_days, name="payment_locks"),
    path("payments/locks/lock/", payment_settings.lock, name="payment_lock"),
    path("payments/remainders/", payment_settings.remainders, name="payment_remainders"),
    path("payments/<int:payment_id>/", payment_cards.card, name="payment"),
    path("payments/<int:payment_id>/reverse/", payment_cards.reverse, name="payment_reverse"),
    path("payments/<int:payment_id>/refund/", payment_cards.refund, name="payment_refund"),
    path("payments/<int:payment_id>/transfer/", payment_cards.transfer, name="payment_transfer"),
    path("payments/<int:payment_id>/purpose/", payment_cards.purpose, name="payment_purpose"),
    path("payments/<int:payment_id>/unidentify/", payment_cards.to_unidentified, name="payment_unidentify"),
    path("payments/<int:payment_id>/return/", payment_cards.give_back, name="payment_return"),
    path("payments/<int:payment_id>/row/", unidentified.row, name="payment_row"),
    path("payments/<int:payment_id>/suggestions/", unidentified.suggestions, name="payment_suggestions"),
    path("payments/<int:payment_id>/identify/", unidentified.identify, name="payment_identify"),
    path("payments/<int:payment_id>/undo/", unidentified.undo, name="payment_undo"),
    path("accounts/<str:number>/payments/", account_payments.account_payments, name="account_payments"),
    path("accounts/<str:number>/write-off/", account_payments.write_off, name="account_write_off"),
]
