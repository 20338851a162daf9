"""What speaks against a change of a building, a premise or an account, in words: why, and what to do next."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from abonent.interfaces.office import formats
from abonent.interfaces.office.forms import tell_reading
from abonent.usecases.enter_reading import ReadingRefused
from abonent.usecases.premises import PlaceRefused
from abonent.usecases.premises.absences import Objection
from abonent.usecases.premises.final_bills import NoFinalBill
from abonent.usecases.refusal_words import tell_run


def tell_place(refusal: PlaceRefused) -> str:
    """Say why it cannot be done and what to do."""
    if isinstance(reading := refusal.facts.get("refusal"), ReadingRefused):
        return tell_reading(reading)
    facts = _written(refusal.facts)
    words = {
        "building_known": _("This street has a building of this number already."),
        "not_apartments": _("Only apartment buildings have common needs."),
        "building_closed": _("The building is served no longer since %(closed_on)s."),
        "before_opening": _("It was opened on %(opened_on)s: choose a later day."),
        "accounts_open": _("%(count)s accounts of the building are still open then. Close them first."),
        "premise_known": _("The building has a premise of this number already."),
        "parent_needed": _("Choose the apartment it is part of; a room may be part of a section too."),
        "no_parent_for_this": _("Only sections and rooms are part of an apartment."),
        "residents_listed": _("The people here are listed by name: add or take out a person instead."),
        "no_terms": _("The premise has no terms on this day. Give it tariff group and area first."),
        "terms_known": _("The premise has terms already: change them from a day."),
        "no_account_here": _("A section or heating equipment carries no account."),
        "account_closed": _("The account is closed since %(closed_on)s."),
        "outside_account": _("The account is open from %(opens_on)s to %(closes_on)s only."),
        "no_service": _("Account %(number)s has no service on this day."),
        "shares_not_one": _(
            "On %(day)s the shares of this premise add up to %(total)s instead of 1. Mend the others' shares in the "
            "same step."
        ),
        "before_moving_in": _("The person lives here since %(moved_in_on)s: choose a later day."),
        "lives_here_already": _("Somebody of this name lives here since %(moved_in_on)s already."),
        "returned_before_leaving": _("The day of return is not after the day of departure."),
        "decided_already": _("The application was decided already."),
        "in_future": _("This day has not come yet."),
    }
    if refusal.code in words:
        return words[refusal.code] % facts
    return tell_objection(Objection(refusal.code, dict(refusal.facts)))


def tell_objection(objection: Objection) -> str:
    """Say what speaks against taking an absence into account (ПП РФ 354 п. 86–97)."""
    words = {
        "too_short": _(
            "%(days)s full days away; only more than %(limit)s in a row count, without the days of departure and "
            "return (п. 86, 91)."
        ),
        "too_late": _(
            "Applied for too late: the last day was %(last_day)s, %(limit)s days after the return (п. 92)."
        ),
        "too_long": _(
            "One application covers %(limit)s months at most, here to %(last_day)s. The rest needs another one (п. 92)."
        ),
        "no_document": _("No document confirms the absence (п. 93)."),
        "metered": _(
            "Meter %(serial)s stands in the premise: what is not used is not charged anyway (п. 86)."
        ),
        "meter_possible": _(
            "A meter can be fitted here, and none is: absence is not taken into account (п. 86)."
        ),
        "more_than_live_here": _("%(people)s people would be away on some day, and %(residents)s live here."),
    }
    return words[objection.code] % _written(objection.facts)


def tell_final_bill(problem: NoFinalBill) -> str:
    """Say why there is no final bill yet and what to do."""
    if problem.refusal is not None:
        return tell_run(problem.refusal)
    months = ", ".join(formats.month_within(month.first_day) for month in problem.months)
    words = {
        "still_open": _("The account is open: close it first."),
        "month_not_open": _("Not open yet: %(months)s. Open the month, then make the final bill."),
        "months_not_billed": _("Not billed yet: %(months)s. Bill them, then make the final bill."),
        "parked": _(
            "The last month could not be charged and is parked; look at it on the account card, mend it, then make "
            "the final bill."
        ),
        "run_at_work": _(
            "A run is at work on this building. Approve or discard it, then make the final bill."
        ),
        "nothing_posted": _(
            "Nothing is posted for %(months)s yet. Bill the month, then make the final bill."
        ),
        "nothing_to_bill": _("Nothing was ever charged to this account: there is nothing to bill."),
    }
    return words[problem.code] % {"months": months}


def _written(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: formats.day(value) if isinstance(value, date) else formats.NOTHING if value is None else value
        for name, value in facts.items()
    }
