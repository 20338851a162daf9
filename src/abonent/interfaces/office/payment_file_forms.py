"""Forms and filters of files of payments, bank documents and agents."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.payments.files import FILE_KINDS
from abonent.contexts.payments.models import (
    Agent,
    AgentKind,
    BankLineState,
    PaymentFileState,
    PaymentState,
)
from abonent.gateways import bank_files
from abonent.interfaces.office.benefit_forms import DayField, MinorField, StyledForm
from abonent.interfaces.office.filters import ListFilter, empty_first


def _senders() -> QuerySet[Agent]:
    return Agent.objects.filter(active=True, kind__in=FILE_KINDS).order_by("name")


class PaymentFileForm(StyledForm):
    """A file to be looked at and taken in; between the two its bytes are kept under `key`."""

    file = forms.FileField(label=gettext_lazy("File"), required=False)
    key = forms.RegexField(r"^[0-9a-f]{64}$", required=False, widget=forms.HiddenInput)
    file_name = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)
    agent = forms.ModelChoiceField(_senders(), label=gettext_lazy("Who sent it"))
    booked_on = DayField(label=gettext_lazy("Book on"))
    extract = forms.BooleanField(
        label=gettext_lazy("I vouch for it: an extract without all documents, or rows that stand twice"),
        required=False,
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if not cleaned.get("file") and not cleaned.get("key"):
            self.add_error("file", _("Choose a file."))
        return cleaned


class PaymentFileFilter(ListFilter):
    agent = forms.ModelChoiceField(
        Agent.objects.filter(kind__in=FILE_KINDS).order_by("name"),
        label=gettext_lazy("Agent"),
        empty_label=gettext_lazy("any"),
    )
    state = forms.TypedChoiceField(
        label=gettext_lazy("State"), choices=empty_first(PaymentFileState.choices), coerce=int
    )
    arrived = forms.ChoiceField(
        label=gettext_lazy("At the bank"),
        choices=empty_first([("no", gettext_lazy("not arrived")), ("yes", gettext_lazy("arrived"))]),
    )
    name = forms.CharField(label=gettext_lazy("File"), max_length=60)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if agent := values.get("agent"):
            rows = rows.filter(agent=agent)
        if state := values.get("state"):
            rows = rows.filter(state=state)
        if name := values.get("name"):
            rows = rows.filter(name__icontains=name)
        if values.get("arrived") == "no":
            rows = rows.filter(arrived_minor__lt=F("transferred_minor")).exclude(
                state=PaymentFileState.REVERSED
            )
        elif values.get("arrived") == "yes":
            rows = rows.filter(transferred_minor__gt=0, arrived_minor__gte=F("transferred_minor"))
        return rows


class FileRowFilter(ListFilter):
    state = forms.TypedChoiceField(
        label=gettext_lazy("State"), choices=empty_first(PaymentState.choices), coerce=int
    )
    text = forms.CharField(label=gettext_lazy("Account or payer"), max_length=60)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if state := values.get("state"):
            rows = rows.filter(state=state)
        if text := values.get("text"):
            rows = rows.filter(account_text__startswith=text) | rows.filter(payer__icontains=text)
        return rows


class BankLineFilter(ListFilter):
    since = DayField(label=gettext_lazy("Since"))
    until = DayField(label=gettext_lazy("Until"))
    state = forms.TypedChoiceField(
        label=gettext_lazy("State"), choices=empty_first(BankLineState.choices), coerce=int
    )
    text = forms.CharField(label=gettext_lazy("Counterparty, purpose"), max_length=60)
    amount = MinorField(label=gettext_lazy("Sum, ₽"), max_length=20)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if since := values.get("since"):
            rows = rows.filter(booked_on__gte=since)
        if until := values.get("until"):
            rows = rows.filter(booked_on__lte=until)
        if state := values.get("state"):
            rows = rows.filter(state=state)
        if amount := values.get("amount"):
            rows = rows.filter(amount_minor=amount)
        if text := values.get("text"):
            rows = rows.filter(counterparty__icontains=text) | rows.filter(purpose__icontains=text)
        return rows


class FileReversalForm(StyledForm):
    """Why a whole file is reversed, and on which day that is booked."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    booked_on = DayField(label=gettext_lazy("Book on"))


class AgentForm(StyledForm):
    """Who sends files, how its tables are read, and when its payments post by themselves."""

    code = forms.SlugField(label=gettext_lazy("Code"), max_length=20)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    kind = forms.TypedChoiceField(
        label=gettext_lazy("Kind"),
        coerce=int,
        choices=[(int(kind), AgentKind(kind).label) for kind in FILE_KINDS],
    )
    inn = forms.CharField(label=gettext_lazy("INN it transfers money under"), max_length=12, required=False)
    least_confidence = forms.IntegerField(
        label=gettext_lazy("Least confidence that posts by itself, %"), min_value=1, max_value=100
    )
    notices_post = forms.BooleanField(
        label=gettext_lazy("notices of payments that have not arrived are posted"), required=False
    )
    notices_days = forms.IntegerField(
        label=gettext_lazy("Days a notice and its payment may lie apart"), min_value=0, max_value=30
    )
    table = forms.CharField(
        label=gettext_lazy("Columns of its tables (JSON)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
    )
    active = forms.BooleanField(label=gettext_lazy("in use"), required=False)

    def clean_table(self) -> dict[str, Any] | None:
        text = self.cleaned_data["table"].strip()
        if not text:
            return None
        try:
            table = json.loads(text)
        except ValueError as error:
            raise ValidationError(_("This is no JSON: %(why)s") % {"why": error}) from error
        if not isinstance(table, dict):
            raise ValidationError(_("The columns are an object: field → column."))
        try:
            bank_files.check_layout(table)
        except bank_files.Malformed as refusal:
            raise ValidationError(f"{refusal.field}: {refusal.value}") from refusal
        return table

    def layout(self, before: dict[str, Any]) -> dict[str, Any]:
        """Return the settings of the agent with what the form says of them."""
        values = self.cleaned_data
        layout = {name: value for name, value in before.items() if name != "table"}
        layout["least_confidence"] = values["least_confidence"]
        layout["notices"] = {"post": values["notices_post"], "days": values["notices_days"]}
        return layout | ({"table": values["table"]} if values["table"] else {})
