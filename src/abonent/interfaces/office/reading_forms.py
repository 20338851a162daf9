"""Forms of readings that come in many at once."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.metering.models import ReadingSender, ReadingSource
from abonent.interfaces.office import formats
from abonent.interfaces.office.forms import KwhField
from abonent.usecases.import_readings import FIELDS, Look
from abonent.usecases.reading_reasons import field_name

SOURCES = (ReadingSource.SUBSCRIBER, ReadingSource.INSPECTOR, ReadingSource.EXECUTOR, ReadingSource.AMR)


class ReadingListForm(forms.Form):
    """What a building's meters showed on a day: a value for each register, those left empty are not sent."""

    taken_on = forms.DateField(
        label=gettext_lazy("Taken on"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    source = forms.TypedChoiceField(
        label=gettext_lazy("Source"), coerce=int, choices=[(one.value, one.label) for one in SOURCES]
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_taken_on(self) -> date:
        taken_on: date = self.cleaned_data["taken_on"]
        if taken_on > self.today:
            raise ValidationError(_("This day has not come yet."))
        return taken_on

    def day(self) -> str:
        """Return the day as a browser writes it; what was asked for where that is no day of the list."""
        taken_on: date | None = self.cleaned_data.get("taken_on")
        return taken_on.isoformat() if taken_on else str(self.data.get("taken_on", ""))

    def typed(self, installation_id: int) -> str:
        return str(self.data.get(f"value_{installation_id}", "")).strip()

    def confirmed(self) -> set[int]:
        """The registers whose doubt the person takes upon himself."""
        return {int(text) for text in self.data.getlist("confirmed") if text.isdigit()}

    def read_values(self) -> tuple[dict[int, int], dict[int, str]]:
        """Return watt-hours by register, and what is wrong with those that are no figures; empty ones are left out."""
        values: dict[int, int] = {}
        errors: dict[int, str] = {}
        for name in self.data:
            start, _underscore, key = name.partition("_")
            if start != "value" or not key.isdigit() or not (text := self.typed(int(key))):
                continue
            try:
                values[int(key)] = KwhField().clean(text)
            except ValidationError as error:
                errors[int(key)] = error.messages[0]
        return values, errors


class CorrectionForm(forms.Form):
    """What a held reading should have said: value, day, and whether its fall is a roll-over."""

    value = KwhField(label=gettext_lazy("New, kWh"), max_length=16)
    taken_on = forms.DateField(label=gettext_lazy("Taken on"))
    rollover = forms.BooleanField(
        label=gettext_lazy("the fall is right: rolled over, or found so by an inspector"), required=False
    )

    def __init__(self, *args: Any, row: dict[str, Any], **kwargs: Any) -> None:
        value_wh = row["value_wh"]
        said = formats.kwh(value_wh) if value_wh is not None else row["said_value"]
        super().__init__(*args, initial={"value": said, "taken_on": row["taken_on"]}, **kwargs)

    def correction(self) -> dict[str, Any]:
        """Return what `import_readings.decide` takes of it."""
        return {
            "value_wh": self.cleaned_data["value"],
            "taken_on": self.cleaned_data["taken_on"],
            "confirmed_rollover": self.cleaned_data["rollover"],
        }


class UploadForm(forms.Form):
    """A file of readings and who sent it."""

    file = forms.FileField(label=gettext_lazy("File"))
    sender = forms.ModelChoiceField(
        ReadingSender.objects.order_by("name"),
        label=gettext_lazy("Sender"),
        required=False,
        empty_label=gettext_lazy("somebody new"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sender"].widget.attrs["class"] = "form-select"
        self.fields["file"].widget.attrs |= {
            "class": "form-control",
            "accept": ".csv,.txt,.xlsx,.xls,.dbf,.xml",
        }


class ColumnsForm(forms.Form):
    """Who sent a file and what each of its columns is, by its place from 1."""

    sender = forms.CharField(
        label=gettext_lazy("Sender"),
        max_length=120,
        help_text=gettext_lazy("The columns are remembered for the next file of this sender."),
        widget=forms.TextInput(attrs={"class": "form-control", "list": "senders"}),
    )
    source = forms.TypedChoiceField(
        label=gettext_lazy("Source of its readings"),
        coerce=int,
        choices=[(one.value, one.label) for one in (ReadingSource.IMPORT, *SOURCES)],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    day_first = forms.BooleanField(
        label=gettext_lazy("In dates the day comes before the month"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, look: Look, sender: ReadingSender | None, **kwargs: Any) -> None:
        initial = {
            "sender": sender.name if sender else "",
            "source": sender.source if sender else ReadingSource.IMPORT,
            "day_first": sender.day_first if sender else True,
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.look = look
        # what stands in the XML of GIS ZhKKh is laid down by its scheme
        self.asks_for_columns = look.kind != "xml"
        if not self.asks_for_columns:
            self.fields["sender"].required = False
            return
        choices = [("", _("not used")), *((name, field_name(name)) for name in FIELDS)]
        taken_for = {place: name for name, place in look.columns.items()}
        for place in range(1, len(look.headers) + 1):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                choices=choices,
                required=False,
                initial=taken_for.get(place, ""),
                widget=forms.Select(attrs={"class": "form-select form-select-sm"}),
            )

    def columns_with_headers(self) -> list[tuple[str, Any]]:
        """Headers of the file, each with the field that says what the column is."""
        headers = enumerate(self.look.headers, start=1)
        fields = self.fields
        return [(header, self[name]) for place, header in headers if (name := f"column_{place}") in fields]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.asks_for_columns:
            return values
        chosen = self.columns()
        if len(chosen) < sum(
            bool(values.get(f"column_{place + 1}")) for place in range(len(self.look.headers))
        ):
            raise ValidationError(_("Two columns are taken for the same thing: leave one of them."))
        if not {"serial", "account"} & chosen.keys():
            raise ValidationError(_("Say which column holds the meter's number or the account."))
        if not {"value", "value_t1", "value_t2", "value_t3"} & chosen.keys():
            raise ValidationError(_("Say which column holds the reading."))
        if "taken_on" not in chosen:
            raise ValidationError(_("Say which column holds the day."))
        return values

    def columns(self) -> dict[str, str | int]:
        """Return our field → the header of its column; its place where the header is empty or stands twice."""
        headers = self.look.headers
        chosen: dict[str, str | int] = {}
        for place, header in enumerate(headers, start=1):
            if name := self.cleaned_data.get(f"column_{place}"):
                chosen[name] = header if header and headers.count(header) == 1 else place
        return chosen
