"""What a report is asked on its screen: the questions it declares, as a form, and what was understood."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.charging.queries import period_choices
from abonent.contexts.parties.queries import supplier_id
from abonent.contexts.payments.models import Agent
from abonent.contexts.places.models import Building, District
from abonent.contexts.places.queries import buildings_by_address
from abonent.interfaces.office import formats
from abonent.interfaces.office.filters import BranchField
from abonent.interfaces.office.forms import MonthField
from abonent.kernel.periods import Month
from abonent.usecases.reports import Ask, Asked, Report
from abonent.usecases.reports.edition import building_address

_SEVERAL = 6


class DistrictField(forms.ModelChoiceField):
    def __init__(self) -> None:
        rows = District.objects.select_related("branch").order_by("branch__name", "name")
        super().__init__(rows, label=gettext_lazy("District"), empty_label=gettext_lazy("any"))

    def label_from_instance(self, district: District) -> str:
        return district.name


class AgentField(forms.ModelChoiceField):
    def __init__(self) -> None:
        super().__init__(
            Agent.objects.order_by("name"), label=gettext_lazy("Agent"), empty_label=gettext_lazy("any")
        )


class ReportForm(forms.Form):
    """The questions of a report; everything has a default but a building that must be named."""

    use_required_attribute = False

    def __init__(self, report: Report, params: QueryDict) -> None:
        self._report, self._building_id = report, None
        data = params.copy()
        if (typed := data.get("building", "")).isdigit():
            data["building"], data["district"] = self._placed(int(typed))
        super().__init__(data)
        if Ask.PERIOD in report.asks:
            self._add_period(data)
        if Ask.BRANCH in report.asks:
            self.fields["branch"] = BranchField()
        if Ask.DISTRICT in report.asks:
            self.fields["district"] = DistrictField()
        if Ask.AGENT in report.asks:
            self.fields["agent"] = AgentField()
        if Ask.BUILDING in report.asks:
            self.fields["building"] = forms.CharField(label=gettext_lazy("Street and house"), max_length=100)
        for choice in report.choices:
            # what an address does not say, or says wrongly, is the default
            if data.get(choice.name) not in dict(choice.answers):
                data[choice.name] = choice.answers[0][0]
            self.fields[choice.name] = forms.ChoiceField(label=choice.title, choices=choice.answers)
        for field in self.fields.values():
            field.required = False
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs |= {"class": css, "placeholder": field.label}

    def _add_period(self, data: QueryDict) -> None:
        months = [str(Month.of(row.month)) for row in period_choices()]
        if data.get("period") not in months and months:
            data["period"] = months[0]
        self.fields["period"] = MonthField(
            label=gettext_lazy("Month"),
            choices=[(text, formats.month(Month.parse(text).first_day)) for text in months],
        )

    def _placed(self, building_id: int) -> tuple[str, str]:
        """Return the address and the district of a building named by its number, so that the form names it too."""
        district = (
            Building.objects.filter(id=building_id).values_list("street__district_id", flat=True).first()
        )
        if district is None:
            return "", ""
        self._building_id = building_id
        return building_address(building_id), str(district)

    @property
    def is_used(self) -> bool:
        """Whether anything but the month differs from its default."""
        defaults = {choice.name: choice.answers[0][0] for choice in self._report.choices}
        names = [name for name in self.fields if name != "period"]
        return any(self.data.get(name, "") not in ("", defaults.get(name, "")) for name in names)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        text = values.get("building", "").strip()
        if text and self._building_id is None:
            self._building_id = self._found(text, values)
        return values

    def _found(self, text: str, values: dict[str, Any]) -> int:
        """Return the one building the text names in the branch and the district chosen."""
        found = dict(buildings_by_address(text=text, limit=100))
        mine = Building.objects.filter(id__in=found)
        if branch := values.get("branch"):
            mine = mine.filter(branch=branch)
        if district := values.get("district"):
            mine = mine.filter(street__district=district)
        fits = list(mine.values_list("id", "street__district__name")[: _SEVERAL + 1])
        if len(fits) == 1:
            return fits[0][0]
        if not fits:
            message = _("No building fits. Write the street and the house: Lenina 12.")
        else:
            addresses = sorted(f"{found[one]} ({district})" for one, district in fits[:_SEVERAL])
            message = _("Several buildings fit: %(addresses)s.") % {"addresses": "; ".join(addresses)}
        raise ValidationError({"building": message})

    def asked(self, *, today: date) -> Asked | None:
        """Return what is asked, or None while something the report needs is missing or not understood."""
        if not self.is_valid():
            return None
        values = self.cleaned_data
        period = values.get("period")
        if (Ask.PERIOD in self._report.required and period is None) or (
            Ask.BUILDING in self._report.required and self._building_id is None
        ):
            return None
        return Asked(
            supplier_id=supplier_id(),
            today=today,
            period=period,
            branch_id=values["branch"].pk if values.get("branch") else None,
            district_id=values["district"].pk if values.get("district") else None,
            building_id=self._building_id,
            agent_id=values["agent"].pk if values.get("agent") else None,
            choices={choice.name: values[choice.name] for choice in self._report.choices},
        )


def query_of(asked: Asked, **changes: str) -> str:
    """Return the address's query that asks this, with some answers changed."""
    params = QueryDict(mutable=True)
    said = {
        "period": str(asked.period) if asked.period else "",
        "branch": asked.branch_id,
        "district": asked.district_id,
        "building": asked.building_id,
        "agent": asked.agent_id,
        **asked.choices,
        **changes,
    }
    for name, value in said.items():
        if value:
            params[name] = str(value)
    return params.urlencode()
