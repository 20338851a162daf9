"""What a check is, and the words that checks share."""

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Check:
    """A sentence that must be true of the books, and the SQL that finds where it is not.

    `wrong` returns one row for each disagreement. Of its columns these are read, any may be absent: kind
    (line, entry, batch, turnover, run, building, bill, table,
    subsidies, registry), slot, batch_id, no, run_id, account_id, building_id,
    period, name, figure, expected, found. `looked_at` counts the rows that were compared.

    Both know %(slots)s, the slots to check; %(months)s, the months their runs billed; %(month_slots)s, every slot
    with lines of these months; %(bills)s, the months whose bills to check; %(all_slots)s; %(bounds)s, see `_bands`.
    """

    name: str
    sentence: str | Promise
    looked_at: str
    wrong: str


LINES = "SELECT count(*) FROM charging_chargeline WHERE slot = ANY(%(slots)s)"
ENTRIES = "SELECT count(*) FROM ledger_entry WHERE slot = ANY(%(slots)s)"
TURNOVERS = "SELECT count(*) FROM ledger_turnover WHERE slot = ANY(%(slots)s)"
BATCHES = "SELECT count(*) FROM ledger_batch WHERE slot = ANY(%(slots)s)"
REVERSALS = LINES + " AND reverses_batch_id <> 0"


def lines_of_rules(*rules: int) -> str:
    return f"{LINES} AND rule IN ({', '.join(map(str, rules))})"


A_LINE = "'line' AS kind, l.slot, l.batch_id, l.line_no AS no, l.account_id, l.building_id, l.period"

# A line that counts: it reverses nothing, and nothing reverses it. A correction that was itself cancelled is as
# if it had never been, so a reversal that is reversed does not count.
STANDING = """l.slot = ANY(%(month_slots)s) AND l.period = ANY(%(months)s) AND l.reverses_batch_id = 0
    AND NOT EXISTS (
    SELECT FROM charging_chargeline r
    WHERE r.slot = ANY(%(month_slots)s) AND r.reverses_batch_id <> 0
      AND r.reverses_batch_id = l.batch_id AND r.reverses_line_no = l.line_no
      AND NOT EXISTS (
        SELECT FROM charging_chargeline k
        WHERE k.slot = ANY(%(month_slots)s) AND k.reverses_batch_id <> 0
          AND k.reverses_batch_id = r.batch_id AND k.reverses_line_no = r.line_no))"""

# A co-owner's line is a part of the premise's, kopecks and watt-hours each: "line.co_owners" adds the parts up.
CO_OWNED = """EXISTS (
    SELECT FROM contracts_accountservice s WHERE s.account_id = l.account_id
        AND s.share_numerator <> s.share_denominator AND s.during @> l.begins_on)"""

# Lines of a month that waits to be rated again are made of facts that have changed since.
WAITING = """EXISTS (
    SELECT FROM (
        SELECT o.id AS account_id, w.period FROM charging_recalculation w
        JOIN contracts_account o ON o.building_id = w.building_id
        JOIN places_premise p ON p.id = o.premise_id LEFT JOIN places_premise up ON up.id = p.parent_id
        WHERE w.settled_at IS NULL
          AND (w.premise_id IS NULL OR w.premise_id = coalesce(up.parent_id, p.parent_id, p.id))
    ) w WHERE w.account_id = l.account_id AND w.period = l.period)"""

# What is compared with the facts as they are now.
SETTLED = f"{STANDING} AND NOT {WAITING}"

# Slots below are months: 202610.
FIRST_RUN_SLOT = 1_000_000_000
# Slots of runs of penalties have no charge lines: two slots for each run, the odd one its reversal's.
FIRST_PENALTY_SLOT = 1_500_000_000

# The run that a batch belongs to; a hand posting or an import has none.
RUN_OF = "substring(origin FROM '^run:([0-9]+)$')::bigint"
RUN_BATCHES = f"""SELECT id AS batch_id, slot, {RUN_OF} AS run_id, booked_period, state, origin, lines, entries,
    amount_minor, (SELECT n.posted_at FROM charging_run n WHERE n.id = {RUN_OF}) AS posted_at
    FROM ledger_batch WHERE {RUN_OF} IS NOT NULL"""
