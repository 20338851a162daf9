"""Services of accounts switched on and off, also back-dated, and the shares in which co-owners pay."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from django.db import transaction

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import Account, AccountService, EventKind, Service
from abonent.contexts.places.models import Premise
from abonent.kernel.periods import DateRange
from abonent.usecases.premises._common import By, PlaceRefused, log, recalculate_premise
from abonent.usecases.premises.dated import Span, Table, Values, changed, cut, put

SERVICES = Table(AccountService, ("share_numerator", "share_denominator"))
Shares = Mapping[int, Fraction]  # by account
WHOLE = Fraction(1)


def switch_on(
    *, account: Account, service: Service, during: DateRange, by: By, share: Fraction | None = None
) -> int:
    """Let a service be on during some days of an account; return the months that wait for recalculation.

    The share is the one the account had last, or the whole. Raises PlaceRefused: outside the account's days, or
    shares that do not add up to one.
    """
    if not _within(account, during):
        raise PlaceRefused(
            "outside_account", "since", opens_on=account.during.lower, closes_on=account.during.upper
        )
    with transaction.atomic():
        spans = SERVICES.read(_owner(account, service))
        values = _values(share) if share else (spans[-1].values if spans else _values(WHOLE))
        return _store(account, service, put(spans, during, values), by, is_on=True, during=during)


def switch_off(*, account: Account, service: Service, during: DateRange, by: By) -> int:
    """Let a service be off during some days; return the months that wait for recalculation. Raises PlaceRefused."""
    with transaction.atomic():
        spans = SERVICES.read(_owner(account, service))
        return _store(account, service, cut(spans, during), by, is_on=False, during=during)


def _store(
    account: Account, service: Service, spans: list[Span], by: By, *, is_on: bool, during: DateRange
) -> int:
    touched = SERVICES.store(_owner(account, service), spans)
    if touched is None:
        return 0
    require_whole(account.premise, touched)
    log(
        EventKind.SERVICES,
        by,
        on=during.start,
        building_id=account.building_id,
        premise_id=account.premise_id,
        account_id=account.pk,
        service=int(service),
        is_on=is_on,
        until=during.end and during.end.isoformat(),
    )
    return recalculate_premise(account.premise, touched, cause=RecalculationCause.SERVICE, by=by)


def set_shares(*, premise: Premise, on: date, shares: Shares, by: By) -> int:
    """Let co-owners pay in other shares from a day on; return the months that wait for recalculation.

    Raises PlaceRefused unless the shares of the premise add up to one on every day.
    """
    with transaction.atomic():
        touched = change_shares(premise=premise, on=on, shares=shares)
        if touched is None:
            return 0
        require_whole(premise, touched)
        log(
            EventKind.SHARES,
            by,
            on=on,
            building_id=premise.building_id,
            premise_id=premise.pk,
            shares={
                Account.objects.get(pk=account_id).number: str(share) for account_id, share in shares.items()
            },
        )
        return recalculate_premise(premise, touched, cause=RecalculationCause.SERVICE, by=by)


def change_shares(*, premise: Premise, on: date, shares: Shares) -> DateRange | None:
    """Write other shares from a day on, unchecked; return the days touched."""
    touched: list[DateRange] = []
    for account in Account.objects.filter(premise=premise, pk__in=shares):
        for service in Service.values:
            owner = _owner(account, service)
            spans = SERVICES.read(owner)
            if not spans:
                continue
            try:
                days = SERVICES.store(owner, changed(spans, on=on, values=_values(shares[account.pk])))
            except LookupError as error:
                raise PlaceRefused("no_service", "on", number=account.number, on=on) from error
            touched += [days] if days else []
    if not touched:
        return None
    ends = [days.end for days in touched]
    return DateRange(
        min(days.start for days in touched), None if None in ends else max(end for end in ends if end)
    )


def require_whole(premise: Premise, days: DateRange) -> None:
    """Raise PlaceRefused unless, on every one of these days, nobody is served or the shares add up to one."""
    rows = AccountService.objects.filter(
        building_id=premise.building_id, premise=premise, service=Service.ELECTRICITY
    ).values_list("during", "share_numerator", "share_denominator")
    served = [
        (part, Fraction(numerator, denominator))
        for during, numerator, denominator in rows
        if (part := DateRange(during.lower, during.upper).intersection(days)) is not None
    ]
    bounds = {part.start for part, _share in served} | {part.end for part, _share in served if part.end}
    for day in sorted(bounds):
        if day not in days:
            continue
        shares = [share for part, share in served if day in part]
        if shares and sum(shares) != 1:
            raise PlaceRefused("shares_not_one", "shares", day=day, total=str(sum(shares)))


def begin(account: Account, *, services: list[Service], share: Fraction) -> None:
    """Switch services on for all days of a new account, unchecked."""
    during = DateRange(account.during.lower, account.during.upper)
    for service in services:
        SERVICES.store(_owner(account, service), [Span(during, _values(share))])


def end(account: Account, *, on: date) -> DateRange | None:
    """Switch all services off from a day on, unchecked; return the days touched."""
    touched = None
    for service in Service.values:
        owner = _owner(account, service)
        touched = SERVICES.store(owner, cut(SERVICES.read(owner), DateRange(on))) or touched
    return touched


def services_of(account: Account, *, on: date) -> dict[Service, Fraction]:
    """Return the services of an account on a day with the share it pays."""
    rows = AccountService.objects.filter(
        building_id=account.building_id, account=account, during__contains=on
    )
    return {Service(row.service): Fraction(row.share_numerator, row.share_denominator) for row in rows}


def _owner(account: Account, service: int) -> Values:
    return {
        "account_id": account.pk,
        "premise_id": account.premise_id,
        "building_id": account.building_id,
        "service": int(service),
    }


def _values(share: Fraction) -> Values:
    return {"share_numerator": share.numerator, "share_denominator": share.denominator}


def _within(account: Account, during: DateRange) -> bool:
    days = DateRange(account.during.lower, account.during.upper)
    return days.intersection(during) == during
