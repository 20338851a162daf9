"""Billing periods, runs, charge lines and bills."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, BigIntegerRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from abonent.contexts.contracts.models import Account, BenefitHolder
from abonent.contexts.parties.models import Branch, Supplier
from abonent.contexts.places.models import Building, Premise


class PeriodState(models.IntegerChoices):
    OPEN = 1, _("open")
    CLOSED = 2, _("closed")


class BillingPeriod(models.Model):
    """A calendar month of a supplier (ПП РФ 354 п. 37); a closed one takes no new lines."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="periods", db_index=False)
    month = models.DateField()
    state = models.PositiveSmallIntegerField(choices=PeriodState.choices, default=PeriodState.OPEN)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "month"], name="billing_period_unique"),
            models.CheckConstraint(condition=models.Q(month__day=1), name="billing_period_first_day"),
        ]


class RunKind(models.IntegerChoices):
    BILLING = 1, _("billing")
    CORRECTION = 2, _("correction")
    REVERSAL = 3, _("reversal")
    RECALCULATION = 4, _("recalculation")
    MANUAL = 5, _("manual recalculation")


class RunState(models.IntegerChoices):
    """draft → rating → rated → posted (→ cancelled); a run that failed can be rated again."""

    DRAFT = 1, _("draft")
    RATING = 2, _("rating")
    RATED = 3, _("rated")
    POSTED = 4, _("posted")
    CANCELLED = 5, _("cancelled")
    FAILED = 6, _("failed")
    DISCARDED = 7, _("discarded")


class Run(models.Model):
    """One rating of a period for a scope: a proposal until it is approved."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    kind = models.PositiveSmallIntegerField(choices=RunKind.choices, default=RunKind.BILLING)
    period = models.DateField()
    booked_period = models.DateField()
    branch = models.ForeignKey(Branch, null=True, on_delete=models.PROTECT, related_name="+")
    building = models.ForeignKey(Building, null=True, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.PositiveSmallIntegerField(choices=RunState.choices, default=RunState.DRAFT)
    slot = models.IntegerField(null=True, help_text="where its lines stand once posted")
    pack = models.CharField(max_length=20, default="ru")
    pack_version = models.CharField(max_length=20)
    parameter_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=200, blank=True)
    created_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    rated_at = models.DateTimeField(null=True)
    approved_by_id = models.BigIntegerField(null=True)
    posted_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    cancels = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="reversals")
    accounts_total = models.BigIntegerField(default=0)
    accounts_done = models.BigIntegerField(default=0)
    lines = models.BigIntegerField(default=0)
    entries = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField(default=0)
    exceptions = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["period", "state"], name="run_period_state")]


class RunShard(models.Model):
    """A month of whole buildings rated together, or of what waits in them for a recalculation (`listed`).

    While `active`, it claims its buildings for the period: PostgreSQL refuses a second run over any of them.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="shards")
    shard_no = models.IntegerField()
    period = models.DateField()
    branch_id = models.BigIntegerField()
    buildings = BigIntegerRangeField()
    listed = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    done = models.BooleanField(default=False)
    accounts = models.BigIntegerField(default=0)
    lines = models.BigIntegerField(default=0)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["period", "branch_id"], name="run_shard_of_period")]
        constraints = [
            models.UniqueConstraint(fields=["run", "shard_no"], name="run_shard_unique"),
            ExclusionConstraint(
                name="run_shard_one_run_per_building",
                expressions=[
                    ("period", RangeOperators.EQUAL),
                    ("branch_id", RangeOperators.EQUAL),
                    ("buildings", RangeOperators.OVERLAPS),
                    ("run", RangeOperators.NOT_EQUAL),
                ],
                condition=models.Q(active=True),
            ),
        ]


class ChargeLine(models.Model):
    """One line of what is charged, immutable once posted, with what it was made of in `because`.

    `because` holds whole numbers whose names the rule declares (`engine.registry`); the amount is
    quantity × price, rounded once, halves away from zero.
    """

    pk = models.CompositePrimaryKey("slot", "batch_id", "line_no")
    slot = models.IntegerField()
    batch_id = models.BigIntegerField()
    line_no = models.IntegerField()
    account_id = models.BigIntegerField()
    building_id = models.BigIntegerField()
    service = models.PositiveSmallIntegerField()
    rule = models.PositiveSmallIntegerField()
    zone = models.PositiveSmallIntegerField()
    period = models.DateField()
    begins_on = models.DateField()
    ends_on = models.DateField()
    quantity_wh = models.BigIntegerField()
    price_e5 = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    price_id = models.BigIntegerField()
    because = ArrayField(models.BigIntegerField())
    reverses_batch_id = models.BigIntegerField(default=0)
    reverses_line_no = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["account_id"], name="charge_line_account")]


class BuildingBalance(models.Model):
    """How the energy of a building was shared out in a month, by zone (0 = all zones); watt-hours, dm².

    ПП РФ 354 app. 2: formula 12 (`supplied − nonliving − norm − metered − heating`), 15 (norm), п. 44, 46, 47.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="building_balances")
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="balances")
    period = models.DateField()
    method = models.PositiveSmallIntegerField(
        help_text="1 by the building meter, 2 by norm, 3 by its average"
    )
    supplied_wh = models.BigIntegerField(default=0)
    nonliving_wh = models.BigIntegerField(default=0)
    norm_wh = models.BigIntegerField(default=0)
    metered_wh = models.BigIntegerField(default=0)
    heating_wh = models.BigIntegerField(default=0)
    common_wh = models.BigIntegerField(default=0)
    cap_wh = models.BigIntegerField(default=0)
    distributed_wh = models.BigIntegerField(default=0)
    unassigned_wh = models.BigIntegerField(default=0)
    executor_wh = models.BigIntegerField(default=0)
    negative_wh = models.BigIntegerField(default=0)
    unreturned_wh = models.BigIntegerField(default=0)
    carried_in_wh = models.BigIntegerField(default=0, help_text="the executor's deficit of the months before")
    carried_wh = models.BigIntegerField(default=0, help_text="its deficit for the months to come (ПП РФ 124)")
    true_up_wh = models.BigIntegerField(default=0, help_text="what last year's charges lacked or exceeded")
    area_dm2 = models.BigIntegerField(default=0)
    residents = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "building", "period"], name="building_balance_unique")
        ]


class RunException(models.Model):
    """What could not be judged: parked in sight with its reason, never dropped or guessed."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="exception_rows")
    shard_no = models.IntegerField()
    period = models.DateField()
    building_id = models.BigIntegerField()
    account_id = models.BigIntegerField(null=True, db_index=True)
    code = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)


class Bill(models.Model):
    """A payment document as it was issued: its figures are frozen; a later one of the month is a new version."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="bills", db_index=False)
    period = models.DateField()
    version = models.PositiveSmallIntegerField(default=1)
    number = models.CharField(max_length=30)
    opening_minor = models.BigIntegerField()
    charged_minor = models.BigIntegerField()
    recalculated_minor = models.BigIntegerField()
    penalty_minor = models.BigIntegerField(
        default=0, db_default=0, help_text="penalties and court costs booked in the month"
    )
    written_off_minor = models.BigIntegerField(default=0, db_default=0)
    paid_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    due_on = models.DateField()
    issued_on = models.DateField()
    final = models.BooleanField(default=False, help_text="of an account that was closed in the period")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "period", "version"], name="bill_version_unique")
        ]


class PrintState(models.IntegerChoices):
    WAITING = 1, _("waiting")
    PRINTING = 2, _("printing")
    PRINTED = 3, _("printed")
    FAILED = 4, _("failed")


class BillPrint(models.Model):
    """A file of bills somebody asked for: what it holds, how far it is, and its control sum."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    period = models.DateField()
    branch = models.ForeignKey(Branch, null=True, on_delete=models.PROTECT, related_name="+")
    building = models.ForeignKey(Building, null=True, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.PositiveSmallIntegerField(choices=PrintState.choices, default=PrintState.WAITING)
    created_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    bills = models.BigIntegerField(default=0)
    bills_total = models.BigIntegerField(default=0)
    pages = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)


class RecalculationCause(models.IntegerChoices):
    """What changed, so that a month that was billed has to be rated again."""

    GAP_CLOSED = 1, _("a reading after months by estimate")
    READING = 2, _("a reading entered, corrected or annulled")
    DEVICE = 3, _("a meter admitted, replaced or removed")
    RESIDENTS = 4, _("residents")
    AREA = 5, _("areas of the premise or the building")
    TARIFF_GROUP = 6, _("tariff group")
    PRICE = 7, _("price")
    ABSENCE = 8, _("temporary absence")
    VIOLATION = 9, _("refused access, tampering, unauthorised connection")
    SERVICE = 10, _("services and shares of the account")
    COMMON_NEEDS = 11, _("common needs of the building")
    REQUEST = 12, _("asked for by a person")


class Recalculation(models.Model):
    """A billed month of a premise, or of a whole building, that waits to be rated again.

    Claimed by the run that rates it, settled when that run is approved, free again when it is discarded or cancelled.
    """

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")
    premise = models.ForeignKey(
        Premise,
        null=True,
        on_delete=models.PROTECT,
        related_name="recalculations",
        help_text="null: the building",
    )
    period = models.DateField()
    cause = models.PositiveSmallIntegerField(choices=RecalculationCause.choices)
    note = models.CharField(max_length=200, blank=True)
    noted_at = models.DateTimeField()
    noted_by_id = models.BigIntegerField(null=True)
    run = models.ForeignKey(
        Run, null=True, on_delete=models.PROTECT, related_name="recalculations", db_index=False
    )
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["run", "period", "building"], name="recalculation_of_run")]
        constraints = [
            # one that a run has claimed does not stand for what changes from then on
            models.UniqueConstraint(
                fields=["building", "premise", "period", "cause"],
                condition=models.Q(settled_at__isnull=True, run__isnull=True),
                nulls_distinct=False,
                name="recalculation_waits_once",
            ),
            models.CheckConstraint(condition=models.Q(period__day=1), name="recalculation_first_day"),
        ]


class ManualState(models.IntegerChoices):
    PROPOSED = 1, _("proposed")
    POSTED = 2, _("posted")
    REFUSED = 3, _("refused")
    REVERSED = 4, _("reversed")


class ManualRecalculation(models.Model):
    """A sum added to or taken from an account by decision of a person, with its reason and document."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="manual_recalculations")
    period = models.DateField()
    service = models.PositiveSmallIntegerField(default=1)
    quantity_wh = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    document = models.CharField(max_length=200)
    state = models.PositiveSmallIntegerField(choices=ManualState.choices, default=ManualState.PROPOSED)
    created_at = models.DateTimeField()
    created_by_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.BigIntegerField(null=True)
    run = models.ForeignKey(Run, null=True, on_delete=models.PROTECT, related_name="manual_recalculations")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(amount_minor=0), name="manual_recalculation_not_zero")
        ]


class RegistryState(models.IntegerChoices):
    """waiting → making → made → sent; a failed one is made again, one that was not sent can be dropped."""

    WAITING = 1, _("waiting")
    MAKING = 2, _("being made")
    MADE = 3, _("made")
    SENT = 4, _("sent")
    FAILED = 5, _("failed")


class BenefitRegistry(models.Model):
    """What the state compensates for a month, as it was reported; later changes go into the next one.

    Once sent, neither it nor its rows can be changed: PostgreSQL refuses.
    """

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    period = models.DateField()
    since = models.DateField(
        null=True, help_text="all months from this one on are compared again, asked or not"
    )
    state = models.PositiveSmallIntegerField(choices=RegistryState.choices, default=RegistryState.WAITING)
    created_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, help_text="what changed later is for the next registry")
    made_by_id = models.BigIntegerField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_by_id = models.BigIntegerField(null=True)
    accounts_total = models.BigIntegerField(default=0)
    accounts_done = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "benefit registries"
        constraints = [
            models.UniqueConstraint(fields=["supplier", "period"], name="benefit_registry_of_period"),
            models.CheckConstraint(condition=models.Q(period__day=1), name="benefit_registry_first_day"),
        ]


class Compensation(models.Model):
    """A benefit holder's compensation for a month: what was due, or the difference to what was reported before."""

    registry = models.ForeignKey(BenefitRegistry, on_delete=models.PROTECT, related_name="compensations")
    holder = models.ForeignKey(BenefitHolder, on_delete=models.PROTECT, related_name="compensations")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    period = models.DateField(help_text="the month it belongs to, which may be before the registry's")
    usage_wh = models.BigIntegerField()
    residents = models.PositiveSmallIntegerField()
    within_norm_wh = models.BigIntegerField(help_text="the part of the usage that is compensated")
    due_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField(help_text="due now less what was reported before")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registry", "holder", "period"], name="compensation_unique")
        ]
