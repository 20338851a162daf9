"""What a scenario came to, as the books say it, and how that differs from what its file expects."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from abonent.kernel.money import format_minor
from abonent.kernel.periods import Month
from abonent.kernel.quantities import format_price, format_wh
from abonent.usecases.scenario_check import model

Json = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """A posted charge line under the scenario's own names; it stands unless a later one took it back."""

    period: Month
    booked: Month
    standing: bool
    account: str
    building: str
    line: model.ExpectedLine
    because: Json

    def as_dict(self) -> Json:
        return {
            "period": str(self.period),
            "booked": str(self.booked),
            "standing": self.standing,
            "account": self.account,
            "building": self.building,
            **_told(self.line),
            "because": self.because,
        }


@dataclass(frozen=True)
class Parked:
    """An exception of a run: an account's, or a building's own."""

    period: Month
    account: str | None
    building: str
    code: str
    facts: Json

    def as_dict(self) -> Json:
        return {
            "period": str(self.period),
            "account": self.account,
            "building": self.building,
            "code": self.code,
            "facts": self.facts,
        }


@dataclass(frozen=True)
class Balance:
    """How a building's energy was shared out: Wh by name, the method, the residents."""

    period: Month
    building: str
    figures: dict[str, int | str]

    def as_dict(self) -> Json:
        told = {
            key: format_wh(value) if isinstance(value, int) and key != "residents" else value
            for key, value in self.figures.items()
        }
        return {"period": str(self.period), "building": self.building, "unit": "kWh", **told}


@dataclass(frozen=True)
class Outcome:
    """`failure` says why a month could not be billed, and ends the scenario there; "" when all were."""

    scenario: model.Scenario
    failure: str
    lines: tuple[Line, ...]
    exceptions: tuple[Parked, ...]
    balances: tuple[Balance, ...]
    ledger_minor: dict[tuple[str, Month], int]
    compensated_minor: dict[tuple[str, Month, Month], int]

    def differences(self) -> list[str]:
        """Say in words everything that is not as expected; [] when the scenario holds."""
        found = [*([self.failure] if self.failure else []), *self._books_disagree()]
        for expectation in self.scenario.expectations:
            found += self._account(expectation) if expectation.account else self._building(expectation)
        if self.scenario.expectations:
            found += self._unforeseen()
        return found

    def as_dict(self) -> Json:
        return {
            "file": str(self.scenario.file),
            "scenario": self.scenario.title,
            "periods": [str(period) for period in self.scenario.periods],
            "lines": [line.as_dict() for line in self.lines],
            "exceptions": [parked.as_dict() for parked in self.exceptions],
            "balances": [balance.as_dict() for balance in self.balances],
            "compensations": [
                {
                    "account": account,
                    "period": str(period),
                    "booked": str(booked),
                    "amount": format_minor(amount),
                }
                for (account, period, booked), amount in sorted(self.compensated_minor.items())
            ],
            "failure": self.failure,
            "differences": self.differences(),
        }

    def _books_disagree(self) -> Iterator[str]:
        """The ledger is what people owe by: its entries must be the sum of the lines."""
        of_lines = dict.fromkeys(self.ledger_minor, 0)
        for line in self.lines:
            key = (line.account, line.period)
            of_lines[key] = of_lines.get(key, 0) + (line.line.amount_minor or 0)
        for (account, period), amount in of_lines.items():
            ledger = self.ledger_minor.get((account, period), 0)
            if ledger != amount:
                told = f"the ledger says {format_minor(ledger)}, the lines add up to {format_minor(amount)}"
                yield f"account {account}, {period}: {told}"

    def _account(self, expectation: model.Expectation) -> Iterator[str]:
        whom = (
            f"account {expectation.account}, {'booked in ' if expectation.booked else ''}{expectation.period}"
        )
        posted = [
            line.line
            for line in self.lines
            if line.account == expectation.account
            and (
                line.booked == expectation.period
                if expectation.booked
                else line.standing and line.period == expectation.period
            )
        ]
        if expectation.lines is not None:
            rest = list(posted)
            # the fullest expectations choose first, so that a vague one does not take another's line
            for expected in sorted(expectation.lines, key=lambda line: -len(_given(line))):
                match = next((line for line in rest if _fits(line, expected)), None)
                if match is None:
                    yield f"{whom}: no such line: {_words(expected, expectation)}"
                else:
                    rest.remove(match)
            yield from (f"{whom}: a line nobody expected: {_words(line, expectation)}" for line in rest)
        total = sum(line.amount_minor or 0 for line in posted)
        if expectation.total_minor is not None and total != expectation.total_minor:
            yield f"{whom}: the total is {format_minor(total)}, expected {format_minor(expectation.total_minor)}"
        if expectation.compensation_minor is not None:
            yield from self._compensation(whom, expectation)
        if not expectation.booked:
            codes = self._codes(expectation.period, account=expectation.account)
            yield from _codes_differ(whom, codes, expectation.exceptions)

    def _compensation(self, whom: str, expectation: model.Expectation) -> Iterator[str]:
        found = sum(
            amount
            for (account, period, booked), amount in self.compensated_minor.items()
            if account == expectation.account
            and (booked if expectation.booked else period) == expectation.period
        )
        if found != expectation.compensation_minor:
            told = format_minor(expectation.compensation_minor or 0)
            yield f"{whom}: the compensation is {format_minor(found)}, expected {told}"

    def _building(self, expectation: model.Expectation) -> Iterator[str]:
        whom = f"building {expectation.building}, {expectation.period}"
        codes = self._codes(expectation.period, building=expectation.building)
        yield from _codes_differ(whom, codes, expectation.exceptions)
        if expectation.balance is None:
            return
        posted: dict[str, int | str] = next(
            (
                balance.figures
                for balance in self.balances
                if (balance.building, balance.period) == (expectation.building, expectation.period)
            ),
            {},
        )
        for key, expected in expectation.balance.items():
            if posted.get(key) != expected:
                yield f"{whom}: {key} is {_figure(key, posted.get(key))}, expected {_figure(key, expected)}"

    def _unforeseen(self) -> Iterator[str]:
        """An exception is never passed over: whoever writes a scenario expects it, or hears of it."""
        named = {
            (expectation.account, expectation.building, expectation.period)
            for expectation in self.scenario.expectations
            if not expectation.booked
        }
        for parked in self.exceptions:
            building = parked.building if parked.account is None else None
            if (parked.account, building, parked.period) not in named:
                whom = f"account {parked.account}" if parked.account else f"building {parked.building}"
                yield f"{whom}, {parked.period}: an exception nobody expected: {parked.code} {parked.facts}"

    def _codes(
        self, period: Month, *, account: str | None = None, building: str | None = None
    ) -> tuple[str, ...]:
        return tuple(
            sorted(
                parked.code
                for parked in self.exceptions
                if parked.period == period
                and parked.account == account
                and (building is None or parked.building == building)
            )
        )


def _given(line: model.ExpectedLine) -> dict[str, Any]:
    return {field.name: value for field in fields(line) if (value := getattr(line, field.name)) is not None}


def _fits(line: model.ExpectedLine, expected: model.ExpectedLine) -> bool:
    return all(getattr(line, name) == value for name, value in _given(expected).items())


def _told(line: model.ExpectedLine) -> Json:
    """Return the fields of a line that are there, as text in the units of the file."""
    named = {
        "service": line.service,
        "method": line.method,
        "zone": line.zone,
        "from": line.begins_on and str(line.begins_on),
        "until": line.ends_on and str(line.ends_on),
        "quantity": None if line.quantity_wh is None else format_wh(line.quantity_wh),
        "unit": None if line.quantity_wh is None else "kWh",
        "price": None if line.price_e5 is None else format_price(line.price_e5),
        "amount": None if line.amount_minor is None else format_minor(line.amount_minor),
    }
    return {name: value for name, value in named.items() if value is not None}


def _words(line: model.ExpectedLine, expectation: model.Expectation) -> str:
    told = _told(line)
    named = {"from": "from {}", "until": "until {}", "price": "at {}", "amount": "= {}"}
    words = [named.get(name, "{}").format(value) for name, value in told.items()]
    if expectation.booked and line.period:
        words.insert(0, f"of {line.period}")
    return " ".join(words) or "any"


def _figure(key: str, value: int | str | None) -> str:
    if value is None:
        return "nothing"
    return format_wh(value) if isinstance(value, int) and key != "residents" else str(value)


def _codes_differ(whom: str, found: tuple[str, ...], expected: tuple[str, ...]) -> Iterator[str]:
    if found != expected:
        yield f"{whom}: exceptions are {', '.join(found) or 'none'}, expected {', '.join(expected) or 'none'}"
