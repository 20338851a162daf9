"""What is printed about places: the building's passport, the act of a handover, the answer to an absence."""

from datetime import date

from abonent.contexts.contracts.models import Absence, Account, Event, EventKind
from abonent.contexts.contracts.queries import premises_of_building
from abonent.contexts.parties.models import Supplier as SupplierRow
from abonent.contexts.places.models import Building
from abonent.contexts.places.queries import terms_of_building
from abonent.gateways import typesetting
from abonent.packs.ru.documents import place_papers
from abonent.packs.ru.documents.bill import Supplier
from abonent.packs.ru.documents.paper import Paper, PaperSheet
from abonent.usecases.letterhead import letterhead
from abonent.usecases.premises.absences import full_days


def building_passport(*, building: Building, on: date) -> bytes:
    """Return the passport of a building on a day as PDF."""
    terms = terms_of_building(building_id=building.pk, on=on)
    rows = premises_of_building(building_id=building.pk, on=on).order_by("sort_key", "number")
    facts = place_papers.PassportFacts(
        address=building.address,
        on=on,
        floors=building.floors,
        entrances=building.entrances,
        stove=building.stove,
        built_in=building.built_in,
        opened_on=building.opened_on,
        closed_on=building.closed_on,
        premises_area_dm2=terms.premises_area_dm2 if terms else None,
        common_area_dm2=terms.common_area_dm2 if terms else None,
        common_needs=terms.common_needs if terms else None,
        common_basis=terms.common_basis if terms else None,
        norm_category=terms.common_norm_category if terms else None,
        excess_to_consumers=terms.excess_to_consumers if terms else False,
        decision=terms.decision if terms else "",
        premises=[
            place_papers.PremiseRow(
                number=row["number"],
                kind=row["kind"],
                area_dm2=row["area_dm2"],
                rooms=row["rooms"],
                residents=row["people"],
            )
            for row in rows
        ],
    )
    return _print(place_papers.building_passport(facts, supplier=_supplier(building)), on)


def handover(*, account: Account) -> bytes | None:
    """Return the act of the last handover of an account as PDF; None when it was never handed over."""
    event = Event.objects.filter(account=account, kind=EventKind.HANDOVER).order_by("-happened_on").first()
    if event is None:
        return None
    leaver, newcomer = _side(event.facts["leaver"]), _side(event.facts["newcomer"])
    assert leaver is not None
    facts = place_papers.HandoverFacts(
        address=account.premise.address,
        last_day=event.happened_on,
        leaver=leaver,
        newcomer=newcomer,
        readings=[(one["serial"], one["zone"], one["value_wh"]) for one in event.facts["readings"]],
        document=event.document,
    )
    return _print(place_papers.handover(facts, supplier=_supplier(account.building)), event.created_at.date())


def _side(number: str | None) -> place_papers.Side | None:
    if not number:
        return None
    account = Account.objects.select_related("party").get(number=number)
    return place_papers.Side(account=number, payer=account.party.display_name)


def absence_answer(*, absence: Absence) -> bytes:
    """Return the answer to an application as PDF."""
    days = full_days(left_on=absence.left_on, returned_on=absence.returned_on)
    facts = place_papers.AbsenceFacts(
        number=absence.pk,
        address=absence.premise.address,
        people=absence.people,
        left_on=absence.left_on,
        returned_on=absence.returned_on,
        full_days=days.days if days else 0,
        applied_on=absence.applied_on,
        document=absence.document,
        state=absence.state,
        decided_on=absence.decided_on,
        reason=absence.reason,
    )
    made_on = absence.decided_on or absence.applied_on
    return _print(place_papers.absence_answer(facts, supplier=_supplier(absence.building)), made_on)


def _print(paper: Paper, on: date) -> bytes:
    return typesetting.render(paper, sheet=PaperSheet(), created_on=on, author=paper.supplier.short_name)


def _supplier(building: Building) -> Supplier:
    return letterhead(SupplierRow.objects.get(branches__buildings=building))
