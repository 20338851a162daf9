"""An accountant who settles one account kopeck by kopeck by the words of the rules; shares nothing with the product."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

Key = tuple[date, int, int]  # month, service, debt: 1 principal, 2 penalty, 3 court costs


@dataclass(frozen=True)
class Rules:
    debts: tuple[int, ...] = (3, 1, 2)
    services: tuple[int, ...] = (1, 2)
    named_period: bool = True
    period_first: bool = False
    limitation_months: int = 0

    def place(self, key: Key) -> tuple[int, ...]:
        month, service, debt = key
        first = _place(debt, self.debts)
        then = month.toordinal()
        order = (then, first) if self.period_first else (first, then)
        return (*order, _place(service, self.services), service)


def _place(code: int, order: tuple[int, ...]) -> int:
    return order.index(code) if code in order else len(order) + code


@dataclass
class Paid:
    number: int
    day: date
    amount: int
    period: date | None = None
    debt: int = 0
    service: int = 0


@dataclass
class Accountant:
    owed: Counter[Key] = field(default_factory=Counter)
    payments: dict[int, Paid] = field(default_factory=dict)
    covers: Counter[tuple[int, Key]] = field(default_factory=Counter)  # by number of the payment; 0: netting

    def settle(self, rules: Rules) -> dict[tuple[int, Key], int]:
        """Settle; return what changed."""
        before = Counter(self.covers)
        self._take_back(rules)
        self._net(rules)
        for paid in sorted(self.payments.values(), key=lambda paid: (paid.day, paid.number)):
            self._hand_out(paid, rules)
        found = {line: self.covers[line] - before[line] for line in {*self.covers, *before}}
        return {line: amount for line, amount in found.items() if amount}

    def open(self) -> dict[Key, int]:
        """What is still owed, by key."""
        found = {key: max(owed, 0) - max(self._cover(key), 0) for key, owed in self.owed.items()}
        return {key: amount for key, amount in found.items() if amount > 0}

    def free(self, paid: Paid) -> int:
        return paid.amount - sum(
            amount for (number, _), amount in self.covers.items() if number == paid.number
        )

    def _cover(self, key: Key) -> int:
        return sum(amount for (_, of), amount in self.covers.items() if of == key)

    def _credit(self) -> dict[Key, int]:
        """What credit of a month is not used yet."""
        found = {key: -owed + min(self.covers[0, key], 0) for key, owed in self.owed.items() if owed < 0}
        return {key: amount for key, amount in found.items() if amount > 0}

    def _take_back(self, rules: Rules) -> None:
        for key in {key for _, key in self.covers}:
            while True:  # more is covered than is owed: the latest payment gives a kopeck back, netting last
                givers = [n for (n, of), amount in self.covers.items() if of == key and amount > 0]
                if sum(self.covers[n, key] for n in givers) <= max(self.owed[key], 0):
                    break
                self.covers[max(givers, key=lambda n: (n != 0, n and self.payments[n].day, n)), key] -= 1
            while -self.covers[0, key] > max(-self.owed[key], 0) and self.covers[0, key] < 0:
                self.covers[0, key] += 1
        while (more := sum(amount for (n, _), amount in self.covers.items() if n == 0)) != 0:
            side = [key for (n, key), amount in self.covers.items() if n == 0 and amount * more > 0]
            if more > 0:
                self.covers[0, max(side, key=rules.place)] -= 1
            else:
                self.covers[0, max(side, key=lambda key: (key[0], rules.place(key)))] += 1
        for paid in self.payments.values():
            while self.free(paid) < 0:
                mine = [key for (n, key), amount in self.covers.items() if n == paid.number and amount > 0]
                self.covers[paid.number, max(mine, key=rules.place)] -= 1

    def _net(self, rules: Rules) -> None:
        while (credit := self._credit()) and (debts := self.open()):
            self.covers[0, min(credit, key=lambda key: (key[0], rules.place(key)))] -= 1
            self.covers[0, min(debts, key=rules.place)] += 1

    def _hand_out(self, paid: Paid, rules: Rules) -> None:
        period = paid.period if rules.named_period else None

        def preference(key: Key) -> tuple[int, ...]:
            month, service, debt = key
            is_named = (
                (period is not None or paid.debt or paid.service)
                and period in (None, month)
                and paid.debt in (0, debt)
                and paid.service in (0, service)
            )
            age = (paid.day.year - month.year) * 12 + paid.day.month - month.month
            lapsed = rules.limitation_months and age > rules.limitation_months + 1
            return (0 if is_named else 2 if lapsed else 1, *rules.place(key))

        while self.free(paid) > 0 and (debts := self.open()):
            self.covers[paid.number, min(debts, key=preference)] += 1
