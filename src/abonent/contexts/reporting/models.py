"""Files of reports made in the background."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from abonent.contexts.parties.models import Supplier


class FileState(models.IntegerChoices):
    """waiting → making → made → forgotten: the file is deleted after a while, the row stays; or failed."""

    WAITING = 1, _("waiting")
    MAKING = 2, _("being made")
    MADE = 3, _("made")
    FAILED = 4, _("failed")
    FORGOTTEN = 5, _("deleted")


class ReportFile(models.Model):
    """A report somebody asked for as a file: what was asked, how far it is, and why it failed. It is theirs alone."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    asked = models.JSONField()
    sort = models.CharField(max_length=40, blank=True)
    format = models.CharField(max_length=8)
    state = models.PositiveSmallIntegerField(choices=FileState.choices, default=FileState.WAITING)
    created_by_id = models.BigIntegerField()
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["created_by_id", "-id"], name="report_file_of_person")]


class OpeningBalances(models.Model):
    """What every account owed at the beginning of a month was added up once, into the table `table`.

    It holds while the posted batches of the months before are the ones it was added up from.
    """

    period = models.DateField(unique=True)
    batches = models.BigIntegerField()
    last_batch_id = models.BigIntegerField()
    entries = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    made_at = models.DateTimeField()

    @property
    def table(self) -> str:
        return f"reporting_opening_{self.period:%Y%m}"
