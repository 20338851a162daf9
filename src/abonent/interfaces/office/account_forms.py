"""Forms of accounts and of the people in a premise: who pays, in what share, who lives here, who is away."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.contracts.models import ResidentKind
from abonent.interfaces.office.forms import KwhField
from abonent.interfaces.office.place_forms import DayField, LastDayForm, PlaceForm, ShareField, document_field
from abonent.usecases.premises.accounts import Payer


class _PayerFields(PlaceForm):
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=60, required=False)
    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=60, required=False)
    middle_name = forms.CharField(label=gettext_lazy("Middle name"), max_length=60, required=False)
    organisation = forms.CharField(label=gettext_lazy("or an organisation"), max_length=160, required=False)
    inn = forms.CharField(label=gettext_lazy("Taxpayer number"), max_length=12, required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=20, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=120, required=False)

    PAYER = ("last_name", "first_name", "middle_name", "organisation", "inn", "phone", "email")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.asks_for_payer(values) and not (values.get("last_name") or values.get("organisation")):
            self.add_error("last_name", _("Name a person or an organisation."))
        return values

    def asks_for_payer(self, values: Mapping[str, Any]) -> bool:
        return True

    def payer(self) -> Payer:
        return Payer(**{name: self.cleaned_data[name].strip() for name in self.PAYER})


class PayerForm(_PayerFields):
    on = DayField(label=gettext_lazy("From the day"))
    document = document_field(required=True)

    field_order = ("on",)


class _OthersFields(PlaceForm):
    """The shares of the other accounts of the premise, a field for each."""

    def __init__(self, *args: Any, others: Mapping[int, tuple[str, Fraction]], **kwargs: Any) -> None:
        self.others = others
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        for account_id, (label, share) in self.others.items():
            self.fields[f"share_{account_id}"] = ShareField(label=label, initial=str(share), required=False)

    def shares(self) -> dict[int, Fraction]:
        """Return the shares that were written, by account."""
        written = {account_id: self.cleaned_data[f"share_{account_id}"] for account_id in self.others}
        return {account_id: share for account_id, share in written.items() if share is not None}


class OpenAccountForm(_PayerFields, _OthersFields):
    opens_on = DayField(label=gettext_lazy("From the day"))
    share = ShareField(label=gettext_lazy("Share"), initial="1")
    document = document_field()

    field_order = ("opens_on", "share")


class CloseAccountForm(_OthersFields, LastDayForm):
    pass


class SharesForm(_OthersFields):
    on = DayField(label=gettext_lazy("From the day"))
    document = document_field()


class ServiceForm(PlaceForm):
    service = forms.TypedChoiceField(label=gettext_lazy("Service"), choices=[], coerce=int)
    turn = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=[("on", gettext_lazy("switch on")), ("off", gettext_lazy("switch off"))],
    )
    since = DayField(label=gettext_lazy("From the day"))
    last_day = DayField(label=gettext_lazy("To the day, if it is known"), required=False)
    document = document_field()

    def __init__(self, *args: Any, services: list[tuple[int, str]], **kwargs: Any) -> None:
        self.services = services
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        self.fields["service"].choices = self.services

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("last_day") and values.get("since") and values["last_day"] < values["since"]:
            self.add_error("last_day", _("The last day is before the first."))
        return values


class ResidentForm(PlaceForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    kind = forms.TypedChoiceField(label=gettext_lazy("Lives here"), choices=ResidentKind.choices, coerce=int)
    since = DayField(label=gettext_lazy("From the day"))
    last_day = DayField(label=gettext_lazy("To the day, if it is known"), required=False)
    document = document_field()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("last_day") and values.get("since") and values["last_day"] < values["since"]:
            self.add_error("last_day", _("The last day is before the first."))
        return values


class ResidentNameForm(PlaceForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    document = document_field()


class AbsenceForm(PlaceForm):
    people = forms.IntegerField(label=gettext_lazy("People away"), min_value=1, max_value=50, initial=1)
    left_on = DayField(label=gettext_lazy("Day of departure"))
    returned_on = DayField(label=gettext_lazy("Day of return"))
    applied_on = DayField(label=gettext_lazy("Applied on"))
    document = forms.CharField(
        label=gettext_lazy("What confirms it: kind, number, date"), max_length=200, required=False
    )


class MoveForm(_PayerFields):
    """The last day of those who leave, what the meters showed, and who follows."""

    last_day = DayField(label=gettext_lazy("Last day of those who leave"))
    nobody_follows = forms.BooleanField(label=gettext_lazy("Nobody moves in yet"), required=False)
    people = forms.IntegerField(
        label=gettext_lazy("How many move in"), min_value=0, max_value=50, required=False, initial=1
    )
    names = forms.CharField(
        label=gettext_lazy("Their names, one a line (or none: they are only counted)"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
    )
    document = document_field()
    confirmed_rollover = forms.BooleanField(
        label=gettext_lazy("The meter rolled over: it began from zero again"), required=False
    )

    def __init__(self, *args: Any, registers: list[tuple[int, str]], **kwargs: Any) -> None:
        self.registers = registers
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        for installation_id, label in self.registers:
            field = KwhField(label=label, max_length=16)
            field.widget.attrs["inputmode"] = "decimal"
            self.fields[f"value_{installation_id}"] = field
        values = [f"value_{installation_id}" for installation_id, _label in self.registers]
        self.order_fields(["last_day", *values, "confirmed_rollover", "nobody_follows", *self.PAYER])

    def asks_for_payer(self, values: Mapping[str, Any]) -> bool:
        return not values.get("nobody_follows")

    def values_wh(self) -> dict[int, int]:
        return {
            installation_id: self.cleaned_data[f"value_{installation_id}"]
            for installation_id, _label in self.registers
        }

    def newcomers(self) -> tuple[str, ...]:
        """The people by name, filled up with unnamed ones to the number given."""
        names = [name.strip() for name in self.cleaned_data["names"].splitlines() if name.strip()]
        unnamed = max(0, (self.cleaned_data["people"] or 0) - len(names))
        return (*names, *[""] * unnamed)
