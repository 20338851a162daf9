"""A month of an account line by line, in plain words: what was charged, from what, by which act; what was parked.

Plain data for the office, the command line and JSON alike. Six queries, however many lines there are.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import translation

from abonent.contexts.charging.models import BuildingBalance, RunKind, RunState
from abonent.contexts.contracts.models import Account
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.metering.models import Installation
from abonent.contexts.metering.queries import serials_of
from abonent.engine import registry
from abonent.gateways.named_rows import named_rows
from abonent.kernel.periods import Month
from abonent.packs.ru import explanations
from abonent.packs.ru.explanations import Building, Figure, Line, Posting, Register
from abonent.packs.ru.rules import catalogue
from abonent.usecases import packs
from abonent.usecases.exception_reasons import details, reason

LANGUAGES = explanations.LANGUAGES
_BY_BUILDING_METER = (
    catalogue.COMMON_METERED.number,
    catalogue.COMMON_NEGATIVE.number,
    catalogue.EXECUTOR.number,
    catalogue.HOUSING_METERED.number,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedLine:
    """A charge line in words. `kind`: "charge", "recalculation" or "reversal"; Wh, 1e-5 of a rouble, kopecks.

    `month` is the month it belongs to, `booked` the one it was posted in; `stands` is False once it was taken back.
    """

    title: str
    sentence: str
    figures: tuple[Figure, ...]
    act: str
    rule: str
    kind: str
    service: int
    zone: int
    month: str
    booked: str
    begins_on: date
    ends_on: date
    quantity_wh: int
    price_e5: int
    amount_minor: int
    stands: bool
    run_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """Why the account, or the building it shares in, was not charged, and what to do."""

    code: str
    title: str
    details: str
    advice: str
    run_id: int
    of_building: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What was charged for a month, `lines`; and what was booked in it for other months, `recalculations`.

    `total_minor` adds up `lines`, `recalculated_minor` adds up `recalculations`. `exceptions` are what the last run
    over the account parked.
    """

    account: str
    month: str
    language: str
    lines: tuple[ExplainedLine, ...]
    recalculations: tuple[ExplainedLine, ...]
    exceptions: tuple[Parked, ...]

    @property
    def total_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    @property
    def recalculated_minor(self) -> int:
        return sum(line.amount_minor for line in self.recalculations)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON: days as ISO texts."""
        totals = {"total_minor": self.total_minor, "recalculated_minor": self.recalculated_minor}
        plain: dict[str, Any] = _plain(asdict(self) | totals)
        return plain


def explain(*, account: Account, month: Month, language: str) -> Explanation:
    """Explain every posted line of a month, those taken back as well. Raises ValueError for an unknown language."""
    if language not in LANGUAGES:
        raise ValueError(f"explanations are written in {', '.join(LANGUAGES)}; not in {language!r}")
    rows = _lines(account.pk, month)
    own = [row for row in rows if row["reverses_batch_id"] == 0]
    context = _Context(own, language)
    taken_back_by = _taken_back_by(rows)
    told = [_explained(row, context, taken_back_by, language) for row in rows]
    return Explanation(
        account=account.number,
        month=str(month),
        language=language,
        lines=tuple(line for line in told if line.month == str(month)),
        recalculations=tuple(line for line in told if line.month != str(month)),
        exceptions=_parked(account, month, language),
    )


def _taken_back_by(rows: list[dict[str, Any]]) -> dict[tuple[int, int], int]:
    """Return the runs that took lines back for good: a reversal that was itself reversed took nothing."""
    reversals = [row for row in rows if row["reverses_batch_id"]]
    reversed_again = {(row["reverses_batch_id"], row["reverses_line_no"]) for row in reversals}
    return {
        (row["reverses_batch_id"], row["reverses_line_no"]): row["run_id"]
        for row in reversals
        if (row["batch_id"], row["line_no"]) not in reversed_again
    }


def _explained(
    row: dict[str, Any], context: "_Context", taken_back_by: dict[tuple[int, int], int], language: str
) -> ExplainedLine:
    line = _line(row)
    posting = Posting(run_id=row["run_id"], booked=Month.of(row["booked_period"]), reason=row["reason"])
    later = taken_back_by.get((row["batch_id"], row["line_no"]))
    if row["reverses_batch_id"]:
        kind, told = "reversal", explanations.tell_taken_back(line, posting, language=language)
    else:
        kind = "charge" if row["kind"] == EntryKind.CHARGE else "recalculation"
        told = context.tell(row, line)
    sentences = list(told.sentences)
    if kind == "recalculation":
        sentences.insert(0, explanations.tell_recalculated(line.month, posting, language=language))
    if later is not None:
        sentences.append(explanations.tell_later_taken_back(later, language=language))
    return ExplainedLine(
        title=told.title,
        sentence=" ".join(sentences),
        figures=told.figures,
        act=told.act,
        rule=registry.rule(line.rule).code,
        kind=kind,
        service=row["service"],
        zone=line.zone,
        month=str(line.month),
        booked=str(posting.booked),
        begins_on=line.begins_on,
        ends_on=line.ends_on,
        quantity_wh=line.quantity_wh,
        price_e5=line.price_e5,
        amount_minor=line.amount_minor,
        stands=later is None and not row["reverses_batch_id"],
        run_id=row["run_id"],
    )


def _line(row: dict[str, Any]) -> Line:
    return Line(
        rule=row["rule"],
        zone=row["zone"],
        month=Month.of(row["period"]),
        begins_on=row["begins_on"],
        ends_on=row["ends_on"],
        quantity_wh=row["quantity_wh"],
        price_e5=row["price_e5"],
        amount_minor=row["amount_minor"],
        because=row["because"],
        share=(row["share_numerator"] or 1, row["share_denominator"] or 1),
        banding=row["banding"] or 0,
        band=row["band"] or 1,
    )


class _Context:
    """What lines refer to: registers with the sources of their readings, and balances of buildings."""

    def __init__(self, rows: list[dict[str, Any]], language: str) -> None:
        self._language = language
        self._parameters = packs.pack_parameters()
        facts = [registry.rule(row["rule"]).facts(row["because"]) for row in rows]
        installations = sorted({one["installation_id"] for one in facts if "installation_id" in one})
        self._registers = {
            pk: Register(serial=serial, digits=digits)
            for pk, serial, digits in Installation.objects.filter(pk__in=installations).values_list(
                "pk", "meter__serial", "digits"
            )
        }
        days = [_day(one[name]) for one in facts for name in ("from_day", "to_day") if name in one]
        self._sources = _sources(installations, days)
        self._buildings = {
            (one.run_id, one.building_id, one.period): one
            for one in BuildingBalance.objects.filter(
                run_id__in={row["run_id"] for row in rows},
                building_id__in={row["building_id"] for row in rows},
            )
        }

    def tell(self, row: dict[str, Any], line: Line) -> explanations.Told:
        facts = registry.rule(line.rule).facts(row["because"])
        return explanations.tell(
            line,
            language=self._language,
            parameters=self._parameters,
            register=self._register(facts),
            building=self._building(row) if line.rule in _BY_BUILDING_METER else None,
            price_act=row["price_act"] or "",
        )

    def _register(self, facts: dict[str, int]) -> Register | None:
        register = self._registers.get(facts.get("installation_id", 0))
        if register is None or "from_day" not in facts:
            return register
        pk = facts["installation_id"]
        return replace(
            register,
            from_source=self._sources.get((pk, _day(facts["from_day"]), facts["from_value_wh"]), 0),
            to_source=self._sources.get((pk, _day(facts["to_day"]), facts["to_value_wh"]), 0),
        )

    def _building(self, row: dict[str, Any]) -> Building | None:
        balance = self._buildings.get((row["run_id"], row["building_id"], row["period"]))
        if balance is None:
            return None
        return Building(
            method=balance.method,
            supplied_wh=balance.supplied_wh,
            nonliving_wh=balance.nonliving_wh,
            norm_wh=balance.norm_wh,
            metered_wh=balance.metered_wh,
            heating_wh=balance.heating_wh,
            common_wh=balance.common_wh,
            cap_wh=balance.cap_wh,
            executor_wh=balance.executor_wh,
        )


_LINES = """
SELECT l.slot, l.batch_id, l.line_no, l.building_id, l.service, l.rule, l.zone, l.period, l.begins_on, l.ends_on,
       l.quantity_wh, l.price_e5, l.amount_minor, l.because, l.reverses_batch_id, l.reverses_line_no,
       b.booked_period, split_part(b.origin, ':', 2)::bigint AS run_id, b.reason, p.act AS price_act, p.band, g.banding,
       s.share_numerator, s.share_denominator,
       (SELECT e.kind FROM ledger_entry e WHERE e.slot = l.slot AND e.batch_id = l.batch_id
           AND e.account_id = l.account_id AND e.service = l.service LIMIT 1) AS kind
FROM charging_chargeline l
JOIN ledger_batch b ON b.id = l.batch_id
LEFT JOIN contracts_price p ON p.id = l.price_id
LEFT JOIN contracts_tariffgroup g ON g.id = p.tariff_group_id
LEFT JOIN contracts_accountservice s ON s.account_id = l.account_id AND s.service = 1 AND s.during @> l.begins_on
WHERE l.account_id = %(account)s AND (l.period = %(month)s OR b.booked_period = %(month)s)
ORDER BY l.period DESC, b.id, l.service, l.rule, l.zone, l.begins_on, l.because[3], l.line_no
"""  # because[3] is the first day of metered lines: a meter that was replaced goes before the new one

_SOURCES = """
SELECT installation_id, taken_on, value_wh, source FROM metering_reading
WHERE installation_id = ANY(%s) AND taken_on = ANY(%s) ORDER BY status DESC
"""

# the last run over the account tells what is parked of it; the last one over its whole building what is parked there
_PARKED = """
WITH home AS (
    SELECT coalesce(up.parent_id, p.parent_id, p.id) AS id FROM places_premise p
    LEFT JOIN places_premise up ON up.id = p.parent_id WHERE p.id = %(premise)s
), covering AS (
    SELECT r.id, CASE WHEN s.listed THEN coalesce(bool_or(w.premise_id IS NULL), false) ELSE r.account_id IS NULL END
        AS of_building
    FROM charging_run r JOIN charging_runshard s ON s.run_id = r.id
    LEFT JOIN charging_recalculation w ON s.listed AND w.run_id = r.id AND w.period = s.period
        AND w.building_id = %(building)s AND (w.premise_id IS NULL OR w.premise_id = (SELECT id FROM home))
    WHERE s.period = %(month)s AND r.state IN (%(rated)s, %(posted)s)
      AND r.kind NOT IN (%(reversal)s, %(manual)s)
      AND s.branch_id = %(branch)s AND s.buildings @> %(building)s::bigint
    GROUP BY r.id, s.id
    HAVING CASE WHEN s.listed THEN count(w.id) > 0 ELSE r.account_id IS NULL OR r.account_id = %(account)s END
)
SELECT e.run_id, e.code, e.facts, e.account_id IS NULL AS of_building FROM charging_runexception e
WHERE e.period = %(month)s AND (
    (e.account_id = %(account)s AND e.run_id = (SELECT max(id) FROM covering))
    OR (e.account_id IS NULL AND e.building_id = %(building)s
        AND e.run_id = (SELECT max(id) FROM covering WHERE of_building)))
ORDER BY of_building, e.id
"""


def _rows(query: str, values: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        return named_rows(cursor, query, values)


def _lines(account_id: int, month: Month) -> list[dict[str, Any]]:
    packs.pack()  # declares the rules that lines name
    return _rows(_LINES, {"account": account_id, "month": month.first_day})


def _sources(installations: list[int], days: list[date]) -> dict[tuple[int, date, int], int]:
    """Return the sources of readings by register, day and value; an accepted one goes before an annulled one."""
    if not days:
        return {}
    return {
        (row["installation_id"], row["taken_on"], row["value_wh"]): row["source"]
        for row in _rows(_SOURCES, [installations, days])
    }


def _parked(account: Account, month: Month, language: str) -> tuple[Parked, ...]:
    rows = _rows(
        _PARKED,
        {
            "month": month.first_day,
            "rated": RunState.RATED,
            "posted": RunState.POSTED,
            "reversal": RunKind.REVERSAL,
            "manual": RunKind.MANUAL,
            "premise": account.premise_id,
            "branch": account.building.branch_id,
            "building": account.building_id,
            "account": account.pk,
        },
    )
    facts = [json.loads(row["facts"]) for row in rows]
    serials = serials_of([one["installation_id"] for one in facts if "installation_id" in one])
    with translation.override(language):
        return tuple(
            Parked(
                code=row["code"],
                title=str(reason(row["code"]).title),
                details=details(row["code"], one | {"serial": serials.get(one.get("installation_id"), "")}),
                advice=str(reason(row["code"]).advice),
                run_id=row["run_id"],
                of_building=row["of_building"],
            )
            for row, one in zip(rows, facts, strict=True)
        )


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value
