"""Forms of the cash desk, and what its lists are narrowed by."""

from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.parties.models import Branch
from abonent.contexts.payments.cash import NOT_PRINTED
from abonent.contexts.payments.models import CashDesk, CashOrderKind
from abonent.gateways.fiscal import KINDS
from abonent.interfaces.office.benefit_forms import DayField, MinorField, StyledForm
from abonent.interfaces.office.filters import ListFilter, empty_first
from abonent.usecases.cash_desk import DENOMINATIONS, PAPER_FIELDS, USUAL_PAPERS, Tendered

_PHONE_OR_EMAIL = RegexValidator(
    r"^(\+\d{5,18}|[^@\s]+@[^@\s]+\.[^@\s]+)$", gettext_lazy("Write +79001234567 or name@example.org.")
)


class PayForm(StyledForm):
    """What a payer hands over. Left empty, the cash handed over is the sum itself."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    account = forms.IntegerField(widget=forms.HiddenInput)
    period = forms.DateField(widget=forms.HiddenInput, required=False, input_formats=["%Y-%m-%d"])
    amount = MinorField(label=gettext_lazy("Sum, ₽"), max_length=16)
    tendered = MinorField(label=gettext_lazy("Handed over, ₽"), max_length=16, required=False)
    card = MinorField(label=gettext_lazy("Of it by card, ₽"), max_length=16, required=False)
    contact = forms.CharField(
        label=gettext_lazy("Receipt to phone or e-mail"),
        max_length=64,
        required=False,
        validators=[_PHONE_OR_EMAIL],
    )

    def complete(self) -> None:
        for name in ("amount", "tendered", "card"):
            self.fields[name].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}
        self.fields["contact"].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        amount, card = values.get("amount"), values.get("card") or 0
        if amount is not None and card > amount:
            raise ValidationError({"card": _("More than the sum.")})
        return values

    def tendered_money(self) -> Tendered:
        """Return what was handed over, once the form is valid."""
        values = self.cleaned_data
        card_minor = values["card"] or 0
        cash_minor = values["amount"] - card_minor
        given = values["tendered"]
        return Tendered(
            card_minor=card_minor,
            cash_minor=cash_minor,
            tendered_minor=cash_minor if given is None else given,
        )


class OpenShiftForm(StyledForm):
    """What is in the drawer when a shift begins."""

    opening = MinorField(label=gettext_lazy("Cash in the drawer, ₽"), max_length=16)
    note = forms.CharField(
        label=gettext_lazy("Why it differs from what the last shift left"), max_length=200, required=False
    )


class CountForm(StyledForm):
    """How many of each note and coin there are."""

    note = forms.CharField(label=gettext_lazy("Why it differs"), max_length=200, required=False)
    leave_unprinted = forms.BooleanField(
        label=gettext_lazy("Close although receipts are not printed: they are printed in the next shift"),
        required=False,
    )

    def complete(self) -> None:
        for worth in DENOMINATIONS:
            self.fields[f"count_{worth}"] = forms.IntegerField(min_value=0, max_value=99_999, required=False)
            self.fields[f"count_{worth}"].widget.attrs |= {"data-worth": worth, "inputmode": "numeric"}

    def counted(self) -> dict[int, int]:
        """Return how many of each there are, once the form is valid."""
        return {worth: self.cleaned_data[f"count_{worth}"] or 0 for worth in DENOMINATIONS}

    @property
    def notes(self) -> list[tuple[int, Any]]:
        """What is counted in roubles and kopecks, with its field."""
        return [(worth, self[f"count_{worth}"]) for worth in DENOMINATIONS]


class MoveForm(StyledForm):
    """Cash that goes to the bank, or change that comes."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    amount = MinorField(label=gettext_lazy("Sum, ₽"), max_length=16)
    ground = forms.CharField(label=gettext_lazy("Ground"), max_length=200)
    person = forms.CharField(label=gettext_lazy("Through whom"), max_length=200, required=False)


class UndoForm(StyledForm):
    """How much of a receipt is given back, and why."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    cash = MinorField(label=gettext_lazy("In cash, ₽"), max_length=16, required=False)
    card = MinorField(label=gettext_lazy("To the card, ₽"), max_length=16, required=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class DeskForm(StyledForm):
    """A cash desk, its register, and what its papers say."""

    branch = forms.ModelChoiceField(Branch.objects.order_by("name"), label=gettext_lazy("Branch"))
    name = forms.CharField(label=gettext_lazy("Name of the desk"), max_length=80)
    kind = forms.ChoiceField(label=gettext_lazy("Register"), choices=())
    file = forms.CharField(label=gettext_lazy("File of the register"), max_length=66)
    registration = forms.CharField(
        label=gettext_lazy("Registration number of the register (16 figures)"), max_length=16
    )
    storage = forms.CharField(label=gettext_lazy("Number of the fiscal storage (16 figures)"), max_length=16)
    okpo = forms.CharField(label=gettext_lazy("OKPO code"), max_length=10, required=False)
    department = forms.CharField(
        label=gettext_lazy("Department on cash orders"), max_length=120, required=False
    )
    department_code = forms.CharField(
        label=gettext_lazy("Code of the department"), max_length=20, required=False
    )
    debit = forms.CharField(label=gettext_lazy("Account of the cash desk"), max_length=20, required=False)
    credit = forms.CharField(label=gettext_lazy("Account of payers"), max_length=20, required=False)
    accountant = forms.CharField(label=gettext_lazy("Chief accountant"), max_length=120, required=False)
    manager = forms.CharField(
        label=gettext_lazy("Manager of the organisation"), max_length=120, required=False
    )
    active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)

    def complete(self) -> None:
        names = {"file": _("kept in a file")}
        self.fields["kind"].choices = [(kind, names.get(kind, kind)) for kind in KINDS]
        for field, value in USUAL_PAPERS.items():
            self.fields[field].initial = value

    def register(self) -> dict[str, str]:
        """Return the register's settings, once the form is valid."""
        return {name: self.cleaned_data[name].strip() for name in ("kind", "file", "registration", "storage")}

    def papers(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in PAPER_FIELDS}


class ShiftFilter(ListFilter):
    since = DayField(label=gettext_lazy("Since"))
    until = DayField(label=gettext_lazy("Until"))
    desk = forms.ModelChoiceField(
        CashDesk.objects.order_by("name"), label=gettext_lazy("Cash desk"), empty_label=gettext_lazy("any")
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=empty_first(
            [
                ("open", gettext_lazy("is open")),
                ("closed", gettext_lazy("is closed")),
                ("differs", gettext_lazy("with a difference")),
            ]
        ),
    )

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if since := values.get("since"):
            rows = rows.filter(day__gte=since)
        if until := values.get("until"):
            rows = rows.filter(day__lte=until)
        if desk := values.get("desk"):
            rows = rows.filter(desk=desk)
        match values.get("state"):
            case "open":
                rows = rows.filter(closed_at=None)
            case "closed":
                rows = rows.filter(closed_at__isnull=False)
            case "differs":
                rows = rows.exclude(difference_minor=0).filter(difference_minor__isnull=False)
        return rows


class OrderFilter(ListFilter):
    kind = forms.TypedChoiceField(
        label=gettext_lazy("Kind"), choices=empty_first(CashOrderKind.choices), coerce=int
    )
    text = forms.CharField(label=gettext_lazy("Account, payer, number"), max_length=60)
    waiting = forms.ChoiceField(
        label=gettext_lazy("Receipt"), choices=empty_first([("1", gettext_lazy("not printed"))])
    )

    def narrow(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        values = self.values()
        if kind := values.get("kind"):
            rows = rows.filter(kind=kind)
        if text := (values.get("text") or "").strip():
            asked = Q(payer__icontains=text) | Q(account_number__startswith=text)
            rows = rows.filter(asked | Q(number=int(text)) if text.isdigit() and len(text) < 9 else asked)
        if values.get("waiting"):
            rows = rows.filter(NOT_PRINTED)
        return rows
