"""Meters, where they stand, and what they showed."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import Func, Value
from django.utils.translation import gettext_lazy as _

from abonent.contexts.places.models import Building, Premise


class PointRole(models.IntegerChoices):
    INDIVIDUAL = 1, _("individual")
    BUILDING = 2, _("whole building")


class Zone(models.IntegerChoices):
    """Zone of the day a register counts in (night 23–07; peak 07–10 and 17–21; semi-peak the rest of the day)."""

    SINGLE = 1, _("single rate")
    DAY = 21, _("day")
    NIGHT = 22, _("night")
    PEAK = 31, _("peak")
    SEMI_PEAK = 32, _("semi-peak")
    NIGHT_OF_THREE = 33, _("night (three zones)")


class SupplyPoint(models.Model):
    """Where responsibility for the energy changes hands."""

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="supply_points")


class MeteringPoint(models.Model):
    """A place where a meter stands."""

    supply_point = models.ForeignKey(SupplyPoint, on_delete=models.PROTECT, related_name="metering_points")
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="metering_points")
    role = models.PositiveSmallIntegerField(choices=PointRole.choices, default=PointRole.INDIVIDUAL)


class MeterModel(models.Model):
    """A type of meter. `digits`: places before the comma, where its registers roll over."""

    name = models.CharField(max_length=60, unique=True)
    zones = models.PositiveSmallIntegerField(default=1)
    phases = models.PositiveSmallIntegerField(default=1)
    digits = models.PositiveSmallIntegerField(default=6)

    def __str__(self) -> str:
        return self.name


class Meter(models.Model):
    """One device with its serial number and verification dates."""

    model = models.ForeignKey(MeterModel, on_delete=models.PROTECT, related_name="+", db_index=False)
    serial = models.CharField(max_length=30, db_index=True)
    verified_on = models.DateField(null=True)
    verification_due_on = models.DateField(null=True)
    gis_guid = models.UUIDField(null=True, help_text="what ГИС ЖКХ calls it (MeteringDeviceRootGUID)")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gis_guid"], condition=models.Q(gis_guid__isnull=False), name="meter_gis_guid_unique"
            )
        ]
        indexes = [models.Index(fields=["verification_due_on"], name="meter_verification_due")]

    def __str__(self) -> str:
        return self.serial


class Register(models.Model):
    """One scale of a meter: it counts the energy of one zone."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="registers")
    zone = models.PositiveSmallIntegerField(choices=Zone.choices, default=Zone.SINGLE)
    digits = models.PositiveSmallIntegerField(default=6)


class Installation(models.Model):
    """A register in its place from a day to a day.

    It repeats what billing asks of every register (building, premise, zone, digits), so that a shard of the
    monthly run is one contiguous read. `during` is half-open: the day of removal belongs to the next meter.
    """

    register = models.ForeignKey(
        Register, on_delete=models.PROTECT, related_name="installations", db_index=False
    )
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="installations")
    metering_point = models.ForeignKey(
        MeteringPoint, on_delete=models.PROTECT, related_name="installations", db_index=False
    )
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="+")
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="installations")
    role = models.PositiveSmallIntegerField(choices=PointRole.choices, default=PointRole.INDIVIDUAL)
    zone = models.PositiveSmallIntegerField(choices=Zone.choices, default=Zone.SINGLE)
    digits = models.PositiveSmallIntegerField(default=6)
    ratio = models.PositiveIntegerField(default=1)
    during = DateRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="installation_register_one_place",
                expressions=[("register", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            ExclusionConstraint(
                name="installation_point_one_meter",
                expressions=[
                    ("metering_point", RangeOperators.EQUAL),
                    ("zone", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=models.Q(ratio__gte=1), name="installation_ratio_positive"),
            models.CheckConstraint(
                condition=models.Q(digits__range=(3, 12)), name="installation_digits_sane"
            ),
        ]


class ReadingSource(models.IntegerChoices):
    SUBSCRIBER = 1, _("subscriber")
    INSPECTOR = 2, _("inspector")
    EXECUTOR = 3, _("executor")
    AMR = 4, _("remote reading")
    IMPORT = 5, _("import")
    ESTIMATE = 6, _("estimate")
    INSTALLATION = 7, _("installation")
    REMOVAL = 8, _("removal")
    HANDOVER = 9, _("handover between accounts")


class ReadingStatus(models.IntegerChoices):
    ACCEPTED = 1, _("accepted")
    DOUBTFUL = 2, _("doubtful")
    REJECTED = 3, _("rejected")
    ANNULLED = 4, _("annulled")


class Reading(models.Model):
    """What a register showed at the end of a day: watt-hours on its face, before the ratio.

    A handover parts the month between the account that ends on its day and the one that begins on the next.

    Partitioned by the month of `taken_on`. A value is never changed: a wrong reading is annulled and
    another one taken, so the history of a register stays answerable.
    """

    pk = models.CompositePrimaryKey("id", "taken_on")
    id = models.BigIntegerField(db_default=Func(Value("metering_reading_id_seq"), function="nextval"))
    installation = models.ForeignKey(
        Installation, on_delete=models.PROTECT, related_name="readings", db_index=False, db_constraint=False
    )
    building = models.ForeignKey(
        Building, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    taken_on = models.DateField()
    value_wh = models.BigIntegerField()
    source = models.PositiveSmallIntegerField(choices=ReadingSource.choices)
    status = models.PositiveSmallIntegerField(choices=ReadingStatus.choices, default=ReadingStatus.ACCEPTED)
    entered_at = models.DateTimeField()
    judged_at = models.DateTimeField(null=True, help_text="when its status last changed")
    author_id = models.BigIntegerField(null=True)
    run_id = models.BigIntegerField(null=True, help_text="the billing run that estimated it")
    file_id = models.BigIntegerField(null=True, help_text="the file of readings it came in")
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["installation", "taken_on"],
                condition=models.Q(status=1),
                name="reading_one_accepted_a_day",
            ),
            models.CheckConstraint(condition=models.Q(value_wh__gte=0), name="reading_not_negative"),
        ]
        indexes = [
            models.Index(fields=["building"], name="reading_building"),
            models.Index(fields=["installation", "-taken_on"], name="reading_history"),
        ]


class ActKind(models.IntegerChoices):
    ADMISSION = 1, _("admission of a meter")
    REPLACEMENT = 2, _("replacement of a meter")
    REMOVAL = 3, _("removal of a meter")
    CHECK = 4, _("check of a meter")
    ACCESS_REFUSED = 5, _("refused access to a meter")
    TAMPERING = 6, _("tampering with a meter")
    UNAUTHORISED = 7, _("unauthorised connection")
    SEALING = 8, _("seals")
    VERIFICATION = 9, _("verification of a meter")


class Act(models.Model):
    """A document drawn up on the spot about a meter or a connection; never changed, only annulled."""

    kind = models.PositiveSmallIntegerField(choices=ActKind.choices)
    number = models.CharField(max_length=30)
    drawn_on = models.DateField()
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="acts")
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="acts")
    meter = models.ForeignKey(Meter, null=True, on_delete=models.PROTECT, related_name="acts")
    new_meter = models.ForeignKey(Meter, null=True, on_delete=models.PROTECT, related_name="+")
    inspector = models.CharField(max_length=200, blank=True)
    present = models.CharField(max_length=200, blank=True, help_text="the consumer or the witnesses")
    note = models.TextField(blank=True)
    facts = models.JSONField(default=dict, help_text="readings, seals, power, dates: what the form prints")
    created_at = models.DateTimeField()
    author_id = models.BigIntegerField(null=True)
    annulled_at = models.DateTimeField(null=True)
    annulled_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["number", "kind"], name="act_number_unique")]
        indexes = [models.Index(fields=["drawn_on"], name="act_drawn_on")]


class SealState(models.IntegerChoices):
    INTACT = 1, _("intact")
    REMOVED = 2, _("removed")
    BROKEN = 3, _("broken")


class Seal(models.Model):
    """A numbered seal on a meter."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="seals")
    number = models.CharField(max_length=30)
    place = models.CharField(max_length=60, help_text="terminal cover, case, breaker box")
    state = models.PositiveSmallIntegerField(choices=SealState.choices, default=SealState.INTACT)
    set_on = models.DateField()
    removed_on = models.DateField(null=True)
    set_by = models.ForeignKey(Act, null=True, on_delete=models.PROTECT, related_name="seals_set")
    removed_by = models.ForeignKey(Act, null=True, on_delete=models.PROTECT, related_name="seals_removed")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["number"], name="seal_number_unique")]
        indexes = [models.Index(fields=["set_on"], name="seal_set_on")]


class ReadingSender(models.Model):
    """Somebody who sends files of readings, and how their columns are to be understood."""

    name = models.CharField(max_length=120, unique=True)
    source = models.PositiveSmallIntegerField(choices=ReadingSource.choices, default=ReadingSource.IMPORT)
    columns = models.JSONField(default=dict, help_text="our field → header or position in their file")
    day_first = models.BooleanField(default=True)


class ReadingFileState(models.IntegerChoices):
    WAITING = 1, _("waiting")
    READING = 2, _("being read")
    STORED = 3, _("stored")
    FAILED = 4, _("failed")


class ReadingFile(models.Model):
    """A file of readings that was received; the same bytes are received once."""

    sender = models.ForeignKey(ReadingSender, null=True, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, unique=True)
    size_bytes = models.BigIntegerField()
    state = models.PositiveSmallIntegerField(
        choices=ReadingFileState.choices, default=ReadingFileState.WAITING
    )
    rows = models.BigIntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    doubtful = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    known = models.BigIntegerField(default=0, help_text="readings that say what was known already")
    replaced = models.BigIntegerField(default=0, help_text="readings that gave way to control readings")
    created_at = models.DateTimeField()
    created_by_id = models.BigIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    layout = models.JSONField(default=dict, help_text="how it was read: kind, sheet, header_row, language")


class RowDecision(models.IntegerChoices):
    WAITING = 0, _("waiting")
    ACCEPTED = 1, _("accepted")
    REFUSED = 2, _("refused")


class ReadingFileRow(models.Model):
    """A reading of a file that was not simply accepted: what its row said, why it was held, what a person decided.

    A row with the zones of a meter side by side holds a reading for each of them: `part` 1 to 3, else 0.
    """

    file = models.ForeignKey(ReadingFile, on_delete=models.CASCADE, related_name="held_rows")
    row_no = models.IntegerField(help_text="as the sender sees it, counted from the first line of the file")
    part = models.PositiveSmallIntegerField(default=0, help_text="the column T1, T2 or T3 it stood in")
    status = models.PositiveSmallIntegerField(choices=ReadingStatus.choices)
    reasons = ArrayField(models.CharField(max_length=40))
    said = models.JSONField(default=dict, help_text="the row's cells by our field names, as they came")
    installation = models.ForeignKey(Installation, null=True, on_delete=models.PROTECT, related_name="+")
    building_id = models.BigIntegerField(null=True)
    taken_on = models.DateField(null=True)
    value_wh = models.BigIntegerField(null=True)
    previous_on = models.DateField(null=True)
    previous_wh = models.BigIntegerField(null=True)
    average_wh = models.BigIntegerField(null=True, help_text="of a month, by the account's own history")
    decision = models.PositiveSmallIntegerField(choices=RowDecision.choices, default=RowDecision.WAITING)
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.BigIntegerField(null=True)
    reading_id = models.BigIntegerField(null=True)
    source = models.PositiveSmallIntegerField(choices=ReadingSource.choices, default=ReadingSource.IMPORT)
    replaced_id = models.BigIntegerField(null=True, help_text="the reading that gave way to the accepted one")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "row_no", "part"], name="reading_file_row_unique")
        ]
        indexes = [models.Index(fields=["decision", "status"], name="reading_file_row_waiting")]
