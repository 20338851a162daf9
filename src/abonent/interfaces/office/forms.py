"""Forms of the office that do something; those that narrow lists are in `filters`."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.charging.queries import period_choices
from abonent.contexts.contracts.queries import account_scope
from abonent.contexts.metering.models import ReadingSource
from abonent.contexts.metering.queries import MeterInPlace
from abonent.contexts.parties.models import Branch
from abonent.contexts.places.queries import buildings_by_address
from abonent.interfaces.office import formats
from abonent.kernel.decimals import FigureError
from abonent.kernel.periods import Month
from abonent.kernel.quantities import parse_kwh
from abonent.usecases.billing_run import Scope
from abonent.usecases.enter_reading import ReadingRefused


class Whom(TextChoices):
    """Whose month it is."""

    EVERYBODY = "all", gettext_lazy("all accounts")
    BRANCH = "branch", gettext_lazy("a branch")
    BUILDING = "building", gettext_lazy("a building")
    ACCOUNT = "account", gettext_lazy("an account")


class MonthField(forms.ChoiceField):
    """A month among the supplier's periods, read as a `Month`."""

    def clean(self, value: Any) -> Month | None:
        text = super().clean(value)
        return Month.parse(text) if text else None


class ScopeForm(forms.Form):
    """A month, and whose: everybody's, a branch's, a building's or one account's."""

    period = MonthField(label=gettext_lazy("Month"))
    whom = forms.ChoiceField(
        label=gettext_lazy("For"),
        choices=Whom.choices,
        initial=Whom.EVERYBODY,
    )
    branch = forms.ModelChoiceField(
        Branch.objects.order_by("name"), label=gettext_lazy("Branch"), required=False
    )
    building = forms.CharField(label=gettext_lazy("Street and house"), max_length=100, required=False)
    account = forms.CharField(label=gettext_lazy("Account number"), max_length=16, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.periods = period_choices()
        self._scope: dict[str, int] = {}
        self._text = _("all accounts")
        self.fields["period"].choices = [
            (
                str(Month.of(row.month)),
                formats.month(row.month)
                if row.is_open
                else _("%(month)s (closed)") % {"month": formats.month(row.month)},
            )
            for row in self.periods
        ]
        for name, field in self.fields.items():
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs["class"] = css + (" is-invalid" if name in self.errors else "")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        match values.get("whom"):
            case Whom.BRANCH:
                if not (branch := values.get("branch")):
                    raise ValidationError({"branch": _("Choose a branch.")})
                self._scope, self._text = {"branch_id": branch.pk}, branch.name
            case Whom.BUILDING:
                self._read_building(values.get("building", ""))
            case Whom.ACCOUNT:
                found = account_scope(number=values.get("account", "").strip())
                if found is None:
                    raise ValidationError({"account": _("There is no account with this number.")})
                self._scope = {"account_id": found.account_id}
                self._text = f"{found.number}, {found.payer}"
        return values

    def _read_building(self, text: str) -> None:
        found = buildings_by_address(text=text, limit=6)
        if len(found) != 1:
            raise ValidationError(
                {
                    "building": _("Several buildings fit: %(addresses)s.")
                    % {"addresses": "; ".join(address for _id, address in found)}
                    if found
                    else _("No building fits. Write the street and the house: Lenina 12.")
                }
            )
        self._scope, self._text = {"building_id": found[0][0]}, found[0][1]

    def scope(self) -> Scope:
        """Return what was chosen, once the form is valid."""
        supplier_id = next(
            row.supplier_id for row in self.periods if Month.of(row.month) == self.cleaned_data["period"]
        )
        return Scope(supplier_id, **self._scope)

    def scope_text(self) -> str:
        return self._text


class NewPrint(ScopeForm):
    """Whose bills to print."""


class NewRun(ScopeForm):
    """What to bill, and where to book it."""

    book_in = MonthField(label=gettext_lazy("Book in"), required=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        opened = [(str(Month.of(row.month)), formats.month(row.month)) for row in self.periods if row.is_open]
        self.fields["book_in"].choices = [("", _("the same month")), *opened]


class ReasonForm(forms.Form):
    """Why something is taken back: kept with it for good."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class KwhField(forms.CharField):
    """Kilowatt-hours as people write them, read as watt-hours."""

    def clean(self, value: Any) -> int:
        text = super().clean(value)
        try:
            return parse_kwh(text)
        except FigureError as error:
            if error.code == "too_precise":
                raise ValidationError(_("No more than three decimal places.")) from error
            raise ValidationError(_("Write a number, for example 1234.5.")) from error


class ReadingForm(forms.Form):
    """What a meter showed on a day: one value for each of its registers."""

    taken_on = forms.DateField(
        label=gettext_lazy("Taken on"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    source = forms.TypedChoiceField(
        label=gettext_lazy("Source"),
        coerce=int,
        choices=[
            (one.value, one.label)
            for one in (
                ReadingSource.SUBSCRIBER,
                ReadingSource.INSPECTOR,
                ReadingSource.EXECUTOR,
                ReadingSource.AMR,
            )
        ],
    )
    confirmed_rollover = forms.BooleanField(
        label=gettext_lazy("The meter rolled over, or an inspector found it lower: the value is right"),
        required=False,
    )

    reason = forms.CharField(label=gettext_lazy("Why it is corrected"), max_length=200)

    def __init__(self, *args: Any, meter: MeterInPlace, is_correction: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meter = meter
        if not is_correction:
            del self.fields["reason"]
        for register in meter.registers:
            self.fields[_value_name(register.installation_id)] = KwhField(
                label=register.zone_name, max_length=16
            )
        self.asks_for_rollover = bool(self.data.get("confirmed_rollover"))

    def registers(self) -> list[tuple[Any, Any]]:
        """The registers with their fields, in the order of the meter."""
        return [(one, self[_value_name(one.installation_id)]) for one in self.meter.registers]

    def values_wh(self) -> dict[int, int]:
        """Return what was read, by installation, once the form is valid."""
        return {
            one.installation_id: self.cleaned_data[_value_name(one.installation_id)]
            for one in self.meter.registers
        }

    def refuse(self, refusal: ReadingRefused) -> None:
        """Show a refusal at the field to mend; a fall may be a roll-over, which the clerk then confirms."""
        self.asks_for_rollover |= refusal.code in ("below_previous", "above_next")
        field = "taken_on" if refusal.field == "taken_on" else _value_name(refusal.installation_id or 0)
        self.add_error(field if field in self.fields else None, tell_reading(refusal))


def _value_name(installation_id: int) -> str:
    return f"value_{installation_id}"


def tell_reading(refusal: ReadingRefused) -> str:
    """Say why a reading is refused and what to do."""
    facts = {
        name: formats.day(value)
        if isinstance(value, date)
        else formats.kwh(value)
        if name.endswith("_wh")
        else value
        for name, value in refusal.facts.items()
    }
    words = {
        "in_future": _("This day has not come yet."),
        "before_installation": _("The meter was installed on %(installed_on)s."),
        "after_removal": _("The meter was removed on %(removed_on)s."),
        "negative": _("A reading is not below zero."),
        "above_capacity": _("The meter has %(digits)s digits before the comma; this does not fit."),
        "second_for_day": _(
            "There is a reading of this day already. Annul it first, in the history of readings."
        ),
        "below_previous": _(
            "Below the reading of %(previous_on)s, which is %(previous_wh)s. Mend it, or confirm that the meter "
            "rolled over."
        ),
        "above_next": _(
            "Above the later reading of %(next_on)s, which is %(next_wh)s. Mend it, or confirm that the meter "
            "rolled over."
        ),
        "not_accepted": _("This reading is annulled already."),
    }
    return words[refusal.code] % facts if refusal.code in words else str(refusal)
