"""When an account is charged no penalties, and by which terms it is: exclusions are cancelled, never deleted."""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.penalties.models import Debtor, DebtorTerms, ExclusionCause, PenaltyExclusion
from abonent.usecases.penalties.refusals import PenaltyRefused

_A_DAY = timedelta(days=1)


def exclude(
    *,
    account_id: int,
    cause: ExclusionCause,
    begins_on: date,
    last_day: date | None,
    document: str,
    actor_id: int | None,
    at: datetime,
) -> PenaltyExclusion:
    """Charge no penalties for these days; the next run takes back what was posted of them.

    Raises PenaltyRefused: backwards, no_document.
    """
    if last_day is not None and last_day < begins_on:
        raise PenaltyRefused("backwards")
    if not document.strip():
        raise PenaltyRefused("no_document")
    return PenaltyExclusion.objects.create(
        account_id=account_id,
        during=DateRange(begins_on, last_day and last_day + _A_DAY),
        cause=cause,
        document=document.strip()[:200],
        made_at=at,
        made_by_id=actor_id,
    )


def cancel_exclusion(*, exclusion_id: int, reason: str, actor_id: int | None, at: datetime) -> None:
    """Let the days count as if they had never been excluded. Raises PenaltyRefused: no_reason, already_cancelled."""
    if not reason.strip():
        raise PenaltyRefused("no_reason")
    done = PenaltyExclusion.objects.filter(pk=exclusion_id, cancelled_at=None).update(
        cancelled_at=at, cancelled_by_id=actor_id, cancel_reason=reason.strip()[:200]
    )
    if not done:
        raise PenaltyRefused("already_cancelled")


def set_debtor(
    *,
    account_id: int,
    debtor: Debtor,
    begins_on: date,
    due_day: int | None,
    moratoria: bool,
    source: str,
    actor_id: int | None,
    at: datetime,
) -> DebtorTerms:
    """Charge an account by these terms from a day on; the terms before end there, later ones are replaced.

    Raises PenaltyRefused: no_document, overlaps (two people at once).
    """
    if not source.strip():
        raise PenaltyRefused("no_document")
    try:
        with transaction.atomic():
            terms = DebtorTerms.objects.select_for_update().filter(account_id=account_id)
            terms.filter(during__startswith__gte=begins_on).delete()
            for before in terms.filter(during__contains=begins_on):
                before.during = DateRange(before.during.lower, begins_on)
                before.save(update_fields=["during"])
            return DebtorTerms.objects.create(
                account_id=account_id,
                during=DateRange(begins_on, None),
                debtor=debtor,
                due_day=due_day,
                moratoria=moratoria,
                source=source.strip()[:200],
                made_at=at,
                made_by_id=actor_id,
            )
    except IntegrityError:
        raise PenaltyRefused("overlaps") from None
