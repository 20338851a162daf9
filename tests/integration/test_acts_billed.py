"""From an act to the bill: what a month charges after an act was drawn up, and after it was annulled."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from tests import town as towns
from tests.town import MONTH, Town

from abonent.contexts.charging.models import ChargeLine
from abonent.contexts.metering.models import Act, Meter
from abonent.packs.ru.rules import catalogue
from abonent.usecases import billing_run, device_acts, packs
from abonent.usecases.device_acts import ActRefused, Drawn, Face, MeterGiven

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
TODAY = date(2026, 11, 2)


@pytest.fixture
def town(transactional_db: None) -> Town:
    return towns.build()


def drawn(town: Town, day: int, flat: str = "1", month: int = 10) -> Drawn:
    premise = town.accounts[flat].premise
    return Drawn(
        building_id=premise.building_id,
        premise_id=premise.pk,
        drawn_on=date(2026, month, day),
        today=TODAY,
        at=AT,
        actor_id=None,
    )


def billed(town: Town, flat: str = "1") -> dict[int, int]:
    """Bill the month; return the flat's own watt-hours by rule."""
    parameters = packs.pack_parameters()
    run_id = billing_run.create(
        scope=billing_run.Scope(town.supplier.pk),
        period=MONTH,
        at=AT,
        pack_version=packs.pack().version,
        parameter_hash=parameters.hash,
    )
    billing_run.rate(run_id, parameters=parameters, clock=lambda: AT)
    billing_run.approve(run_id=run_id, actor_id=None, at=AT)
    lines = ChargeLine.objects.filter(account_id=town.accounts[flat].pk, period=MONTH.first_day, service=1)
    used: dict[int, int] = {}
    for line in lines:
        used[line.rule] = used.get(line.rule, 0) + line.quantity_wh
    return used


def meter_id(town: Town) -> int:
    return town.installations["1", 1].meter_id


def shown(kwh: int) -> tuple[Face, ...]:
    return (Face(zone=1, value_wh=kwh * 1000),)


METERED, NORM, UPLIFT = (rule.number for rule in (catalogue.METERED, catalogue.NORM, catalogue.NORM_UPLIFT))


def test_a_replaced_meter_is_billed_in_two_parts_of_one_month(town: Town) -> None:
    new = MeterGiven(model="Меркурий 201", serial="9", registers=shown(10), ratio=2)
    device_acts.replace(drawn=drawn(town, 25), meter_id=meter_id(town), last=shown(3_160), meter=new)
    standing = device_acts.check(drawn=drawn(town, 31), meter_id=_meter("9"), shown=shown(25), is_sound=True)
    assert standing.number == "2026-000001"
    # 3160 − 3000 of the old, (25 − 10) × 2 of the new
    assert billed(town) == {METERED: 190_000}


def test_two_refusals_leave_the_meter_out_and_raise_the_norm(town: Town) -> None:
    for day in (5, 20):
        device_acts.refuse_access(drawn=drawn(town, day))
    used = billed(town)
    assert METERED not in used
    assert set(used) == {NORM, UPLIFT}


def test_an_annulled_refusal_leaves_the_meter_in(town: Town) -> None:
    acts = [device_acts.refuse_access(drawn=drawn(town, day)) for day in (5, 20)]
    device_acts.annul(act_id=acts[1].act_id, because="нет", actor_id=None, today=TODAY, at=AT)
    assert billed(town) == {METERED: 150_000}


@pytest.mark.parametrize("power_w", [2_000, None])
def test_a_connection_past_the_meter(town: Town, power_w: int | None) -> None:
    given: dict[str, Any] = {"connected_on": date(2026, 10, 11), "removed_on": date(2026, 10, 31)}
    device_acts.unauthorised(
        drawn=drawn(town, 28), parameters=packs.pack_parameters(), power_w=power_w, **given
    )
    used = billed(town)
    if power_w:
        assert used[catalogue.UNAUTHORISED.number] == 2_000 * 24 * 20
        assert used[METERED] == 150_000
    else:
        assert used[NORM] > 0
        assert UPLIFT in used


def test_a_control_reading_below_the_subscribers_is_settled_in_its_month(town: Town) -> None:
    device_acts.check(
        drawn=drawn(town, 25), meter_id=meter_id(town), shown=shown(2_990), is_sound=True, confirmed_fall=True
    )
    # 2990 at the check, 3000 in September: ten kilowatt-hours are given back
    assert billed(town) == {METERED: -10_000}


def _meter(serial: str) -> int:
    return Meter.objects.get(serial=serial).pk


def test_one_act_sent_by_two_at_once_is_drawn_up_once(town: Town) -> None:
    def send() -> str:
        try:
            device_acts.refuse_access(drawn=drawn(town, 20))
        except ActRefused as refused:
            return refused.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(4) as threads:
        outcomes = sorted(threads.map(lambda _number: send(), range(4)))
    assert outcomes == ["done", "drawn_already", "drawn_already", "drawn_already"]
    assert Act.objects.get().facts["refusal_no"] == 1
