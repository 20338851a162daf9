"""Why a cash desk or its register does not do something, and what to do."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from abonent.kernel.money import format_minor
from abonent.usecases.cash_desk.refusals import CashRefused


def tell_cash(refusal: CashRefused, *, language: str = "ru") -> str:
    """Say why nothing was changed and what to do next."""
    facts = {
        name: f"{value:%d.%m.%Y}"
        if isinstance(value, date)
        else format_minor(value, language=language).replace("-", "−")
        if name.endswith("_minor")
        else value
        for name, value in refusal.facts.items()
    }
    if refusal.code == "not_printed":
        count = int(refusal.facts["count"])
        return ngettext(
            "%(count)d receipt is not printed. Print it, or close the shift without it and tell why.",
            "%(count)d receipts are not printed. Print them, or close the shift without them and tell why.",
            count,
        ) % {"count": count}
    words = {
        "no_shift": _("Open a shift first."),
        "shift_closed": _("This shift is closed."),
        "shift_over": _("The shift of %(day)s takes no more money: close it and open a new one."),
        "not_yours": _("This is the shift of another cashier."),
        "desk_busy": _("A shift of %(day)s is open at this desk: it is closed first."),
        "cashier_busy": _("You have a shift open at another desk: close it first."),
        "desk_closed": _("This desk is put out of use."),
        "opening_differs": _(
            "The last shift left %(expected_minor)s ₽. Put in this sum, or write why it differs."
        ),
        "not_positive": _("The sum must be above zero."),
        "tendered_short": _("%(short_minor)s ₽ are missing in what the payer handed over."),
        "unknown_account": _("There is no account with this number."),
        "other_order": _("This form has already sent another order. Begin anew."),
        "drawer_short": _("Only %(drawer_minor)s ₽ are in the drawer."),
        "not_a_receipt": _("Only a receipt of a payer can be given back."),
        "other_shift": _("This receipt is of another shift: give the money back as a refund."),
        "given_back": _("Money of this receipt was given back already."),
        "too_much": _("Only %(left_minor)s ₽ are left of this receipt in this way of paying."),
        "no_reason": _("Write the reason."),
        "difference": _("The count differs by %(difference_minor)s ₽ from what should be there: write why."),
        "not_a_note": _("Count notes and coins that are in use, in whole numbers."),
        "no_name": _("Give the desk a name."),
        "name_taken": _("The branch has a desk of this name already."),
        "has_shift": _("A shift is open at this desk: close it first."),
        "other_supplier": _("The branch is another supplier's."),
        "only_card": _("Nothing was paid in cash, so there is no cash order."),
        "bad_register": _("The register's setting is missing, malformed or another desk's."),
    }
    return words[refusal.code] % facts if refusal.code in words else str(refusal)


def tell_register(code: str) -> str:
    """Say why a receipt is not printed."""
    words = {
        "": "",
        "offline": _("The register does not answer."),
        "out_of_paper": _("The register has no paper."),
        "answer_lost": _("The register's answer was lost: it is asked again, and nothing is printed twice."),
        "damaged": _("The register's memory is damaged: call service."),
        "settings": _("The register is not set up."),
        "shift_expired": _("The register's shift is older than 24 hours: close it."),
        "shift_closed": _("The register's shift is closed."),
        "shift_open": _("Another shift is open in the register."),
        "wrong_sum": _("The register refused the sums of the receipt."),
        "bad_document": _("The register refused the receipt."),
    }
    return words.get(code, code)
