"""Forms of buildings and of the premises in them: what is to be different, and from which day."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.contracts.models import TariffGroup
from abonent.contexts.places.models import (
    BuildingKind,
    CommonBasis,
    CommonNeeds,
    District,
    Premise,
    PremiseKind,
    Stove,
)
from abonent.interfaces.office.forms import KwhField
from abonent.interfaces.office.place_forms import AreaField, DayField, PlaceForm, document_field

STREET_KINDS = ("ул.", "пер.", "пр-т", "б-р", "пл.", "проезд", "ш.", "наб.", "тупик")


class PassportForm(PlaceForm):
    floors = forms.IntegerField(label=gettext_lazy("Floors"), min_value=1, max_value=200)
    entrances = forms.IntegerField(label=gettext_lazy("Entrances"), min_value=1, max_value=100)
    stove = forms.TypedChoiceField(label=gettext_lazy("Stoves"), choices=Stove.choices, coerce=int)
    built_in = forms.IntegerField(
        label=gettext_lazy("Year built"), min_value=1700, max_value=2100, required=False
    )
    document = document_field()

    FACTS = ("floors", "entrances", "stove", "built_in")

    def passport(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in PassportForm.FACTS}


class _CommonNeedsFields(PlaceForm):
    """What an apartment building's common needs are shared by."""

    premises_area_dm2 = AreaField(label=gettext_lazy("Area of premises, m²"), required=False)
    common_area_dm2 = AreaField(label=gettext_lazy("Area of common property, m²"), required=False)
    common_needs = forms.TypedChoiceField(
        label=gettext_lazy("Common needs are paid by"), choices=CommonNeeds.choices, coerce=int
    )
    common_basis = forms.TypedChoiceField(
        label=gettext_lazy("Charged month by month"), choices=CommonBasis.choices, coerce=int
    )
    common_norm_category = forms.IntegerField(
        label=gettext_lazy("Category of the norm"), min_value=1, max_value=99
    )
    excess_to_consumers = forms.BooleanField(
        label=gettext_lazy("What exceeds the norm is shared out to consumers"), required=False
    )
    decision = forms.CharField(
        label=gettext_lazy("Minutes of the owners' meeting"), max_length=200, required=False
    )

    FACTS = (
        "premises_area_dm2",
        "common_area_dm2",
        "common_needs",
        "common_basis",
        "common_norm_category",
        "excess_to_consumers",
        "decision",
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("excess_to_consumers") and not values.get("decision"):
            self.add_error(
                "decision", _("Name the minutes: without them the excess stays with the executor.")
            )
        return values


class BuildingForm(_CommonNeedsFields, PassportForm):
    """A building that begins to be served."""

    district = forms.ModelChoiceField(
        District.objects.select_related("branch").order_by("branch__name", "name"),
        label=gettext_lazy("District"),
    )
    street_kind = forms.ChoiceField(label=gettext_lazy("Kind of street"), choices=[])
    street = forms.CharField(label=gettext_lazy("Street"), max_length=120)
    number = forms.CharField(label=gettext_lazy("House number"), max_length=12)
    kind = forms.TypedChoiceField(label=gettext_lazy("Kind"), choices=BuildingKind.choices, coerce=int)
    opened_on = DayField(label=gettext_lazy("Served from"))

    field_order = ("district", "street_kind", "street", "number", "kind", "opened_on", *PassportForm.FACTS)
    depends = dict.fromkeys(_CommonNeedsFields.FACTS, f"kind={BuildingKind.APARTMENT.value}")

    def prepare(self) -> None:
        self.fields["street_kind"].choices = [(kind, kind) for kind in STREET_KINDS]
        self.order_fields([*self.field_order, *_CommonNeedsFields.FACTS, "document"])

    def terms(self) -> dict[str, Any] | None:
        if self.cleaned_data["kind"] != BuildingKind.APARTMENT:
            return None
        return {name: self.cleaned_data[name] for name in _CommonNeedsFields.FACTS}


class BuildingTermsForm(_CommonNeedsFields):
    on = DayField(label=gettext_lazy("From the day"))

    field_order = ("on",)


class AgreedField(KwhField):
    """Kilowatt-hours a month, nothing when left empty."""

    def clean(self, value: Any) -> int:
        return super().clean(value) if value else 0


class _TermsFields(PlaceForm):
    tariff_group = forms.ModelChoiceField(
        TariffGroup.objects.order_by("name"), label=gettext_lazy("Tariff group")
    )
    area_dm2 = AreaField(label=gettext_lazy("Area, m²"))
    rooms = forms.IntegerField(label=gettext_lazy("Rooms"), min_value=0, max_value=50, initial=1)
    residents = forms.IntegerField(label=gettext_lazy("Residents"), min_value=0, max_value=200, initial=0)
    owners = forms.IntegerField(label=gettext_lazy("Owners"), min_value=0, max_value=200, initial=1)
    agreed_wh_per_month = AgreedField(
        label=gettext_lazy("Agreed use without a meter, kWh a month"),
        max_length=16,
        required=False,
        initial="0",
    )
    room_meters_agreed = forms.BooleanField(
        label=gettext_lazy("All rooms agreed to be billed by the meters some of them have"), required=False
    )

    FACTS = (
        "tariff_group",
        "area_dm2",
        "rooms",
        "residents",
        "owners",
        "agreed_wh_per_month",
        "room_meters_agreed",
    )

    def facts(self, *, changed: bool) -> dict[str, Any]:
        """Return the facts, or those that were changed, as they are stored."""
        values = (
            self.changed_values(*self.FACTS)
            if changed
            else {name: self.cleaned_data[name] for name in self.FACTS}
        )
        if "tariff_group" in values:
            values["tariff_group_id"] = values.pop("tariff_group").pk
        return values


class PremiseForm(_TermsFields):
    """A premise that was not known, with the terms it begins with."""

    kind = forms.TypedChoiceField(label=gettext_lazy("Kind"), choices=PremiseKind.choices, coerce=int)
    number = forms.CharField(label=gettext_lazy("Number"), max_length=12, required=False)
    parent = forms.ModelChoiceField(
        Premise.objects.none(), label=gettext_lazy("Part of apartment or section"), required=False
    )
    since = DayField(label=gettext_lazy("From the day"))
    document = document_field()

    field_order = ("kind", "number", "parent", "since")

    def __init__(self, *args: Any, building_id: int, **kwargs: Any) -> None:
        self.building_id = building_id
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        self.fields["tariff_group"].required = self.fields["area_dm2"].required = False
        self.fields["parent"].queryset = Premise.objects.filter(
            building_id=self.building_id, kind__in=[PremiseKind.LIVING, PremiseKind.SECTION]
        ).order_by("sort_key", "number")
        self.fields["parent"].label_from_instance = lambda premise: premise.number

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("kind") in (PremiseKind.LIVING, PremiseKind.NONLIVING, PremiseKind.ROOM):
            for name in ("tariff_group", "area_dm2"):
                if name not in self.errors and not values.get(name):
                    self.add_error(name, _("Without it nothing can be charged here."))
        return values

    def terms(self) -> dict[str, Any] | None:
        """Return the terms to begin with; None for what carries only a meter or other premises."""
        if not self.cleaned_data["tariff_group"]:
            return None
        return {**self.facts(changed=False), "uplift_cause": 0}


class PremiseTermsForm(_TermsFields):
    on = DayField(label=gettext_lazy("From the day"))
    document = document_field()

    field_order = ("on",)

    def __init__(self, *args: Any, residents_are_listed: bool, has_parts: bool, **kwargs: Any) -> None:
        self.residents_are_listed, self.has_parts = residents_are_listed, has_parts
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        if self.residents_are_listed:
            del self.fields["residents"]
        if not self.has_parts:
            del self.fields["room_meters_agreed"]

    def facts(self, *, changed: bool = True) -> dict[str, Any]:
        return super().facts(changed=changed)
