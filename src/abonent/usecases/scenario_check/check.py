"""Bills a scenario's months one after another, as a supplier would, and reads what was posted."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Any

from abonent.contexts.charging.models import BuildingBalance, ChargeLine, RunException
from abonent.contexts.ledger.models import Batch, Entry
from abonent.engine import registry
from abonent.engine.parameters import ParameterMissingError
from abonent.gateways.scratch_database import Template
from abonent.kernel.periods import Month
from abonent.packs.ru.rules.benefits import NormMissing
from abonent.usecases import billing_run, packs
from abonent.usecases.scenario_check import model, state_benefits
from abonent.usecases.scenario_check.expectations import BALANCE_KEYS
from abonent.usecases.scenario_check.load import Loaded, load
from abonent.usecases.scenario_check.news import learn
from abonent.usecases.scenario_check.outcome import Balance, Line, Outcome, Parked
from abonent.usecases.scenario_check.words import BALANCE_METHODS, METHODS, SERVICES


def check(scenario: model.Scenario, *, template: Template) -> Outcome:
    """Extract, rate and post every month of a scenario on a copy of the template; return what the books say."""
    with template.copy():
        loaded = load(scenario)
        failure = ""
        for month in scenario.periods:
            loaded.news = learn(loaded.news, month, _at(month))
            try:
                _bill(scenario, month, loaded)
            except (billing_run.RunRefused, ParameterMissingError, NormMissing) as refusal:
                failure = f"{month} was not billed: {refusal}"
                break
        return Outcome(
            scenario,
            failure,
            tuple(_lines(loaded)),
            tuple(_exceptions(loaded)),
            tuple(_balances(loaded)),
            _ledger(loaded),
            state_benefits.compensations(loaded.accounts),
        )


def _bill(scenario: model.Scenario, month: Month, loaded: Loaded) -> None:
    at = _at(month)
    parameters = packs.pack_parameters().replaced(*scenario.parameters)
    try:
        run_id = billing_run.create(
            scope=billing_run.Scope(supplier_id=loaded.supplier_id),
            period=month,
            at=at,
            pack_version=packs.pack().version,
            parameter_hash=parameters.hash,
        )
    except billing_run.NothingToBill:
        return
    billing_run.rate(run_id, parameters=parameters, clock=lambda: at)
    billing_run.approve(run_id=run_id, actor_id=None, at=at)
    state_benefits.report(supplier_id=loaded.supplier_id, month=month, parameters=parameters, at=at)


def _at(month: Month) -> datetime:
    return datetime.combine(month.last_day, time(12), UTC)


def _lines(loaded: Loaded) -> Iterator[Line]:
    booked = {batch.pk: Month.of(batch.booked_period) for batch in Batch.objects.all()}
    rows = list(ChargeLine.objects.order_by("period", "building_id", "account_id", "batch_id", "line_no"))
    reversed_lines = {(row.reverses_batch_id, row.reverses_line_no) for row in rows}
    for row in rows:
        period = Month.of(row.period)
        yield Line(
            period=period,
            booked=booked[row.batch_id],
            standing=not row.reverses_batch_id and (row.batch_id, row.line_no) not in reversed_lines,
            account=loaded.accounts[row.account_id],
            building=loaded.buildings[row.building_id],
            line=model.ExpectedLine(
                service=SERVICES[row.service],
                method=METHODS[row.rule],
                zone=model.ZONE_NAMES[row.zone],
                quantity_wh=row.quantity_wh,
                price_e5=row.price_e5,
                amount_minor=row.amount_minor,
                begins_on=row.begins_on,
                ends_on=row.ends_on,
                period=period,
            ),
            because=_named(registry.rule(row.rule).facts(row.because), loaded),
        )


def _named(facts: Mapping[str, Any], loaded: Loaded) -> dict[str, Any]:
    """Put the scenario's own names in place of ids that mean nothing outside the scratch database."""
    named = dict(facts)
    if (meter := named.pop("installation_id", None)) is not None:
        named["meter"] = loaded.installations[meter]
    if (building := named.pop("building_id", None)) is not None:
        named["building"] = loaded.buildings[building]
    if (premise := named.pop("node_premise_id", None)) is not None:
        named["of"] = loaded.premises[premise]
    return named


def _exceptions(loaded: Loaded) -> Iterator[Parked]:
    """Yield what the latest run over each building in each month set aside."""
    rows = list(RunException.objects.order_by("period", "building_id", "account_id", "code"))
    latest = {(row.period, row.building_id): 0 for row in rows}
    for row in rows:
        key = row.period, row.building_id
        latest[key] = max(latest[key], row.run_id)
    for row in rows:
        if row.run_id == latest[row.period, row.building_id]:
            yield Parked(
                period=Month.of(row.period),
                account=None if row.account_id is None else loaded.accounts[row.account_id],
                building=loaded.buildings[row.building_id],
                code=row.code,
                facts=_named(row.facts, loaded),
            )


def _balances(loaded: Loaded) -> Iterator[Balance]:
    """Yield how each building was shared out in each month by the latest run over it."""
    latest = {(row.period, row.building_id): row for row in BuildingBalance.objects.order_by("run_id")}
    for _, row in sorted(latest.items()):
        figures = {key: getattr(row, f"{key}_wh") for key in BALANCE_KEYS}
        yield Balance(
            period=Month.of(row.period),
            building=loaded.buildings[row.building_id],
            figures={"method": BALANCE_METHODS[row.method], "residents": row.residents, **figures},
        )


def _ledger(loaded: Loaded) -> dict[tuple[str, Month], int]:
    found: dict[tuple[str, Month], int] = {}
    for entry in Entry.objects.all():
        key = (loaded.accounts[entry.account_id], Month.of(entry.period))
        found[key] = found.get(key, 0) + entry.amount_minor
    return found
