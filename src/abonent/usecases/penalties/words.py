"""Refusals about penalties in words for the office: why, and what to do next."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from abonent.usecases.billing_run import RunRefused
from abonent.usecases.penalties.refusals import PenaltyRefused
from abonent.usecases.refusal_words import tell_run
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.words import tell_payment

_WORDS: dict[str, Callable[[], str]] = {
    "another_open": lambda: _("Run № %(run_id)s is not finished. Approve or discard it first."),
    "in_future": lambda: _("Days that are still to come cost nothing yet. Choose a day up to today."),
    "no_accounts": lambda: _("There are no accounts here."),
    "moved_on": lambda: _("The run has moved on meanwhile. Look at its state now and decide again."),
    "at_work": lambda: _("The run is being calculated at this moment."),
    "no_reason": lambda: _("Write why: the reason is kept."),
    "no_document": lambda: _("Name the document it rests on."),
    "backwards": lambda: _("The last day is before the first."),
    "overlaps": lambda: _("Somebody else changed these terms meanwhile. Look at them and try again."),
    "already_cancelled": lambda: _("This was cancelled already."),
}


def tell_penalty(refusal: PenaltyRefused | PaymentRefused | RunRefused) -> str:
    """Say why something about penalties was refused and what to do next."""
    if isinstance(refusal, PaymentRefused):
        return tell_payment(refusal)
    if isinstance(refusal, RunRefused):
        return tell_run(refusal)
    return _WORDS[refusal.code]() % refusal.facts
