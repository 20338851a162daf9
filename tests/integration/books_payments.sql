-- What payments cover, in December 2026. Account 8 owes openings of two months, a penalty and court costs; a credit of a
-- third month covers some of the earliest; payment 701 covers more of it, 702 was reversed and took back what it covered.
-- Accounts 7 and 9 are settled with what files and the cash desk brought.
INSERT INTO ledger_batch (id, slot, origin, shard_no, booked_period, booked_on, state, lines, entries, amount_minor, reason,
    created_at)
VALUES (701, 202612, 'import:debts', 0, '2026-12-01', '2026-12-02', 2, 0, 5, 92000, '', '2026-12-02'),
       (702, 202612, 'payment:701', 0, '2026-12-01', '2026-12-03', 2, 0, 1, -40000, '', '2026-12-03'),
       (703, 202612, 'payment:702', 0, '2026-12-01', '2026-12-03', 2, 0, 1, -5000, '', '2026-12-03'),
       (704, 202612, 'payment:702:reversal', 0, '2026-12-01', '2026-12-04', 2, 0, 1, 5000, '', '2026-12-04');
INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
VALUES (202612, 701, 1, 8, 1, 1, '2026-06-01', '2026-12-02', 30000), (202612, 701, 2, 8, 1, 1, '2026-07-01', '2026-12-02', 50000),
       (202612, 701, 3, 8, 1, 7, '2026-06-01', '2026-12-02', 2000), (202612, 701, 4, 8, 1, 8, '2026-07-01', '2026-12-02', 20000),
       (202612, 701, 5, 8, 1, 1, '2026-08-01', '2026-12-02', -10000), (202612, 702, 1, 8, 1, 5, '2026-12-01', '2026-12-03', -40000),
       (202612, 703, 1, 8, 1, 5, '2026-12-01', '2026-12-03', -5000), (202612, 704, 1, 8, 1, 5, '2026-12-01', '2026-12-04', 5000);
INSERT INTO ledger_turnover (slot, account_id, booked_period, opening_minor, penalty_minor, paid_minor)
VALUES (202612, 8, '2026-12-01', 70000, 22000, -40000);
INSERT INTO payments_agent (id, supplier_id, code, name, kind, inn, layout, active)
VALUES (701, 1, 'bank-701', 'Bank', 2, '', '{}', true);
INSERT INTO payments_payment (id, supplier_id, agent_id, row_no, key, external_id, account_id, paid_on, booked_on,
    amount_minor, commission_minor, payer, payer_inn, account_text, address, purpose, recognition, confidence, state, slot,
    batch_id, entry_no, created_at)
SELECT id, 1, 701, 0, ('00000000-0000-0000-0000-000000000' || id)::uuid, '', 8, '2026-12-03', '2026-12-03', amount_minor, 0,
    '', '', '', '', '', 1, 100, state, 202612, batch_id, 1, '2026-12-03'
FROM (VALUES (701, 40000, 2, 702), (702, 5000, 3, 703)) AS p (id, amount_minor, state, batch_id);
INSERT INTO payments_paymentchange (id, payment_id, kind, amount_minor, reason, document, slot, batch_id, booked_on, made_at)
VALUES (701, 702, 1, 5000, 'wrong', '', 202612, 704, '2026-12-04', '2026-12-04');
CREATE TABLE IF NOT EXISTS payments_allocation_202612 PARTITION OF payments_allocation FOR VALUES IN (202612);
INSERT INTO payments_settlement (id, slot, origin, booked_period, booked_on, allocations, amount_minor, made_at)
VALUES (701, 202612, 'payment:701', '2026-12-01', '2026-12-03', 5, 45000, '2026-12-03'),
       (702, 202612, 'payment:702', '2026-12-01', '2026-12-04', 1, -5000, '2026-12-04'),
       (703, 202612, 'payment:901', '2026-12-01', '2026-12-07', 1, 29400, '2026-12-07'),
       (704, 202612, 'payments:801', '2026-12-01', '2026-12-07', 3, 35000, '2026-12-07');
INSERT INTO payments_allocation (slot, settlement_id, line_no, account_id, payment_id, period, service, debt, booked_on,
    amount_minor)
VALUES (202612, 701, 1, 8, 0, '2026-08-01', 1, 1, '2026-12-03', -10000), (202612, 701, 2, 8, 0, '2026-07-01', 1, 3, '2026-12-03', 10000),
       (202612, 701, 3, 8, 701, '2026-07-01', 1, 3, '2026-12-03', 10000), (202612, 701, 4, 8, 701, '2026-06-01', 1, 1, '2026-12-03', 30000),
       (202612, 701, 5, 8, 702, '2026-07-01', 1, 1, '2026-12-03', 5000), (202612, 702, 1, 8, 702, '2026-07-01', 1, 1, '2026-12-04', -5000),
       (202612, 703, 1, 9, 901, '2026-10-01', 1, 1, '2026-12-07', 29400),
       (202612, 704, 1, 7, 801, '2026-09-01', 1, 1, '2026-12-07', 10000), (202612, 704, 2, 7, 802, '2026-10-01', 1, 1, '2026-12-07', 20000),
       (202612, 704, 3, 7, 804, '2026-10-01', 1, 1, '2026-12-07', 5000);
INSERT INTO payments_settlejob (id, supplier_id, origin, requests, state, settled_through, accounts_done, accounts_total,
    accounts_changed, error, requested_at)
VALUES (701, 1, 'run:1', 1, 3, 9, 9, 9, 0, '', '2026-12-01');
-- January 2027 is carried forward: of a debt of 1 000 a payment left 500, another payment is an advance.
CREATE TABLE IF NOT EXISTS ledger_entry_202701 PARTITION OF ledger_entry FOR VALUES IN (202701);
CREATE TABLE IF NOT EXISTS ledger_turnover_202701 PARTITION OF ledger_turnover FOR VALUES IN (202701);
CREATE TABLE IF NOT EXISTS payments_allocation_202701 PARTITION OF payments_allocation FOR VALUES IN (202701);
INSERT INTO ledger_batch (id, slot, origin, shard_no, booked_period, booked_on, state, lines, entries, amount_minor, reason,
    created_at)
VALUES (705, 202701, 'import:more', 0, '2027-01-01', '2027-01-02', 2, 0, 1, 1000, '', '2027-01-02'),
       (706, 202701, 'payment:703', 0, '2027-01-01', '2027-01-03', 2, 0, 2, -600, '', '2027-01-03');
INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
VALUES (202701, 705, 1, 8, 1, 1, '2026-11-01', '2027-01-02', 1000), (202701, 706, 1, 8, 1, 5, '2027-01-01', '2027-01-03', -500),
       (202701, 706, 2, 9, 1, 5, '2027-01-01', '2027-01-03', -100);
INSERT INTO ledger_turnover (slot, account_id, booked_period, opening_minor, paid_minor)
VALUES (202701, 8, '2027-01-01', 1000, -500), (202701, 9, '2027-01-01', 0, -100);
INSERT INTO payments_payment (id, supplier_id, agent_id, row_no, key, external_id, account_id, paid_on, booked_on,
    amount_minor, commission_minor, payer, payer_inn, account_text, address, purpose, recognition, confidence, state, slot,
    batch_id, entry_no, created_at)
SELECT id, 1, 701, 0, ('00000000-0000-0000-0000-000000000' || id)::uuid, '', account_id, '2027-01-03', '2027-01-03',
    amount_minor, 0, '', '', '', '', '', 1, 100, 2, 202701, 706, entry_no, '2027-01-03'
FROM (VALUES (703, 8, 500, 1), (704, 9, 100, 2)) AS p (id, account_id, amount_minor, entry_no);
INSERT INTO payments_settlement (id, slot, origin, booked_period, booked_on, allocations, amount_minor, made_at)
VALUES (705, 202701, 'payment:703', '2027-01-01', '2027-01-03', 1, 500, '2027-01-03');
INSERT INTO payments_allocation (slot, settlement_id, line_no, account_id, payment_id, period, service, debt, booked_on,
    amount_minor)
VALUES (202701, 705, 1, 8, 703, '2026-11-01', 1, 1, '2027-01-03', 500);
INSERT INTO payments_carrying (id, month, slots, items, made_at) VALUES (701, '2027-01-01', '{202701}', 2, '2027-02-02');
INSERT INTO payments_carrieditem (carrying_id, account_id, payment_id, period, service, debt, amount_minor)
VALUES (701, 8, 0, '2026-11-01', 1, 1, 500), (701, 9, 704, '1900-01-01', 0, 0, 100);
