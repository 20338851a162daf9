"""The headings reports are listed under, in their order."""

from django.utils.translation import gettext_lazy as _

CHARGES = _("Charges")
COMMON_NEEDS = _("Common needs")
METERS = _("Meters")
MONEY = _("Money")
READINGS = _("Readings")
