"""What the queue does for itself."""

from procrastinate.contrib.django import app

from abonent.gateways import queue


@app.periodic(cron="* * * * *")
@app.task(name="upkeep.retry_stalled", queueing_lock="upkeep.retry_stalled", pass_context=False)
def retry_stalled(timestamp: int, **_later_arguments: object) -> int:
    """A worker that was killed leaves its job marked as running: every minute such jobs are queued anew."""
    return queue.retry_stalled()
