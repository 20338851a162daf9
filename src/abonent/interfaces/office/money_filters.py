"""What lists of payments are narrowed by."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from abonent.contexts.payments.models import Agent, PaymentState
from abonent.interfaces.office.benefit_forms import DayField, MinorField
from abonent.interfaces.office.filters import ListFilter, empty_first


class PaymentFilter(ListFilter):
    since = DayField(label=_("Booked since"))
    until = DayField(label=_("Booked until"))
    agent = forms.ModelChoiceField(Agent.objects.order_by("name"), label=_("Channel"), empty_label=_("any"))
    state = forms.TypedChoiceField(label=_("State"), choices=empty_first(PaymentState.choices), coerce=int)
    account = forms.CharField(label=_("Account"), max_length=16)
    least = MinorField(label=_("Sum from, ₽"), max_length=20)
    most = MinorField(label=_("Sum to, ₽"), max_length=20)
    text = forms.CharField(label=_("Payer, purpose, number"), max_length=80)

    @property
    def is_narrow(self) -> bool:
        """Whether so few payments are left that any order of them is quick."""
        values = self.values()
        return bool(values.get("since") or (values.get("account") or "").strip())

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        plain = {
            "booked_on__gte": values.get("since"),
            "booked_on__lte": values.get("until"),
            "agent": values.get("agent"),
            "state": values.get("state"),
            "amount_minor__gte": values.get("least"),
            "amount_minor__lte": values.get("most"),
            "account__number": (values.get("account") or "").strip(),
        }
        rows = rows.filter(**{name: value for name, value in plain.items() if value not in (None, "")})
        text = (values.get("text") or "").strip()
        if text and not self.is_narrow:
            # words are looked for in every row: without days or an account, in those of a year
            rows = rows.filter(booked_on__gte=timezone.localdate() - timedelta(days=366))
        return by_words(rows, text)


def by_words(rows: QuerySet[Any, Any], text: str) -> QuerySet[Any, Any]:
    """Leave the payments that say this."""
    if not text.strip():
        return rows
    return rows.filter(
        Q(payer__icontains=text.strip())
        | Q(purpose__icontains=text.strip())
        | Q(external_id__icontains=text.strip())
        | Q(account_text__icontains=text.strip())
    )


class UnidentifiedFilter(ListFilter):
    agent = forms.ModelChoiceField(Agent.objects.order_by("name"), label=_("Channel"), empty_label=_("any"))
    least = MinorField(label=_("Sum from, ₽"), max_length=20)
    most = MinorField(label=_("Sum to, ₽"), max_length=20)
    text = forms.CharField(label=_("Payer, purpose, number"), max_length=80)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        plain = {
            "agent": values.get("agent"),
            "amount_minor__gte": values.get("least"),
            "amount_minor__lte": values.get("most"),
        }
        rows = rows.filter(**{name: value for name, value in plain.items() if value is not None})
        return by_words(rows, values.get("text") or "")
