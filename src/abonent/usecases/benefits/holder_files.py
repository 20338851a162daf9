"""Holders of benefits from a registry of the social security office.

A row names an account, a person and a category. Known already, it is left alone or brought up to date, so a file taken
in twice changes nothing; an earlier beginning is never cut off by a later one. A row that cannot be taken is told with
its number, field and reason.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.contracts.models import Account, BenefitCategory, BenefitHolder
from abonent.usecases.benefits import holders
from abonent.usecases.benefits.tables import Field, RowError, as_day, read_sheet

FIELDS = (
    Field("account", ("лицевой счет", "лс", "л с", "номер лс", "account", "ls", "особовий рахунок")),
    Field("name", ("фио", "ф и о", "фио льготника", "получатель", "льготник", "name", "fio", "піб")),
    Field("category", ("категория", "код льготы", "льгота", "код категории", "category", "kod", "категорія")),
    Field("document", ("документ", "основание", "удостоверение", "document", "doc", "підстава")),
    Field(
        "begins_on", ("начало", "дата начала", "действует с", "с", "from", "begins on", "date_beg", "початок")
    ),
    Field(
        "ends_on",
        ("окончание", "дата окончания", "действует по", "по", "to", "ends on", "date_end", "кінець"),
        is_required=False,
    ),
    Field("people", ("человек", "чел", "количество человек", "people", "kol", "осіб"), is_required=False),
)


@dataclass
class Imported:
    """What came of a file, or would come of it; `headings` tell which column was taken for what."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)
    headings: Mapping[str, str] = field(default_factory=dict)


def import_holders(
    *,
    path: Path,
    name: str,
    supplier_id: int,
    actor_id: int | None,
    at: datetime,
    columns: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> Imported:
    """Take the holders of a file in, all sound rows at once; `dry_run` stores nothing. `ends_on` is the last day.

    Raises BadFile.
    """
    sheet = read_sheet(path, name=name, fields=FIELDS, columns=columns)
    result = Imported(rows=len(sheet.rows), headings=sheet.headings)
    numbers = {row["account"] for row in sheet.rows.values()}
    with transaction.atomic():
        accounts = {
            account.number: account
            for account in Account.objects.filter(number__in=numbers, building__branch__supplier=supplier_id)
            .order_by("id")
            .select_for_update()
        }
        known: dict[int, list[BenefitHolder]] = defaultdict(list)
        for holder in BenefitHolder.objects.filter(account__in=accounts.values()):
            known[holder.account_id].append(holder)
        categories = {
            key.casefold(): one for one in BenefitCategory.objects.all() for key in (one.code, one.name)
        }
        new: list[BenefitHolder] = []
        mended: dict[int, BenefitHolder] = {}
        for number, row in sheet.rows.items():
            try:
                holder = _read(row, accounts, categories)
                old = _same(holder, known[holder.account_id])
                if old is not None and not _differs(old, holder):
                    result.unchanged += 1
                    continue
                others = [one for one in known[holder.account_id] if one is not old]
                if refusal := holders.refusal_of(holder, accounts[row["account"]].during, others):
                    raise refusal
            except holders.HolderRefused as refusal:
                text = str(row.get(refusal.field, ""))
                result.errors.append(RowError(number, refusal.field, text, refusal.code))
                continue
            entered = [holder] if old is None else _bring_up_to_date(old, holder)
            for one in entered if old is None else [old, *entered]:
                one.changed_at, one.changed_by_id = at, actor_id
            known[holder.account_id] += entered
            new += entered
            result.added += old is None
            result.changed += old is not None
            if old is not None and old.pk:
                mended[old.pk] = old
        if not dry_run:
            # what ends goes first: it may make room for what begins
            BenefitHolder.objects.bulk_update(mended.values(), _UPDATED, batch_size=1_000)
            BenefitHolder.objects.bulk_create(new, batch_size=5_000)
    return result


_UPDATED = ["document", "people", "during", "changed_at", "changed_by_id"]


def _read(
    row: Mapping[str, str], accounts: dict[str, Account], categories: dict[str, BenefitCategory]
) -> BenefitHolder:
    account = accounts.get(row["account"])
    if account is None:
        raise holders.HolderRefused("unknown_account", "account")
    category = categories.get(row["category"].casefold())
    if category is None:
        raise holders.HolderRefused("unknown_category", "category")
    begins_on = as_day(row["begins_on"])
    if begins_on is None:
        raise holders.HolderRefused("not_a_day", "begins_on")
    last_day = as_day(row.get("ends_on", ""))
    if last_day is None and row.get("ends_on"):
        raise holders.HolderRefused("not_a_day", "ends_on")
    during = holders.day_range(begins_on, last_day + timedelta(days=1) if last_day else None)
    if during is None:
        raise holders.HolderRefused("ends_before", "ends_on")
    people = row.get("people") or "1"
    if not people.isdigit() or not 1 <= int(people) <= 100:
        raise holders.HolderRefused("not_people", "people")
    return BenefitHolder(
        account=account,
        building_id=account.building_id,
        category=category,
        name=" ".join(row["name"].split())[:200],
        document=row["document"][:200],
        people=int(people),
        during=during,
    )


def _same(holder: BenefitHolder, known: list[BenefitHolder]) -> BenefitHolder | None:
    """Return the entry a row is about: the same person and category, begun on the same day or lasting over it."""
    alike = [
        one
        for one in known
        if (one.category_id, one.name.casefold()) == (holder.category_id, holder.name.casefold())
    ]
    begun = [one for one in alike if not one.during.isempty and one.during.lower == holder.during.lower]
    lasting = [one for one in alike if holders.overlapping(one.during, holder.during)]
    return next(iter([*begun, *lasting]), None)


def _differs(old: BenefitHolder, new: BenefitHolder) -> bool:
    begins_on = min(old.during.lower, new.during.lower)
    told = old.document, old.people, old.during.lower, old.during.upper
    return told != (new.document, new.people, begins_on, new.during.upper)


def _bring_up_to_date(old: BenefitHolder, new: BenefitHolder) -> list[BenefitHolder]:
    """Change an entry; return what is to be entered beside it: another number of people from a later day on."""
    if new.people != old.people and old.during.lower < new.during.lower:
        old.during = DateRange(old.during.lower, new.during.lower)
        return [new]
    old.document, old.people = new.document, new.people
    old.during = DateRange(min(old.during.lower, new.during.lower), new.during.upper)
    return []
