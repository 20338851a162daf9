"""What the lists of acts, seals, meters and terms of verification are narrowed by."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from abonent.contexts.metering.models import ActKind, PointRole
from abonent.interfaces.office.device_words import SEAL_STATES
from abonent.interfaces.office.filters import BranchField, ListFilter, empty_first
from abonent.kernel.periods import Month

_SEALS = [(state.value, words) for state, words in SEAL_STATES.items()]


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))


class PlacedFilter(ListFilter):
    """Rows that stand somewhere: `through` leads to what carries building and premise."""

    through = ""
    branch = BranchField()
    street = forms.CharField(label=_("Street"), max_length=60)
    house = forms.CharField(label=_("House"), max_length=12)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if branch := values.get("branch"):
            rows = rows.filter(**{f"{self.through}building__branch": branch})
        if street := values.get("street"):
            rows = rows.filter(**{f"{self.through}building__street__name__istartswith": street})
        if house := values.get("house"):
            rows = rows.filter(**{f"{self.through}building__number__iexact": house})
        return rows


class ActFilter(PlacedFilter):
    kind = forms.TypedChoiceField(label=_("Act"), choices=empty_first(ActKind.choices), coerce=int)
    since = _day(_("Since"))
    till = _day(_("Till"))
    field_order = ("kind", "since", "till", "street", "house", "branch")

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        rows, values = super().narrow(rows), self.values()
        if kind := values.get("kind"):
            rows = rows.filter(kind=kind)
        if since := values.get("since"):
            rows = rows.filter(drawn_on__gte=since)
        if till := values.get("till"):
            rows = rows.filter(drawn_on__lte=till)
        return rows


class SealFilter(PlacedFilter):
    through = "set_by__"
    number = forms.CharField(label=_("Seal or meter"), max_length=30)
    state = forms.TypedChoiceField(label=_("State"), choices=empty_first(_SEALS), coerce=int)
    since = _day(_("Set since"))
    till = _day(_("Set till"))
    field_order = ("number", "state", "since", "till", "street", "house", "branch")

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        rows, values = super().narrow(rows), self.values()
        if number := values.get("number"):
            rows = rows.filter(Q(number__istartswith=number) | Q(meter__serial__istartswith=number))
        if state := values.get("state"):
            rows = rows.filter(state=state)
        if since := values.get("since"):
            rows = rows.filter(set_on__gte=since)
        if till := values.get("till"):
            rows = rows.filter(set_on__lte=till)
        return rows


class MeterFilter(PlacedFilter):
    role = forms.TypedChoiceField(label=_("Meter of"), choices=empty_first(PointRole.choices), coerce=int)
    field_order = ("street", "house", "role", "branch")

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        rows = super().narrow(rows)
        if role := self.values().get("role"):
            rows = rows.filter(role=role)
        return rows


class VerificationFilter(MeterFilter):
    """Terms that have ended, or end within so many months; without a choice, both within three months."""

    due = forms.ChoiceField(
        label=_("Verification"),
        choices=[
            ("", _("overdue or ends within 3 months")),
            ("overdue", _("overdue")),
            ("1", _("ends within a month")),
            ("6", _("ends within 6 months")),
            ("12", _("ends within a year")),
            ("unknown", _("not known")),
        ],
    )
    field_order = ("due", "street", "house", "role", "branch")

    def __init__(self, params: QueryDict, *, on: date) -> None:
        super().__init__(params)
        self.on = on

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        rows, due = super().narrow(rows), self.values().get("due", "")
        field = "meter__verification_due_on"
        if due == "unknown":
            return rows.filter(**{f"{field}__isnull": True})
        if due == "overdue":
            return rows.filter(**{f"{field}__lt": self.on})
        ahead = Month.of(self.on).shift(int(due or "3"))
        until = ahead.first_day.replace(day=min(self.on.day, ahead.days))
        rows = rows.filter(**{f"{field}__lte": until})
        return rows.filter(**{f"{field}__gte": self.on}) if due else rows
