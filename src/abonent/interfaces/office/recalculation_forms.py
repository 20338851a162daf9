"""Forms of recalculations: a run over many accounts, and a sum decided by a person."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.charging.models import ManualState, RecalculationCause
from abonent.contexts.contracts.models import Service, TariffGroup
from abonent.interfaces.office import formats
from abonent.interfaces.office.filters import ListFilter, empty_first
from abonent.interfaces.office.forms import KwhField, MonthField, ScopeForm
from abonent.kernel.decimals import FigureError
from abonent.kernel.money import parse_minor
from abonent.kernel.periods import Month


def month_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m"],
        widget=forms.DateInput(format="%Y-%m", attrs={"type": "month"}),
    )


class What(TextChoices):
    """What is rated again."""

    WAITING = "waiting", gettext_lazy("what waits")
    GROUP = "group", gettext_lazy("everything charged at the prices of a tariff group")
    ALL = "all", gettext_lazy("everything of a building or an account")


class NewRecalculation(ScopeForm):
    """A run that rates earlier months again; `period` is the month it is booked in."""

    what = forms.ChoiceField(label=gettext_lazy("Rate again"), choices=What.choices, initial=What.WAITING)
    cause = forms.TypedChoiceField(
        label=gettext_lazy("Cause"),
        choices=empty_first(RecalculationCause.choices),
        coerce=int,
        empty_value=None,
        required=False,
    )
    tariff_group = forms.ModelChoiceField(
        TariffGroup.objects.order_by("name"), label=gettext_lazy("Tariff group"), required=False
    )
    first = month_field(gettext_lazy("From the month"))
    last = month_field(gettext_lazy("Through the month"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["period"].label = _("Book in")
        opened = [row for row in self.periods if row.is_open]
        self.fields["period"].choices = [
            (str(Month.of(row.month)), formats.month(row.month)) for row in opened
        ]

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        first, last = values.get("first"), values.get("last")
        if first and last and last < first:
            raise ValidationError({"last": _("This month is before the first one.")})
        if values.get("what") == What.WAITING:
            return values
        if not first:
            raise ValidationError({"first": _("Say from which month on.")})
        if not values.get("reason"):
            raise ValidationError({"reason": _("Say why: the act that changed the prices, the decision.")})
        if values["what"] == What.GROUP and not values.get("tariff_group"):
            raise ValidationError({"tariff_group": _("Choose a tariff group.")})
        if values["what"] == What.ALL and values.get("whom") not in ("building", "account"):
            raise ValidationError({"whom": _("Choose a building or an account.")})
        return values

    def chosen(self) -> dict[str, Any]:
        """Return what the use-case asks for, once the form is valid."""
        values = self.cleaned_data
        what, cause, group = values["what"], values["cause"], values["tariff_group"]
        return {
            "scope": self.scope(),
            "booked_period": values["period"],
            "first": values["first"] and Month.of(values["first"]),
            "last": values["last"] and Month.of(values["last"]),
            "causes": [cause] if cause and what == What.WAITING else None,
            "tariff_group_id": group.pk if group and what == What.GROUP else None,
            "everything": what == What.ALL,
            "reason": values["reason"],
        }


class MoneyField(forms.CharField):
    """An amount of money as people write it, read as kopecks; below zero in favour of the account."""

    def clean(self, value: Any) -> int:
        text = super().clean(value)
        try:
            return parse_minor(text)
        except FigureError as error:
            raise ValidationError(_("Write an amount, for example -1234.50.")) from error


class ManualForm(forms.Form):
    """A sum added to an account or taken from it, with what it rests on."""

    period = MonthField(label=gettext_lazy("For the month"))
    service = forms.TypedChoiceField(label=gettext_lazy("Service"), choices=Service.choices, coerce=int)
    amount_minor = MoneyField(label=gettext_lazy("Amount, ₽"), max_length=16)
    quantity_wh = KwhField(label=gettext_lazy("Energy, kWh"), max_length=16, initial="0")
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    document = forms.CharField(label=gettext_lazy("Document: kind, number, date"), max_length=200)

    def __init__(self, *args: Any, months: list[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["period"].choices = [(f"{month:%Y-%m}", formats.month(month)) for month in months]
        for name, field in self.fields.items():
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs["class"] = css + (" is-invalid" if name in self.errors else "")


class RecalculationFilter(ListFilter):
    """What waits, what a run has in hand, what was settled."""

    STATES = [
        ("waiting", gettext_lazy("waits")),
        ("run", gettext_lazy("in a run")),
        ("settled", gettext_lazy("settled")),
    ]

    state = forms.ChoiceField(label=gettext_lazy("State"), choices=empty_first(STATES))
    cause = forms.TypedChoiceField(
        label=gettext_lazy("Cause"), choices=empty_first(RecalculationCause.choices), coerce=int
    )
    month = month_field(gettext_lazy("Month"))
    street = forms.CharField(label=gettext_lazy("Street"), max_length=60)
    house = forms.CharField(label=gettext_lazy("House"), max_length=12)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        match values.get("state"):
            case "waiting":
                rows = rows.filter(run=None, settled_at=None)
            case "run":
                rows = rows.filter(run__isnull=False, settled_at=None)
            case "settled":
                rows = rows.filter(settled_at__isnull=False)
        if cause := values.get("cause"):
            rows = rows.filter(cause=cause)
        if month := values.get("month"):
            rows = rows.filter(period=month)
        if street := values.get("street"):
            rows = rows.filter(building__street__name__istartswith=street)
        if house := values.get("house"):
            rows = rows.filter(building__number__iexact=house)
        return rows


class ManualFilter(ListFilter):
    state = forms.TypedChoiceField(
        label=gettext_lazy("State"), choices=empty_first(ManualState.choices), coerce=int
    )
    account = forms.CharField(label=gettext_lazy("Account"), max_length=16)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if state := values.get("state"):
            rows = rows.filter(state=state)
        if account := values.get("account"):
            rows = rows.filter(Q(account__number__startswith=account.strip()))
        return rows
