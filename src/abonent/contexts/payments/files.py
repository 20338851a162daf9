"""What is asked about files of payments, documents of the bank, and what of the one came as the other."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from abonent.contexts.payments.models import (
    Agent,
    AgentKind,
    BankLine,
    BankLineState,
    Payment,
    PaymentFile,
    PaymentState,
    Reconciliation,
)

FILE_KINDS = (AgentKind.BANK, AgentKind.REGISTRY, AgentKind.PORTAL, AgentKind.ACQUIRING)
"""Kinds of agents that send files."""
RETURNED_WITHIN_DAYS = 90


def payment_files() -> QuerySet[PaymentFile, dict[str, Any]]:
    """Rows of files with what arrived of each at the bank and how many of its payments are unidentified still."""
    arrived = Reconciliation.objects.filter(file=OuterRef("id")).order_by().values("file")
    waiting = Payment.objects.filter(file=OuterRef("id"), state=1).order_by().values("file")
    return PaymentFile.objects.annotate(
        agent_name=F("agent__name"),
        arrived_minor=Coalesce(Subquery(arrived.annotate(sum=Sum("amount_minor")).values("sum")), 0),
        waiting_rows=Coalesce(Subquery(waiting.annotate(rows=Count("id")).values("rows")), 0),
    ).values(
        "id",
        "supplier_id",
        "agent_id",
        "agent_name",
        "format",
        "name",
        "number",
        "dated_on",
        "booked_on",
        "state",
        "rows",
        "known_rows",
        "known_minor",
        "told_rows",
        "told_minor",
        "unidentified_rows",
        "waiting_rows",
        "amount_minor",
        "commission_minor",
        "transferred_minor",
        "arrived_minor",
        "shards",
        "shards_done",
        "error",
        "received_at",
        "received_by_id",
        "posted_at",
        "reversed_at",
        "reversed_by_id",
        "reason",
    )


def file_rows(*, file_id: int) -> QuerySet[Payment, dict[str, Any]]:
    """Rows of the payments a file brought, as they are now."""
    return (
        Payment.objects.filter(file_id=file_id)
        .annotate(number_of_account=F("account__number"))
        .values(
            "id",
            "row_no",
            "paid_on",
            "external_id",
            "account_text",
            "number_of_account",
            "payer",
            "purpose",
            "amount_minor",
            "commission_minor",
            "recognition",
            "confidence",
            "state",
        )
    )


def bank_lines() -> QuerySet[BankLine, dict[str, Any]]:
    """Rows of bank documents with what registries cover of each."""
    covered = Reconciliation.objects.filter(bank_line=OuterRef("id")).order_by().values("bank_line")
    return BankLine.objects.annotate(
        covered_minor=Coalesce(Subquery(covered.annotate(sum=Sum("amount_minor")).values("sum")), 0)
    ).values(
        "id",
        "supplier_id",
        "file_id",
        "row_no",
        "own_account",
        "incoming",
        "document_kind",
        "number",
        "made_on",
        "booked_on",
        "amount_minor",
        "covered_minor",
        "counterparty",
        "counterparty_inn",
        "counterparty_account",
        "purpose",
        "state",
        "note",
        "decided_at",
        "decided_by_id",
    )


def reconciliations(*, file_id: int | None = None, bank_line_id: int | None = None) -> list[dict[str, Any]]:
    """Return what of a file arrived by which documents, or which files a document covers."""
    of = Q(file_id=file_id) if file_id is not None else Q(bank_line_id=bank_line_id)
    return list(
        Reconciliation.objects.filter(of)
        .order_by("id")
        .values(
            "id",
            "amount_minor",
            "by_person",
            "made_at",
            "bank_line_id",
            "file_id",
            line_number=F("bank_line__number"),
            line_day=F("bank_line__booked_on"),
            line_minor=F("bank_line__amount_minor"),
            file_name=F("file__name"),
            file_number=F("file__number"),
            transferred_minor=F("file__transferred_minor"),
        )
    )


def returned_by(*, line: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the payments an outgoing document may send back: of its sum, from whom it goes to, not long before."""
    of_payer = Q(payer__iexact=line["counterparty"])
    if line["counterparty_inn"]:
        of_payer |= Q(payer_inn=line["counterparty_inn"])
    found = Payment.objects.filter(
        of_payer,
        supplier_id=line["supplier_id"],
        amount_minor=line["amount_minor"],
        state__in=[PaymentState.UNIDENTIFIED, PaymentState.POSTED],
        booked_on__range=(line["booked_on"] - timedelta(days=RETURNED_WITHIN_DAYS), line["booked_on"]),
    ).order_by("-booked_on", "id")
    return list(found.values("id", "paid_on", "amount_minor", "payer", number=F("account__number"))[:10])


def lines_of_file(*, file_id: int) -> dict[int, tuple[int, int]]:
    """Return state → number and sum of the documents a statement brought first."""
    counted = (
        BankLine.objects.filter(file_id=file_id)
        .order_by("state")
        .values("state")
        .annotate(lines=Count("id"), minor=Sum("amount_minor"))
    )
    return {row["state"]: (row["lines"], row["minor"]) for row in counted}


def agents() -> QuerySet[Agent, dict[str, Any]]:
    """Rows of agents."""
    return Agent.objects.annotate(file_count=Count("files")).values(
        "id", "code", "name", "kind", "inn", "layout", "active", "file_count"
    )


def waiting_lines() -> int:
    """Return how many bank documents wait for a decision."""
    return BankLine.objects.filter(state=BankLineState.WAITING).count()
