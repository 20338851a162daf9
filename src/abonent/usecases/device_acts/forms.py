"""Acts on paper: from what an act keeps to its printed form."""

from collections.abc import Iterable, Mapping
from typing import Any

from abonent.contexts.metering.devices import place_address
from abonent.contexts.metering.models import Act
from abonent.contexts.parties.models import Supplier
from abonent.gateways import typesetting
from abonent.packs.ru.documents.act import ActDocument, ActMeter, ActRegister, ActSeal
from abonent.packs.ru.documents.act_page import ActSheet
from abonent.usecases.device_acts.record import text_day
from abonent.usecases.letterhead import letterhead

_SEALS_IN_ORDER = ("set", "intact", "broken", "removed", "set_by_mistake", "ended_by_mistake")


def print_act(*, act: Act) -> bytes:
    """Return the act as PDF; the same act is the same file every time. Raises typesetting.TypesettingError."""
    document = act_document(act)
    return typesetting.render(
        document, sheet=ActSheet(), created_on=act.drawn_on, author=document.supplier.short_name
    )


def act_document(act: Act) -> ActDocument:
    """Make the document of an act from its own facts, so that it prints what was true on its day."""
    facts = act.facts
    return ActDocument(
        supplier=letterhead(Supplier.objects.get(branches__buildings=act.building_id)),
        kind=act.kind,
        number=act.number,
        drawn_on=act.drawn_on,
        address=place_address(act),
        accounts=tuple((one["number"], one["payer"]) for one in facts.get("accounts", ())),
        meter=_meter(facts.get("meter")),
        new_meter=_meter(facts.get("new_meter")),
        registers=tuple(_registers(facts.get("registers", ()))),
        new_registers=tuple(_registers(facts.get("new_registers", ()))),
        seals=tuple(
            ActSeal(number=one["number"], place=one["place"], what=what)
            for what in _SEALS_IN_ORDER
            for one in facts.get("seals", {}).get(what, ())
        ),
        is_sound=facts.get("is_sound"),
        refusal_no=facts.get("refusal_no", 0),
        begins_on=text_day(facts.get("begins_on")),
        connected_on=text_day(facts.get("connected_on")),
        removed_on=text_day(facts.get("removed_on")),
        power_w=facts.get("power_w"),
        equipment=facts.get("equipment", ""),
        verified_on=text_day(facts.get("verified_on")),
        verification_due_on=text_day(facts.get("verification_due_on")),
        certificate=facts.get("certificate", ""),
        is_fit=facts.get("is_fit", True),
        inspector=act.inspector,
        present=act.present,
        note=act.note,
        annulled_on=act.annulled_at.date() if act.annulled_at else None,
        annulled_because=act.annulled_because,
    )


def _meter(facts: Mapping[str, Any] | None) -> ActMeter | None:
    if not facts:
        return None
    return ActMeter(
        serial=facts["serial"],
        model=facts["model"],
        phases=facts["phases"],
        verified_on=text_day(facts["verified_on"]),
        verification_due_on=text_day(facts["verification_due_on"]),
    )


def _registers(rows: Iterable[Mapping[str, Any]]) -> Iterable[ActRegister]:
    for row in rows:
        yield ActRegister(
            zone=row["zone"],
            digits=row["digits"],
            ratio=row["ratio"],
            value_wh=row["value_wh"],
            previous_on=text_day(row["previous_on"]),
            previous_wh=row["previous_wh"],
        )
