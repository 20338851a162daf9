"""Cashiers at work at once: payments through the use-case and the register, and every kopeck found again afterwards.

Each cashier has a desk, a shift and a register, and begins the next payment as soon as the last one is answered, or
after a pause. They share a few server threads in a few processes, as in the office: what a cashier waits for includes
the queue. Some accounts are paid by many at one instant. The yardstick is a bare INSERT with its commit, asked for by
as many cashiers through the same threads in the same run.
"""

import os
import random
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from json import dumps, loads
from threading import Thread
from time import perf_counter, sleep
from typing import Any
from uuid import uuid4

from django.db import connection, connections
from django.utils import timezone

from abonent.contexts.access.models import Role, User
from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.contracts.models import Account
from abonent.contexts.parties.models import Branch
from abonent.contexts.payments.cash import totals_of
from abonent.contexts.payments.models import CashDesk, CashShift
from abonent.kernel.periods import Month
from abonent.usecases import books_check, cash_desk, packs
from abonent.usecases.bench.desk import Milliseconds, summary
from abonent.usecases.cash_desk import Tendered

HOT_ACCOUNTS = 10
HOT_SHARE = 0.02
_YARDSTICK_SHARE = 0.1  # of the seconds asked for, before the payments and after them
_NAME = "bench-till-"

_CHILD = """
import sys
import django
django.setup()
from abonent.usecases.bench import cashiers
cashiers.serve(sys.stdin.readline())
"""


@dataclass(frozen=True)
class CashierFigures:
    """`lost_minor`: by how much orders, payments, entries, turnovers and drawers disagree, added up without signs."""

    accounts: int
    cashiers: int
    processes: int
    connections: int
    pause_seconds: float
    seconds: float
    payments: int
    payments_per_second: float
    amount_minor: int
    errors: int
    error_kinds: dict[str, int]
    payment_ms: Milliseconds
    insert_ms: Milliseconds
    ratio: float
    not_printed: int
    lost_minor: int
    books_check_seconds: float
    books_are_right: bool

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    *,
    supplier_id: int,
    cashiers: int,
    seconds: float,
    clock: Callable[[], datetime],
    processes: int | None = None,
    threads: int = 4,
    pause: float = 0,
    seed: int = 1,
) -> CashierFigures:
    """Let cashiers work for so long and look for what was lost. For a database that is nothing but a bench."""
    processes = min(processes or os.cpu_count() or 1, cashiers)
    _open_month(supplier_id, clock())
    shifts = _shifts(supplier_id, cashiers, clock())
    before = _sums()
    with _processes(processes, threads, [shift.pk for shift in shifts], pause, seed) as ask:
        inserts = ask("insert", seconds * _YARDSTICK_SHARE)
        begun = perf_counter()
        paid = ask("pay", seconds)
        lasted = perf_counter() - begun
        inserts += ask("insert", seconds * _YARDSTICK_SHARE)
    after = _sums()
    amount_minor = sum(one["amount_minor"] for one in paid)
    told = {
        "orders": after["orders"] - before["orders"],
        "payments": after["payments"] - before["payments"],
        "entries": before["entries"] - after["entries"],
        "turnovers": before["turnovers"] - after["turnovers"],
    }
    lost = sum(abs(amount_minor - found) for found in told.values()) + _close(shifts, clock())
    begun = perf_counter()
    is_right = not any(result.disagreements for result in books_check.check_books())
    checked = perf_counter() - begun
    taken = [value for one in paid for value in one["seconds"]]
    bare = [value for one in inserts for value in one["seconds"]]
    kinds = dict(sum((Counter(one["errors"]) for one in paid), Counter()))
    if not taken:
        raise RuntimeError(f"not one payment was taken: {kinds}")
    payment_ms, insert_ms = summary(taken), summary(bare)
    return CashierFigures(
        accounts=Account.objects.count(),
        cashiers=cashiers,
        processes=processes,
        connections=processes * threads,
        pause_seconds=pause,
        seconds=round(lasted, 1),
        payments=len(taken),
        payments_per_second=round(len(taken) / lasted, 1),
        amount_minor=amount_minor,
        errors=sum(kinds.values()),
        error_kinds=kinds,
        payment_ms=payment_ms,
        insert_ms=insert_ms,
        ratio=round(payment_ms.p50 / insert_ms.p50, 1),
        not_printed=sum(one["not_printed"] for one in paid),
        lost_minor=lost,
        books_check_seconds=round(checked, 1),
        books_are_right=is_right,
    )


def serve(spec_text: str) -> None:
    """Work in a process of its own: for each line on the standard input, "pay 60", let the cashiers do so."""
    spec = loads(spec_text)
    connection.settings_dict["NAME"] = spec["database"]
    office = _Office(spec)
    with ThreadPoolExecutor(spec["threads"]) as pool:
        list(pool.map(lambda _: office.warm(), range(spec["threads"])))
        _say({"ready": True})
        for line in sys.stdin:
            act, seconds = line.split()
            _say(office.work(act, float(seconds), pool))
        list(pool.map(lambda _: connections.close_all(), range(spec["threads"])))


class _Office:
    """The cashiers of one process, and what they do."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._shifts = {
            shift.pk: shift.cashier_id for shift in CashShift.objects.filter(pk__in=spec["shifts"])
        }
        self._seed, self._pause = spec["seed"], spec["pause"]
        ids = Account.objects.order_by("id").values_list("id", flat=True)
        self._first, self._last = ids[0], Account.objects.order_by("-id").values_list("id", flat=True)[0]
        self._hot = list(ids[:HOT_ACCOUNTS])

    def warm(self) -> None:
        """Connect, and read what a server has read long before its first cashier comes."""
        packs.pack_parameters()
        Account.objects.first()

    def work(self, act: str, seconds: float, pool: ThreadPoolExecutor) -> dict[str, Any]:
        """Let every cashier do it again and again; return how long each time took them."""
        until = perf_counter() + seconds
        do = self._pay if act == "pay" else self._insert
        pause = self._pause if act == "pay" else 0
        taken: list[tuple[float, int, bool]] = []
        errors: list[str] = []

        def live(shift_id: int) -> None:
            chance = random.Random(self._seed * 1_000 + shift_id)  # noqa: S311  a sample, not a secret
            sleep(chance.random() * pause)  # they did not sit down at one instant
            while perf_counter() < until:
                begun = perf_counter()
                try:
                    # one request on one of the server's threads
                    amount_minor, printed = pool.submit(do, shift_id, chance).result()
                except Exception as error:
                    errors.append(type(error).__name__)
                else:
                    taken.append((perf_counter() - begun, amount_minor, printed))
                sleep(pause)

        people = [Thread(target=live, args=[shift_id]) for shift_id in self._shifts]
        for one in people:
            one.start()
        for one in people:
            one.join()
        return {
            "seconds": [lasted for lasted, *_rest in taken],
            "amount_minor": sum(amount_minor for _lasted, amount_minor, _printed in taken),
            "not_printed": sum(not printed for *_rest, printed in taken),
            "errors": Counter(errors),
        }

    def _pay(self, shift_id: int, chance: random.Random) -> tuple[int, bool]:
        account_id = self._account(chance)
        cash_minor = chance.randint(0, 500_000)
        card_minor = chance.randint(1, 100_000) if chance.random() < 0.3 else int(not cash_minor)
        order = cash_desk.receive(
            shift_id=shift_id,
            account_id=account_id,
            tendered=Tendered(
                cash_minor=cash_minor,
                card_minor=card_minor,
                tendered_minor=cash_minor + chance.randint(0, 50_000),
            ),
            key=uuid4(),
            actor_id=self._shifts[shift_id],
            at=timezone.now(),
        )
        return cash_minor + card_minor, bool(order.fiscal)

    def _account(self, chance: random.Random) -> int:
        if chance.random() < HOT_SHARE:
            return chance.choice(self._hot)
        drawn = chance.randint(self._first, self._last)
        return Account.objects.filter(id__gte=drawn).order_by("id").values_list("id", flat=True)[0]

    def _insert(self, shift_id: int, chance: random.Random) -> tuple[int, bool]:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bench_bare_insert (shift_id, amount_minor) VALUES (%s, %s)",
                [shift_id, chance.randint(1, 500_000)],
            )
        return 0, True


@contextmanager
def _processes(
    processes: int, threads: int, shifts: list[int], pause: float, seed: int
) -> Iterator[Callable[[str, float], list[dict[str, Any]]]]:
    """Start the server's processes; yield what asks all of them at once and returns their answers."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_bare_insert")
        cursor.execute(
            "CREATE TABLE bench_bare_insert (id bigserial PRIMARY KEY, shift_id bigint, amount_minor bigint)"
        )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"POLARS_MAX_THREADS": "1"},
        )
        for _ in range(processes)
    ]

    def tell(process: subprocess.Popen[str], line: str) -> None:
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()

    def heard(process: subprocess.Popen[str]) -> dict[str, Any]:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("a process of the bench died")
        return dict(loads(line))

    def ask(act: str, seconds: float) -> list[dict[str, Any]]:
        for process in started:
            tell(process, f"{act} {seconds}")
        return [heard(process) for process in started]

    try:
        for number, process in enumerate(started):
            spec = {
                "database": str(connection.settings_dict["NAME"]),
                "threads": threads,
                "shifts": shifts[number::processes],
                "pause": pause,
                "seed": seed,
            }
            tell(process, dumps(spec))
        for process in started:
            heard(process)
        yield ask
    finally:
        for process in started:
            process.stdin.close()  # type: ignore[union-attr]
            process.wait(30)
            process.stdout.close()  # type: ignore[union-attr]
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE bench_bare_insert")


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(dumps(answer) + "\n")
    sys.stdout.flush()


def _open_month(supplier_id: int, at: datetime) -> None:
    month = Month.of(timezone.localdate(at))
    BillingPeriod.objects.get_or_create(supplier_id=supplier_id, month=month.first_day)


def _shifts(supplier_id: int, cashiers: int, at: datetime) -> list[CashShift]:
    """Open a shift of each cashier at a desk of their own; what a bench that was stopped left open is closed first."""
    branch = Branch.objects.filter(supplier=supplier_id).order_by("id")[0]
    left_open = CashShift.objects.filter(closed_at=None, desk__name__startswith=_NAME)
    _close(list(left_open), at)
    shifts = []
    for number in range(1, cashiers + 1):
        name = f"{_NAME}{number}"
        who, _is_new = User.objects.get_or_create(username=name, defaults={"role": Role.OPERATOR})
        desk = CashDesk.objects.filter(name=name).first() or _new_desk(branch, name)
        last = CashShift.objects.filter(desk=desk).order_by("-number").first()
        shifts.append(
            cash_desk.open_shift(
                desk_id=desk.pk,
                cashier_id=who.pk,
                opening_minor=(last.counted_minor or 0) if last else 0,
                day=timezone.localdate(at),
                at=at,
            )
        )
    return shifts


def _new_desk(branch: Branch, name: str) -> CashDesk:
    register = {
        "kind": "file",
        "file": f"bench-{secrets.token_hex(6)}.jsonl",
        "registration": "0" * 16,
        "storage": "0" * 16,
    }
    return cash_desk.save_desk(
        desk_id=None, branch_id=branch.pk, name=name, register=register, papers=cash_desk.USUAL_PAPERS
    )


def _close(shifts: list[CashShift], at: datetime) -> int:
    """Close shifts by a count of what should be there; return the kopecks by which the registers' totals differ."""
    differ_minor = 0
    for shift in shifts:
        totals = totals_of(shift)
        left, counted = totals.expected_minor, {}
        for worth in cash_desk.DENOMINATIONS:
            counted[worth], left = divmod(left, worth)
        closed = cash_desk.close_shift(
            shift_id=shift.pk,
            counted=counted,
            actor_id=shift.cashier_id,
            at=at,
            note="" if not totals.not_printed else "bench",
            leave_unprinted=True,
        )
        counters = closed.fiscal.get("closed")
        if counters and not totals.not_printed:
            said = counters["1194"]["1129"]["1201"]
            differ_minor += abs(said - totals.cash_minor - totals.card_minor)
    return differ_minor


def _sums() -> dict[str, int]:
    """Return what was ever taken at the desks of the bench, as each of the books says."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT coalesce(sum(cash_minor + card_minor), 0) FROM payments_cashorder WHERE kind = 1)::bigint,
                (SELECT coalesce(sum(amount_minor), 0) FROM payments_payment)::bigint,
                (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entry WHERE kind = 5)::bigint,
                (SELECT coalesce(sum(paid_minor), 0) FROM ledger_turnover)::bigint
            """
        )
        row = cursor.fetchone()
    assert row is not None
    return dict(zip(("orders", "payments", "entries", "turnovers"), row, strict=True))
