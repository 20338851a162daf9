"""Does a statement agree with itself: balances, turnovers, and the documents behind them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from abonent.gateways.bank_files.model import BankDocument, Malformed, StatementAccount


@dataclass(frozen=True)
class Fields:
    """What a format calls the figures, for a refusal to name."""

    account: str
    opening: str
    received: str
    spent: str
    closing: str
    booked: str
    left: str
    document: str


def check(
    accounts: Sequence[StatementAccount], documents: Sequence[BankDocument], *, fields: Fields, vouched: bool
) -> tuple[Malformed, ...]:
    """Raise Malformed for the first disagreement; return those that are vouched for.

    opening + received − spent = closing of every section; sections of an account follow each other; documents add up to
    received and spent, and fall on the days of a section.
    """
    by_account: dict[str, list[StatementAccount]] = defaultdict(list)
    for account in accounts:
        _balance(account, fields)
        by_account[account.number].append(account)
    sums: dict[tuple[str, bool], int] = defaultdict(int)
    for document in documents:
        sums[document.own_account, document.incoming] += document.amount_minor
        _within(document, by_account.get(document.own_account, []), fields)
    repeated = _repeated(documents, fields)
    wanting: list[Malformed] = []
    unproved = {document.own_account for document in documents}
    for number, sections in by_account.items():
        _follow(sections, fields)
        stated = _sums(sections, sums[number, True], sums[number, False], fields)
        wanting += [one for one in stated if one is not None]
        if stated:
            unproved.discard(number)
    # where stated totals agree, two documents that look the same are two documents
    found = [*wanting, *(refusal for refusal, account in repeated if account in unproved or wanting)]
    if found and not vouched:
        raise found[0].with_more(found[1:])
    return tuple(found[:100])


def _balance(account: StatementAccount, fields: Fields) -> None:
    if account.since and account.until and account.since > account.until:
        raise Malformed("period", row=account.row_no, field=fields.account, value=account.number)
    for field, sum_minor in ((fields.received, account.received_minor), (fields.spent, account.spent_minor)):
        if sum_minor is not None and sum_minor < 0:
            raise Malformed("not_positive", row=account.row_of(field), field=field, value=sum_minor)
    parts = (account.opening_minor, account.received_minor, account.spent_minor, account.closing_minor)
    if None in parts:
        return
    opening, received, spent, closing = (part or 0 for part in parts)
    if opening + received - spent != closing:
        raise Malformed(
            "balance",
            row=account.row_of(fields.closing),
            field=fields.closing,
            value=account.number,
            stated_minor=closing,
            counted_minor=opening + received - spent,
        )


def _within(document: BankDocument, sections: list[StatementAccount], fields: Fields) -> None:
    day = document.booked_on
    if day is None or not sections:
        return
    for one in sections:
        if (one.since is None or one.since <= day) and (one.until is None or day <= one.until):
            return
    raise Malformed(
        "period", row=document.row_no, field=fields.booked if document.incoming else fields.left, value=day
    )


def _follow(sections: list[StatementAccount], fields: Fields) -> None:
    dated = sorted((one for one in sections if one.since), key=lambda one: (one.since, one.row_no))
    for earlier, later in pairwise(dated):
        if later.since == earlier.since or (earlier.until and later.since and later.since <= earlier.until):
            raise Malformed(
                "repeated",
                row=later.row_no,
                field=fields.account,
                value=later.number,
                other_row=earlier.row_no,
            )
        if None not in (earlier.closing_minor, later.opening_minor) and (
            earlier.closing_minor != later.opening_minor
        ):
            raise Malformed(
                "continuity",
                row=later.row_of(fields.opening),
                field=fields.opening,
                value=later.number,
                stated_minor=later.opening_minor,
                counted_minor=earlier.closing_minor,
            )


def _sums(
    sections: list[StatementAccount], received_minor: int, spent_minor: int, fields: Fields
) -> list[Malformed | None]:
    """Compare what is stated with what the documents add up to; an empty list where nothing is stated."""
    found: list[Malformed | None] = []
    first, last = sections[0], sections[-1]
    for name, counted in (("received", received_minor), ("spent", spent_minor)):
        stated = [getattr(one, f"{name}_minor") for one in sections]
        if None not in stated:
            found.append(_compare(first, getattr(fields, name), sum(stated), counted))
    if not found and first.opening_minor is not None and last.closing_minor is not None:
        counted = first.opening_minor + received_minor - spent_minor
        found.append(_compare(last, fields.closing, last.closing_minor, counted))
    return found


def _compare(account: StatementAccount, field: str, stated: int, counted: int) -> Malformed | None:
    if stated == counted:
        return None
    return Malformed(
        "documents_total",
        row=account.row_of(field),
        field=field,
        value=account.number,
        stated_minor=stated,
        counted_minor=counted,
    )


def _repeated(documents: Sequence[BankDocument], fields: Fields) -> list[tuple[Malformed, str]]:
    seen: dict[tuple[object, ...], int] = {}
    found = []
    for one in documents:
        key = (
            one.own_account,
            one.incoming,
            one.kind,
            one.number,
            one.made_on,
            one.booked_on,
            one.amount_minor,
            one.counterparty_account,
            one.purpose,
            one.external_id,
        )
        before = seen.setdefault(key, one.row_no)
        if before != one.row_no:
            refusal = Malformed(
                "duplicate", row=one.row_no, field=fields.document, value=one.number, other_row=before
            )
            found.append((refusal, one.own_account))
    return found
