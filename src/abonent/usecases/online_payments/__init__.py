"""Payments online: begun, told of by the acquirer, given back, reconciled; each kopeck once in the books."""

from abonent.usecases.online_payments.beginning import Way, begin, open_order
from abonent.usecases.online_payments.notices import Heard, hear
from abonent.usecases.online_payments.polling import poll, poll_day, poll_stale
from abonent.usecases.online_payments.refunds import push, refund
from abonent.usecases.online_payments.refusals import NotBooked, OnlineRefused
from abonent.usecases.online_payments.telling import apply
from abonent.usecases.online_payments.terms import Terms, keep_terms, terms_of

__all__ = [
    "Heard",
    "NotBooked",
    "OnlineRefused",
    "Terms",
    "Way",
    "apply",
    "begin",
    "hear",
    "keep_terms",
    "open_order",
    "poll",
    "poll_day",
    "poll_stale",
    "push",
    "refund",
    "terms_of",
]
