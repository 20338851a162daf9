"""What is said of payments online, to the office and to the payer."""

from django.utils.translation import gettext as _

from abonent.kernel.money import format_minor
from abonent.usecases.online_payments.refusals import OnlineRefused
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.words import tell_payment


def tell_online(refusal: OnlineRefused, *, language: str = "ru") -> str:
    """Say why nothing was asked of the acquirer."""
    facts = {
        name: format_minor(value, language=language) if name.endswith("_minor") else value
        for name, value in refusal.facts.items()
    }
    words = {
        "no_agent": _("There is no such channel for payments online."),
        "not_set_up": _(
            "The terminal's key and password are not set on this server; the administrator sets them."
        ),
        "not_positive": _("The sum must be above zero."),
        "unknown_account": _("There is no account with this number."),
        "bad_contact": _("Write an e-mail, or a telephone as +79001234567."),
        "no_contact": _("The receipt needs an e-mail or a telephone of the payer."),
        "other_order": _(
            "This form has already begun another payment (%(amount_minor)s ₽). Open the page again."
        ),
        "not_paid": _("Nothing is paid by this order yet."),
        "no_reason": _("Write the reason."),
        "too_much": _("Only %(left_minor)s ₽ are left of this payment."),
        "busy": _("The acquirer is being asked about this order just now."),
    }
    return words[refusal.code] % facts if refusal.code in words else str(refusal)


def tell_error(error: str, *, language: str = "ru") -> str:
    """Say what a person must look at, by the code kept with an order or a refund; "" when there is nothing."""
    code, _colon, fact = error.partition(":")
    if not code:
        return ""
    if code == "not_booked":
        why = tell_payment(PaymentRefused(fact), language=language) if fact in _BOOKING else _booking(fact)
        return _("The acquirer has the money, but it is not in the books: %(why)s") % {"why": why}
    money = format_minor(int(fact), language=language) if fact.isdigit() else fact
    words = {
        "bank_silent": _("The acquirer did not answer; it is asked again every few minutes."),
        "bank_refused": _("The acquirer refused: %(fact)s"),
        "paid_twice": _("The same order was paid a second time, by payment %(fact)s: return it at the bank."),
        "wrong_amount": _("The acquirer says %(money)s ₽ were paid, which is not what was asked for."),
        "refunded_at_bank": _(
            "A part was given back in the bank's cabinet (%(money)s ₽ by its notice). "
            "Look the sum up there and write the refund down here."
        ),
        "refund_unclear": _("Whether a refund was made is not clear: look it up in the bank's cabinet."),
    }
    return words[code] % {"fact": fact, "money": money} if code in words else error


_BOOKING = frozenset({"not_posted", "nothing_left"})


def _booking(code: str) -> str:
    words = {
        "day_locked": _("the day is locked."),
        "period_closed": _("the month is closed."),
        "period_unknown": _("the month is not open yet."),
        "too_much": _("less than that is left of the payment: a part was moved or taken back here."),
        "other_payment": _("another payment stands under its number."),
    }
    return words.get(code, code)
