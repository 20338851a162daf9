"""Receipts that a register did not print when the money was taken."""

from django.utils import timezone
from procrastinate.contrib.django import app

from abonent.usecases import cash_desk


@app.periodic(cron="* * * * *")
@app.task(name="cash.print_waiting", queueing_lock="cash.print_waiting", pass_context=False)
def print_waiting(timestamp: int, **_later_arguments: object) -> int:
    """Every minute the registers of open shifts are asked for what is not printed yet."""
    return cash_desk.print_everywhere(at=timezone.now())
