"""Forms and filters of payments online."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from abonent.contexts.payments.models import Agent, OnlineOrderState
from abonent.contexts.payments.online import agents
from abonent.interfaces.office.benefit_forms import DayField, MinorField, StyledForm
from abonent.interfaces.office.filters import ListFilter, empty_first
from abonent.usecases.online_payments.terms import LONGEST_HOURS, Terms


class OrderFilter(ListFilter):
    since = DayField(label=gettext_lazy("Begun since"))
    until = DayField(label=gettext_lazy("Begun until"))
    agent = forms.ModelChoiceField(
        Agent.objects.none(), label=gettext_lazy("Channel"), empty_label=gettext_lazy("any")
    )
    state = forms.TypedChoiceField(
        label=gettext_lazy("State"), choices=empty_first(OnlineOrderState.choices), coerce=int
    )
    look = forms.ChoiceField(
        label=gettext_lazy("To be looked at"),
        choices=empty_first([("yes", gettext_lazy("yes, something is wrong"))]),
    )
    text = forms.CharField(label=gettext_lazy("Account or number of the payment"), max_length=40)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.fields["agent"].queryset = agents()

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        plain = {
            "created_at__date__gte": values.get("since"),
            "created_at__date__lte": values.get("until"),
            "agent": values.get("agent"),
            "state": values.get("state"),
        }
        rows = rows.filter(**{name: value for name, value in plain.items() if value})
        if values.get("look"):
            rows = rows.exclude(error="")
        if text := (values.get("text") or "").strip():
            rows = rows.filter(Q(account__number=text) | Q(external_id=text))
        return rows


class LinkForm(StyledForm):
    """A link a subscriber pays by; `key` makes the same form begin one payment."""

    agent = forms.ModelChoiceField(Agent.objects.none(), label=gettext_lazy("Channel"), empty_label=None)
    amount = MinorField(label=gettext_lazy("Sum, ₽"), max_length=20)
    contact = forms.CharField(
        label=gettext_lazy("E-mail or telephone for the receipt"), max_length=64, required=False
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def complete(self) -> None:
        self.fields["agent"].queryset = agents().filter(active=True)


class OnlineRefundForm(StyledForm):
    """So much given back of a paid order."""

    amount = MinorField(label=gettext_lazy("Sum to give back, ₽"), max_length=20)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    at_bank = forms.BooleanField(
        label=gettext_lazy("given back in the bank's cabinet already: only write it down"), required=False
    )
    key = forms.UUIDField(widget=forms.HiddenInput)


class DayForm(StyledForm):
    """Which channel's day is reconciled."""

    agent = forms.ModelChoiceField(Agent.objects.none(), label=gettext_lazy("Channel"), empty_label=None)
    day = DayField(label=gettext_lazy("Day"))

    def complete(self) -> None:
        self.fields["agent"].queryset = agents()


class OnlineAgentForm(StyledForm):
    """A channel for payments online. Its terminal's key and password are not kept here.

    `code_stays`: the acquirer sends notices to an address with it already.
    """

    code = forms.SlugField(label=gettext_lazy("Code"), max_length=20)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    inn = forms.CharField(label=gettext_lazy("INN it transfers money under"), max_length=12, required=False)
    hours = forms.IntegerField(
        label=gettext_lazy("Hours a link can be paid"), min_value=1, max_value=LONGEST_HOURS
    )
    receipts = forms.BooleanField(
        label=gettext_lazy("the acquirer's till prints fiscal receipts (54-ФЗ)"), required=False
    )
    active = forms.BooleanField(label=gettext_lazy("in use"), required=False)

    def __init__(self, *args: Any, code_stays: bool, **kwargs: Any) -> None:
        self._code_stays = code_stays
        super().__init__(*args, **kwargs)

    def complete(self) -> None:
        self.fields["code"].disabled = self._code_stays

    def terms(self) -> Terms:
        return Terms(hours=self.cleaned_data["hours"], receipts=self.cleaned_data["receipts"])
