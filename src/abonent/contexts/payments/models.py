"""Money that comes in: files, bank documents and the cash desk; payments; which debts each of them covers.

A payment is posted to one account as one entry of the books. Which debts it covers is told beside the books by
allocations: rows that are only ever added, so that what a payment covered on any past day stays answerable. Amounts are
minor units (kopecks), positive for money received.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from abonent.contexts.contracts.models import Account
from abonent.contexts.parties.models import Branch, Supplier


class AgentKind(models.IntegerChoices):
    CASH_DESK = 1, _("cash desk")
    BANK = 2, _("bank statement")
    REGISTRY = 3, _("payment agent")
    PORTAL = 4, _("state portal")
    ACQUIRING = 5, _("online payment")
    SUBSIDY = 6, _("subsidy of the state")
    BY_HAND = 7, _("entered by hand")


class Agent(models.Model):
    """A channel money comes through: a bank, a payment agent, a cash desk, the online till.

    `layout` tells how its registries are read (column map, separators, control totals); empty: by the format itself.
    """

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="agents")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    kind = models.PositiveSmallIntegerField(choices=AgentKind.choices)
    inn = models.CharField(max_length=12, blank=True, help_text="who transfers what the agent collected")
    layout = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supplier", "code"], name="agent_code_unique")]

    def __str__(self) -> str:
        return self.name


class PaymentFileState(models.IntegerChoices):
    POSTING = 1, _("being posted")
    POSTED = 2, _("posted")
    REVERSED = 3, _("reversed")


class PaymentFile(models.Model):
    """A statement or a registry that was taken in, by the digest of its bytes once, with its control totals.

    What of it is in the books are the batches `payments:<id>`, one per shard. A refused file is not kept.
    """

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="files")
    format = models.CharField(max_length=20, help_text="what it was read as: 1c, sber, table, camt053, gis")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    number = models.CharField(max_length=60, blank=True, help_text="of the registry or statement, as it says")
    dated_on = models.DateField(null=True)
    booked_on = models.DateField()
    state = models.PositiveSmallIntegerField(
        choices=PaymentFileState.choices, default=PaymentFileState.POSTING
    )
    rows = models.BigIntegerField(default=0)
    partial = models.BooleanField(default=False, help_text="an extract: its totals are not those of its rows")
    known_rows = models.BigIntegerField(default=0, help_text="rows another file had brought already")
    known_minor = models.BigIntegerField(default=0)
    told_rows = models.BigIntegerField(default=0, help_text="notices of payments that have not arrived")
    told_minor = models.BigIntegerField(default=0)
    unidentified_rows = models.BigIntegerField(default=0, help_text="when it was taken in")
    amount_minor = models.BigIntegerField(default=0)
    commission_minor = models.BigIntegerField(default=0)
    transferred_minor = models.BigIntegerField(default=0, help_text="what is to arrive at the bank")
    shards = models.IntegerField(default=0)
    shards_done = models.IntegerField(default=0)
    error = models.TextField(blank=True)
    received_at = models.DateTimeField()
    received_by_id = models.BigIntegerField(null=True)
    posted_at = models.DateTimeField(null=True)
    reversed_at = models.DateTimeField(null=True)
    reversed_by_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True, help_text="why it was reversed")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "sha256"], condition=~models.Q(state=3), name="payment_file_once"
            )
        ]


class BankLineState(models.IntegerChoices):
    WAITING = 1, _("to be decided")
    PAYMENT = 2, _("payment of a subscriber")
    REGISTRY = 3, _("covers registries")
    OTHER = 4, _("no payment of a subscriber")
    OUTGOING = 5, _("outgoing")


class BankLine(models.Model):
    """A document of a bank statement, incoming or outgoing. The same document in two statements is one line."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(PaymentFile, on_delete=models.PROTECT, related_name="bank_lines")
    row_no = models.IntegerField()
    key = models.UUIDField(help_text="digest of what tells a bank document from all others")
    own_account = models.CharField(max_length=34)
    incoming = models.BooleanField()
    document_kind = models.CharField(max_length=60, blank=True)
    number = models.CharField(max_length=40, blank=True)
    made_on = models.DateField()
    booked_on = models.DateField()
    amount_minor = models.BigIntegerField()
    counterparty = models.CharField(max_length=200, blank=True)
    counterparty_inn = models.CharField(max_length=12, blank=True)
    counterparty_account = models.CharField(max_length=34, blank=True)
    counterparty_bic = models.CharField(max_length=11, blank=True)
    purpose = models.CharField(max_length=500, blank=True)
    state = models.PositiveSmallIntegerField(choices=BankLineState.choices)
    note = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "key"], name="bank_line_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="bank_line_positive"),
        ]
        indexes = [models.Index(fields=["supplier", "booked_on"], name="bank_line_day")]


class Reconciliation(models.Model):
    """So much of a bank document is what a registry said would arrive."""

    bank_line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="reconciliations")
    file = models.ForeignKey(PaymentFile, on_delete=models.PROTECT, related_name="reconciliations")
    amount_minor = models.BigIntegerField()
    by_person = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    made_by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bank_line", "file"], name="reconciliation_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="reconciliation_positive"),
        ]


class Recognition(models.IntegerChoices):
    """What told whose payment it is."""

    NONE = 0, _("nothing")
    ACCOUNT_FIELD = 1, _("account number in its field")
    QR = 2, _("QR code of the bill")
    PURPOSE = 3, _("account number in the purpose")
    CONTRACT = 4, _("contract")
    INN = 5, _("payer's INN")
    PHONE = 6, _("phone")
    PERSON = 7, _("decided by a person")
    CHANNEL = 8, _("chosen when paying")


class PaymentState(models.IntegerChoices):
    UNIDENTIFIED = 1, _("unidentified")
    POSTED = 2, _("posted")
    REVERSED = 3, _("reversed")
    RETURNED = 4, _("returned to the payer")


class Debt(models.IntegerChoices):
    """What a debt is for; the order in which they are paid is the supplier's setting (ГК РФ ст. 319)."""

    PRINCIPAL = 1, _("principal")
    PENALTY = 2, _("penalty")
    COURT_COST = 3, _("court costs")


class Payment(models.Model):
    """One sum one payer paid on one day. Its entry in the books is `(slot, batch_id, entry_no)`.

    `key` is the digest of what makes it the same payment again: the channel with its number of the operation, or where
    there is none the row's own words. `named_…`: what the payer named it for. Like entries, payments come by the
    million: what they point to is checked by those who write them and by `abonent books check`, not row by row.
    """

    supplier = models.ForeignKey(
        Supplier, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    file = models.ForeignKey(
        PaymentFile,
        null=True,
        on_delete=models.PROTECT,
        related_name="payments",
        db_index=False,
        db_constraint=False,
    )
    row_no = models.IntegerField(default=0)
    bank_line = models.ForeignKey(
        BankLine,
        null=True,
        on_delete=models.PROTECT,
        related_name="payments",
        db_index=False,
        db_constraint=False,
    )
    key = models.UUIDField()
    external_id = models.CharField(max_length=80, blank=True)
    account = models.ForeignKey(
        Account,
        null=True,
        on_delete=models.PROTECT,
        related_name="payments",
        db_index=False,
        db_constraint=False,
    )
    paid_on = models.DateField(help_text="when the payer paid: penalties count to this day")
    booked_on = models.DateField(help_text="when it entered the books")
    amount_minor = models.BigIntegerField()
    commission_minor = models.BigIntegerField(default=0, help_text="kept by the agent, apart from the amount")
    payer = models.CharField(max_length=200, blank=True)
    payer_inn = models.CharField(max_length=12, blank=True)
    account_text = models.CharField(max_length=40, blank=True, help_text="the account as the payer wrote it")
    address = models.CharField(max_length=200, blank=True)
    purpose = models.CharField(max_length=500, blank=True)
    named_period = models.DateField(null=True)
    named_debt = models.PositiveSmallIntegerField(null=True, choices=Debt.choices)
    named_service = models.PositiveSmallIntegerField(null=True)
    recognition = models.PositiveSmallIntegerField(choices=Recognition.choices, default=Recognition.NONE)
    confidence = models.PositiveSmallIntegerField(default=0, help_text="percent")
    state = models.PositiveSmallIntegerField(choices=PaymentState.choices)
    slot = models.IntegerField(null=True)
    batch_id = models.BigIntegerField(null=True)
    entry_no = models.IntegerField(null=True)
    created_at = models.DateTimeField()
    created_by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "key"], name="payment_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="payment_positive"),
            models.CheckConstraint(
                condition=models.Q(state__in=[1, 4])
                | models.Q(
                    account__isnull=False,
                    slot__isnull=False,
                    batch_id__isnull=False,
                    entry_no__isnull=False,
                ),
                name="payment_posted_somewhere",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "slot"], name="payment_account_slot"),
            models.Index(fields=["file", "row_no"], name="payment_file_row"),
            models.Index(fields=["booked_on", "id"], name="payment_day"),
            models.Index(fields=["booked_on"], condition=models.Q(state=1), name="payment_unidentified"),
            # what a person decided about a payer tells whose his next payment is
            models.Index(fields=["payer"], condition=models.Q(recognition=7), name="payment_decided_payer"),
        ]


class ChangeKind(models.IntegerChoices):
    REVERSAL = 1, _("reversal")
    REFUND = 2, _("refund")
    TRANSFER = 3, _("transfer")
    IDENTIFIED = 4, _("given an account")
    RETURNED = 5, _("returned to the payer")
    PURPOSE = 6, _("purpose changed")


class PaymentChange(models.Model):
    """What happened to a payment after it was taken in; only ever added. The first three lessen what it can cover."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="changes")
    kind = models.PositiveSmallIntegerField(choices=ChangeKind.choices)
    amount_minor = models.BigIntegerField()
    to_payment = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="came_from")
    reason = models.CharField(max_length=200)
    document = models.CharField(max_length=120, blank=True)
    slot = models.IntegerField(null=True)
    batch_id = models.BigIntegerField(null=True)
    booked_on = models.DateField()
    made_at = models.DateTimeField()
    made_by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="payment_change_sane"),
            models.UniqueConstraint(
                fields=["payment"], condition=models.Q(kind=1), name="payment_reversed_once"
            ),
        ]


class Settlement(models.Model):
    """Allocations that were made together, with their control totals; what brought them about in `origin`."""

    slot = models.IntegerField()
    origin = models.CharField(max_length=80, help_text="payments:12, payment:90, run:7, policy:3")
    booked_period = models.DateField()
    booked_on = models.DateField()
    allocations = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()
    made_by_id = models.BigIntegerField(null=True)


class Allocation(models.Model):
    """So much of a payment covers a debt of an account; below zero it is taken back. Only ever added.

    `payment_id` 0: one period's credit covers another period's debt; such rows of an account add up to zero.
    Partitioned by `slot`, the month it is booked in.
    """

    pk = models.CompositePrimaryKey("slot", "settlement_id", "line_no")
    slot = models.IntegerField()
    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    line_no = models.IntegerField()
    account_id = models.BigIntegerField()
    payment_id = models.BigIntegerField()
    period = models.DateField()
    service = models.PositiveSmallIntegerField()
    debt = models.PositiveSmallIntegerField(choices=Debt.choices)
    booked_on = models.DateField()
    amount_minor = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["account_id"], name="allocation_account")]


class Carrying(models.Model):
    """What was open at the end of a closed month, so that settling need not add up all years: derived, checkable.

    It holds everything that stands in `slots`; it is not used while any of its months is open again.
    """

    month = models.DateField(unique=True)
    slots = ArrayField(models.IntegerField())
    items = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()


class CarriedItem(models.Model):
    """An open debt of an account (payment 0), or what is left of a payment (debt 0, no service, month 1900-01)."""

    pk = models.CompositePrimaryKey("account_id", "carrying_id", "payment_id", "period", "service", "debt")
    carrying_id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    payment_id = models.BigIntegerField()
    period = models.DateField()
    service = models.PositiveSmallIntegerField()
    debt = models.PositiveSmallIntegerField()
    amount_minor = models.BigIntegerField()


class SettleJobState(models.IntegerChoices):
    WAITING = 1, _("waiting")
    RUNNING = 2, _("under way")
    DONE = 3, _("done")


class SettleJob(models.Model):
    """What was posted to many accounts waits to be settled: made in the transaction that posts, one waits at a time.

    While one is not done, accounts of the supplier may have free money and open debts at once.
    """

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=80, help_text="what asked for it first: run:17")
    requests = models.IntegerField(default=1)
    state = models.PositiveSmallIntegerField(choices=SettleJobState.choices, default=SettleJobState.WAITING)
    settled_through = models.BigIntegerField(default=0, help_text="accounts up to this id are done")
    accounts_done = models.BigIntegerField(default=0)
    accounts_total = models.BigIntegerField(default=0)
    accounts_changed = models.BigIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier"], condition=models.Q(state=1), name="settle_job_one_waits"
            ),
            models.UniqueConstraint(
                fields=["supplier"], condition=models.Q(state=2), name="settle_job_one_runs"
            ),
        ]


class AllocationPolicy(models.Model):
    """In which order payments cover debts, from a day to a day (ГК РФ ст. 319, 319.1; contract).

    `debt_order` and `service_order` name codes, first served first; a service that is not named comes last.
    """

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    during = DateRangeField()
    debt_order = ArrayField(models.PositiveSmallIntegerField())
    service_order = ArrayField(models.PositiveSmallIntegerField())
    honours_named_period = models.BooleanField(default=True)
    period_before_debt = models.BooleanField(
        default=False, help_text="all debts of the earliest period first, not all periods of the first debt"
    )
    write_off_below_minor = models.BigIntegerField(default=0, help_text="remainders smaller than this may go")
    source = models.CharField(max_length=200, help_text="act or contract")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="allocation_policy_one_at_a_time",
                expressions=[
                    ("supplier", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            )
        ]


class DayLock(models.Model):
    """No money is booked on days up to this one. The latest row holds: unlocking adds a row with an earlier day."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="day_locks")
    locked_through = models.DateField()
    reason = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    made_by_id = models.BigIntegerField(null=True)


class CashDesk(models.Model):
    """A till of a branch with its online fiscal register (54-ФЗ)."""

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="cash_desks")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    register = models.JSONField(default=dict, help_text="which fiscal register, and its settings")
    papers = models.JSONField(
        default=dict, blank=True, help_text="codes and names its orders are printed with (КО-1, КО-2)"
    )
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class CashShift(models.Model):
    """A cashier's shift: what was in the drawer, what came and went, what was counted when it was closed."""

    desk = models.ForeignKey(CashDesk, on_delete=models.PROTECT, related_name="shifts")
    number = models.IntegerField()
    day = models.DateField()
    cashier_id = models.BigIntegerField()
    opened_at = models.DateTimeField()
    opening_minor = models.BigIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    closed_by_id = models.BigIntegerField(null=True)
    expected_minor = models.BigIntegerField(null=True)
    counted_minor = models.BigIntegerField(null=True)
    counted = models.JSONField(default=dict, help_text="how many of each note and coin, by kopecks")
    note = models.CharField(max_length=200, blank=True, help_text="why the count differs")
    fiscal = models.JSONField(default=dict, help_text="what the register answered: opened, closed")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "number"], name="cash_shift_number"),
            models.UniqueConstraint(
                fields=["desk"], condition=models.Q(closed_at__isnull=True), name="cash_shift_one_open"
            ),
            models.UniqueConstraint(
                fields=["cashier_id"],
                condition=models.Q(closed_at__isnull=True),
                name="cash_shift_one_per_cashier",
            ),
        ]


class CashOrderKind(models.IntegerChoices):
    RECEIPT = 1, _("cash receipt order")
    REFUND = 2, _("refund")
    COLLECTION = 3, _("cash collected by the bank")
    DEPOSIT = 4, _("change put in")


class CashOrder(models.Model):
    """A cash order (КО-1, КО-2) with its fiscal receipt. `key`: the form it was sent from, so that twice is once.

    `receipt` is what the register is asked to print, frozen with the order; `fiscal` what it answered. `change`: the
    reversal or refund of the receipt this order gives back.
    """

    shift = models.ForeignKey(CashShift, on_delete=models.PROTECT, related_name="orders")
    kind = models.PositiveSmallIntegerField(choices=CashOrderKind.choices)
    number = models.IntegerField()
    year = models.PositiveSmallIntegerField()
    desk = models.ForeignKey(CashDesk, on_delete=models.PROTECT, related_name="orders")
    key = models.UUIDField(unique=True)
    payment = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="cash_order")
    refunds = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="refunded_by")
    change = models.OneToOneField(
        PaymentChange, null=True, on_delete=models.PROTECT, related_name="cash_order"
    )
    cash_minor = models.BigIntegerField(default=0)
    card_minor = models.BigIntegerField(default=0)
    tendered_minor = models.BigIntegerField(
        default=0, help_text="what the payer handed over; the rest is change"
    )
    payer = models.CharField(max_length=200, blank=True)
    ground = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=64, blank=True, help_text="where the receipt is sent (1008)")
    receipt = models.JSONField(
        default=dict, help_text="tags of ФФД 1.2; empty: the register has no part in it"
    )
    fiscal = models.JSONField(default=dict, help_text="what the register answered; empty: not yet printed")
    fiscal_error = models.CharField(max_length=200, blank=True)
    tried_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "year", "kind", "number"], name="cash_order_number"),
            models.CheckConstraint(
                condition=models.Q(cash_minor__gte=0, card_minor__gte=0)
                & (models.Q(cash_minor__gt=0) | models.Q(card_minor__gt=0)),
                name="cash_order_positive",
            ),
        ]
        indexes = [
            models.Index(
                fields=["desk", "id"],
                condition=models.Q(fiscal={}) & ~models.Q(receipt={}),
                name="cash_order_not_printed",
            )
        ]


class OnlineOrderState(models.IntegerChoices):
    NEW = 1, _("being prepared")
    OPEN = 2, _("waits for the payer")
    PAID = 3, _("paid")
    REFUSED = 4, _("refused")
    EXPIRED = 5, _("expired")
    REFUNDED_PARTLY = 6, _("refunded in part")
    REFUNDED = 7, _("refunded")


class OnlineOrder(models.Model):
    """A payment by card or fast transfer that was begun online. `key`: the form it was sent from."""

    id = models.UUIDField(primary_key=True)
    key = models.UUIDField(unique=True)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="online_orders", db_index=False)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="online_orders", db_index=False
    )
    amount_minor = models.BigIntegerField()
    state = models.PositiveSmallIntegerField(choices=OnlineOrderState.choices, default=OnlineOrderState.NEW)
    external_id = models.CharField(max_length=80, blank=True)
    pay_url = models.CharField(max_length=500, blank=True)
    payment = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="online_order")
    refunded_minor = models.BigIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True, help_text="what a person must look at, by its code")
    contact = models.CharField(max_length=64, blank=True, help_text="where the receipt is sent (1008)")
    receipt = models.JSONField(
        default=dict, blank=True, help_text="tags of ФФД 1.2; empty: the acquirer prints none"
    )
    expires_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True, help_text="when the acquirer was first asked to begin it")
    paid_at = models.DateTimeField(null=True)
    told_status = models.CharField(max_length=40, blank=True, help_text="the acquirer's own word")
    told_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by_id = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["agent", "created_at"], name="online_order_created"),
            models.Index(fields=["agent", "paid_at"], name="online_order_paid"),
            models.Index(fields=["account"], name="online_order_account"),
            models.Index(
                fields=["told_at"],
                condition=models.Q(state__in=[1, 2]) | ~models.Q(error=""),
                name="online_order_unsettled",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0, refunded_minor__gte=0)
                & models.Q(refunded_minor__lte=models.F("amount_minor")),
                name="online_order_sane",
            ),
            models.UniqueConstraint(
                fields=["agent", "external_id"],
                condition=~models.Q(external_id=""),
                name="online_order_external_once",
            ),
        ]


class OnlineRefundState(models.IntegerChoices):
    ASKED = 1, _("asked of the acquirer")
    DONE = 2, _("refunded")
    REFUSED = 3, _("refused")


class OnlineRefund(models.Model):
    """So much of a paid order given back, written down before the acquirer is asked. `key`: the form it came from."""

    order = models.ForeignKey(OnlineOrder, on_delete=models.PROTECT, related_name="refunds")
    key = models.UUIDField(unique=True)
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    at_bank = models.BooleanField(
        default=False, help_text="made in the bank's cabinet, only written down here"
    )
    state = models.PositiveSmallIntegerField(
        choices=OnlineRefundState.choices, default=OnlineRefundState.ASKED
    )
    change = models.OneToOneField(
        PaymentChange, null=True, on_delete=models.PROTECT, related_name="online_refund"
    )
    error = models.CharField(max_length=200, blank=True)
    tried_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="online_refund_positive"),
            models.CheckConstraint(
                condition=~models.Q(state=2) | models.Q(change__isnull=False), name="online_refund_in_books"
            ),
        ]
        indexes = [models.Index(fields=["tried_at"], condition=models.Q(state=1), name="online_refund_asked")]


class OnlineNotice(models.Model):
    """What the acquirer told of an order, as it came, without card numbers; refused ones as well."""

    order = models.ForeignKey(OnlineOrder, null=True, on_delete=models.PROTECT, related_name="notices")
    body = models.JSONField()
    accepted = models.BooleanField()
    received_at = models.DateTimeField()
