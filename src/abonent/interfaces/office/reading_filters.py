"""What the lists of files and of held readings are narrowed by."""

from operator import itemgetter
from typing import Any

from django import forms
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from abonent.contexts.metering.models import (
    ReadingFileState,
    ReadingSender,
    ReadingStatus,
    RowDecision,
)
from abonent.contexts.places.queries import buildings_by_address
from abonent.interfaces.office.filters import BranchField, ListFilter, empty_first
from abonent.usecases.reading_reasons import CODES, reason

_MOST_BUILDINGS = 200


class SenderField(forms.ModelChoiceField):
    def __init__(self) -> None:
        super().__init__(ReadingSender.objects.order_by("name"), label=_("Sender"), empty_label=_("any"))


class FileFilter(ListFilter):
    sender = SenderField()
    state = forms.TypedChoiceField(
        label=_("State"), choices=empty_first(ReadingFileState.choices), coerce=int
    )
    name = forms.CharField(label=_("File"), max_length=60)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if sender := values.get("sender"):
            rows = rows.filter(sender=sender)
        if state := values.get("state"):
            rows = rows.filter(state=state)
        if name := values.get("name"):
            rows = rows.filter(name__icontains=name)
        return rows


class Decision(TextChoices):
    """What became of a held reading; asked about nothing, the list shows those that wait."""

    WAITING = "", _("waiting")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("refused")
    ALL = "all", _("any")


_DECISIONS = {
    Decision.WAITING: RowDecision.WAITING,
    Decision.ACCEPTED: RowDecision.ACCEPTED,
    Decision.REFUSED: RowDecision.REFUSED,
}


class HeldFilter(ListFilter):
    decision = forms.ChoiceField(label=_("Decision"), choices=Decision.choices)
    status = forms.TypedChoiceField(
        label=_("Status"),
        choices=empty_first(
            [(one.value, one.label) for one in (ReadingStatus.DOUBTFUL, ReadingStatus.REJECTED)]
        ),
        coerce=int,
    )
    reason = forms.ChoiceField(label=_("Reason"))
    sender = SenderField()
    branch = BranchField()
    building = forms.CharField(label=_("Street and house"), max_length=100)
    file = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = sorted(((code, reason(code).title) for code in CODES), key=itemgetter(1))
        self.fields["reason"].choices = empty_first(titles)

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        decision = values.get("decision") or Decision.WAITING
        if decision != Decision.ALL:
            rows = rows.filter(decision=_DECISIONS[decision])
        if status := values.get("status"):
            rows = rows.filter(status=status)
        if code := values.get("reason"):
            rows = rows.filter(reasons__contains=[code])
        if sender := values.get("sender"):
            rows = rows.filter(file__sender=sender)
        if branch := values.get("branch"):
            rows = rows.filter(installation__building__branch=branch)
        if address := values.get("building"):
            found = buildings_by_address(text=address, limit=_MOST_BUILDINGS)
            rows = rows.filter(building_id__in=[building_id for building_id, _address in found])
        if file_id := values.get("file"):
            rows = rows.filter(file_id=file_id)
        return rows
