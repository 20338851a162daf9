"""Orders and refunds the acquirer told nothing of."""

from datetime import date

from django.utils import timezone
from procrastinate.contrib.django import app

from abonent.usecases import online_payments

QUEUE = "payments"


@app.periodic(cron="* * * * *")
@app.task(name="online.poll", queueing_lock="online.poll", pass_context=False)
def poll(timestamp: int, **_later_arguments: object) -> int:
    """Ask for those that are due."""
    return online_payments.poll_stale(at=timezone.now())


@app.task(name="online.poll_day", queue=QUEUE)
def poll_day(*, agent_id: int, day: str, **_later_arguments: object) -> int:
    """Ask for every order of a day."""
    return online_payments.poll_day(agent_id=agent_id, day=date.fromisoformat(day), at=timezone.now())
