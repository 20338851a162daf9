-- Two runs of penalties in December 2026: one stands, one asked a day more and was reversed.
CREATE TABLE IF NOT EXISTS ledger_entry_202612 PARTITION OF ledger_entry FOR VALUES IN (202612);
CREATE TABLE IF NOT EXISTS ledger_turnover_202612 PARTITION OF ledger_turnover FOR VALUES IN (202612);
CREATE TABLE penalties_penaltyline_601 PARTITION OF penalties_penaltyline FOR VALUES IN (601);
CREATE TABLE penalties_penaltyline_602 PARTITION OF penalties_penaltyline FOR VALUES IN (602);
CREATE TABLE penalties_penaltyaccount_601 PARTITION OF penalties_penaltyaccount FOR VALUES IN (601);
CREATE TABLE penalties_penaltyaccount_602 PARTITION OF penalties_penaltyaccount FOR VALUES IN (602);
INSERT INTO penalties_penaltyrun (id, supplier_id, booked_period, until, state, slot, accounts, accounts_total, debts, lines,
    amount_minor, parameter_hash, error, created_at, posted_at, reversed_at, reason)
VALUES (601, 1, '2026-12-01', '2026-08-01', 4, 202612, 9, 9, 1, 2, 16077, '', '', '2026-12-01', '2026-12-01', NULL, ''),
       (602, 1, '2026-12-01', '2026-08-02', 6, 202612, 9, 9, 1, 2, 365, '', '', '2026-12-02', '2026-12-02', '2026-12-03', 'no');
INSERT INTO penalties_penaltyline (run_id, line_no, account_id, service, period, due_on, begins_on, ends_on, base_minor, rate_e2,
    divisor, suspended, amount_minor)
VALUES (601, 1, 3, 1, '2026-03-01', '2026-04-15', '2026-05-16', '2026-07-15', 500000, 950, 300, false, 9500),
       (601, 2, 3, 1, '2026-03-01', '2026-04-15', '2026-07-15', '2026-08-02', 500000, 950, 130, false, 6577),
       (602, 1, 3, 1, '2026-03-01', '2026-04-15', '2026-05-16', '2026-07-15', 500000, 950, 300, false, 9500),
       (602, 2, 3, 1, '2026-03-01', '2026-04-15', '2026-07-15', '2026-08-03', 500000, 950, 130, false, 6942);
INSERT INTO penalties_penaltyaccount (run_id, account_id, branch_id, debtor, debts, asked_minor, posted_minor, amount_minor)
VALUES (601, 3, 1, 1, 1, 16077, 0, 16077), (602, 3, 1, 1, 1, 16442, 16077, 365);
INSERT INTO ledger_batch (id, slot, origin, shard_no, booked_period, booked_on, state, lines, entries, amount_minor, reason,
    created_at)
VALUES (601, 202612, 'penalties:601', 1, '2026-12-01', '2026-12-01', 2, 0, 1, 16077, '', '2026-12-01'),
       (602, 202612, 'penalties:602', 1, '2026-12-01', '2026-12-02', 2, 0, 1, 365, '', '2026-12-02'),
       (603, 202612, 'penalties:602:reversal', 1, '2026-12-01', '2026-12-03', 2, 0, 1, -365, 'no', '2026-12-03');
INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
VALUES (202612, 601, 1, 3, 1, 7, '2026-03-01', '2026-12-01', 16077),
       (202612, 602, 1, 3, 1, 7, '2026-03-01', '2026-12-02', 365),
       (202612, 603, 1, 3, 1, 7, '2026-03-01', '2026-12-03', -365);
INSERT INTO ledger_turnover (slot, account_id, booked_period, penalty_minor) VALUES (202612, 3, '2026-12-01', 16077);
