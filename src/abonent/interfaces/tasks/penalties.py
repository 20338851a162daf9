"""Runs of penalties that the office asked for. A refusal is kept with the run, where the office shows it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from abonent.contexts.access.queries import language_of
from abonent.contexts.penalties.operations import note_refusal
from abonent.usecases import packs, penalties
from abonent.usecases.billing_run import RunRefused
from abonent.usecases.penalties.words import tell_penalty
from abonent.usecases.take_payment import PaymentRefused

QUEUE = "billing"


@app.task(name="penalties.count", queue=QUEUE)
def count(*, run_id: int, actor_id: int, **_later_arguments: object) -> None:
    """Count a run, or go on where it was cut off."""
    with _refusal_kept(run_id, actor_id):
        penalties.count_run(run_id, parameters=packs.pack_parameters(), clock=timezone.now)


@app.task(name="penalties.approve", queue=QUEUE)
def approve(*, run_id: int, actor_id: int, **_later_arguments: object) -> None:
    """Post a counted run."""
    with _refusal_kept(run_id, actor_id):
        penalties.approve(run_id=run_id, actor_id=actor_id, at=timezone.now())


@app.task(name="penalties.reverse", queue=QUEUE)
def reverse(*, run_id: int, actor_id: int, reason: str, **_later_arguments: object) -> None:
    """Take a posted run back by its negative."""
    with _refusal_kept(run_id, actor_id):
        penalties.reverse(
            run_id=run_id, reason=reason, today=timezone.localdate(), actor_id=actor_id, at=timezone.now()
        )


@contextmanager
def _refusal_kept(run_id: int, actor_id: int) -> Iterator[None]:
    with translation.override(language_of(actor_id)):
        try:
            yield
        except (penalties.PenaltyRefused, PaymentRefused, RunRefused) as refusal:
            note_refusal(run_id=run_id, reason=tell_penalty(refusal))
        except Exception:
            note_refusal(
                run_id=run_id,
                reason=_("This failed and changed nothing; the server's log says why. Try again."),
            )
            raise
