"""What an act says, in words of the reader's language."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.metering.models import Act, ActKind, Zone
from abonent.interfaces.office import formats

_SEAL_WORDS: dict[str, Any] = {
    "set": gettext_lazy("set"),
    "intact": gettext_lazy("intact"),
    "broken": gettext_lazy("broken"),
    "removed": gettext_lazy("taken off"),
    "set_by_mistake": gettext_lazy("written down by mistake, taken back"),
    "ended_by_mistake": gettext_lazy("taken off or broken by mistake, intact again"),
}


def act_facts(act: Act) -> list[tuple[str, str]]:
    """What an act says beside readings and seals, in words."""
    facts = act.facts
    told: list[tuple[str, str]] = []

    def add(words: str, text: Any) -> None:
        if text not in (None, ""):
            told.append((words, str(text)))

    def day(name: str) -> str:
        return formats.day(date.fromisoformat(facts[name])) if facts.get(name) else ""

    for name, words in (("meter", _("Meter")), ("new_meter", _("New meter"))):
        if facts.get(name):
            add(words, f"{facts[name]['serial']}, {facts[name]['model']}")
    if "is_sound" in facts:
        add(_("Verdict"), _("is in order") if facts["is_sound"] else _("is no good for billing"))
    if facts.get("refusal_no"):
        add(_("Refusals in a row"), facts["refusal_no"])
    add(_("Equipment"), facts.get("equipment"))
    if facts.get("power_w"):
        add(_("Power, kW"), formats.kwh(facts["power_w"]))
    add(_("Connected on"), day("connected_on"))
    add(_("Charged from"), day("begins_on"))
    add(_("Put right on"), day("removed_on"))
    add(_("Verified on"), day("verified_on"))
    add(_("Verification due on"), day("verification_due_on"))
    add(_("Certificate"), facts.get("certificate"))
    if facts.get("is_fit") is False:
        add(_("Verdict"), _("is not fit for use"))
    add(_("Inspector"), act.inspector)
    add(_("Consumer or witness present"), act.present)
    add(_("Note"), act.note)
    return told


def act_registers(act: Act) -> list[dict[str, Any]]:
    """What the registers of an act showed, with the kind of each reading in words."""
    closing = _("control") if act.kind == ActKind.CHECK else _("final")
    return [
        {
            **row,
            "kind": kind,
            "zone_name": Zone(row["zone"]).label,
            "previous_on": date.fromisoformat(row["previous_on"]) if row["previous_on"] else None,
        }
        for name, kind in (("registers", closing), ("new_registers", _("initial")))
        for row in act.facts.get(name, ())
    ]


def act_seals(act: Act) -> list[dict[str, Any]]:
    """The seals an act deals with and what became of each."""
    return [
        {**seal, "what": words}
        for what, words in _SEAL_WORDS.items()
        for seal in act.facts.get("seals", {}).get(what, ())
    ]
