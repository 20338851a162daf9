"""Why something about benefits and subsidies is refused, and what to do."""

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _

from abonent.kernel.money import format_minor
from abonent.usecases import reading_reasons
from abonent.usecases.benefits.holders import HolderRefused
from abonent.usecases.benefits.registry import RegistryRefused
from abonent.usecases.benefits.subsidies import SubsidiesRefused
from abonent.usecases.benefits.tables import BadFile
from abonent.usecases.take_payment import PaymentRefused
from abonent.usecases.take_payment.words import tell_payment


def tell_holder(code: str, facts: Mapping[str, object] | None = None) -> str:
    """Say why a holder is refused: a code of HolderRefused or of a row of a file."""
    words = {
        "unknown_account": _("There is no account with this number."),
        "unknown_category": _("There is no category with this code or name."),
        "ends_before": _("The benefit would end before it begins."),
        "before_account": _("The benefit ended before the account was opened."),
        "after_account": _("The account was closed before the benefit begins."),
        "held_already": _("This person already has a benefit at this account on some of these days."),
        "no_name": _("Write the holder's name."),
        "no_document": _("Write the document."),
        "not_a_day": _("This is no date."),
        "not_people": _("This is no number of people from 1 to 100."),
        "not_an_amount": _("This is no amount above zero."),
        "not_a_month": _("This is no month."),
    }
    text = words.get(code, code)
    since = (facts or {}).get("since")
    return f"{text} ({since:%d.%m.%Y})" if isinstance(since, date) else text


def tell_refused(refusal: HolderRefused) -> str:
    return tell_holder(refusal.code, refusal.facts)


def tell_registry(refusal: RegistryRefused) -> str:
    """Say why a registry is not made, sent or dropped."""
    month = {"month": f"{refusal.period.month:02}.{refusal.period.year}"}
    words = {
        "known": _("The registry for %(month)s is made already."),
        "earlier": _(
            "A registry of a later month is made already; differences of %(month)s go into the next one."
        ),
        "unfinished": _("Another registry is not finished yet: wait for it, or drop it."),
        "not_billed": _("%(month)s is not billed yet: approve its run first."),
        "not_made": _("The registry is sent already, or not made yet."),
        "not_last": _("A later registry builds on this one: drop that first."),
    }
    return words.get(refusal.code, refusal.code) % month


def tell_subsidies(refusal: SubsidiesRefused) -> str:
    """Say why a registry of subsidies, or a row of it, is refused."""
    facts = {
        "file": refusal.facts.get("file_id", 0),
        "rows": refusal.facts.get("rows", 0),
        "amount": format_minor(refusal.facts.get("amount_minor", 0), language="ru"),
    }
    words = {
        "known": _("This very file is taken in already, as № %(file)s."),
        "rows": _("Some rows cannot be read. Nothing was taken in: have the file mended."),
        "totals": _(
            "The totals do not agree: the file has %(rows)s rows for %(amount)s ₽. Nothing was taken in."
        ),
        "unknown_account": _("There is no account with this number."),
        "not_held": _("This row was decided already."),
        "reversed": _("This registry is reversed."),
    }
    if refusal.code not in words:
        return tell_payment(PaymentRefused(refusal.code, **refusal.facts))
    return words[refusal.code] % facts


def tell_problem(code: str) -> str:
    """Say why a row of subsidies is held."""
    words = {
        "unknown_account": _("unknown account"),
        "paid_before": _("paid before"),
    }
    return words.get(code, code)


def tell_file(error: BadFile) -> str:
    """Say why a file cannot be taken."""
    if error.code == "no_headings":
        missing = error.facts.get("missing")
        names = [field_name(str(name)) for name in missing] if isinstance(missing, list) else []
        return _("No column was found for: %(names)s. Name it below by its heading or its number.") % {
            "names": ", ".join(names)
        }
    if error.code == "no_rows":
        return _("There are no rows below the headings.")
    return reading_reasons.tell_file(error.code, error.facts)


def field_name(name: str) -> str:
    """Name a field of a file."""
    words = {
        "account": _("Account"),
        "name": _("Holder"),
        "category": _("Category"),
        "document": _("Document"),
        "begins_on": _("Begins"),
        "ends_on": _("Last day"),
        "people": _("People"),
        "amount": _("Amount"),
        "period": _("Month"),
        "recipient": _("Recipient"),
    }
    return words.get(name, name)
