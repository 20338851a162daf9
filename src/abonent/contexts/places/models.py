"""Where energy is used: districts, streets, buildings and the premises in them."""

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
    """Who pays for the electricity of stairs, lifts and cellars (ПП РФ 354 п. 40, 44)."""

    NONE = 0, _("no common needs")
    CONSUMERS = 1, _("consumers, as a communal service")
    EXECUTOR = 2, _("the executor, under its own contract")


class Building(models.Model):
    """A building with the areas its common needs are shared by.

    `premises_area_dm2` is S_об: all living and non-living premises without common property;
    `common_area_dm2` is S_ои: stairs, corridors, lifts (ПП РФ 354, app. 2, formulas 12 and 15). 1 m² = 100 dm².
    """

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="buildings")
    street = models.ForeignKey(Street, on_delete=models.PROTECT, related_name="buildings")
    number = models.CharField(max_length=12)
    kind = models.PositiveSmallIntegerField(choices=BuildingKind.choices, default=BuildingKind.APARTMENT)
    floors = models.PositiveSmallIntegerField(default=1)
    premises_area_dm2 = models.BigIntegerField(default=0)
    common_area_dm2 = models.BigIntegerField(default=0)
    common_norm_category = models.PositiveSmallIntegerField(default=1)
    common_needs = models.PositiveSmallIntegerField(
        choices=CommonNeeds.choices, default=CommonNeeds.CONSUMERS
    )
    excess_to_consumers = models.BooleanField(
        default=False, help_text="the owners' meeting decided to share out what exceeds the norm (п. 44)"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["street", "number"], name="building_address_unique")]

    def __str__(self) -> str:
        return self.address

    @property
    def address(self) -> str:
        return f"{self.street}, д. {self.number}"


class PremiseKind(models.IntegerChoices):
    LIVING = 1, _("living")
    NONLIVING = 2, _("non-living")


class Premise(models.Model):
    """A flat, a house or a non-living premise of a building."""

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="premises")
    number = models.CharField(max_length=12, blank=True)
    sort_key = models.PositiveIntegerField(default=0, help_text="natural order inside the building")
    kind = models.PositiveSmallIntegerField(choices=PremiseKind.choices, default=PremiseKind.LIVING)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["building", "number"], name="premise_number_unique")]

    def __str__(self) -> str:
        return self.address

    @property
    def address(self) -> str:
        return f"{self.building.address}, кв. {self.number}" if self.number else self.building.address
