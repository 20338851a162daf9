"""What the forms of acts are made of: every act's own fields, readings, seals, a meter that is put in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.metering.models import ActKind, Seal, Zone
from abonent.contexts.metering.queries import MeterInPlace
from abonent.interfaces.office import formats
from abonent.interfaces.office.device_words import SEAL_PLACES, tell_act
from abonent.interfaces.office.forms import KwhField
from abonent.usecases.device_acts import ZONE_SETS, ActRefused, Drawn, Face, MeterGiven, SealGiven

_NEW_SEALS = 3


class SealFate(TextChoices):
    """What an act did to a seal."""

    INTACT = "intact", gettext_lazy("intact")
    BROKEN = "broken", gettext_lazy("broken")
    REMOVED = "removed", gettext_lazy("taken off")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an act is drawn up, and the meter it is about where there is one."""

    building_id: int
    premise_id: int | None
    address: str
    accounts: list[dict[str, Any]]
    meter: MeterInPlace | None = None
    seals: list[Seal] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    """A part of the form: its title and fields, with what a field's being shown depends on."""

    title: str
    fields: list[Any]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [{"field": one, "depends": one.form.depends.get(one.name, "")} for one in self.fields]


class DayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(widget=widget, **kwargs)


class FaceField(KwhField):
    """What a register shows, typed without a mouse; one that may stay empty is None then."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(**{"widget": widget, **kwargs})

    def clean(self, value: Any) -> int | None:
        if not self.required and not str(value or "").strip():
            return None
        return super().clean(value)


class ActForm(forms.Form):
    """What every act says. Subclasses add the fields and sections their kind tells of."""

    kind: ActKind
    drawn_on = DayField(label=gettext_lazy("Day of the act"))
    inspector = forms.CharField(label=gettext_lazy("Inspector"), max_length=200, required=False)
    present = forms.CharField(
        label=gettext_lazy("Consumer or witness present"), max_length=200, required=False
    )
    number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=30,
        required=False,
        help_text=gettext_lazy("of a paper form; left empty, the next one"),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    # confirmations: shown only after the server has asked for them
    asked: tuple[tuple[str, str], ...] = ()

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place = place
        self.depends: dict[str, str] = {}
        self.refused: set[str] = set()
        self.build()
        for name, one in self.fields.items():
            if isinstance(one.widget, forms.CheckboxInput):
                one.widget.attrs["class"] = "form-check-input"
                continue
            css = "form-select" if isinstance(one.widget, forms.Select) else "form-control"
            if isinstance(one, KwhField):
                css += " num"
            one.widget.attrs["class"] = css + (" is-invalid" if name in self.errors else "")

    def build(self) -> None:
        """Add the fields that depend on the place."""

    def parts(self) -> list[Section]:
        return []

    def sections(self) -> list[Section]:
        """The whole form in its order: when, what, by whom."""
        parts = self.parts()
        when = Section(_("When"), [self["drawn_on"]])
        who = Section(_("Who and how"), [self["inspector"], self["present"], self["number"], self["note"]])
        self._focus([one for part in (*parts, who, when) for one in part.fields])
        return [when, *parts, who]

    def _focus(self, fields: list[Any]) -> None:
        """Begin typing where something is to be mended, else at what the act is about."""
        first = next((one for one in fields if one.errors), fields[0])
        first.field.widget.attrs["autofocus"] = True

    def confirmations(self) -> list[Any]:
        """The boxes to tick that the last refusal asked for, and those ticked already."""
        return [self[name] for name, code in self.asked if code in self.refused or self.data.get(name)]

    def drawn(self, *, today: date, at: datetime, actor_id: int | None) -> Drawn:
        """Return what every act says, once the form is valid."""
        values = self.cleaned_data
        return Drawn(
            building_id=self.place.building_id,
            premise_id=self.place.premise_id,
            drawn_on=values["drawn_on"],
            today=today,
            at=at,
            actor_id=actor_id,
            number=values["number"].strip(),
            inspector=values["inspector"].strip(),
            present=values["present"].strip(),
            note=values["note"].strip(),
        )

    def refuse(self, refusal: ActRefused) -> None:
        """Show a refusal at the field to mend."""
        self.refused |= {"below_previous" if refusal.code == "above_next" else refusal.code}
        name = refusal.field
        self.add_error(name if name in self.fields else None, tell_act(refusal))
        if name in self.fields:
            attrs = self.fields[name].widget.attrs
            attrs["class"] = f"{attrs.get('class', '')} is-invalid"


class OldReadings(ActForm):
    """What each register of the meter in place shows on the day of the act."""

    confirmed_fall = forms.BooleanField(
        label=gettext_lazy("The reading is right: the meter rolled over, or an earlier one was wrong"),
        required=False,
    )
    asked = (("confirmed_fall", "below_previous"),)
    readings_are_required = True

    def build(self) -> None:
        super().build()
        for register in self.place.meter.registers if self.place.meter else ():
            last = register.last
            hint = _("%(digits)s digits") % {"digits": register.digits}
            if last is not None:
                hint = _("%(value)s on %(day)s, %(digits)s") % {
                    "value": formats.kwh(last.value_wh),
                    "day": formats.day(last.taken_on),
                    "digits": hint,
                }
            self.fields[f"old_{register.zone}"] = FaceField(
                label=_("%(zone)s, kWh") % {"zone": register.zone_name},
                max_length=register.digits + 4,
                required=self.readings_are_required,
                help_text=hint,
            )

    def old_fields(self) -> list[Any]:
        return [self[name] for name in self.fields if name.startswith("old_")]

    def old_faces(self) -> list[Face]:
        values = self.cleaned_data
        return [
            Face(zone=int(name.removeprefix("old_")), value_wh=values[name])
            for name in self.fields
            if name.startswith("old_") and values.get(name) is not None
        ]


class KnownSeals(ActForm):
    """What became of each seal the meter has."""

    fates: Sequence[SealFate] = (SealFate.INTACT, SealFate.BROKEN)

    def build(self) -> None:
        super().build()
        for seal in self.place.seals:
            self.fields[f"seal_{seal.pk}"] = forms.ChoiceField(
                label=f"{seal.number}, {seal.place}",
                choices=[(fate.value, fate.label) for fate in self.fates],
                initial=SealFate.INTACT.value,
                required=False,
            )

    def seal_fields(self) -> list[Any]:
        return [self[f"seal_{seal.pk}"] for seal in self.place.seals]

    def seals_that_are(self, fate: SealFate) -> list[int]:
        return [
            seal.pk for seal in self.place.seals if self.cleaned_data.get(f"seal_{seal.pk}") == fate.value
        ]


class NewSeals(ActForm):
    """Seals set at the act."""

    def build(self) -> None:
        super().build()
        for row in range(1, _NEW_SEALS + 1):
            self.fields[f"seal_number_{row}"] = forms.CharField(
                label=_("Seal %(row)s") % {"row": row}, max_length=30, required=False
            )
            self.fields[f"seal_place_{row}"] = forms.CharField(
                label=_("Where"),
                max_length=60,
                required=False,
                initial=str(SEAL_PLACES[row - 1]),
                widget=forms.TextInput(attrs={"list": "seal-places"}),
            )

    def new_seal_fields(self) -> list[Any]:
        return [
            self[f"seal_{what}_{row}"] for row in range(1, _NEW_SEALS + 1) for what in ("number", "place")
        ]

    def new_seals(self) -> list[SealGiven]:
        values = self.cleaned_data
        return [
            SealGiven(number=number, place=values[f"seal_place_{row}"].strip())
            for row in range(1, _NEW_SEALS + 1)
            if (number := values[f"seal_number_{row}"].strip())
        ]


class NewMeter(NewSeals):
    """The meter that is put in, with what its registers begin with."""

    model = forms.CharField(
        label=gettext_lazy("Model"), max_length=60, widget=forms.TextInput(attrs={"list": "meter-models"})
    )
    serial = forms.CharField(label=gettext_lazy("Serial number"), max_length=30)
    zones = forms.TypedChoiceField(
        label=gettext_lazy("Zones"),
        coerce=int,
        choices=[
            (1, gettext_lazy("one")),
            (2, gettext_lazy("two: day, night")),
            (3, gettext_lazy("three: peak, semi-peak, night")),
        ],
    )
    ratio = forms.IntegerField(label=gettext_lazy("Ratio"), min_value=1, max_value=100_000, initial=1)
    digits = forms.IntegerField(
        label=gettext_lazy("Digits"),
        min_value=3,
        max_value=12,
        required=False,
        help_text=gettext_lazy("left empty, those of the model"),
    )
    phases = forms.TypedChoiceField(
        label=gettext_lazy("Phases"), coerce=int, choices=[(1, "1"), (3, "3")], required=False, empty_value=1
    )
    verified_on = DayField(label=gettext_lazy("Verified on"), required=False)
    verification_due_on = DayField(label=gettext_lazy("Verification due on"), required=False)
    is_new_model = forms.BooleanField(label=gettext_lazy("It is a new model: add it"), required=False)
    asked = (("is_new_model", "model_unknown"),)

    def build(self) -> None:
        super().build()
        for zones in ZONE_SETS:
            for zone in zones:
                self.fields[f"new_{int(zone)}"] = FaceField(
                    label=_("%(zone)s, kWh") % {"zone": Zone(zone).label},
                    max_length=16,
                    required=False,
                )
                self.depends[f"new_{int(zone)}"] = f"zones={len(zones)}"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for zone in self.zone_set():
            if values.get(f"new_{zone}") is None and f"new_{zone}" not in self.errors:
                self.add_error(f"new_{zone}", ValidationError(_("Write what the register begins with.")))
        return values

    def zone_set(self) -> list[int]:
        count = self.cleaned_data.get("zones")
        return next(([int(zone) for zone in zones] for zones in ZONE_SETS if len(zones) == count), [])

    def meter_fields(self) -> list[Any]:
        names = (
            "model",
            "serial",
            "zones",
            "ratio",
            "digits",
            "phases",
            "verified_on",
            "verification_due_on",
        )
        return [self[name] for name in names]

    def new_fields(self) -> list[Any]:
        return [self[name] for name in self.fields if name.startswith("new_")]

    def meter_given(self) -> MeterGiven:
        values = self.cleaned_data
        return MeterGiven(
            model=values["model"].strip(),
            serial=values["serial"].strip(),
            registers=tuple(
                Face(zone=zone, value_wh=values[f"new_{zone}"], digits=values["digits"])
                for zone in self.zone_set()
            ),
            ratio=values["ratio"],
            phases=values["phases"],
            verified_on=values["verified_on"],
            verification_due_on=values["verification_due_on"],
            is_new_model=values["is_new_model"],
        )
