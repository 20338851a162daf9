"""Files of payments the office asked to post or reverse, and those whose posting was stopped."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from django.utils import timezone, translation
from procrastinate.contrib.django import app

from abonent.contexts.access.queries import language_of
from abonent.gateways import queue
from abonent.usecases import billing_run, import_payments
from abonent.usecases.import_payments.words import tell_file
from abonent.usecases.refusal_words import tell_run
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.words import tell_payment

QUEUE = "payments"
POST, REVERSE = "payments.post", "payments.reverse"


@app.task(name=POST, queue=QUEUE)
def post(*, file_id: int, actor_id: int | None = None, **_later_arguments: object) -> None:
    """Post a file, or what of it is not yet posted. Why it cannot be stays with it."""
    now = timezone.now()
    with _refusal_kept(file_id, actor_id):
        import_payments.post(file_id=file_id, today=timezone.localdate(now), at=now)


@app.task(name=REVERSE, queue=QUEUE)
def reverse(*, file_id: int, actor_id: int, reason: str, booked_on: str, **_later_arguments: object) -> None:
    """Take a whole file back."""
    with _refusal_kept(file_id, actor_id):
        import_payments.reverse_file(
            file_id=file_id,
            reason=reason,
            booked_on=date.fromisoformat(booked_on),
            actor_id=actor_id,
            at=timezone.now(),
        )


@app.periodic(cron="* * * * *")
@app.task(name="payments.resume", queueing_lock="payments.resume", pass_context=False)
def resume(timestamp: int, **_later_arguments: object) -> int:
    """Go on with files whose posting was stopped: a minute after a worker starts at the latest."""
    left = [
        file_id for file_id in import_payments.unfinished() if not queue.unfinished(POST, file_id=file_id)
    ]
    for file_id in left:
        queue.defer(POST, queue=QUEUE, lock=f"{POST}:{file_id}", file_id=file_id)
    return len(left)


@app.periodic(cron="47 3 * * *")
@app.task(name="payments.forget", queueing_lock="payments.forget", pass_context=False)
def forget(timestamp: int, **_later_arguments: object) -> int:
    """Delete files that were looked at and not taken in."""
    return import_payments.drop_unknown(older_than=timezone.now() - timedelta(days=2))


@contextmanager
def _refusal_kept(file_id: int, actor_id: int | None) -> Iterator[None]:
    with translation.override(language_of(actor_id) if actor_id else None):
        try:
            yield
        except import_payments.FileRefused as refusal:
            import_payments.note_error(file_id, tell_file(refusal))
        except PaymentRefused as refusal:
            import_payments.note_error(file_id, tell_payment(refusal))
        except billing_run.RunRefused as refusal:
            import_payments.note_error(file_id, tell_run(refusal))
        except import_payments.FileBusy:
            return  # whoever is at it now goes on
