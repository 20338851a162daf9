"""Why a file of payments is refused, in words: for screens, answers and the terminal."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.kernel.money import format_minor
from abonent.usecases.import_payments.model import FileRefused, Problem
from abonent.usecases.import_payments.reconciling import ReconciliationRefused

_REASONS: Mapping[str, Any] = {
    # of the file
    "empty": gettext_lazy("The file is empty"),
    "too_large": gettext_lazy("The file is too large"),
    "line_too_long": gettext_lazy("A line is longer than any row can be"),
    "damaged": gettext_lazy("The file is damaged"),
    "not_text": gettext_lazy("This is no text"),
    "undecodable": gettext_lazy("The encoding cannot be told"),
    "mixed_encodings": gettext_lazy("Parts of the file are in different encodings"),
    "bomb": gettext_lazy("The file unpacks to far more than it holds"),
    "entities": gettext_lazy("The XML declares entities, which are not read"),
    "unknown_format": gettext_lazy("No known format; for a table, set its columns at the payment agent"),
    "no_layout": gettext_lazy("This is a table; set at the payment agent what its columns are"),
    "bad_layout": gettext_lazy("The columns set at the payment agent do not fit the file"),
    "truncated": gettext_lazy("The file breaks off"),
    "after_end": gettext_lazy("There are rows after the end of the file"),
    "no_documents": gettext_lazy("There is no document in it"),
    "open_quote": gettext_lazy("A quotation mark is never closed"),
    "no_header": gettext_lazy("The row with the names of the columns is not found"),
    "cancelled": gettext_lazy("The portal has cancelled this notice"),
    # of a row
    "missing": gettext_lazy("A value is missing"),
    "unknown_key": gettext_lazy("Unknown key"),
    "repeated": gettext_lazy("A value stands twice"),
    "fields": gettext_lazy("The number of fields is wrong"),
    "not_a_date": gettext_lazy("This is no date"),
    "in_future": gettext_lazy("The day lies in the future"),
    "too_old": gettext_lazy("The day is too long ago"),
    "not_a_time": gettext_lazy("This is no time"),
    "not_a_number": gettext_lazy("This is no number"),
    "not_a_sum": gettext_lazy("This is no sum"),
    "not_positive": gettext_lazy("The sum must be above zero"),
    "too_precise": gettext_lazy("The sum has more than two decimals"),
    "too_large_sum": gettext_lazy("The sum is too large to be true"),
    "foreign_currency": gettext_lazy("Another currency"),
    "not_an_account": gettext_lazy("This is no bank account"),
    "foreign_account": gettext_lazy("This is not the supplier's bank account"),
    "duplicate": gettext_lazy("The same operation stands in the file twice"),
    "row_total": gettext_lazy("Sum, commission and what is transferred do not agree"),
    "known_differs": gettext_lazy("The books have this operation with another sum"),
    "known_elsewhen": gettext_lazy(
        "The books have an operation of this number on another day: ask the agent for numbers that do not come again"
    ),
    # of totals
    "no_total": gettext_lazy("The control line is missing"),
    "stated_rows": gettext_lazy("The file says it has another number of rows"),
    "stated_total": gettext_lazy("The rows do not add up to the total the file states"),
    "balance": gettext_lazy("Opening balance and turnovers do not make the closing balance"),
    "documents_total": gettext_lazy("The documents do not add up to the turnover the statement states"),
    "continuity": gettext_lazy("The closing balance of a part is not the opening balance of the next"),
    "period": gettext_lazy("A document lies outside the days of the statement"),
    # of what was done before
    "gone": gettext_lazy("The bytes of the file are no longer kept; upload it again"),
    "layout_changed": gettext_lazy(
        "The settings of the agent were changed since the file was taken in; set them back to post the rest"
    ),
    "changed": gettext_lazy("Payments of the file were refunded or transferred; take that back first"),
    "no_reason": gettext_lazy("Say why"),
}
_FIELDS: Mapping[str, Any] = {
    "paid_on": gettext_lazy("day"),
    "paid_at": gettext_lazy("time"),
    "external_id": gettext_lazy("number of the operation"),
    "account_text": gettext_lazy("account"),
    "payer": gettext_lazy("payer"),
    "payer_inn": gettext_lazy("payer's INN"),
    "phone": gettext_lazy("phone"),
    "address": gettext_lazy("address"),
    "period": gettext_lazy("period"),
    "amount": gettext_lazy("sum"),
    "transferred": gettext_lazy("to be transferred"),
    "commission": gettext_lazy("commission"),
    "purpose": gettext_lazy("purpose"),
    "rows": gettext_lazy("rows"),
    "dated_on": gettext_lazy("day of the file"),
    "own_account": gettext_lazy("our bank account"),
    "currency": gettext_lazy("currency"),
}
OUTCOMES: Mapping[str, Any] = {
    "posted": gettext_lazy("recognised"),
    "unidentified": gettext_lazy("unidentified"),
    "known": gettext_lazy("known already"),
    "told": gettext_lazy("told, not arrived"),
    "arrived": gettext_lazy("arrived already"),
    "reversed": gettext_lazy("reversed"),
    "returned": gettext_lazy("returned to the payer"),
}


_REFUSALS: Mapping[str, Any] = {
    "not_waiting": gettext_lazy("The document has been decided on meanwhile. Look at it again."),
    "nothing_chosen": gettext_lazy("Choose at least one registry."),
    "arrived": gettext_lazy("A registry chosen has arrived already by another document."),
    "no_reason": gettext_lazy("Say why."),
    "posted": gettext_lazy("Its payment is in the books. Reverse the payment first."),
}


def tell_reconciliation(refusal: ReconciliationRefused) -> str:
    """Say why a document was not decided on."""
    return str(_REFUSALS[refusal.code])


def tell_file(refusal: FileRefused) -> str:
    """Say why a file is refused, and where its first fault is."""
    if not refusal.problems:
        return _with_facts(refusal.code, refusal.facts)
    first = refusal.problems[0]
    told = tell_problem(first, refusal.facts)
    where = _("row %(row)d, %(field)s") if first.field and first.row_no else _("row %(row)d")
    if not first.row_no:
        return told
    return f"{told}: " + where % {"row": first.row_no, "field": field_name(first.field)}


def tell_problem(problem: Problem, facts: Mapping[str, Any] | None = None) -> str:
    """Say what is wrong with a row, without where."""
    told = _with_facts(problem.code, facts or {})
    return f"{told} («{problem.value}»)" if problem.value and len(problem.value) <= 60 else told


def field_name(field: str) -> str:
    """Return what a field of a row is called; a key of the format's own stays as it is."""
    return str(_FIELDS.get(field, field))


def _with_facts(code: str, facts: Mapping[str, Any]) -> str:
    told = str(_REASONS.get(code, _("The file cannot be taken in")))
    stated, counted = facts.get("stated_minor"), facts.get("counted_minor")
    if stated is not None and counted is not None:
        both = {"stated": format_minor(int(stated)), "counted": format_minor(int(counted))}
        return told + ": " + _("stated %(stated)s, counted %(counted)s") % both
    if facts.get("account") and code == "foreign_account":
        return f"{told}: {facts['account']}"
    return told
