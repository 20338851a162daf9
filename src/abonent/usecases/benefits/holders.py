"""Who holds a benefit at an account, from when to when and by what document."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.charging.models import Compensation
from abonent.contexts.contracts.models import Account, BenefitCategory, BenefitHolder
from abonent.engine.parameters import ParameterSet


class HolderRefused(Exception):
    """A holder cannot be kept so; `field` names what to mend, `code` why.

    unknown_account, unknown_category, ends_before, before_account, after_account, held_already, no_name, no_document.
    """

    def __init__(self, code: str, field: str, **facts: Any) -> None:
        super().__init__(f"benefit holder: {code}")
        self.code, self.field, self.facts = code, field, facts


def add(
    *,
    account: Account,
    category: BenefitCategory,
    name: str,
    document: str,
    begins_on: date,
    ends_on: date | None,
    people: int,
    actor_id: int | None,
    at: datetime,
) -> int:
    """Enter a holder; `ends_on` is the first day without the benefit. Raises HolderRefused."""
    with transaction.atomic():
        _lock(account)
        holder = BenefitHolder(
            account=account,
            building_id=account.building_id,
            category=category,
            name=" ".join(name.split()),
            document=document.strip(),
            people=people,
            during=_range(begins_on, ends_on),
            changed_at=at,
            changed_by_id=actor_id,
        )
        _check(holder, account)
        holder.save(force_insert=True)
    return holder.pk


def change(
    *,
    holder_id: int,
    category: BenefitCategory,
    name: str,
    document: str,
    begins_on: date,
    ends_on: date | None,
    end_document: str,
    people: int,
    actor_id: int | None,
    at: datetime,
) -> bool:
    """Correct or end a holder, also back-dated; return whether anything changed.

    What registries reported already stays; the difference goes into the next one. Raises HolderRefused.
    """
    with transaction.atomic():
        holder = BenefitHolder.objects.select_for_update().select_related("account").get(pk=holder_id)
        _lock(holder.account)
        before = _told(holder)
        holder.category, holder.name = category, " ".join(name.split())
        holder.document, holder.end_document = document.strip(), end_document.strip()
        holder.people, holder.during = people, _range(begins_on, ends_on)
        if _told(holder) == before:
            return False
        _check(holder, holder.account)
        holder.changed_at, holder.changed_by_id = at, actor_id
        holder.save()
    return True


def remove(*, holder_id: int, document: str, actor_id: int | None, at: datetime) -> None:
    """Take a holder back who never was one: gone if nothing was reported, else left without a day.

    The next registry then takes back what was reported.
    """
    with transaction.atomic():
        holder = BenefitHolder.objects.select_for_update().get(pk=holder_id)
        if not Compensation.objects.filter(holder_id=holder_id).exists():
            holder.delete()
            return
        holder.during = DateRange(empty=True)
        holder.end_document, holder.changed_at, holder.changed_by_id = document.strip(), at, actor_id
        holder.save()


def take_over_categories(*, parameters: ParameterSet, on: date) -> int:
    """Enter the categories of federal law that are not there yet, as they are on a day; return how many."""
    rows = parameters.version("ru.benefits.categories", on=on).rows
    known = set(BenefitCategory.objects.values_list("code", flat=True))
    new = [
        BenefitCategory(
            code=row["code"] or "",
            name=row["name"] or "",
            percent=int(row["percent"] or 0),
            within_norm=row["within_norm"] == "1",
            covers_family=row["covers_family"] == "1",
            act=row["act"] or "",
        )
        for row in rows
        if row["code"] not in known
    ]
    BenefitCategory.objects.bulk_create(new)
    return len(new)


def overlapping(one: DateRange, other: DateRange) -> bool:
    """Tell whether two ranges have a day in common."""
    if one.isempty or other.isempty:
        return False
    return (other.upper is None or one.lower < other.upper) and (one.upper is None or other.lower < one.upper)


def refusal_of(
    holder: BenefitHolder, account_during: DateRange, others: list[BenefitHolder]
) -> HolderRefused | None:
    """Return why a holder cannot stand beside the others of the account, or None. A person has one benefit a day."""
    if not holder.name:
        return HolderRefused("no_name", "name")
    if not holder.document:
        return HolderRefused("no_document", "document")
    if account_during.upper and holder.during.lower >= account_during.upper:
        return HolderRefused("after_account", "begins_on", closed_on=account_during.upper)
    if holder.during.upper and holder.during.upper <= account_during.lower:
        return HolderRefused("before_account", "ends_on", opened_on=account_during.lower)
    for other in others:
        same = other.name.casefold() == holder.name.casefold()
        if same and overlapping(other.during, holder.during):
            return HolderRefused("held_already", "name", since=other.during.lower)
    return None


def day_range(begins_on: date, ends_on: date | None) -> DateRange | None:
    """Return the days of a benefit, or None when it would have none."""
    return None if ends_on and ends_on <= begins_on else DateRange(begins_on, ends_on)


def _range(begins_on: date, ends_on: date | None) -> DateRange:
    during = day_range(begins_on, ends_on)
    if during is None:
        raise HolderRefused("ends_before", "ends_on", begins_on=begins_on)
    return during


def _check(holder: BenefitHolder, account: Account) -> None:
    others = list(BenefitHolder.objects.filter(account=account).exclude(pk=holder.pk))
    if refusal := refusal_of(holder, account.during, others):
        raise refusal


def _told(holder: BenefitHolder) -> tuple[Any, ...]:
    return (
        holder.category_id,
        holder.name,
        holder.document,
        holder.end_document,
        holder.people,
        holder.during,
    )


def _lock(account: Account) -> None:
    """Let nobody enter a second holder of the account while this one is weighed."""
    Account.objects.select_for_update().get(pk=account.pk)
