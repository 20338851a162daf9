"""What is asked of penalties: runs and what they are made of, exclusions, terms of debtors."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Lower, Upper

from abonent.contexts.penalties.models import (
    Debtor,
    DebtorTerms,
    PenaltyAccount,
    PenaltyExclusion,
    PenaltyLine,
    PenaltyRun,
)
from abonent.contexts.places.queries import number_order

Rows = QuerySet[Any, dict[str, Any]]


class Part(NamedTuple):
    """A part of a run: of a branch, or of a kind of debtor."""

    name: str
    accounts: int
    raised_minor: int
    lowered_minor: int


def runs() -> Rows:
    """Rows of runs with the branch they are of, "" for all."""
    return PenaltyRun.objects.annotate(branch_name=F("branch__name")).values(
        "id",
        "branch_id",
        "branch_name",
        "booked_period",
        "until",
        "state",
        "accounts",
        "accounts_total",
        "debts",
        "lines",
        "amount_minor",
        "parameter_hash",
        "error",
        "created_at",
        "created_by_id",
        "counted_at",
        "approved_by_id",
        "posted_at",
        "reversed_by_id",
        "reversed_at",
        "reason",
    )


def run_row(*, run_id: int) -> dict[str, Any] | None:
    return runs().filter(pk=run_id).first()


def run_by_branch(*, run_id: int) -> list[Part]:
    rows = _parts(run_id, "branch__name").order_by("branch__name")
    return [Part(row.pop("branch__name"), **row) for row in rows]


def run_by_debtor(*, run_id: int) -> list[Part]:
    rows = _parts(run_id, "debtor").order_by("debtor")
    return [Part(str(Debtor(row.pop("debtor")).label), **row) for row in rows]


def _parts(run_id: int, by: str) -> Rows:
    return (
        PenaltyAccount.objects.filter(run_id=run_id)
        .values(by)
        .annotate(
            accounts=Count("account_id"),
            raised_minor=Sum("amount_minor", filter=Q(amount_minor__gt=0), default=0),
            lowered_minor=Sum("amount_minor", filter=Q(amount_minor__lt=0), default=0),
        )
    )


_PAYER = {
    "account_number": F("account__number"),
    "party_kind": F("account__party__kind"),
    "last_name": F("account__party__last_name"),
    "first_name": F("account__party__first_name"),
    "middle_name": F("account__party__middle_name"),
    "organisation": F("account__party__name"),
    "street_kind": F("account__building__street__kind"),
    "street_name": F("account__building__street__name"),
    "building_number": F("account__building__number"),
    "premise_number": F("account__premise__number"),
}


def run_accounts(*, run_id: int) -> Rows:
    """Rows of accounts a run changes; `contracts.row_payer` and `places.row_address` write payer and address."""
    return (
        PenaltyAccount.objects.filter(run_id=run_id)
        .annotate(branch_name=F("branch__name"), **_PAYER)
        .values(
            "account_id",
            "branch_name",
            "debtor",
            "debts",
            "asked_minor",
            "posted_minor",
            "amount_minor",
            *_PAYER,
        )
    )


def run_lines(*, run_id: int, account_id: int) -> Rows:
    """Rows of the stretches a run counted for an account."""
    return PenaltyLine.objects.filter(run_id=run_id, account_id=account_id).values(
        "line_no",
        "service",
        "period",
        "due_on",
        "begins_on",
        "ends_on",
        "base_minor",
        "rate_e2",
        "divisor",
        "suspended",
        "amount_minor",
    )


def exclusions() -> Rows:
    """Rows of exclusions with their account; `ends_on` is the day after the last."""
    return PenaltyExclusion.objects.annotate(
        begins_on=Lower("during"),
        ends_on=Upper("during"),
        building_order=number_order("account__building__number"),
        **_PAYER,
    ).values(
        "id",
        "account_id",
        "begins_on",
        "ends_on",
        "cause",
        "document",
        "made_at",
        "made_by_id",
        "cancelled_at",
        "cancelled_by_id",
        "cancel_reason",
        *_PAYER,
    )


def debtor_terms(*, account_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Rows of the terms by which accounts are charged, the latest first."""
    rows = DebtorTerms.objects.filter(account_id__in=list(account_ids)).annotate(
        begins_on=Lower("during"), ends_on=Upper("during")
    )
    return list(
        rows.order_by("-begins_on").values(
            "account_id", "begins_on", "ends_on", "debtor", "due_day", "moratoria", "source", "made_at"
        )
    )
