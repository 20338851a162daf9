"""The job queue, in the same database: a job commits or vanishes with the data it belongs to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from asgiref.sync import async_to_sync
from procrastinate import tasks
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob, ProcrastinateWorker
from procrastinate.manager import JobManager

HEARTBEAT_SECONDS = 10
SILENT_SECONDS = 30  # a worker silent for longer is dead


def defer(task: str, *, queue: str = "default", lock: str | None = None, **arguments: object) -> int:
    """
    Put a job in the queue inside the transaction that is open, and return its number.

    `task` is a name, so that the caller imports no task. Jobs with one `lock` run one after another.
    """
    # Not app.configure_task: inside a worker that goes through the worker's own connection, outside our
    # transaction.
    deferrer = tasks.configure_task(
        name=task, job_manager=JobManager(DjangoConnector()), queue=queue, lock=lock
    )
    return deferrer.defer(**arguments)


def run_worker(*, queues: list[str] | None = None, wait: bool = True) -> None:
    """Work until a signal to stop, or, without `wait`, until the queue is empty."""
    with app.replace_connector(app.connector.get_worker_connector()):
        app.run_worker(
            queues=queues,
            wait=wait,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=SILENT_SECONDS,
        )


def retry_stalled() -> int:
    """Put the jobs of workers that died back in the queue; return how many."""
    manager = JobManager(DjangoConnector())

    async def retry() -> int:
        stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS))
        for job in stalled:
            await manager.retry_job(job)
        return len(stalled)

    return async_to_sync(retry)()


def live_workers(*, at: datetime) -> int:
    """Return how many workers gave a sign of life shortly before `at`."""
    return ProcrastinateWorker.objects.filter(
        last_heartbeat__gt=at - timedelta(seconds=SILENT_SECONDS)
    ).count()


@dataclass(frozen=True)
class Unfinished:
    """A job that waits, or runs since `started_at`."""

    job_id: int
    started_at: datetime | None


def unfinished(task: str, **arguments: object) -> Unfinished | None:
    """Return the newest job of a task with these arguments that waits or runs, or None."""
    job = (
        ProcrastinateJob.objects.filter(
            task_name=task, status__in=["todo", "doing"], args__contains=arguments
        )
        .order_by("-id")
        .first()
    )
    if job is None:
        return None
    started = ProcrastinateEvent.objects.filter(job_id=job.pk, type="started").order_by("-id").first()
    return Unfinished(job.pk, started.at if started and job.status == "doing" else None)
