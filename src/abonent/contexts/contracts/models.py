"""What was agreed with whom: accounts, the services on them, tariff groups and prices."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.utils.translation import gettext_lazy as _

from abonent.contexts.metering.models import Zone
from abonent.contexts.parties.models import Party, Supplier
from abonent.contexts.places.models import Building, Premise


class Service(models.IntegerChoices):
    ELECTRICITY = 1, _("electricity")
    ELECTRICITY_COMMON = 2, _("electricity for common needs")


class UpliftCause(models.IntegerChoices):
    """Why a norm is multiplied by the increasing coefficient (ПП РФ 354 п. 42, 60(3))."""

    NONE = 0, _("none")
    NO_METER = 1, _("no meter though one can be fitted")
    ADMISSION_REFUSED = 2, _("access to the meter refused twice")


class TariffGroup(models.Model):
    """A group of consumers with prices of its own (urban, electric stove, rural)."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=160)
    norm_category = models.PositiveSmallIntegerField(default=1, help_text="column of the table of norms")

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """A price of a kilowatt-hour for a group and a zone: hundred-thousandths of a rouble, VAT included."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="prices", db_index=False)
    tariff_group = models.ForeignKey(TariffGroup, on_delete=models.PROTECT, related_name="prices")
    zone = models.PositiveSmallIntegerField(choices=Zone.choices)
    price_e5 = models.BigIntegerField()
    during = DateRangeField()
    act = models.CharField(max_length=200)
    url = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="price_one_at_a_time",
                expressions=[
                    ("supplier", RangeOperators.EQUAL),
                    ("tariff_group", RangeOperators.EQUAL),
                    ("zone", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=models.Q(price_e5__gte=0), name="price_not_negative"),
        ]


class PremiseTerms(models.Model):
    """The dated facts a bill is computed from; a change of any of them closes a row and opens the next."""

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="terms", db_index=False)
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")
    during = DateRangeField()
    tariff_group = models.ForeignKey(TariffGroup, on_delete=models.PROTECT, related_name="+", db_index=False)
    area_dm2 = models.IntegerField()
    rooms = models.PositiveSmallIntegerField(default=1)
    residents = models.PositiveSmallIntegerField(default=0)
    owners = models.PositiveSmallIntegerField(default=1)
    uplift_cause = models.PositiveSmallIntegerField(choices=UpliftCause.choices, default=UpliftCause.NONE)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="premise_terms_one_at_a_time",
                expressions=[("premise", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=models.Q(area_dm2__gte=0), name="premise_area_not_negative"),
        ]


class Account(models.Model):
    """A personal account: who pays for a premise, and the number printed on the bill."""

    number = models.CharField(max_length=16, unique=True)
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="accounts", db_index=False)
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="accounts")
    share_no = models.PositiveSmallIntegerField(default=1)
    during = DateRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="account_one_per_premise_share",
                expressions=[
                    ("premise", RangeOperators.EQUAL),
                    ("share_no", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return self.number


class AccountService(models.Model):
    """A service on an account from a day to a day."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="services", db_index=False)
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="+", db_index=False)
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")
    service = models.PositiveSmallIntegerField(choices=Service.choices, default=Service.ELECTRICITY)
    during = DateRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="account_service_one_at_a_time",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("service", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            )
        ]


class AccountSearch(models.Model):
    """What an account is looked up by, in lower case: number, payer, address, meters. Derived."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="search")
    text = models.TextField()

    class Meta:
        indexes = [
            GinIndex(OpClass(models.F("text"), name="gin_trgm_ops"), name="account_search_trigram"),
        ]
