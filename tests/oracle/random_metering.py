"""Random registers with believable readings: read every month, silent, irregular, replaced, handed over."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from tests.oracle.ru_month.arithmetic import DAY, Span, days, month_of, next_month
from tests.oracle.ru_month.town import ACTUAL, HANDOVER, INSPECTOR, INSTALLATION, REMOVAL, Register

LONG_AGO, FOREVER = date(2020, 1, 1), date(9999, 12, 31)
ZONES = {"single": [1], "two": [21, 22], "three": [31, 32, 33]}
MOST_WH_PER_DAY = 60_000  # below what would be parked, and small enough for a roll-over to be one


@dataclass
class Drawn:
    """What is drawn, for a month; numbers the registers."""

    random: Random
    month: Span
    registers: int = 0

    def whole(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def choice(self, *options: object) -> object:
        return self.random.choice(options)

    def once_in(self, times: int) -> bool:
        return self.random.randrange(times) == 0

    def cut(self, *, least: int = 1, most_from_end: int = 1) -> date:
        return self.month[0] + DAY * self.whole(least, days(self.month) - most_from_end)

    def month_at(self, months: int) -> Span:
        """Return the month so many months after the one billed, before it when negative."""
        number = self.month[0].year * 12 + self.month[0].month - 1 + months
        return month_of(number // 12, number % 12 + 1)

    def reading_days(self, kind: str) -> list[date]:
        """Return days on which a meter that was always there is read."""
        if kind == "silent":
            last = -self.whole(1, 7)
            months = [month for month in range(last - self.whole(0, 9), last) if self.whole(0, 3)] + [last]
        elif kind == "gap":
            last, later = -self.whole(1, 5), self.whole(0, 2)
            last -= 1 if last == -1 and later == 0 else 0
            months = [*range(last - self.whole(0, 3), last + 1), later]
        else:
            months = [*range(-1 - self.whole(0, 2), 1)]
        found = []
        for month in months:
            begins = self.month_at(month)[0]
            found.append(begins + DAY * self.whole(14, 27))
            if self.once_in(5):
                found.append(begins + DAY * self.whole(0, 12))
        return sorted(found)

    def register(
        self,
        zone: int,
        taken: list[date],
        *,
        span: Span = (LONG_AGO, FOREVER),
        least_digits: int = 4,
        **sources: list[date],
    ) -> Register:
        """`taken`: the days; `sources`: installation=, removal=, handover=, inspector= with the days of those."""
        self.registers += 1
        digits, ratio = self.whole(least_digits, 6), int(str(self.choice(1, 1, 20)))
        capacity_wh = 10**digits * 1000
        face_wh = self.whole(0, capacity_wh - 1)
        codes = {
            "installation": INSTALLATION,
            "removal": REMOVAL,
            "handover": HANDOVER,
            "inspector": INSPECTOR,
        }
        source_on = {day: codes[name] for name, on in sources.items() for day in on}
        readings: dict[date, tuple[int, int]] = {}
        before = None
        for day in sorted(set(taken) | set(source_on)):
            if before is not None:
                most_wh = min((day - before).days * MOST_WH_PER_DAY, 7_000_000)
                rise_wh = self.random.choice(
                    [0, 1, self.whole(0, most_wh), self.whole(0, min(most_wh, 90_000))]
                )
                face_wh = (face_wh + min(rise_wh, most_wh)) % capacity_wh
            readings[day] = face_wh, source_on.get(day, ACTUAL)
            before = day
        return Register(self.registers, zone, digits, ratio, span, readings)

    def metering(self, kind: str, zones: list[int]) -> list[Register]:
        """Return the meters of a premise.

        kind: none, read, silent, gap, inspected (found to show less than was said), replaced, installed or removed.
        """
        if kind == "none":
            return []
        if kind in ("read", "silent", "gap"):
            taken = self.reading_days(kind)
            return [self.register(zone, taken) for zone in zones]
        if kind == "inspected":
            return [self.inspected(1)]
        day = self.month[0] if kind == "removed" and self.once_in(3) else self.cut(least=1, most_from_end=4)
        before = [self.month_at(-back)[0] + timedelta(days=24) for back in range(1, self.whole(1, 9) + 1)]
        if kind == "replaced" and self.once_in(3):
            before = before[1:] or before  # the removal closes a gap
        after = [self.month_at(self.whole(0, 2))[1] - DAY]
        found = []
        if kind in ("replaced", "removed"):
            gone = (LONG_AGO, day)
            found += [self.register(zone, before, span=gone, removal=[day]) for zone in zones]
        if kind in ("replaced", "installed"):
            comes = day
            if kind == "replaced" and self.once_in(3):
                comes = day + DAY * self.whole(1, 3)  # no meter for some days
            there = (comes, FOREVER)
            found += [self.register(zone, after, span=there, installation=[comes]) for zone in zones]
        return found

    def inspected(self, zone: int) -> Register:
        """Return a register whose reading an inspector found too high, in the month or some months before it.

        Now and then somebody read it in the month of the check since; nobody did after that.
        """
        month = self.month_at(-self.whole(0, 2) * self.whole(0, 1))
        taken = [day for day in self.reading_days("gap" if self.once_in(2) else "read") if day < month[0]]
        taken = taken or [self.month_at(-8)[0]]
        checked_on = month[0] + DAY * self.whole(1, 20)
        found = self.register(zone, [*taken, checked_on], least_digits=5, inspector=[checked_on])
        said_wh = found.readings[taken[-1]][0]
        seen_wh = max(0, said_wh - self.whole(1, 500_000))
        readings = {day: reading for day, reading in found.readings.items() if reading[0] <= said_wh}
        readings[checked_on] = seen_wh, INSPECTOR
        if self.once_in(3):
            readings[month[1] - 2 * DAY] = seen_wh + self.whole(0, 90_000), ACTUAL
        return replace(found, readings=readings)

    def handed_over(self, zones: list[int], last_day: date) -> list[Register]:
        """Return a meter read between two accounts; the newcomer gave a reading since, or will."""
        taken = [self.month_at(-1)[0] + timedelta(days=20)]
        if self.once_in(3):
            taken = [self.month_at(-3)[0] + timedelta(days=20)]
        taken.append(
            next_month(last_day) - DAY if self.once_in(2) else self.month_at(2)[0] + timedelta(days=9)
        )
        taken = [day for day in taken if day != last_day]
        return [self.register(zone, taken, handover=[last_day]) for zone in zones]
