"""Where energy is used: districts, streets, buildings and the premises in them."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from abonent.contexts.parties.models import Branch


class District(models.Model):
    """A part of a branch's territory."""

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="districts")
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Street(models.Model):
    """A street of a district, with its kind as the address register writes it («ул.», «пер.»)."""

    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="streets")
    kind = models.CharField(max_length=12, default="ул.")
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class BuildingKind(models.IntegerChoices):
    APARTMENT = 1, _("apartment building")
    PRIVATE = 2, _("private house")


class CommonNeeds(models.IntegerChoices):
    """Who pays for the electricity of stairs, lifts and cellars (ПП РФ 354 п. 40, 44; ПП РФ 124; ПП РФ 491)."""

    NONE = 0, _("no common needs")
    CONSUMERS = 1, _("consumers, as a communal service")
    EXECUTOR = 2, _("the executor, under its own contract")
    HOUSING = 3, _("consumers, within the housing service")


class CommonBasis(models.IntegerChoices):
    """How common needs are charged month by month (ПП РФ 354 п. 44; ПП РФ 491 п. 29(2) for the housing service)."""

    READINGS = 1, _("by the building meter")
    NORM = 2, _("by the norm, trued up once a year")
    AVERAGE = 3, _("by last year's average, trued up once a year")


class Stove(models.IntegerChoices):
    GAS = 1, _("gas")
    ELECTRIC = 2, _("electric")


class Building(models.Model):
    """A building: what never changes about it, and from when to when it is served."""

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="buildings")
    street = models.ForeignKey(Street, on_delete=models.PROTECT, related_name="buildings")
    number = models.CharField(max_length=12)
    kind = models.PositiveSmallIntegerField(choices=BuildingKind.choices, default=BuildingKind.APARTMENT)
    floors = models.PositiveSmallIntegerField(default=1)
    entrances = models.PositiveSmallIntegerField(default=1)
    stove = models.PositiveSmallIntegerField(choices=Stove.choices, default=Stove.GAS)
    built_in = models.PositiveSmallIntegerField(null=True, help_text="the year")
    opened_on = models.DateField(null=True)
    closed_on = models.DateField(null=True, help_text="the first day it is no longer served")
    fias_guid = models.UUIDField(null=True, help_text="the house in ФИАС, by which ГИС ЖКХ knows it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["street", "number"], name="building_address_unique")]

    def __str__(self) -> str:
        return self.address

    @property
    def address(self) -> str:
        return f"{self.street}, д. {self.number}"


class BuildingTerms(models.Model):
    """The dated facts an apartment building's common needs are shared by; a month goes by those of its first day.

    `premises_area_dm2` is S_об: all living and non-living premises without common property;
    `common_area_dm2` is S_ои: stairs, corridors, lifts (ПП РФ 354, app. 2, formulas 12 and 15). 1 m² = 100 dm².
    """

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="terms")
    during = DateRangeField()
    premises_area_dm2 = models.BigIntegerField(default=0)
    common_area_dm2 = models.BigIntegerField(default=0)
    common_norm_category = models.PositiveSmallIntegerField(default=1)
    common_needs = models.PositiveSmallIntegerField(
        choices=CommonNeeds.choices, default=CommonNeeds.CONSUMERS
    )
    common_basis = models.PositiveSmallIntegerField(choices=CommonBasis.choices, default=CommonBasis.READINGS)
    excess_to_consumers = models.BooleanField(
        default=False, help_text="the owners' meeting decided to share out what exceeds the norm (п. 44)"
    )
    decision = models.CharField(
        max_length=200, blank=True, help_text="the minutes of the owners' meeting it rests on"
    )

    class Meta:
        verbose_name_plural = "building terms"
        constraints = [
            ExclusionConstraint(
                name="building_terms_one_at_a_time",
                expressions=[("building", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=models.Q(premises_area_dm2__gte=0, common_area_dm2__gte=0),
                name="building_areas_not_negative",
            ),
        ]


class PremiseKind(models.IntegerChoices):
    LIVING = 1, _("living")
    NONLIVING = 2, _("non-living")
    COMMON = 3, _("common property")
    HEATING = 4, _("in-house heating equipment")
    SECTION = 5, _("section of a communal apartment")
    ROOM = 6, _("room of a communal apartment")


class Premise(models.Model):
    """A flat, a house or a non-living premise of a building, or a part of a communal apartment.

    A communal apartment is a tree: rooms, or sections with rooms, whose `parent` is what they are part of. Common
    property carries the executor's account; in-house heating equipment carries only its meter (ПП РФ 354 п. 54).
    """

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="premises")
    number = models.CharField(max_length=12, blank=True)
    sort_key = models.PositiveIntegerField(default=0, help_text="natural order inside the building")
    kind = models.PositiveSmallIntegerField(choices=PremiseKind.choices, default=PremiseKind.LIVING)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="parts")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["building", "number"], name="premise_number_unique"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[5, 6], parent__isnull=False)
                | (~models.Q(kind__in=[5, 6]) & models.Q(parent__isnull=True)),
                name="premise_part_has_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def address(self) -> str:
        return f"{self.building.address}, кв. {self.number}" if self.number else self.building.address
