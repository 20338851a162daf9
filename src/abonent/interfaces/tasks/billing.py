"""Runs that the office asked for. A refusal is kept with the run, where the office shows it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from abonent.contexts.access.queries import language_of
from abonent.contexts.charging.operations import note_refusal
from abonent.contexts.charging.queries import run_pack
from abonent.usecases import billing_run, packs
from abonent.usecases.refusal_words import tell_run

QUEUE = "billing"


@app.task(name="billing.rate", queue=QUEUE)
def rate(*, run_id: int, **_later_arguments: object) -> None:
    """Rate a run, or rate it again. Why it failed stays with the run."""
    parameters = packs.pack_parameters(run_pack(run_id=run_id))
    billing_run.rate(run_id, parameters=parameters, clock=timezone.now)


@app.task(name="billing.approve", queue=QUEUE)
def approve(*, run_id: int, actor_id: int, **_later_arguments: object) -> None:
    """Post a rated run."""
    with _refusal_kept(run_id, actor_id):
        billing_run.approve(run_id=run_id, actor_id=actor_id, at=timezone.now())


@app.task(name="billing.cancel", queue=QUEUE)
def cancel(*, run_id: int, actor_id: int, reason: str, **_later_arguments: object) -> None:
    """Take a posted run back by posting its negative."""
    with _refusal_kept(run_id, actor_id):
        billing_run.cancel(run_id=run_id, actor_id=actor_id, at=timezone.now(), reason=reason)


@contextmanager
def _refusal_kept(run_id: int, actor_id: int) -> Iterator[None]:
    with translation.override(language_of(actor_id)):
        try:
            yield
        except billing_run.RunRefused as refusal:
            note_refusal(run_id=run_id, reason=tell_run(refusal))
        except Exception:
            note_refusal(
                run_id=run_id,
                reason=_("This failed and changed nothing; the server's log says why. Try again."),
            )
            raise
