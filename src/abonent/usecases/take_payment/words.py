"""Why money is not booked, moved or taken back, and what to do."""

from datetime import date

from django.utils.translation import gettext as _

from abonent.kernel.money import format_minor
from abonent.usecases.take_payment.refusals import PaymentRefused


def tell_payment(refusal: PaymentRefused, *, language: str = "ru") -> str:
    """Say why nothing was changed."""
    facts = {
        name: f"{value:%d.%m.%Y}"
        if isinstance(value, date)
        else format_minor(value, language=language)
        if name.endswith("_minor")
        else value
        for name, value in refusal.facts.items()
    }
    words = {
        "unknown_agent": _("There is no such payment channel."),
        "unknown_account": _("There is no account with this number."),
        "other_payment": _(
            "This form has already sent another payment (%(amount_minor)s ₽). Open the page again."
        ),
        "in_future": _("%(day)s has not come yet on the day of booking."),
        "not_positive": _("The sum must be above zero."),
        "not_posted": _("Only a payment that stands on an account can be changed."),
        "not_unidentified": _("Somebody has decided on this payment already."),
        "too_much": _("Only %(left_minor)s ₽ are left of this payment."),
        "nothing_left": _("Nothing is left of this payment: it was refunded or moved."),
        "same_account": _("The payment stands on this account already."),
        "no_reason": _("Write the reason."),
        "nothing_to_write_off": _("Nothing is owed and nothing is paid ahead on this account."),
        "too_large": _("More than the limit of %(limit_minor)s ₽ is open on this account."),
        "no_limit": _("No limit for small remainders is set: see the order of payment of this day."),
        "moved": _("A part of these payments was reversed, refunded or moved since: undo that first."),
        "day_locked": _("%(day)s is locked: days through %(locked_through)s are closed for money."),
        "busy": _("Something is being booked just now. Try again in a minute."),
        "too_early": _("An order of payment cannot begin on or before %(day)s, which is locked."),
        "begun": _("An order of payment holds since %(day)s already. Set the new one from another day."),
        "bad_order": _("Name every kind of debt once."),
        "no_source": _("Write the act or the contract it rests on."),
        "too_many": _(
            "%(accounts)s accounts would be allocated anew: that is too much at once. Choose a later day."
        ),
    }
    return words[refusal.code] % facts if refusal.code in words else str(refusal)
