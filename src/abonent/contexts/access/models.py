"""Who works here: users of the office and the role each of them holds."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member of the supplier's staff is there to do."""

    OPERATOR = "operator", _("Operator")
    ENGINEER = "engineer", _("Billing engineer")
    ACCOUNTANT = "accountant", _("Accountant")
    MANAGER = "manager", _("Manager")
    ADMINISTRATOR = "administrator", _("Administrator")
    AUDITOR = "auditor", _("Auditor (read only)")


class User(AbstractUser):
    """A person of the supplier's staff who signs in to the office."""

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.OPERATOR)
    language = models.CharField(max_length=2, default="ru")
