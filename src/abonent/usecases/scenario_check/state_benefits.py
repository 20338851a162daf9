"""Holders of benefits in a scenario, the registry of each month, and what was compensated."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial

from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.charging.models import Compensation
from abonent.contexts.contracts.models import Account, BenefitCategory, BenefitHolder
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases.benefits import registry
from abonent.usecases.scenario_check import model
from abonent.usecases.scenario_check.news import BEFORE_ALL, FACTS, News


def holders(benefits: tuple[model.Benefit, ...], accounts: Mapping[str, Account]) -> Iterator[News]:
    def write(place: int, benefit: model.Benefit, at: datetime) -> None:
        account = accounts[benefit.account]
        category = BenefitCategory.objects.create(
            code=f"scenario-{BenefitCategory.objects.count()}",
            name="scenario",
            percent=benefit.percent,
            within_norm=benefit.within_norm,
            covers_family=benefit.people > 1,
        )
        BenefitHolder.objects.create(
            account=account,
            building=account.building,
            category=category,
            name=f"holder {place}",
            document="scenario",
            people=benefit.people,
            during=DateRange(benefit.during.start, benefit.during.end),
            changed_at=at,
        )

    for place, benefit in enumerate(benefits, start=1):
        yield News(benefit.known_in or BEFORE_ALL, FACTS, partial(write, place, benefit))


def report(*, supplier_id: int, month: Month, parameters: ParameterSet, at: datetime) -> None:
    """Make and send the registry of a billed month, where anybody holds a benefit."""
    if BenefitHolder.objects.exists():
        made = registry.create(supplier_id=supplier_id, period=month, actor_id=None, at=at)
        registry.make(made, parameters=parameters, clock=lambda: at)
        registry.send(registry_id=made, actor_id=None, at=at)


def compensations(names: Mapping[int, str]) -> dict[tuple[str, Month, Month], int]:
    """Return what was compensated: by account, the month it belongs to, and the month of the registry."""
    found: dict[tuple[str, Month, Month], int] = {}
    for row in Compensation.objects.select_related("registry"):
        key = names[row.account_id], Month.of(row.period), Month.of(row.registry.period)
        found[key] = found.get(key, 0) + row.amount_minor
    return found
