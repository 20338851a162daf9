"""Forms of benefits, registries and subsidies."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.charging.queries import period_choices
from abonent.contexts.contracts.models import Account, BenefitCategory
from abonent.contexts.ledger.models import SubsidyRowState
from abonent.interfaces.office import formats
from abonent.interfaces.office.filters import ListFilter, empty_first
from abonent.interfaces.office.forms import MonthField
from abonent.kernel.decimals import FigureError
from abonent.kernel.money import parse_minor
from abonent.kernel.periods import Month
from abonent.usecases.benefits.debts import Whom
from abonent.usecases.benefits.holders import HolderRefused
from abonent.usecases.benefits.tables import Field
from abonent.usecases.benefits.words import field_name, tell_refused


class DayField(forms.DateField):
    """A day, entered with the browser's calendar."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **options)


class StyledForm(forms.Form):
    """A form whose fields look like the others of the office."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.complete()
        for name, field in self.fields.items():
            if isinstance(field.widget, forms.CheckboxInput):
                field.widget.attrs["class"] = "form-check-input"
                continue
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs["class"] = css + (" is-invalid" if name in self.errors else "")

    def complete(self) -> None:
        """Add what only this form knows, before anything is read."""


def _open_months() -> list[tuple[str, str]]:
    return [(str(Month.of(row.month)), formats.month(row.month)) for row in period_choices() if row.is_open]


class HolderForm(StyledForm):
    """A holder of a benefit. The last day is entered, the day after it is kept."""

    account = forms.CharField(label=gettext_lazy("Account number"), max_length=16)
    name = forms.CharField(label=gettext_lazy("Holder"), max_length=200)
    category = forms.ModelChoiceField(
        BenefitCategory.objects.order_by("name"), label=gettext_lazy("Category")
    )
    document = forms.CharField(label=gettext_lazy("Document"), max_length=200)
    people = forms.IntegerField(
        label=gettext_lazy("People compensated, with the family"), min_value=1, max_value=100, initial=1
    )
    begins_on = DayField(label=gettext_lazy("Begins"))
    last_day = DayField(label=gettext_lazy("Last day"), required=False)
    end_document = forms.CharField(label=gettext_lazy("Document it ends by"), max_length=200, required=False)

    def __init__(self, *args: Any, is_known: bool = False, **kwargs: Any) -> None:
        self._is_known = is_known
        super().__init__(*args, **kwargs)

    def complete(self) -> None:
        if self._is_known:
            del self.fields["account"]

    def clean_account(self) -> Account:
        account = Account.objects.filter(number=self.cleaned_data["account"].strip()).first()
        if account is None:
            raise ValidationError(_("There is no account with this number."))
        return account

    def values(self) -> dict[str, Any]:
        """Return what both entering and changing a holder need."""
        values = {
            name: self.cleaned_data[name] for name in ("name", "category", "document", "people", "begins_on")
        }
        last_day: date | None = self.cleaned_data["last_day"]
        return values | {"ends_on": last_day + timedelta(days=1) if last_day else None}

    def refuse(self, refusal: HolderRefused) -> None:
        field = {"ends_on": "last_day"}.get(refusal.field, refusal.field)
        self.add_error(field if field in self.fields else None, tell_refused(refusal))


class HolderFilter(ListFilter):
    account = forms.CharField(label=gettext_lazy("Account number"), max_length=16)
    name = forms.CharField(label=gettext_lazy("Holder"), max_length=60)
    category = forms.ModelChoiceField(
        BenefitCategory.objects.order_by("name"),
        label=gettext_lazy("Category"),
        empty_label=gettext_lazy("any"),
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=empty_first([("now", gettext_lazy("in force today")), ("ended", gettext_lazy("ended"))]),
    )

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values, today = self.values(), timezone.localdate()
        if account := values.get("account"):
            rows = rows.filter(account__number=account.strip())
        if name := values.get("name"):
            rows = rows.filter(name__icontains=name)
        if category := values.get("category"):
            rows = rows.filter(category=category)
        if values.get("state") == "now":
            rows = rows.filter(during__contains=today)
        elif values.get("state") == "ended":
            rows = rows.filter(Q(during__endswith__lte=today) | Q(is_void=True))
        return rows


class CategoryForm(StyledForm):
    """A category a region adds."""

    code = forms.SlugField(label=gettext_lazy("Code"), max_length=30)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    percent = forms.IntegerField(label=gettext_lazy("Percent"), min_value=1, max_value=100, initial=50)
    within_norm = forms.BooleanField(
        label=gettext_lazy("Only what lies within the norm"), required=False, initial=True
    )
    covers_family = forms.BooleanField(label=gettext_lazy("The family is compensated too"), required=False)
    act = forms.CharField(label=gettext_lazy("Act"), max_length=200)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if BenefitCategory.objects.filter(code=code).exists():
            raise ValidationError(_("There is a category of this code already."))
        return code


class FileForm(StyledForm):
    """A file, and which of its columns holds what where its headings do not say so."""

    file = forms.FileField(label=gettext_lazy("File"), required=False)
    key = forms.CharField(required=False, widget=forms.HiddenInput)
    file_name = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, fields: Sequence[Field], **kwargs: Any) -> None:
        self._known_fields = fields
        self.column_names = [field.name for field in fields]
        super().__init__(*args, **kwargs)

    def complete(self) -> None:
        self.fields["file"].widget.attrs["accept"] = ".csv,.txt,.xlsx,.xls,.dbf"
        for field in self._known_fields:
            self.fields[f"column_{field.name}"] = forms.CharField(
                label=field_name(field.name),
                max_length=80,
                required=False,
                widget=forms.TextInput(attrs={"placeholder": field.headings[0]}),
            )

    def columns(self) -> dict[str, str]:
        """Return the headings or numbers that were written, by field, once the form is valid."""
        return {name: text for name in self.column_names if (text := self.cleaned_data[f"column_{name}"])}

    def column_fields(self) -> list[Any]:
        return [self[f"column_{name}"] for name in self.column_names]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("file") and not values.get("key"):
            raise ValidationError({"file": _("Choose a file.")})
        return values


_MOST_MINOR = 10**14  # a million millions of roubles


class MinorField(forms.CharField):
    """Roubles as people write them, read as kopecks."""

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            minor = parse_minor(text)
        except FigureError as error:
            raise ValidationError(_("Write a number, for example 1234.5.")) from error
        if abs(minor) > _MOST_MINOR:
            raise ValidationError(_("That is too much for one sum."))
        return minor


class OpenMonthForm(StyledForm):
    """An open month to book in."""

    book_in = MonthField(label=gettext_lazy("Book in"))

    def complete(self) -> None:
        self.fields["book_in"].choices = _open_months()


class SubsidyForm(FileForm):
    """A registry of subsidies, the letter it came with, and what the letter says it adds up to."""

    document = forms.CharField(label=gettext_lazy("Letter or payment order"), max_length=200)
    book_in = MonthField(label=gettext_lazy("Book in"))
    expected_rows = forms.IntegerField(label=gettext_lazy("Rows, by the letter"), min_value=1, required=False)
    expected_minor = MinorField(label=gettext_lazy("Sum by the letter, ₽"), max_length=20, required=False)

    def complete(self) -> None:
        super().complete()
        self.fields["book_in"].choices = _open_months()


class SubsidyRowFilter(ListFilter):
    state = forms.TypedChoiceField(
        label=gettext_lazy("State"), choices=empty_first(SubsidyRowState.choices), coerce=int
    )
    account = forms.CharField(label=gettext_lazy("Account number"), max_length=16)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if state := values.get("state"):
            rows = rows.filter(state=state)
        if account := values.get("account"):
            rows = rows.filter(Q(account_number=account.strip()) | Q(account__number=account.strip()))
        return rows


class DecisionForm(OpenMonthForm):
    """What becomes of a held subsidy: an account, or its return to the sender."""

    account = forms.CharField(
        label=gettext_lazy("Account number; empty: return it to the sender"), max_length=16, required=False
    )
    note = forms.CharField(label=gettext_lazy("Remark"), max_length=200, required=False)


class ReversalForm(OpenMonthForm):
    """Why a registry of subsidies is reversed, and where that is booked."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class RegistryForm(StyledForm):
    """Whether earlier months are all compared again."""

    since = forms.ChoiceField(label=gettext_lazy("Compare all months again since"), required=False)

    def __init__(self, data: QueryDict | None = None, *, months: Sequence[Month]) -> None:
        self._months = months
        super().__init__(data)

    def complete(self) -> None:
        self.fields["since"].choices = [
            ("", _("only what was touched")),
            *((str(month), formats.month(month.first_day)) for month in self._months),
        ]

    def month(self) -> Month | None:
        text = self.cleaned_data["since"] if self.is_valid() else ""
        return Month.parse(text) if text else None


class DebtForm(StyledForm):
    """Whose debts the social security office asks for, and at the end of which month."""

    whom = forms.ChoiceField(
        label=gettext_lazy("For"),
        choices=[
            (Whom.SUBSIDIES.value, gettext_lazy("who got a subsidy within a year")),
            (Whom.BENEFITS.value, gettext_lazy("holders of benefits")),
            (Whom.LISTED.value, gettext_lazy("the accounts listed")),
        ],
    )
    until = MonthField(label=gettext_lazy("At the end of"))
    numbers = forms.CharField(
        label=gettext_lazy("Account numbers"),
        required=False,
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def complete(self) -> None:
        self.fields["until"].choices = [
            (str(Month.of(row.month)), formats.month(row.month)) for row in period_choices()
        ]

    def asked(self) -> dict[str, Any]:
        """Return what is asked for, once the form is valid."""
        values = self.cleaned_data
        numbers = values["numbers"].replace(",", " ").replace(";", " ").split()
        return {"whom": Whom(values["whom"]), "until": values["until"], "numbers": numbers}
