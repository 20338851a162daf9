"""The items of an account's history in words."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from abonent.contexts.charging.models import RunKind
from abonent.contexts.contracts.models import AbsenceState, EventKind, Service, UpliftCause
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.metering.models import ActKind, ReadingSource, ReadingStatus, Zone
from abonent.interfaces.office import formats
from abonent.usecases.account_history import Item, Kind

Facts = Mapping[str, Any]

_ICONS = {
    Kind.EVENT: "info-circle",
    Kind.TERMS: "list-check",
    Kind.SERVICE: "bolt",
    Kind.RESIDENT: "users",
    Kind.ABSENCE: "calendar",
    Kind.BENEFIT: "rosette-discount-check",
    Kind.ACT: "eye",
    Kind.READING: "gauge",
    Kind.CHARGE: "receipt",
    Kind.PAYMENT: "coin",
    Kind.BILL: "file-invoice",
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """An item as the page shows it."""

    on: date
    icon: str
    title: str
    text: str
    href: str
    at: datetime | None
    author: str
    document: str
    is_undone: bool


def kind_name(kind: Kind) -> str:
    """Name a kind of item, for the choice above the list."""
    return {
        Kind.EVENT: _("account and building"),
        Kind.TERMS: _("terms"),
        Kind.SERVICE: _("services"),
        Kind.RESIDENT: _("residents"),
        Kind.ABSENCE: _("absences"),
        Kind.BENEFIT: _("benefits"),
        Kind.ACT: _("acts"),
        Kind.READING: _("readings"),
        Kind.CHARGE: _("charges"),
        Kind.PAYMENT: _("payments"),
        Kind.BILL: _("bills"),
    }[kind]


def written(item: Item, *, number: str, names: Mapping[int, str]) -> Line:
    """Write an item of the account of this number; `names` are those of users by id."""
    title, text, href = _WRITERS[item.kind](item, number)
    return Line(
        on=item.on,
        icon=_ICONS[item.kind],
        title=title,
        text=text,
        href=href,
        at=item.at,
        author=names.get(item.author_id or 0, ""),
        document=item.document,
        is_undone=_is_undone(item),
    )


def _is_undone(item: Item) -> bool:
    facts = item.facts
    return bool(
        facts.get("is_annulled")
        or facts.get("is_cancelled")
        or (item.kind == Kind.READING and facts["status"] != ReadingStatus.ACCEPTED)
    )


Written = tuple[str, str, str]


def _event(item: Item, number: str) -> Written:
    facts = item.facts
    kind = EventKind(facts["event"])
    text = ""
    if kind == EventKind.PAYER:
        text = f"{facts['was']} → {facts['now']}"
    elif kind == EventKind.ACCOUNT_OPENED:
        text = str(facts.get("payer", ""))
    elif kind == EventKind.SHARES:
        text = ", ".join(f"№ {account}: {share}" for account, share in facts["shares"].items())
    elif kind == EventKind.HANDOVER:
        return _handover(facts, number)
    return _capital(str(kind.label)), text, ""


def _handover(facts: Facts, number: str) -> Written:
    other = facts["newcomer"] if facts["leaver"] == number else facts["leaver"]
    readings = [
        f"{serial}: {_values((one['zone'], one['value_wh']) for one in group)} {_('kWh')}"
        for serial, group in groupby(facts["readings"], key=lambda one: one["serial"])
    ]
    address = reverse("office:account_handover", args=[number])
    if facts["leaver"] == number:
        title = _("Handed over to account %(number)s") if other else _("Moved out, nobody followed")
    else:
        title = _("Taken over from account %(number)s")
    return title % {"number": other}, "; ".join(readings), address


def _terms(item: Item, number: str) -> Written:
    was, now = item.facts.get("was", {}), item.facts["now"]
    parts = [
        f"{label}: {write(was[name])} → {write(now[name])}" if name in was else f"{label}: {write(now[name])}"
        for name, label, write in _term_words()
        if name in now and (was or now[name])
    ]
    return _("Terms of the premise"), "; ".join(parts), ""


def _term_words() -> list[tuple[str, str, Callable[[Any], str]]]:
    def yes_or_no(value: Any) -> str:
        return _("yes") if value else _("no")

    return [
        ("tariff_group__name", _("tariff group"), str),
        ("area_dm2", _("area, m²"), formats.area),
        ("rooms", _("rooms"), str),
        ("residents", _("residents"), str),
        ("owners", _("owners"), str),
        ("uplift_cause", _("raised norm"), lambda value: str(UpliftCause(value).label)),
        ("room_meters_agreed", _("rooms billed by their meters"), yes_or_no),
        ("agreed_wh_per_month", _("agreed use, kWh a month"), formats.kwh),
    ]


def _service(item: Item, number: str) -> Written:
    name = Service(item.facts["service"]).label
    told = _("Switched on: %(service)s") if item.facts["is_on"] else _("Switched off: %(service)s")
    share = item.facts["share"]
    return told % {"service": name}, _("share %(share)s") % {"share": share} if share else "", ""


def _resident(item: Item, number: str) -> Written:
    name = item.facts["name"] or _("somebody not named")
    told = _("Lives here: %(name)s") if item.facts["moved"] == "in" else _("Left: %(name)s")
    return told % {"name": name}, "", ""


def _absence(item: Item, number: str) -> Written:
    facts = item.facts
    days = _("%(people)s away, %(left_on)s – %(returned_on)s") % {
        "people": facts["people"],
        "left_on": formats.day(facts["left_on"]),
        "returned_on": formats.day(facts["returned_on"]),
    }
    state = str(AbsenceState(facts["state"]).label)
    text = f"{days}. {_capital(state)}{': ' + facts['reason'] if facts['reason'] else ''}"
    return _("Temporary absence"), text, reverse("office:absence", args=[item.number])


def _benefit(item: Item, number: str) -> Written:
    told = _("Benefit from this day") if item.facts["is_on"] else _("Benefit ends")
    return told, f"{item.facts['category']}, {item.facts['name']}", ""


def _act(item: Item, number: str) -> Written:
    facts = item.facts
    title = f"{_capital(str(ActKind(facts['act']).label))} № {facts['no']}"
    text = " → ".join(filter(None, (facts["meter"], facts["new_meter"])))
    if facts["is_annulled"]:
        text = f"{text} {_('annulled')}: {facts['reason']}".strip()
    return title, text, reverse("office:act", args=[item.number])


def _values(registers: Iterable[tuple[int, int]]) -> str:
    """Write what the registers of a meter showed, each with its zone where there are several."""
    return ", ".join(
        formats.kwh(value) if zone == Zone.SINGLE else f"{Zone(zone).label} {formats.kwh(value)}"
        for zone, value in registers
    )


def _reading(item: Item, number: str) -> Written:
    facts = item.facts
    values = _values(facts["values"])
    title = _("Reading of meter %(serial)s: %(values)s kWh") % {"serial": facts["serial"], "values": values}
    text = str(ReadingSource(facts["source"]).label)
    if facts["status"] != ReadingStatus.ACCEPTED:
        text += f", {ReadingStatus(facts['status']).label}"
    if facts["reason"]:
        text += f": {facts['reason']}"
    return title, text, _run_address(item)


def _charge(item: Item, number: str) -> Written:
    facts = item.facts
    title = _("%(entry)s for %(month)s: %(amount)s ₽") % {
        "entry": _capital(str(EntryKind(facts["entry"]).label)),
        "month": formats.month_within(facts["period"]),
        "amount": formats.signed(facts["amount_minor"]),
    }
    text = ""
    if item.number:
        text = _("run № %(no)s") % {"no": item.number}
        if facts["run_kind"] not in (None, RunKind.BILLING):
            text += f", {RunKind(facts['run_kind']).label}"
    if facts["reason"]:
        text = ": ".join(filter(None, (text, facts["reason"])))
    return title, text, _run_address(item)


def _payment(item: Item, number: str) -> Written:
    facts = item.facts
    title = _("%(entry)s: %(amount)s ₽") % {
        "entry": _capital(str(EntryKind(facts["entry"]).label)),
        "amount": formats.minor(-facts["amount_minor"]),
    }
    return title, str(facts["reason"] or facts["origin"].removeprefix("import:")), ""


def _bill(item: Item, number: str) -> Written:
    facts = item.facts
    told = (
        _("Final bill %(no)s: to pay %(amount)s ₽")
        if facts["is_final"]
        else _("Bill %(no)s: to pay %(amount)s ₽")
    )
    title = told % {"no": facts["no"], "amount": formats.minor(facts["total_minor"])}
    text = _("for %(month)s, by %(day)s") % {
        "month": formats.month_within(facts["period"]),
        "day": formats.day(facts["due_on"]),
    }
    return title, text, reverse("office:bill_page", args=[number, item.number])


def _run_address(item: Item) -> str:
    return reverse("office:run", args=[item.number]) if item.number else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_WRITERS: dict[Kind, Callable[[Item, str], Written]] = {
    Kind.EVENT: _event,
    Kind.TERMS: _terms,
    Kind.SERVICE: _service,
    Kind.RESIDENT: _resident,
    Kind.ABSENCE: _absence,
    Kind.BENEFIT: _benefit,
    Kind.ACT: _act,
    Kind.READING: _reading,
    Kind.CHARGE: _charge,
    Kind.PAYMENT: _payment,
    Kind.BILL: _bill,
}
