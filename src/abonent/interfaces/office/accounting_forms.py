"""What of a month is exported to accounting."""

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.charging.queries import period_choices
from abonent.contexts.parties.queries import supplier_id
from abonent.interfaces.office import formats
from abonent.interfaces.office.benefit_forms import DayField, StyledForm
from abonent.interfaces.office.forms import MonthField
from abonent.kernel.periods import Month
from abonent.usecases.accounting_export import Wanted, What


class ExportForm(StyledForm):
    """A month, what of it, and for money the days, of the whole month if left out."""

    what = forms.ChoiceField(
        label=gettext_lazy("Export"),
        choices=(
            (What.ALL.value, gettext_lazy("sales and money")),
            (What.SALES.value, gettext_lazy("sales of the month")),
            (What.RECEIPTS.value, gettext_lazy("money by day")),
        ),
    )
    since = DayField(label=gettext_lazy("Money from"), required=False)
    until = DayField(label=gettext_lazy("Money to"), required=False)

    def __init__(self, params: QueryDict) -> None:
        months = [str(Month.of(row.month)) for row in period_choices()]
        said = {name: params.get(name, "") for name in ("period", "what", "since", "until")}
        if said["period"] not in months and months:
            said["period"] = months[0]
        self._months = months
        super().__init__({**said, "what": said["what"] or What.ALL.value})

    def complete(self) -> None:
        choices = [(text, formats.month(Month.parse(text).first_day)) for text in self._months]
        self.fields = {"period": MonthField(label=_("Month"), choices=choices), **self.fields}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        month = values.get("period")
        for name in ("since", "until"):
            day = values.get(name)
            if month and day and day not in month:
                self.add_error(name, _("This day is not in the month."))
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day is before the first."))
        return values

    def wanted(self) -> Wanted | None:
        """Return what is asked for, or None while it is not understood."""
        if not self.is_valid():
            return None
        values = self.cleaned_data
        month: Month = values["period"]
        first: date = values["since"] or month.first_day
        last: date = values["until"] or month.last_day
        return Wanted(
            supplier_id=supplier_id(), month=month, first=first, last=last, what=What(values["what"])
        )

    @property
    def query(self) -> str:
        params = QueryDict(mutable=True)
        for name in self.fields:
            params[name] = str(self.data.get(name, ""))
        return params.urlencode()
