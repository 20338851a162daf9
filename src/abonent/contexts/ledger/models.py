"""The books: immutable entries in numbered batches, and what they add up to.

A positive amount is owed by the account, a negative one is in its favour; minor units (kopecks).
Entries and turnovers are partitioned by `slot`: a mass run brings a partition of its own, everything else
is posted into the slot of the month it is booked in (see `partitions`).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from abonent.contexts.contracts.models import Account
from abonent.contexts.parties.models import Supplier


class EntryKind(models.IntegerChoices):
    OPENING = 1, _("opening balance")
    CHARGE = 2, _("charge")
    RECALCULATION = 3, _("recalculation")
    REVERSAL = 4, _("reversal")
    PAYMENT = 5, _("payment")
    SUBSIDY = 6, _("subsidy")
    PENALTY = 7, _("penalty")
    COURT_COST = 8, _("court costs")
    WRITE_OFF = 9, _("written off")
    REFUND = 10, _("refund")
    TRANSFER = 11, _("transfer")


class BatchState(models.IntegerChoices):
    DRAFT = 1, _("draft")
    POSTED = 2, _("posted")


class Batch(models.Model):
    """Entries that were posted together, with their control totals."""

    slot = models.IntegerField()
    origin = models.CharField(max_length=80, help_text="what brought it about: run:17, import:opening.csv")
    shard_no = models.IntegerField(default=0)
    booked_period = models.DateField()
    booked_on = models.DateField()
    state = models.PositiveSmallIntegerField(choices=BatchState.choices, default=BatchState.POSTED)
    lines = models.BigIntegerField(default=0)
    entries = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    author_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "batches"
        constraints = [models.UniqueConstraint(fields=["origin", "shard_no"], name="batch_origin_unique")]


class Entry(models.Model):
    """One immutable posting to an account. `period` is the month it belongs to, `booked_on` when it was booked."""

    pk = models.CompositePrimaryKey("slot", "batch_id", "entry_no")
    slot = models.IntegerField()
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    entry_no = models.IntegerField()
    account_id = models.BigIntegerField()
    service = models.PositiveSmallIntegerField()
    kind = models.PositiveSmallIntegerField(choices=EntryKind.choices)
    period = models.DateField()
    booked_on = models.DateField()
    amount_minor = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "entries"
        indexes = [models.Index(fields=["account_id"], name="entry_account")]


class Turnover(models.Model):
    """What the entries of a slot add up to for one account: the balance is the sum of its turnovers.

    Derived: written in the transaction that writes the entries, never by hand. In PostgreSQL the key begins with the
    account, so that it also answers what an account owes. Each kind of entry has its column (`operations.COLUMN_OF`).
    """

    pk = models.CompositePrimaryKey("slot", "account_id")
    slot = models.IntegerField()
    account_id = models.BigIntegerField()
    booked_period = models.DateField()
    opening_minor = models.BigIntegerField(db_default=0)
    charged_minor = models.BigIntegerField(default=0, db_default=0)
    recalculated_minor = models.BigIntegerField(default=0, db_default=0)
    penalty_minor = models.BigIntegerField(db_default=0, help_text="penalties and court costs")
    paid_minor = models.BigIntegerField(
        default=0, db_default=0, help_text="payments, subsidies, refunds, transfers"
    )
    written_off_minor = models.BigIntegerField(db_default=0)
    balance_minor = models.GeneratedField(
        expression=models.F("opening_minor")
        + models.F("charged_minor")
        + models.F("recalculated_minor")
        + models.F("penalty_minor")
        + models.F("paid_minor")
        + models.F("written_off_minor"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )


class SubsidyFile(models.Model):
    """A registry of subsidies the state paid: what of it is in the books is one batch, `subsidies:<id>`.

    A file that was reversed may be taken in again.
    """

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    document = models.CharField(max_length=200, help_text="the letter or payment order it came with")
    booked_period = models.DateField()
    received_at = models.DateTimeField()
    received_by_id = models.BigIntegerField(null=True)
    rows = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField(default=0)
    reversed_at = models.DateTimeField(null=True)
    reversed_by_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True, help_text="why it was reversed")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"], condition=models.Q(reversed_at__isnull=True), name="subsidy_file_once"
            )
        ]


class SubsidyRowState(models.IntegerChoices):
    POSTED = 1, _("posted")
    HELD = 2, _("held")
    RETURNED = 3, _("returned")


class SubsidyRow(models.Model):
    """A row of a registry of subsidies as it was read. A held one waits for a person: an account, or its return."""

    file = models.ForeignKey(SubsidyFile, on_delete=models.PROTECT, related_name="file_rows")
    row_no = models.IntegerField()
    account_number = models.CharField(max_length=40)
    recipient = models.CharField(max_length=200, blank=True)
    period = models.DateField()
    amount_minor = models.BigIntegerField()
    document = models.CharField(max_length=200, blank=True)
    state = models.PositiveSmallIntegerField(choices=SubsidyRowState.choices)
    problem = models.CharField(max_length=40, blank=True, help_text="why it is or was held")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="subsidies")
    batch_id = models.BigIntegerField(null=True, help_text="what posted it")
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.BigIntegerField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "row_no"], name="subsidy_row_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="subsidy_positive"),
            models.CheckConstraint(
                condition=~models.Q(state=1) | models.Q(account__isnull=False, batch_id__isnull=False),
                name="subsidy_posted_somewhere",
            ),
        ]
