"""Make payments of the payments and subsidies that were posted straight into the books."""

from django.db import migrations

# one agent of each kind for every supplier that has such entries
AGENTS = """
INSERT INTO payments_agent (supplier_id, code, name, kind, inn, layout, active)
SELECT DISTINCT r.supplier_id,
    CASE e.kind WHEN 6 THEN 'subsidy' ELSE 'hand' END,
    CASE e.kind WHEN 6 THEN 'Субсидия государства' ELSE 'Внесено вручную' END,
    CASE e.kind WHEN 6 THEN 6 ELSE 7 END, '', '{}'::jsonb, true
FROM ledger_entry e
JOIN contracts_account a ON a.id = e.account_id
JOIN places_building h ON h.id = a.building_id
JOIN parties_branch r ON r.id = h.branch_id
WHERE e.kind IN (5, 6) AND e.amount_minor < 0
ON CONFLICT DO NOTHING
"""
# a row of a registry is the entry of its place among the rows of its batch
PAYMENTS = """
INSERT INTO payments_payment (
    supplier_id, agent_id, row_no, key, external_id, account_id, paid_on, booked_on, amount_minor, commission_minor,
    payer, payer_inn, account_text, address, purpose, named_period, recognition, confidence, state, slot, batch_id,
    entry_no, created_at, created_by_id)
SELECT r.supplier_id, g.id, e.entry_no, md5(format('entry:%s:%s:%s', e.slot, e.batch_id, e.entry_no))::uuid, '',
    e.account_id, e.booked_on, e.booked_on, -e.amount_minor, 0, coalesce(s.recipient, ''), '',
    coalesce(s.account_number, ''), '', left(coalesce(nullif(s.document, ''), b.reason), 500),
    CASE WHEN e.kind = 6 THEN e.period END, 1, 100, CASE WHEN s.reversed THEN 3 ELSE 2 END, e.slot, e.batch_id,
    e.entry_no, b.created_at, b.author_id
FROM ledger_entry e
JOIN ledger_batch b ON b.id = e.batch_id
JOIN contracts_account a ON a.id = e.account_id
JOIN places_building h ON h.id = a.building_id
JOIN parties_branch r ON r.id = h.branch_id
JOIN payments_agent g ON g.supplier_id = r.supplier_id AND g.code = CASE e.kind WHEN 6 THEN 'subsidy' ELSE 'hand' END
LEFT JOIN (
    SELECT x.batch_id, x.recipient, x.account_number, x.document, f.reversed_at IS NOT NULL AS reversed,
        row_number() OVER (PARTITION BY x.batch_id ORDER BY x.row_no) AS entry_no
    FROM ledger_subsidyrow x JOIN ledger_subsidyfile f ON f.id = x.file_id WHERE x.state = 1
) s ON s.batch_id = e.batch_id AND s.entry_no = e.entry_no AND e.kind = 6
WHERE e.kind IN (5, 6) AND e.amount_minor < 0
    AND NOT EXISTS (SELECT FROM payments_payment p WHERE p.batch_id = e.batch_id AND p.entry_no = e.entry_no)
"""
CHANGES = """
INSERT INTO payments_paymentchange (
    payment_id, kind, amount_minor, reason, document, slot, batch_id, booked_on, made_at, made_by_id)
SELECT p.id, 1, p.amount_minor, f.reason, '', back.slot, back.id, back.booked_on, back.created_at, back.author_id
FROM payments_payment p
JOIN ledger_batch b ON b.id = p.batch_id
JOIN ledger_subsidyfile f ON f.id = split_part(b.origin, ':', 2)::bigint
JOIN ledger_batch back ON back.origin = format('subsidies:%s:reversal', f.id)
WHERE p.state = 3 AND b.origin LIKE 'subsidies:%'
    AND NOT EXISTS (SELECT FROM payments_paymentchange c WHERE c.payment_id = p.id AND c.kind = 1)
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_decided_payers"), ("ledger", "0006_turnover_columns")]
    operations = [
        migrations.RunSQL([AGENTS, PAYMENTS, CHANGES], migrations.RunSQL.noop),
    ]
