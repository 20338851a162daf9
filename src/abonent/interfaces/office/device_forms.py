"""Forms of acts, one for each kind: what an inspector brings from a visit, written down in under a minute."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from abonent.contexts.metering.models import ActKind
from abonent.interfaces.office.device_form_parts import (
    ActForm,
    DayField,
    FaceField,
    KnownSeals,
    NewMeter,
    NewSeals,
    OldReadings,
    SealFate,
    Section,
)
from abonent.usecases.device_acts import Term


class AdmissionForm(NewMeter):
    kind = ActKind.ADMISSION
    is_additional = forms.BooleanField(
        label=gettext_lazy("It is one more metering point beside the meter that stands here"), required=False
    )
    asked = (*NewMeter.asked, ("is_additional", "point_taken"))

    def parts(self) -> list[Section]:
        return [
            Section(_("Meter"), self.meter_fields()),
            Section(_("It begins with"), self.new_fields()),
            Section(_("Seals set"), self.new_seal_fields()),
        ]


class ReplacementForm(OldReadings, NewMeter):
    kind = ActKind.REPLACEMENT
    asked = (*OldReadings.asked, *NewMeter.asked)

    def parts(self) -> list[Section]:
        return [
            Section(_("The old meter shows"), self.old_fields()),
            Section(_("New meter"), self.meter_fields()),
            Section(_("It begins with"), self.new_fields()),
            Section(_("Seals set"), self.new_seal_fields()),
        ]


class RemovalForm(OldReadings):
    kind = ActKind.REMOVAL

    def parts(self) -> list[Section]:
        return [Section(_("The meter shows"), self.old_fields())]


class CheckForm(OldReadings, KnownSeals, NewSeals):
    kind = ActKind.CHECK
    readings_are_required = False
    verdict = forms.TypedChoiceField(
        label=gettext_lazy("The meter"),
        coerce=lambda value: value == "sound",
        choices=[("sound", gettext_lazy("is in order")), ("unsound", gettext_lazy("is no good for billing"))],
    )

    def parts(self) -> list[Section]:
        sections = [Section(_("The meter shows"), [*self.old_fields(), self["verdict"]])]
        if self.place.seals:
            sections.append(Section(_("Seals found"), self.seal_fields()))
        return [*sections, Section(_("Seals set"), self.new_seal_fields())]


class AccessRefusedForm(ActForm):
    kind = ActKind.ACCESS_REFUSED


class TamperingForm(KnownSeals):
    kind = ActKind.TAMPERING
    removed_on = DayField(
        label=gettext_lazy("Put right on"),
        required=False,
        help_text=gettext_lazy("left empty, a later check or a new meter ends it"),
    )

    def parts(self) -> list[Section]:
        sections = [Section(_("Violation"), [self["removed_on"]])]
        return [*sections, Section(_("Seals found"), self.seal_fields())] if self.place.seals else sections


class UnauthorisedForm(ActForm):
    kind = ActKind.UNAUTHORISED
    equipment = forms.CharField(label=gettext_lazy("Equipment"), max_length=200, required=False)
    power = FaceField(
        label=gettext_lazy("Power, kW"),
        max_length=12,
        required=False,
        help_text=gettext_lazy("left empty when it cannot be told: charged by norm"),
    )
    connected_on = DayField(
        label=gettext_lazy("Connected on"),
        required=False,
        help_text=gettext_lazy("left empty, since the last check, as far back as the law lets"),
    )
    removed_on = DayField(label=gettext_lazy("Put right on"), required=False)

    def parts(self) -> list[Section]:
        names = ("equipment", "power", "connected_on", "removed_on")
        return [Section(_("Connection"), [self[name] for name in names])]


class SealingForm(KnownSeals, NewSeals):
    kind = ActKind.SEALING
    fates = tuple(SealFate)

    def parts(self) -> list[Section]:
        known = [Section(_("Seals on the meter"), self.seal_fields())] if self.place.seals else []
        return [*known, Section(_("Seals set"), self.new_seal_fields())]


class VerificationForm(ActForm):
    kind = ActKind.VERIFICATION
    verified_on = DayField(label=gettext_lazy("Verified on"))
    verification_due_on = DayField(label=gettext_lazy("Verification due on"), required=False)
    certificate = forms.CharField(label=gettext_lazy("Certificate"), max_length=60, required=False)
    is_fit = forms.TypedChoiceField(
        label=gettext_lazy("The meter"),
        coerce=lambda value: value == "fit",
        choices=[("fit", gettext_lazy("is fit for use")), ("unfit", gettext_lazy("is not fit for use"))],
    )

    def parts(self) -> list[Section]:
        names = ("verified_on", "verification_due_on", "certificate", "is_fit")
        return [Section(_("Verification"), [self[name] for name in names])]

    def term(self) -> Term:
        values = self.cleaned_data
        return Term(
            verified_on=values["verified_on"],
            due_on=values["verification_due_on"],
            certificate=values["certificate"].strip(),
            is_fit=values["is_fit"],
        )


FORMS: dict[str, type[ActForm]] = {
    "admission": AdmissionForm,
    "replacement": ReplacementForm,
    "removal": RemovalForm,
    "check": CheckForm,
    "access-refused": AccessRefusedForm,
    "tampering": TamperingForm,
    "unauthorised": UnauthorisedForm,
    "seals": SealingForm,
    "verification": VerificationForm,
}
NEEDS_METER = {"replacement", "removal", "check", "access-refused", "tampering", "seals", "verification"}


class VerificationFileForm(forms.Form):
    """A table of results of verification."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv,.dbf", "class": "form-control"}),
    )
