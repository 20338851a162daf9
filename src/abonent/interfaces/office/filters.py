"""What the lists are narrowed by. Each form narrows a query; a field left empty narrows nothing."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from abonent.contexts.charging.models import RunState
from abonent.contexts.contracts.models import AbsenceState
from abonent.contexts.parties.models import Branch
from abonent.contexts.places.models import BuildingKind


class ListFilter(forms.Form):
    """A filter's form: `narrow` applies what was read and leaves out what is not understood."""

    use_required_attribute = False

    def __init__(self, params: QueryDict) -> None:
        super().__init__(params)
        for field in self.fields.values():
            field.required = False
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs |= {"class": css, "placeholder": field.label}

    @property
    def is_used(self) -> bool:
        return any(self.values().values())

    def values(self) -> dict[str, Any]:
        self.is_valid()
        return self.cleaned_data

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        raise NotImplementedError


def empty_first(choices: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return [("", _("any")), *choices]


class BranchField(forms.ModelChoiceField):
    def __init__(self) -> None:
        super().__init__(Branch.objects.order_by("name"), label=_("Branch"), empty_label=_("any"))


class AccountFilter(ListFilter):
    branch = BranchField()
    street = forms.CharField(label=_("Street"), max_length=60)
    house = forms.CharField(label=_("House"), max_length=12)

    @property
    def is_narrow(self) -> bool:
        """Whether so few accounts are left that any order of them is quick."""
        return bool(self.values().get("street"))

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if branch := values.get("branch"):
            rows = rows.filter(building__branch=branch)
        if street := values.get("street"):
            rows = rows.filter(building__street__name__istartswith=street)
        if house := values.get("house"):
            rows = rows.filter(building__number__iexact=house)
        return rows


class BuildingFilter(ListFilter):
    street = forms.CharField(label=_("Street"), max_length=60)
    branch = BranchField()
    kind = forms.TypedChoiceField(label=_("Kind"), choices=empty_first(BuildingKind.choices), coerce=int)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if street := values.get("street"):
            rows = rows.filter(street__name__icontains=street)
        if branch := values.get("branch"):
            rows = rows.filter(branch=branch)
        if kind := values.get("kind"):
            rows = rows.filter(kind=kind)
        return rows


class AbsenceFilter(ListFilter):
    state = forms.TypedChoiceField(label=_("State"), choices=empty_first(AbsenceState.choices), coerce=int)
    street = forms.CharField(label=_("Street"), max_length=60)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if state := values.get("state"):
            rows = rows.filter(state=state)
        if street := values.get("street"):
            rows = rows.filter(premise__building__street__name__istartswith=street)
        return rows


class RunFilter(ListFilter):
    state = forms.TypedChoiceField(label=_("State"), choices=empty_first(RunState.choices), coerce=int)
    month = forms.DateField(
        label=_("Month"),
        input_formats=["%Y-%m"],
        widget=forms.DateInput(format="%Y-%m", attrs={"type": "month"}),
    )

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if state := values.get("state"):
            rows = rows.filter(state=state)
        if month := values.get("month"):
            rows = rows.filter(Q(period=month) | Q(booked_period=month))
        return rows
