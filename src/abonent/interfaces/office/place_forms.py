"""What forms about places share: fields for days, areas and shares; a refusal shown at its field."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.interfaces.office.place_words import tell_place
from abonent.kernel.decimals import FigureError
from abonent.kernel.quantities import parse_area
from abonent.usecases.premises import PlaceRefused

_MOST_PARTS = 32_767


class DayField(forms.DateField):
    """A day, chosen in the browser's calendar."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **kwargs)


class AreaField(forms.CharField):
    """Square metres as people write them, read as square decimetres."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=12, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **kwargs)

    def clean(self, value: Any) -> int:
        text = super().clean(value)
        try:
            area_dm2 = parse_area(text) if text else 0
        except FigureError as error:
            raise ValidationError(_("Write square metres, for example 54.3.")) from error
        if area_dm2 < 0:
            raise ValidationError(_("An area is not below zero."))
        return area_dm2

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return parse_area(str(initial or "0")) != parse_area(str(data or "0"))
        except FigureError:
            return True


class ShareField(forms.CharField):
    """A share as 1/2, or 1 for the whole."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=11, **kwargs)

    def clean(self, value: Any) -> Fraction | None:
        text = super().clean(value).replace(" ", "")
        if not text:
            return None
        try:
            share = Fraction(text)
        except (ValueError, ZeroDivisionError) as error:
            raise ValidationError(_("Write a share as 1/2, or 1 for the whole.")) from error
        if not 0 < share <= 1 or share.denominator > _MOST_PARTS:
            raise ValidationError(_("A share is more than nothing and no more than the whole: 1/2."))
        return share


class PlaceForm(forms.Form):
    """A form whose act can be refused: the refusal is shown at its field. `depends` hides fields (`_field.html`)."""

    depends: Mapping[str, str] = {}
    wide = frozenset({"document", "reason", "decision", "names"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepare()
        for name, field in self.fields.items():
            if isinstance(field.widget, forms.CheckboxInput):
                continue
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs["class"] = css + (" is-invalid" if name in self.errors else "")

    def prepare(self) -> None:
        """Add the fields and choices that depend on what the form is about; before anything is read."""

    def refuse(self, refusal: PlaceRefused) -> None:
        """Show why it cannot be done."""
        self.add_error(refusal.field if refusal.field in self.fields else None, tell_place(refusal))

    def rows(self) -> list[dict[str, Any]]:
        """The fields in their order, each with what the page needs to place it."""
        return [
            {
                "field": field,
                "depends": self.depends.get(field.name, ""),
                "is_wide": field.name in self.wide,
                "is_check": isinstance(field.field.widget, forms.CheckboxInput),
            }
            for field in self
        ]

    def changed_values(self, *names: str) -> dict[str, Any]:
        """Return those of these fields that say something else than the form first did."""
        return {name: self.cleaned_data[name] for name in names if name in self.changed_data}


def document_field(*, required: bool = False) -> forms.CharField:
    return forms.CharField(label=gettext_lazy("Document"), max_length=200, required=required)


class LastDayForm(PlaceForm):
    """The last day on which something is served."""

    last_day = DayField(label=gettext_lazy("Last day"))
    document = document_field()


class ReasonOfRefusalForm(PlaceForm):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
