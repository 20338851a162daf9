"""Over which days a statement or an act of reconciliation is wanted, and of which accounts."""

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.interfaces.office.benefit_forms import DayField, StyledForm
from abonent.kernel.periods import Month

_MONTHS_SHOWN = 12


class StatementForm(StyledForm):
    """From which day to which, both counted in; a month named in the address stands for its days."""

    since = DayField(label=gettext_lazy("From"))
    until = DayField(label=gettext_lazy("To"))

    def __init__(self, params: QueryDict, *, today: date, has_others: bool = False) -> None:
        first, last = Month.of(today).shift(1 - _MONTHS_SHOWN).first_day, today
        if (text := params.get("period", "")) and "since" not in params:
            try:
                month = Month.parse(text)
            except ValueError:
                pass
            else:
                first, last = month.first_day, month.last_day
        said = {
            "since": params.get("since") or first.isoformat(),
            "until": params.get("until") or last.isoformat(),
        }
        self._has_others = has_others
        super().__init__({**said, "whose": params.get("whose", "account")})

    def complete(self) -> None:
        if self._has_others:
            choices = [("account", _("this account")), ("payer", _("all accounts of the payer"))]
            self.fields["whose"] = forms.ChoiceField(label=_("Of"), choices=choices, required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day is before the first."))
        return values

    @property
    def days(self) -> tuple[date, date] | None:
        """The first day and the last, or None when they are not understood."""
        if not self.is_valid():
            return None
        return self.cleaned_data["since"], self.cleaned_data["until"]

    @property
    def is_of_payer(self) -> bool:
        return self._has_others and self.cleaned_data.get("whose") == "payer"

    @property
    def query(self) -> str:
        """The address's query that asks this."""
        params = QueryDict(mutable=True)
        for name in self.fields:
            params[name] = str(self.data.get(name, ""))
        return params.urlencode()
