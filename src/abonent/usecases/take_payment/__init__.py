"""Money of one payer at a desk: taken in, given an account, moved, taken back; each act once, whoever repeats it.

Everything is one transaction: the payment, its entries in the books, and what it covers. Others who book money ask
`require_day` first.
"""

from abonent.usecases.take_payment.agents import own_agent
from abonent.usecases.take_payment.days import is_locked, lock_days, locked_through, require_day
from abonent.usecases.take_payment.many import Given, reverse_many, take_many
from abonent.usecases.take_payment.moving import identify, transfer
from abonent.usecases.take_payment.posting import By
from abonent.usecases.take_payment.purposes import name_purpose
from abonent.usecases.take_payment.refusals import DayLocked, PaymentRefused
from abonent.usecases.take_payment.remainders import Remainders, remainders, write_off, write_off_all
from abonent.usecases.take_payment.taking import take
from abonent.usecases.take_payment.undoing import refund, return_unidentified, reverse, unidentify

__all__ = [
    "By",
    "DayLocked",
    "Given",
    "PaymentRefused",
    "Remainders",
    "identify",
    "is_locked",
    "lock_days",
    "locked_through",
    "name_purpose",
    "own_agent",
    "refund",
    "remainders",
    "require_day",
    "return_unidentified",
    "reverse",
    "reverse_many",
    "take",
    "take_many",
    "transfer",
    "unidentify",
    "write_off",
    "write_off_all",
]
