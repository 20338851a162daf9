"""Forms and filters of penalties."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.charging.queries import period_choices
from abonent.contexts.contracts.models import Account
from abonent.contexts.parties.models import Branch
from abonent.contexts.penalties.models import Debtor, ExclusionCause, PenaltyRunState
from abonent.interfaces.office import formats
from abonent.interfaces.office.benefit_forms import DayField, StyledForm
from abonent.interfaces.office.filters import BranchField, ListFilter, empty_first
from abonent.interfaces.office.forms import MonthField
from abonent.kernel.periods import Month
from abonent.packs.ru.rules.penalties import RateOf


class NewPenaltyRun(StyledForm):
    """What to count, up to which day, and the open month to book it in."""

    period = MonthField(label=gettext_lazy("Book in"))
    until = DayField(label=gettext_lazy("Count up to and with"))
    branch = forms.ModelChoiceField(
        Branch.objects.order_by("name"),
        label=gettext_lazy("Branch"),
        empty_label=gettext_lazy("all accounts"),
        required=False,
    )

    def complete(self) -> None:
        today = timezone.localdate()
        opened = [Month.of(row.month) for row in period_choices() if row.is_open]
        self.fields["period"].choices = [(str(month), formats.month(month.first_day)) for month in opened]
        own = Month.of(today)
        last = own if own in opened or not opened else opened[0]
        self.fields["period"].initial = str(last)
        self.fields["until"].initial = min(today, last.last_day)


class ExclusionForm(StyledForm):
    """Days without penalties. The last day is entered, the day after it is kept."""

    account = forms.CharField(label=gettext_lazy("Account number"), max_length=16)
    cause = forms.TypedChoiceField(
        label=gettext_lazy("Cause"),
        choices=ExclusionCause.choices,
        coerce=lambda code: ExclusionCause(int(code)),
    )
    begins_on = DayField(label=gettext_lazy("First day"))
    last_day = DayField(label=gettext_lazy("Last day"), required=False)
    document = forms.CharField(label=gettext_lazy("Document"), max_length=200)

    def clean_account(self) -> int:
        found = Account.objects.filter(number=self.cleaned_data["account"].strip()).values_list(
            "pk", flat=True
        )
        if not found:
            raise ValidationError(_("There is no account with this number."))
        return int(found[0])


class DebtorForm(StyledForm):
    """By which terms an account is charged, from a day on."""

    debtor = forms.TypedChoiceField(
        label=gettext_lazy("Charged as"), choices=Debtor.choices, coerce=lambda code: Debtor(int(code))
    )
    begins_on = DayField(label=gettext_lazy("From"))
    due_day = forms.IntegerField(
        label=gettext_lazy("Pays by this day of the next month"),
        min_value=1,
        max_value=28,
        required=False,
        help_text=gettext_lazy("empty: as households pay"),
    )
    moratoria = forms.BooleanField(
        label=gettext_lazy("Moratoria spare the account"), required=False, initial=True
    )
    source = forms.CharField(label=gettext_lazy("Contract or decision"), max_length=200)


class WhatIfForm(StyledForm):
    """To which day, and by whose day's rate."""

    on = DayField(label=gettext_lazy("Up to and with"), required=False)
    rate = forms.TypedChoiceField(
        label=gettext_lazy("Rate"),
        required=False,
        coerce=lambda code: RateOf(int(code)),
        empty_value=None,
        choices=[
            ("", gettext_lazy("as the supplier counts")),
            (RateOf.DAY_OF_PAYMENT.value, gettext_lazy("of the day of payment")),
            (RateOf.EACH_DAY.value, gettext_lazy("of each day")),
            (RateOf.ON_A_DAY.value, gettext_lazy("of one day")),
        ],
    )
    rate_on = DayField(label=gettext_lazy("That day"), required=False)

    def chosen(self, *, today: date) -> dict[str, Any]:
        """Return what to count; what was not understood is left out."""
        self.is_valid()  # reads what was sent, right or wrong
        values = getattr(self, "cleaned_data", {})
        rate, rate_on = values.get("rate"), values.get("rate_on")
        on = values.get("on") or today
        if rate == RateOf.ON_A_DAY:
            return {"on": on, "rate_of": rate, "rate_on": rate_on or on}
        return {"on": on, "rate_of": rate, "rate_on": None}


class PenaltyRunFilter(ListFilter):
    state = forms.TypedChoiceField(
        label=gettext_lazy("State"), choices=empty_first(PenaltyRunState.choices), coerce=int
    )
    branch = BranchField()

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if state := values.get("state"):
            rows = rows.filter(state=state)
        if branch := values.get("branch"):
            rows = rows.filter(branch=branch)
        return rows


class PenaltyAccountFilter(ListFilter):
    account = forms.CharField(label=gettext_lazy("Account number"), max_length=16)
    branch = BranchField()
    debtor = forms.TypedChoiceField(
        label=gettext_lazy("Charged as"), choices=empty_first(Debtor.choices), coerce=int
    )

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if account := values.get("account"):
            rows = rows.filter(account__number=account.strip())
        if branch := values.get("branch"):
            rows = rows.filter(branch=branch)
        if debtor := values.get("debtor"):
            rows = rows.filter(debtor=debtor)
        return rows


class ExclusionFilter(ListFilter):
    account = forms.CharField(label=gettext_lazy("Account number"), max_length=16)
    cause = forms.TypedChoiceField(
        label=gettext_lazy("Cause"), choices=empty_first(ExclusionCause.choices), coerce=int
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=empty_first(
            [
                ("now", gettext_lazy("in force today")),
                ("ended", gettext_lazy("ended")),
                ("cancelled", gettext_lazy("cancelled")),
            ]
        ),
    )

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values, today = self.values(), timezone.localdate()
        if account := values.get("account"):
            rows = rows.filter(account__number=account.strip())
        if cause := values.get("cause"):
            rows = rows.filter(cause=cause)
        match values.get("state"):
            case "now":
                rows = rows.filter(during__contains=today, cancelled_at=None)
            case "ended":
                rows = rows.filter(during__endswith__lte=today, cancelled_at=None)
            case "cancelled":
                rows = rows.exclude(cancelled_at=None)
        return rows
