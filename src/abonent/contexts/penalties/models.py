"""Penalties for late payment: who is charged by which rule, when nobody is, runs, and the days they are made of."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from abonent.contexts.contracts.models import Account
from abonent.contexts.parties.models import Branch, Supplier


class Debtor(models.IntegerChoices):
    """Whose delay costs how much (ЖК РФ ст. 155 ч. 14; 35-ФЗ ст. 37): the codes of `ru.penalty.bands`."""

    HOUSEHOLD = 1, _("household")
    CONSUMER = 2, _("consumer of electricity")
    CONDOMINIUM = 3, _("condominium or cooperative (ТСЖ, ЖСК)")
    MANAGER = 4, _("managing organisation, supplier of heat or water")
    TRANSMISSION = 5, _("buyer of transmission")


class DebtorTerms(models.Model):
    """By which rule the account's delay is charged, from a day to a day; without one it is a household."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debtor_terms", db_index=False
    )
    during = DateRangeField()
    debtor = models.PositiveSmallIntegerField(choices=Debtor.choices)
    due_day = models.PositiveSmallIntegerField(
        null=True, help_text="day of the next month; none: as households pay"
    )
    moratoria = models.BooleanField(default=True, help_text="moratoria spare the account")
    source = models.CharField(max_length=200, help_text="contract or decision")
    made_at = models.DateTimeField()
    made_by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="debtor_terms_one_at_a_time",
                expressions=[("account", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=models.Q(due_day=None) | models.Q(due_day__range=(1, 28)),
                name="debtor_terms_due_day",
            ),
        ]


class ExclusionCause(models.IntegerChoices):
    DISPUTE = 1, _("dispute")
    COURT = 2, _("court")
    BANKRUPTCY = 3, _("bankruptcy")
    INSTALMENTS = 4, _("agreement on instalments")
    OTHER = 5, _("other")


class PenaltyExclusion(models.Model):
    """Days on which nothing accrues for an account. Cancelled by a person with a reason, never deleted."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="penalty_exclusions")
    during = DateRangeField()
    cause = models.PositiveSmallIntegerField(choices=ExclusionCause.choices)
    document = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    made_by_id = models.BigIntegerField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by_id = models.BigIntegerField(null=True)
    cancel_reason = models.CharField(max_length=200, blank=True)


class PenaltyRunState(models.IntegerChoices):
    WAITING = 1, _("waiting")
    COUNTING = 2, _("being calculated")
    COUNTED = 3, _("ready for approval")
    POSTED = 4, _("posted")
    DISCARDED = 5, _("discarded")
    REVERSED = 6, _("reversed")
    FAILED = 7, _("failed")


class PenaltyRun(models.Model):
    """A month's accrual: what the law asks up to a day, less what earlier runs have posted.

    Its entries are batches `penalties:<id>`, one per shard; those of its reversal `penalties:<id>:reversal`.
    """

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey(Branch, null=True, on_delete=models.PROTECT, related_name="+")
    booked_period = models.DateField()
    until = models.DateField(help_text="the last day that counts")
    state = models.PositiveSmallIntegerField(choices=PenaltyRunState.choices, default=PenaltyRunState.WAITING)
    slot = models.IntegerField(null=True)
    accounts = models.BigIntegerField(default=0)
    accounts_total = models.BigIntegerField(default=0)
    debts = models.BigIntegerField(default=0)
    lines = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField(default=0)
    parameter_hash = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    created_by_id = models.BigIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)
    approved_by_id = models.BigIntegerField(null=True)
    posted_at = models.DateTimeField(null=True)
    reversed_by_id = models.BigIntegerField(null=True)
    reversed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True, help_text="why it was reversed")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier"],
                condition=models.Q(state__in=[1, 2, 3]),
                name="penalty_run_one_at_a_time",
            )
        ]


class PenaltyShard(models.Model):
    """Accounts of a run, by their ids, that are counted and written in one transaction."""

    run = models.ForeignKey(PenaltyRun, on_delete=models.PROTECT, related_name="shards")
    shard_no = models.IntegerField()
    first_account_id = models.BigIntegerField()
    last_account_id = models.BigIntegerField()
    accounts = models.BigIntegerField()
    done = models.BooleanField(default=False)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "shard_no"], name="penalty_shard_no")]


class PenaltyAccount(models.Model):
    """What a run changes on an account: what the law asks, what was posted before, the difference it posts.

    Partitioned by `run_id`.
    """

    pk = models.CompositePrimaryKey("run_id", "account_id")
    run = models.ForeignKey(
        PenaltyRun, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    debtor = models.PositiveSmallIntegerField(choices=Debtor.choices)
    debts = models.IntegerField()
    asked_minor = models.BigIntegerField(help_text="up to the last day of the run")
    posted_minor = models.BigIntegerField(help_text="by runs before")
    amount_minor = models.BigIntegerField()


class PenaltyLine(models.Model):
    """A stretch of days in which base, rate and part stay the same. Partitioned by `run_id`; indexed by account.

    `ends_on` is the day after the last. The amount of a debt is the sum of its rounded stretches.
    """

    pk = models.CompositePrimaryKey("run_id", "line_no")
    run = models.ForeignKey(
        PenaltyRun, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    line_no = models.IntegerField()
    account_id = models.BigIntegerField()
    service = models.PositiveSmallIntegerField()
    period = models.DateField()
    due_on = models.DateField()
    begins_on = models.DateField()
    ends_on = models.DateField()
    base_minor = models.BigIntegerField()
    rate_e2 = models.IntegerField(help_text="hundredths of a percent a year")
    divisor = models.SmallIntegerField(help_text="each day costs 1/divisor of the rate; 0: nothing")
    suspended = models.BooleanField(default=False)
    amount_minor = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["account_id"], name="penalty_line_account")]
