from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from abonent.gateways import queue

pytestmark = pytest.mark.django_db(transaction=True)

TASK = "upkeep.retry_stalled"


def status_of(job: int) -> str | None:
    return ProcrastinateJob.objects.filter(id=job).values_list("status", flat=True).first()


@pytest.fixture(autouse=True)
def empty_queue(transactional_db: None) -> None:
    """Procrastinate's tables are not Django's, so pytest-django leaves them as they are."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def test_a_job_vanishes_with_the_transaction_it_belongs_to() -> None:
    with transaction.atomic():
        job = queue.defer(TASK, timestamp=0)
        assert status_of(job) == "todo"
        transaction.set_rollback(True)
    assert status_of(job) is None


def test_a_worker_works_off_the_queue() -> None:
    with transaction.atomic():
        job = queue.defer(TASK, timestamp=0)
    queue.run_worker(wait=False)
    assert status_of(job) == "succeeded"


def test_a_task_nobody_knows_fails_in_sight() -> None:
    job = queue.defer("no.such.task")
    queue.run_worker(wait=False)
    assert status_of(job) == "failed"


def test_the_job_of_a_dead_worker_is_done_by_another() -> None:
    job = queue.defer(TASK, timestamp=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '31 s') RETURNING id"
        )
        (dead,) = cursor.fetchone()
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", [dead, job]
        )
    assert queue.retry_stalled() == 1
    assert status_of(job) == "todo"
    queue.run_worker(wait=False)
    assert status_of(job) == "succeeded"


def test_the_job_of_a_living_worker_is_left_alone() -> None:
    job = queue.defer(TASK, timestamp=0)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id")
        (alive,) = cursor.fetchone()
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", [alive, job]
        )
    assert queue.retry_stalled() == 0
    assert status_of(job) == "doing"
    now = datetime.now(UTC)
    assert queue.live_workers(at=now) == 1
    assert queue.live_workers(at=now + timedelta(minutes=1)) == 0
