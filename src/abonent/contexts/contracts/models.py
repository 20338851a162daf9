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
    """Why a norm is multiplied by the increasing coefficient (ПП РФ 354 п. 42, 60(3), 62, 81(11)).

    From ADMISSION_REFUSED on the meter is left out of account on these days.
    """

    NONE = 0, _("none")
    NO_METER = 1, _("no meter though one can be fitted")
    ADMISSION_REFUSED = 2, _("access to the meter refused twice")
    TAMPERING = 3, _("tampering with the meter")
    UNAUTHORISED = 4, _("unauthorised connection of unknown power")


class Banding(models.IntegerChoices):
    """What decides which of several prices a kilowatt-hour is charged at."""

    NONE = 0, _("one price")
    RANGES = 1, _("ranges of consumption")
    SOCIAL_NORM = 2, _("social norm")


class TariffGroup(models.Model):
    """A group of consumers with prices of its own (urban, electric stove, rural)."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=160)
    norm_category = models.PositiveSmallIntegerField(default=1, help_text="column of the table of norms")
    banding = models.PositiveSmallIntegerField(choices=Banding.choices, default=Banding.NONE)
    band_category = models.PositiveSmallIntegerField(
        default=1, help_text="row of the table of ranges: the kind of dwelling"
    )

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """A price of a kilowatt-hour for a group, a zone and a band: hundred-thousandths of a rouble, VAT included.

    Bands are the ranges of consumption (ПП РФ 1178 п. 71(1)) or what is within (1) and above (2) the social norm.
    """

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="prices", db_index=False)
    tariff_group = models.ForeignKey(TariffGroup, on_delete=models.PROTECT, related_name="prices")
    zone = models.PositiveSmallIntegerField(choices=Zone.choices)
    band = models.PositiveSmallIntegerField(default=1)
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
                    ("band", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=models.Q(price_e5__gte=0), name="price_not_negative"),
            models.CheckConstraint(condition=models.Q(band__range=(1, 3)), name="price_band_known"),
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
    room_meters_agreed = models.BooleanField(
        default=False, help_text="all rooms agreed to be billed by the meters some of them have (п. 50)"
    )
    agreed_wh_per_month = models.BigIntegerField(
        default=0, help_text="what a non-living premise without a meter is taken to use (п. 43)"
    )

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
        indexes = [
            models.Index(
                models.Func(models.F("during"), function="upper", output_field=models.DateField()),
                condition=models.Q(during__upper_inf=False),
                name="account_closed_on",
            )
        ]

    def __str__(self) -> str:
        return self.number


class AccountService(models.Model):
    """A service on an account from a day to a day, and the share of the premise the account pays for.

    The shares of a premise add up to one on every day, or it is parked.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="services", db_index=False)
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="+", db_index=False)
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")
    service = models.PositiveSmallIntegerField(choices=Service.choices, default=Service.ELECTRICITY)
    during = DateRangeField()
    share_numerator = models.PositiveSmallIntegerField(default=1)
    share_denominator = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="account_service_one_at_a_time",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("service", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(share_numerator__gte=1)
                & models.Q(share_denominator__gte=models.F("share_numerator")),
                name="account_service_share_sane",
            ),
        ]


class AccountSearch(models.Model):
    """What an account is looked up by, in lower case: number, payer, address, meters. Derived."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="search")
    text = models.TextField()

    class Meta:
        indexes = [
            GinIndex(OpClass(models.F("text"), name="gin_trgm_ops"), name="account_search_trigram"),
        ]


class ResidentKind(models.IntegerChoices):
    REGISTERED = 1, _("registered")
    TEMPORARY = 2, _("staying for a time")


class Resident(models.Model):
    """Somebody who lives in a premise. `PremiseTerms.residents` is counted from these rows where there are any.

    A temporary resident counts after more than five days in a row (ПП РФ 354 п. 56).
    """

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="residents")
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    kind = models.PositiveSmallIntegerField(choices=ResidentKind.choices, default=ResidentKind.REGISTERED)
    during = DateRangeField()
    document = models.CharField(max_length=200, blank=True)


class AbsenceState(models.IntegerChoices):
    APPLIED = 1, _("applied for")
    APPROVED = 2, _("approved")
    REFUSED = 3, _("refused")
    WITHDRAWN = 4, _("withdrawn")


class Absence(models.Model):
    """Residents away for a time, by their application (ПП РФ 354 п. 86–97).

    `left_on` and `returned_on` are the days of departure and arrival, which do not count (п. 91).
    """

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="absences")
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")
    people = models.PositiveSmallIntegerField(default=1)
    left_on = models.DateField()
    returned_on = models.DateField()
    applied_on = models.DateField()
    document = models.CharField(max_length=200, help_text="what confirms it (п. 93): kind, number, date")
    state = models.PositiveSmallIntegerField(choices=AbsenceState.choices, default=AbsenceState.APPLIED)
    decided_on = models.DateField(null=True)
    decided_by_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    author_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(returned_on__gt=models.F("left_on"), people__gte=1),
                name="absence_sane",
            )
        ]


class UnauthorisedUse(models.Model):
    """Energy taken past the meter by equipment of a known power, from a day to a day (ПП РФ 354 п. 62)."""

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="unauthorised_uses")
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")
    power_w = models.BigIntegerField()
    during = DateRangeField()
    act_id = models.BigIntegerField(null=True)
    annulled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="unauthorised_use_one_at_a_time",
                expressions=[("premise", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=models.Q(annulled_at__isnull=True),
            ),
            models.CheckConstraint(condition=models.Q(power_w__gt=0), name="unauthorised_power_positive"),
        ]


class BenefitCategory(models.Model):
    """A kind of benefit: what share of the charge within the norm is compensated, and to how many."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=200)
    percent = models.PositiveSmallIntegerField()
    within_norm = models.BooleanField(default=True, help_text="only what lies within the social norm")
    covers_family = models.BooleanField(default=False, help_text="the holder's family is compensated as well")
    act = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "benefit categories"
        constraints = [
            models.CheckConstraint(condition=models.Q(percent__range=(1, 100)), name="benefit_percent_sane")
        ]

    def __str__(self) -> str:
        return self.name


class BenefitHolder(models.Model):
    """Somebody at an account who is compensated for a part of its charges; the account is charged in full."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="benefit_holders")
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey(BenefitCategory, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    document = models.CharField(max_length=200)
    people = models.PositiveSmallIntegerField(default=1, help_text="the holder and the family covered")
    during = DateRangeField()
    end_document = models.CharField(max_length=200, blank=True, help_text="what ended it")
    changed_at = models.DateTimeField(help_text="registries compare again what changed since the one before")
    changed_by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="benefit_holder_once_at_a_time",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("category", RangeOperators.EQUAL),
                    ("name", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=models.Q(people__gte=1), name="benefit_people_positive"),
        ]


class EventKind(models.IntegerChoices):
    BUILDING_OPENED = 1, _("building opened")
    BUILDING_CHANGED = 2, _("building passport changed")
    BUILDING_CLOSED = 3, _("building closed")
    PREMISE_ADDED = 4, _("premise added")
    TERMS = 5, _("terms changed")
    ACCOUNT_OPENED = 6, _("account opened")
    ACCOUNT_CLOSED = 7, _("account closed")
    PAYER = 8, _("payer changed")
    SERVICES = 9, _("services changed")
    SHARES = 10, _("shares changed")
    RESIDENTS = 11, _("residents changed")
    ABSENCE = 12, _("temporary absence")
    HANDOVER = 13, _("handed over to the next payer")


class Event(models.Model):
    """What somebody did to a building, a premise or an account: from which day, by what document. Never changed.

    What holds by now stands in the dated rows; this says who made it so.
    """

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="events")
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="events")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="events")
    kind = models.PositiveSmallIntegerField(choices=EventKind.choices)
    happened_on = models.DateField(help_text="the day from which it holds")
    facts = models.JSONField(default=dict, help_text="what was and what is, by field")
    document = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    author_id = models.BigIntegerField(null=True)
