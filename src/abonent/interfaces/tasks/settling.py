"""What was posted to many accounts, settled in the background."""

from django.utils import timezone
from procrastinate.contrib.django import app

from abonent.gateways import queue
from abonent.usecases import settling

QUEUE = "payments"


@app.task(name=settling.TASK, queue=QUEUE)
def settle(*, supplier_id: int, **_later_arguments: object) -> None:
    """Settle the accounts of a supplier; nothing when somebody is at it already."""
    try:
        settling.settle_supplier(supplier_id=supplier_id, booked_on=timezone.localdate(), clock=timezone.now)
    except settling.Busy:
        return


@app.periodic(cron="* * * * *")
@app.task(name="settling.resume", queueing_lock="settling.resume", pass_context=False)
def resume(timestamp: int, **_later_arguments: object) -> int:
    """Go on with what was stopped: a minute after a worker starts at the latest."""
    left = [
        supplier_id
        for supplier_id in settling.unfinished()
        if not queue.unfinished(settling.TASK, supplier_id=supplier_id)
    ]
    for supplier_id in left:
        queue.defer(settling.TASK, queue=QUEUE, lock=f"settling:{supplier_id}", supplier_id=supplier_id)
    return len(left)


@app.periodic(cron="41 2 * * *")
@app.task(name="settling.carry_forward", queueing_lock="settling.carry_forward", pass_context=False)
def carry_forward(timestamp: int, **_later_arguments: object) -> None:
    """Carry what is open to the end of the last closed month, the night after it was closed."""
    settling.carry_forward(at=timezone.now())
