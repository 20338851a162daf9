"""Suppliers, their branches, and the people and organisations they serve."""

from django.db import models
from django.db.models.functions import Right


class Supplier(models.Model):
    """An energy supplier with the bank details its bills are paid to."""

    name = models.CharField(max_length=160)
    short_name = models.CharField(max_length=60)
    inn = models.CharField(max_length=12)
    kpp = models.CharField(max_length=9, blank=True)
    address = models.CharField(max_length=250)
    phones = models.CharField(max_length=120, blank=True)
    site = models.CharField(max_length=120, blank=True)
    email = models.CharField(max_length=120, blank=True)
    bank_name = models.CharField(max_length=45)
    bic = models.CharField(max_length=9)
    bank_account = models.CharField(max_length=20)
    correspondent_account = models.CharField(max_length=20)
    time_zone = models.CharField(max_length=40, default="Europe/Moscow")
    reading_from_day = models.PositiveSmallIntegerField(default=15)
    reading_to_day = models.PositiveSmallIntegerField(default=26)

    def __str__(self) -> str:
        return self.short_name


class Branch(models.Model):
    """A district office of a supplier; a building belongs to one."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="branches")
    code = models.CharField(max_length=10)
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=250, blank=True)
    phones = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supplier", "code"], name="branch_code_unique")]

    def __str__(self) -> str:
        return self.name


def phone_digits(field: str) -> Right:
    """Return the last ten digits of a telephone, however it is written."""
    digits = models.Func(
        models.F(field),
        models.Value(r"\D"),
        models.Value(""),
        models.Value("g"),
        function="regexp_replace",
        output_field=models.CharField(),
    )
    return Right(digits, 10)


class PartyKind(models.IntegerChoices):
    PERSON = 1
    ORGANISATION = 2


class Party(models.Model):
    """A person or an organisation: a payer, an owner, an executor of communal services."""

    kind = models.PositiveSmallIntegerField(choices=PartyKind.choices, default=PartyKind.PERSON)
    last_name = models.CharField(max_length=60, blank=True)
    first_name = models.CharField(max_length=60, blank=True)
    middle_name = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=160, blank=True, help_text="of an organisation")
    inn = models.CharField(max_length=12, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    email = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "parties"
        # a payment is recognised by them
        indexes = [
            models.Index(fields=["inn"], name="party_inn"),
            models.Index(phone_digits("phone"), name="party_phone_digits"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        if self.kind == PartyKind.ORGANISATION:
            return self.name
        return " ".join(part for part in (self.last_name, self.first_name, self.middle_name) if part)
