"""The cash desk: a cashier's shift from the opening to the count, money taken and given back, receipts printed."""

from abonent.usecases.cash_desk.desks import PAPER_FIELDS, USUAL_PAPERS, save_desk
from abonent.usecases.cash_desk.orders import Tendered, collect, deposit, receive
from abonent.usecases.cash_desk.printing import Printed, print_everywhere, print_waiting
from abonent.usecases.cash_desk.refusals import CashRefused
from abonent.usecases.cash_desk.shifts import DENOMINATIONS, close_shift, open_shift, totals
from abonent.usecases.cash_desk.undoing import refund, reverse

__all__ = [
    "DENOMINATIONS",
    "PAPER_FIELDS",
    "USUAL_PAPERS",
    "CashRefused",
    "Printed",
    "Tendered",
    "close_shift",
    "collect",
    "deposit",
    "open_shift",
    "print_everywhere",
    "print_waiting",
    "receive",
    "refund",
    "reverse",
    "save_desk",
    "totals",
]
