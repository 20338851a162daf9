"""Forms that take money in, move it, take it back, lock days and set the order of payment."""

from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.contracts.models import Service
from abonent.contexts.contracts.queries import AccountScope, account_scope
from abonent.contexts.payments.models import Agent, AgentKind, Debt
from abonent.interfaces.office import formats
from abonent.interfaces.office.benefit_forms import DayField, MinorField, StyledForm
from abonent.kernel.periods import Month

# channels a person may enter a payment of; money of a till and of the online till has papers of its own
_BY_HAND = (AgentKind.BY_HAND, AgentKind.BANK, AgentKind.REGISTRY, AgentKind.PORTAL)
_MONTHS_NAMED = 36


class AccountField(forms.CharField):
    """An account number as typed, read as the account."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(
            attrs={"autocomplete": "off", "data-account-finder": "", "inputmode": "search"}
        )
        super().__init__(max_length=80, widget=widget, **options)

    def clean(self, value: Any) -> AccountScope | None:
        text = super().clean(value).strip()
        if not text:
            return None
        found = account_scope(number=text.split()[0])
        if found is None:
            raise ValidationError(_("There is no account with this number."))
        return found


class NamedMonthField(forms.ChoiceField):
    """A month the payer named, or none."""

    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        return Month.parse(text).first_day if text else None


def _months(today: date, more: list[date]) -> list[tuple[str, str]]:
    last = Month.of(today)
    months = {Month.of(day) for day in more} | {last.shift(-back) for back in range(_MONTHS_NAMED)}
    return [
        ("", _("not said")),
        *((str(month), formats.month(month.first_day)) for month in sorted(months, reverse=True)),
    ]


def _codes(choices: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return [("", _("not said")), *choices]


class BookedForm(StyledForm):
    """Something done to a payment: the day it is booked on, why, and the document it rests on."""

    booked_on = DayField(label=gettext_lazy("Book on"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    document = forms.CharField(label=gettext_lazy("Document"), max_length=120, required=False)


class ReturnForm(BookedForm):
    """An unidentified payment goes back to its payer."""


class RefundForm(BookedForm):
    amount = MinorField(label=gettext_lazy("Sum to give back, ₽"), max_length=20)
    key = forms.UUIDField(widget=forms.HiddenInput)

    field_order = ("amount", "booked_on", "reason", "document")


class TransferForm(BookedForm):
    account = AccountField(label=gettext_lazy("To the account"))
    amount = MinorField(label=gettext_lazy("Sum to move, ₽"), max_length=20)
    key = forms.UUIDField(widget=forms.HiddenInput)

    field_order = ("account", "amount", "booked_on", "reason", "document")


class IdentifyForm(StyledForm):
    """Whose an unidentified payment is."""

    account = AccountField(label=gettext_lazy("Account: number, name, address or meter"))
    booked_on = DayField(label=gettext_lazy("Book on"))


class PurposeForm(BookedForm):
    """What a payment is for, by the payer's own words."""

    period = NamedMonthField(label=gettext_lazy("For the month"), required=False)
    debt = forms.TypedChoiceField(
        label=gettext_lazy("What for"), coerce=int, required=False, empty_value=None
    )
    service = forms.TypedChoiceField(
        label=gettext_lazy("Service"), coerce=int, required=False, empty_value=None
    )

    field_order = ("period", "debt", "service", "booked_on", "reason", "document")

    def __init__(self, *args: Any, today: date, months: list[date], **kwargs: Any) -> None:
        self._choices = _months(today, months)
        super().__init__(*args, **kwargs)

    def complete(self) -> None:
        self.fields["period"].choices = self._choices
        self.fields["debt"].choices = _codes(Debt.choices)
        self.fields["service"].choices = _codes(Service.choices)


class NewPaymentForm(StyledForm):
    """A payment entered by hand; `key` makes the same form count once."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    account = AccountField(
        label=gettext_lazy("Account: number, name, address or meter"),
        required=False,
    )
    amount = MinorField(label=gettext_lazy("Sum, ₽"), max_length=20)
    paid_on = DayField(label=gettext_lazy("Paid on"))
    booked_on = DayField(label=gettext_lazy("Book on"))
    agent = forms.ModelChoiceField(Agent.objects.none(), label=gettext_lazy("Channel"), empty_label=None)
    document = forms.CharField(
        label=gettext_lazy("Number of the payment document"), max_length=80, required=False
    )
    period = NamedMonthField(label=gettext_lazy("For the month"), required=False)
    debt = forms.TypedChoiceField(
        label=gettext_lazy("What for"), coerce=int, required=False, empty_value=None
    )
    payer = forms.CharField(label=gettext_lazy("Payer"), max_length=200, required=False)
    purpose = forms.CharField(label=gettext_lazy("Purpose"), max_length=500, required=False)

    def __init__(self, *args: Any, supplier_id: int, today: date, **kwargs: Any) -> None:
        self._supplier_id, self._today = supplier_id, today
        super().__init__(*args, **kwargs)

    def complete(self) -> None:
        agents = Agent.objects.filter(supplier=self._supplier_id, active=True, kind__in=_BY_HAND)
        self.fields["agent"].queryset = agents.order_by("-kind", "name")
        self.fields["period"].choices = _months(self._today, [])
        self.fields["debt"].choices = _codes(Debt.choices)
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}


def new_key() -> dict[str, Any]:
    """Return the initial value of a form that counts once however often it is sent."""
    return {"key": uuid4()}


class LockForm(StyledForm):
    """Up to which day money is closed."""

    through = DayField(label=gettext_lazy("Locked through"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)


class WriteOffForm(StyledForm):
    """Why small remainders are written off, and on which day."""

    booked_on = DayField(label=gettext_lazy("Book on"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    key = forms.UUIDField(widget=forms.HiddenInput)


_ORDERS = [
    (3, 1, 2),
    (1, 2, 3),
    (1, 3, 2),
    (3, 2, 1),
    (2, 1, 3),
    (2, 3, 1),
]


class PolicyForm(StyledForm):
    """In which order payments cover debts, from a day on."""

    begins_on = DayField(label=gettext_lazy("In force since"))
    debts = forms.ChoiceField(label=gettext_lazy("Order of debts"))
    services = forms.ChoiceField(label=gettext_lazy("Order of services"))
    by = forms.ChoiceField(
        label=gettext_lazy("What goes first"),
        choices=[
            ("debt", gettext_lazy("the first kind of debt of all months, then the next kind")),
            ("period", gettext_lazy("the earliest month with all its debts, then the next month")),
        ],
    )
    honours = forms.BooleanField(label=gettext_lazy("The month the payer names goes first"), required=False)
    limit = MinorField(
        label=gettext_lazy("Remainders below this may be written off, ₽"), max_length=20, required=False
    )
    source = forms.CharField(label=gettext_lazy("Act or contract"), max_length=200)

    def complete(self) -> None:
        self.fields["debts"].choices = [("".join(map(str, order)), order_words(order)) for order in _ORDERS]
        self.fields["services"].choices = [
            ("12", services_words((1, 2))),
            ("21", services_words((2, 1))),
        ]

    def policy(self) -> dict[str, Any]:
        """Return what was chosen, once the form is valid."""
        values = self.cleaned_data
        return {
            "begins_on": values["begins_on"],
            "debt_order": [int(code) for code in values["debts"]],
            "service_order": [int(code) for code in values["services"]],
            "period_before_debt": values["by"] == "period",
            "honours_named_period": values["honours"],
            "write_off_below_minor": values["limit"] or 0,
            "source": values["source"],
        }


def order_words(order: Any) -> str:
    """court costs → principal → penalty."""
    return " → ".join(str(Debt(code).label) for code in order)


def services_words(order: Any) -> str:
    return " → ".join(str(Service(code).label) for code in order)
