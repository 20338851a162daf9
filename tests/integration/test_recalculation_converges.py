"""Whatever changes in whatever order, and however it is settled, the books are those of billing everything anew."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import polars as pl
import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from tests import town as towns
from tests.town import MONTH, build

from abonent.contexts.charging.models import (
    BillingPeriod,
    Recalculation,
    RecalculationCause,
    Run,
    RunKind,
    RunState,
)
from abonent.contexts.contracts.models import Account, AccountService, PremiseTerms, Price
from abonent.contexts.metering.models import (
    Installation,
    MeterModel,
    Reading,
    ReadingSource,
    ReadingStatus,
    Zone,
)
from abonent.contexts.metering.partitions import ensure_reading_partitions
from abonent.contexts.places.models import Building, BuildingKind, BuildingTerms
from abonent.engine.frames import LINES
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, enter_reading, packs, recalculation
from abonent.usecases.billing_run.at_once import read
from abonent.usecases.billing_run.extract import Window, extract
from abonent.usecases.billing_run.history import standing_lines
from abonent.usecases.books_check import check_books

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, LAST = MONTH.shift(-3), MONTH.next()
HOUSES, CHANGES = 8, 60
_minutes = count()


def now() -> datetime:
    return datetime(2026, 11, 2, 9, tzinfo=UTC) + timedelta(minutes=next(_minutes))


class Life:
    """A town to which things happen: changes in the past, each noted, and now and then something is posted."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.town = build()
        BillingPeriod.objects.filter(month__gte=FIRST.first_day).update(state=1)
        BillingPeriod.objects.create(supplier=self.town.supplier, month=LAST.first_day)
        ensure_reading_partitions(first=FIRST, last=LAST)
        self.homes = [self._house(number) for number in range(HOUSES)]
        self.homes += [self.town.accounts[flat] for flat in ("1", "3", "10")]
        self.booked = FIRST
        self._bill(FIRST)

    def _house(self, number: int) -> Account:
        building = Building.objects.create(
            branch=self.town.branch, street=self.town.street, number=f"5{number}", kind=BuildingKind.PRIVATE
        )
        towns._settle(self.town, building, "", "Соседов Иван Ильич", serial=300 + number, area_dm2=8_000)
        account = self.town.accounts.pop("house")
        if number % 4:  # every fourth has no meter
            months = [month for month in FIRST.shift(-8).until(LAST.next()) if self.chance.random() < 0.5]
            model, _ = MeterModel.objects.get_or_create(name="Меркурий 201", digits=5)
            zones = {Zone.SINGLE: (1_000_000, 100_000 + number * 10_000)}
            towns._meter(self.town, building, "", model, f"7{number:07}", zones, months)
        return account

    def happen(self) -> None:
        """Let one thing happen."""
        for _ in range(20):
            event = self.chance.choice(self._events())
            if event():
                return

    def _events(self) -> list[Callable[[], bool]]:
        often: list[Callable[[], bool]] = [
            self.reading,
            self.reading,
            self.annulment,
            self.residents,
            self.service,
        ]
        return [*often, *often, self.price, self.areas, self.settle, self.next_month, self.run, self.cancel]

    def _home(self) -> Account:
        return self.chance.choice(self.homes)

    def _month(self) -> Month:
        return self.chance.choice(list(FIRST.until(self.booked.next())))

    def _note(
        self, account: Account, first: Month, cause: RecalculationCause, *, whole_building: bool = False
    ) -> bool:
        recalculation.note(
            building_id=account.building_id,
            premise_id=None if whole_building else account.premise_id,
            first=first,
            cause=cause,
            note="",
            actor_id=None,
            at=now(),
        )
        return True

    def reading(self) -> bool:
        """Somebody reads a meter: between what it showed before and after."""
        account, month = self._home(), self._month()
        place = Installation.objects.filter(premise=account.premise_id).first()
        if place is None:
            return False
        day = month.first_day + timedelta(days=self.chance.randrange(month.days))
        taken = list(
            Reading.objects.filter(installation=place, status=1)
            .exclude(source=ReadingSource.ESTIMATE)
            .order_by("taken_on")
            .values_list("taken_on", "value_wh")
        )
        before = max((one for one in taken if one[0] < day), default=None)
        after = min((one for one in taken if one[0] > day), default=None)
        if before is None or any(one[0] == day for one in taken):
            return False
        most = after[1] if after else before[1] + 300_000
        value_wh = self.chance.randint(before[1], max(before[1], most))
        enter_reading.store(place, day, value_wh, ReadingSource.SUBSCRIBER, None, now())
        return self._note(account, month, RecalculationCause.READING)

    def annulment(self) -> bool:
        account = self._home()
        taken = (
            Reading.objects.filter(
                installation__premise=account.premise_id,
                status=1,
                taken_on__gte=FIRST.first_day,
                taken_on__lt=self.booked.next().first_day,
            )
            .exclude(source=ReadingSource.ESTIMATE)
            .order_by("taken_on")
        )
        if not taken:
            return False
        one = self.chance.choice(list(taken))
        Reading.objects.filter(id=one.id, taken_on=one.taken_on).update(
            status=ReadingStatus.ANNULLED, judged_at=now()
        )
        return self._note(account, Month.of(one.taken_on), RecalculationCause.READING)

    def residents(self) -> bool:
        account, month = self._home(), self._month()
        day = month.first_day + timedelta(days=self.chance.randrange(month.days))
        current = PremiseTerms.objects.get(premise=account.premise_id, during__contains=day)
        if current.during.lower == day:
            return False
        upper = current.during.upper
        PremiseTerms.objects.filter(pk=current.pk).update(during=DateRange(current.during.lower, day))
        current.pk, current.during = None, DateRange(day, upper)
        current.residents = self.chance.randint(0, 4)
        current.save(force_insert=True)
        return self._note(account, month, RecalculationCause.RESIDENTS)

    def service(self) -> bool:
        """The service of a house is switched off for some days of a month, or on again."""
        account, month = self.chance.choice(self.homes[:HOUSES]), self._month()
        first = month.first_day + timedelta(days=self.chance.randrange(1, 10))
        last = first + timedelta(days=self.chance.randrange(1, 15))
        services = AccountService.objects.filter(account=account)
        whole = services.filter(during__contains=DateRange(first, last)).first()
        if whole is None:
            start = min(services.values_list("during", flat=True), key=lambda one: one.lower).lower
            services.exclude(during__startswith=start).delete()
            services.update(during=DateRange(start, None))
            return self._note(account, FIRST, RecalculationCause.SERVICE)
        upper = whole.during.upper
        if whole.during.lower == first or (upper is not None and upper <= last):
            return False
        services.filter(pk=whole.pk).update(during=DateRange(whole.during.lower, first))
        whole.pk, whole.during = None, DateRange(last, upper)
        whole.save(force_insert=True)
        return self._note(account, month, RecalculationCause.SERVICE)

    def price(self) -> bool:
        """A price is changed back-dated for everybody: seldom, for it has everything rated again."""
        if self.chance.random() < 0.8:
            return False
        month = self._month()
        current = Price.objects.filter(
            tariff_group=self.town.group, zone=1, during__contains=month.first_day
        ).get()
        if current.during.lower == month.first_day:
            Price.objects.filter(pk=current.pk).update(price_e5=current.price_e5 + 1_000)
        else:
            upper = current.during.upper
            Price.objects.filter(pk=current.pk).update(
                during=DateRange(current.during.lower, month.first_day)
            )
            current.pk, current.during = None, DateRange(month.first_day, upper)
            current.price_e5 += self.chance.randint(-50, 50) * 100
            current.save(force_insert=True)
        recalculation.note_tariff_group(
            supplier_id=self.town.supplier.pk,
            tariff_group_id=self.town.group.pk,
            first=month,
            note="",
            actor_id=None,
            at=now(),
        )
        return True

    def areas(self) -> bool:
        area_dm2 = self.chance.randint(22_000, 30_000)
        BuildingTerms.objects.filter(building=self.town.building).update(premises_area_dm2=area_dm2)
        return self._note(self.town.accounts["1"], FIRST, RecalculationCause.AREA, whole_building=True)

    def settle(self) -> bool:
        recalculation.settle(
            premise_id=self._home().premise_id, booked_period=self.booked, actor_id=None, at=now()
        )
        return True

    def next_month(self) -> bool:
        if self.booked == LAST or self.chance.random() < 0.7:
            return False
        self.booked = self.booked.next()
        self._bill(self.booked)
        return True

    def run(self) -> bool:
        """What waits is rated; now and then what was rated is thrown away, or something happens before it is posted."""
        try:
            run_id = billing_run.create_recalculation(
                scope=billing_run.Scope(self.town.supplier.pk),
                booked_period=self.booked,
                at=now(),
                pack_version="",
                parameter_hash="",
            )
        except billing_run.NothingWaits:
            return False
        self._rate(run_id)
        luck = self.chance.random()
        if luck < 0.2:
            billing_run.discard(run_id=run_id)
            return True
        if luck < 0.6:
            self.chance.choice([self.reading, self.annulment, self.residents, self.service])()
        billing_run.approve(run_id=run_id, actor_id=None, at=now())
        return True

    def cancel(self) -> bool:
        """The last correction is taken back."""
        last = (
            Run.objects.filter(state=RunState.POSTED)
            .exclude(kind=RunKind.REVERSAL)
            .order_by("-posted_at")
            .first()
        )
        if last is None or last.kind == RunKind.BILLING:
            return False
        billing_run.cancel(run_id=last.pk, actor_id=None, at=now(), reason="")
        return True

    def _bill(self, month: Month) -> None:
        run_id = billing_run.create(
            scope=billing_run.Scope(self.town.supplier.pk),
            period=month,
            at=now(),
            pack_version="",
            parameter_hash="",
        )
        self._rate(run_id)
        billing_run.approve(run_id=run_id, actor_id=None, at=now())

    def _rate(self, run_id: int) -> None:
        billing_run.rate(run_id, parameters=packs.pack_parameters(), clock=now)

    def settle_everything(self) -> None:
        while self.booked < LAST:
            self.booked = self.booked.next()
            self._bill(self.booked)
        # what one premise changed changes what its building shares out: in the end all of it is shared out again
        self._note(self.town.accounts["1"], FIRST, RecalculationCause.COMMON_NEEDS, whole_building=True)
        run_id = billing_run.create_recalculation(
            scope=billing_run.Scope(self.town.supplier.pk),
            booked_period=LAST,
            at=now(),
            pack_version="",
            parameter_hash="",
        )
        self._rate(run_id)
        billing_run.approve(run_id=run_id, actor_id=None, at=now())


def anew(life: Life, month: Month) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lines of a month rated with nothing in the books, and who is parked."""
    buildings = Building.objects.order_by("id").values_list("id", flat=True)
    window = Window(life.town.branch.pk, buildings[0], buildings[len(buildings) - 1])
    inputs = extract(
        read, window, (month,), supplier_id=life.town.supplier.pk, known_until=LAST.next().first_day
    )
    rated = packs.pack().rate(inputs, packs.pack_parameters(), month, with_common_needs=True)
    return rated.lines, rated.exceptions


def posted(life: Life, month: Month) -> pl.DataFrame:
    buildings = Building.objects.order_by("id").values_list("id", flat=True)
    window = Window(life.town.branch.pk, buildings[0], buildings[len(buildings) - 1])
    return standing_lines(read, window, (month,), accounts=100).select(list(LINES))


@pytest.mark.parametrize("seed", range(6))
def test_the_books_end_as_if_everything_were_billed_anew(seed: int) -> None:
    life = Life(seed)
    for _ in range(CHANGES):
        life.happen()
    life.settle_everything()
    assert not Recalculation.objects.filter(settled_at=None).exists()
    for month in FIRST.until(LAST.next()):
        lines, parked = anew(life, month)
        accounts = parked["account_id"].drop_nulls().unique().implode()
        stand = posted(life, month).filter(~pl.col("account_id").is_in(accounts))
        order = [name for name in LINES if name != "price_id"] + ["price_id"]
        assert stand.sort(order).equals(lines.sort(order)), f"{month}, seed {seed}"
    wrong = {result.check.name: result.rows for result in check_books() if result.disagreements}
    assert not wrong, wrong
