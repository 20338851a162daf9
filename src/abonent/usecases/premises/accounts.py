"""Accounts opened and closed, and their payers changed."""

from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange as DatabaseRange

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import (
    Account,
    AccountService,
    EventKind,
    PremiseTerms,
    Service,
)
from abonent.contexts.contracts.search import refresh_premise
from abonent.contexts.parties.models import Party, PartyKind
from abonent.contexts.places.models import CommonNeeds, Premise, PremiseKind
from abonent.contexts.places.queries import terms_of_building
from abonent.kernel.identifiers import account_number, is_account_number
from abonent.kernel.periods import DateRange
from abonent.usecases.premises import services
from abonent.usecases.premises._common import By, PlaceRefused, log, recalculate_premise
from abonent.usecases.premises.services import WHOLE, Shares

_DIGITS = 10
_NUMBERS_LOOKED_AT = 1_000


@dataclass(frozen=True, kw_only=True)
class Payer:
    """A person, or an organisation, as it stands on the bill."""

    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""
    organisation: str = ""
    inn: str = ""
    phone: str = ""
    email: str = ""

    def is_said_of(self, party: Party) -> bool:
        """Tell whether the party stands on the bill with just this already."""
        stands = {name: getattr(party, name) for name in asdict(self) if name != "organisation"}
        return asdict(self) == {**stands, "organisation": party.name}

    def create(self) -> Party:
        values = asdict(self)
        organisation = values.pop("organisation")
        kind = PartyKind.ORGANISATION if organisation else PartyKind.PERSON
        return Party.objects.create(kind=kind, name=organisation, **values)


def open_account(
    *,
    premise: Premise,
    payer: Payer,
    opens_on: date,
    by: By,
    share: Fraction = WHOLE,
    others: Shares | None = None,
) -> Account:
    """Open an account on a premise, with electricity from the same day; `others` are the co-owners' new shares.

    Raises PlaceRefused.
    """
    with transaction.atomic():
        account = begin(premise=premise, payer=payer, opens_on=opens_on, share=share)
        if others:
            services.change_shares(premise=premise, on=opens_on, shares=others)
        services.require_whole(premise, DateRange(opens_on))
        log(
            EventKind.ACCOUNT_OPENED,
            by,
            on=opens_on,
            building_id=premise.building_id,
            premise_id=premise.pk,
            account_id=account.pk,
            payer=account.party.display_name,
            share=str(share),
        )
        recalculate_premise(premise, DateRange(opens_on), cause=RecalculationCause.SERVICE, by=by)
    return account


def begin(*, premise: Premise, payer: Payer, opens_on: date, share: Fraction) -> Account:
    """Make the rows of a new account, its shares unchecked. Raises PlaceRefused."""
    building = premise.building
    if premise.kind in (PremiseKind.HEATING, PremiseKind.SECTION):
        raise PlaceRefused("no_account_here")
    if building.closed_on is not None and opens_on >= building.closed_on:
        raise PlaceRefused("building_closed", "opens_on", closed_on=building.closed_on)
    if not PremiseTerms.objects.filter(
        building=building, premise=premise, during__contains=opens_on
    ).exists():
        raise PlaceRefused("no_terms", "opens_on", on=opens_on)
    during = DatabaseRange(opens_on, None)
    taken = Account.objects.filter(building=building, premise=premise, during__overlap=during)
    numbers = set(taken.values_list("share_no", flat=True))
    account = Account.objects.create(
        number=_next_number(),
        premise=premise,
        building=building,
        party=payer.create(),
        share_no=next(no for no in range(1, len(numbers) + 2) if no not in numbers),
        during=during,
    )
    terms = terms_of_building(building_id=building.pk, on=opens_on)
    common = terms is not None and terms.common_needs == CommonNeeds.CONSUMERS
    with_common = [Service.ELECTRICITY_COMMON] if common and premise.kind != PremiseKind.COMMON else []
    services.begin(account, services=[Service.ELECTRICITY, *with_common], share=share)
    refresh_premise(premise_id=premise.pk, on=opens_on)
    return account


def _next_number() -> str:
    """Return the number after the highest; nobody else gets one until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('account_number'))")
    highest = Account.objects.order_by("-number").values_list("number", flat=True)[:_NUMBERS_LOOKED_AT]
    last = next((one for one in highest if len(one) == _DIGITS and is_account_number(one)), "0" * _DIGITS)
    return account_number(int(last[:-1]) + 1, digits=_DIGITS)


def close_account(*, account: Account, closes_on: date, by: By, others: Shares | None = None) -> int:
    """Serve an account no longer from a day on; return the months that wait for recalculation.

    `others` are the shares of the co-owners who stay. Raises PlaceRefused.
    """
    with transaction.atomic():
        touched = end(account=account, closes_on=closes_on)
        if others:
            services.change_shares(premise=account.premise, on=closes_on, shares=others)
        if touched is not None:
            services.require_whole(account.premise, touched)
        log(
            EventKind.ACCOUNT_CLOSED,
            by,
            on=closes_on,
            building_id=account.building_id,
            premise_id=account.premise_id,
            account_id=account.pk,
        )
        account.refresh_from_db(fields=["during"])
        return recalculate_premise(account.premise, touched, cause=RecalculationCause.SERVICE, by=by)


def end(*, account: Account, closes_on: date) -> DateRange | None:
    """End an account and its services, the others' shares unchecked; return the days its services lost."""
    during = Account.objects.select_for_update().values_list("during", flat=True).get(pk=account.pk)
    if closes_on <= during.lower:
        raise PlaceRefused("before_opening", "last_day", opened_on=during.lower)
    if during.upper is not None:
        raise PlaceRefused("account_closed", closed_on=during.upper)
    Account.objects.filter(pk=account.pk).update(during=DatabaseRange(during.lower, closes_on))
    return services.end(account, on=closes_on)


def change_payer(*, account: Account, payer: Payer, on: date, by: By) -> None:
    """Let somebody else pay under the same number: an heir, a new name. Who paid before stays in the events."""
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        account.refresh_from_db(fields=["party"])
        if payer.is_said_of(account.party):
            return
        was, account.party = account.party, payer.create()
        account.save(update_fields=["party"])
        refresh_premise(premise_id=account.premise_id, on=on)
        log(
            EventKind.PAYER,
            by,
            on=on,
            building_id=account.building_id,
            premise_id=account.premise_id,
            account_id=account.pk,
            was=was.display_name,
            now=account.party.display_name,
        )


def neighbours(*, premise: Premise, on: date) -> list[AccountService]:
    """Return the electricity of the accounts of a premise on a day, with shares, in the order of the shares."""
    rows = AccountService.objects.filter(
        building_id=premise.building_id, premise=premise, service=Service.ELECTRICITY, during__contains=on
    )
    return list(rows.select_related("account__party").order_by("account__share_no"))
