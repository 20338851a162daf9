"""The claim of a run on its buildings, month by month: PostgreSQL refuses a second one over any of them."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from abonent.contexts.charging.models import Run, RunShard
from abonent.kernel.periods import Month
from abonent.usecases.billing_run.refusals import ScopeBusy


def claim_shards(run: Run, shards: Sequence[RunShard]) -> None:
    """Store shards, each active for its month. Raises ScopeBusy with the runs that were quicker."""
    try:
        with transaction.atomic():
            RunShard.objects.bulk_create(shards)
    except IntegrityError as error:
        if "run_shard_one_run_per_building" not in str(error):
            raise
        found = busy(run, shards)
        raise ScopeBusy(*next(iter(found.items()), (Month.of(run.period), []))) from error


def busy(run: Run, shards: Sequence[RunShard]) -> dict[Month, list[int]]:
    """Return the other runs at work on buildings of these shards, by month."""
    found: dict[Month, set[int]] = {}
    others = RunShard.objects.filter(active=True, period__in={shard.period for shard in shards})
    for other in others.exclude(run=run):
        for mine in shards:
            if (
                (mine.period, mine.branch_id) == (other.period, other.branch_id)
                and mine.buildings.lower < other.buildings.upper
                and other.buildings.lower < mine.buildings.upper
            ):
                found.setdefault(Month.of(other.period), set()).add(other.run_id)
    return {month: sorted(runs) for month, runs in sorted(found.items())}
