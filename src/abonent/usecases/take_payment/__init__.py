"""Money of one payer at a desk: taken in, given an account, moved, taken back; each act once, whoever repeats it.

Everything is one transaction: the payment, its entries in the books, and what it covers. Others who book money ask
`require_day` first.
"""

from abonent.usecases.take_payment.days import is_locked, lock_days, locked_through, require_day
from abonent.usecases.take_payment.refusals import DayLocked, PaymentRefused
from abonent.usecases.take_payment.taking import take

__all__ = [
    "DayLocked",
    "PaymentRefused",
    "is_locked",
    "lock_days",
    "locked_through",
    "require_day",
    "take",
]
