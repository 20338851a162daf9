-- A shift of a cash desk in December 2026: change put in, a receipt by cash and card of which a part is refunded, cash
-- handed over to the bank, a count that is a kopeck short; and the shift after it.
CREATE TABLE IF NOT EXISTS ledger_entry_202612 PARTITION OF ledger_entry FOR VALUES IN (202612);
CREATE TABLE IF NOT EXISTS ledger_turnover_202612 PARTITION OF ledger_turnover FOR VALUES IN (202612);
INSERT INTO ledger_batch (id, slot, origin, shard_no, booked_period, booked_on, state, lines, entries, amount_minor, reason,
    created_at)
VALUES (901, 202612, 'payment:901', 0, '2026-12-01', '2026-12-07', 2, 0, 1, -70000, '', '2026-12-07'),
       (902, 202612, 'refund:902', 0, '2026-12-01', '2026-12-07', 2, 0, 1, 20000, '', '2026-12-07');
INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
VALUES (202612, 901, 1, 9, 1, 5, '2026-12-01', '2026-12-07', -70000),
       (202612, 902, 1, 9, 1, 10, '2026-12-01', '2026-12-07', 20000);
INSERT INTO ledger_turnover (slot, account_id, booked_period, paid_minor) VALUES (202612, 9, '2026-12-01', -50000);
INSERT INTO payments_agent (id, supplier_id, code, name, kind, inn, layout, active)
VALUES (901, 1, 'cash-901', 'Till', 1, '', '{}', true);
INSERT INTO payments_payment (id, supplier_id, agent_id, row_no, key, external_id, account_id, paid_on, booked_on,
    amount_minor, commission_minor, payer, payer_inn, account_text, address, purpose, recognition, confidence, state, slot,
    batch_id, entry_no, created_at)
VALUES (901, 1, 901, 0, '00000000-0000-0000-0000-000000000901', '901/2026/1', 9, '2026-12-07', '2026-12-07', 70000, 0,
    'Иванов Иван', '', '', '', '', 8, 100, 2, 202612, 901, 1, '2026-12-07');
INSERT INTO payments_paymentchange (id, payment_id, kind, amount_minor, reason, document, slot, batch_id, booked_on, made_at)
VALUES (901, 901, 2, 20000, 'overpaid', '', 202612, 902, '2026-12-07', '2026-12-07');
INSERT INTO payments_cashdesk (id, branch_id, agent_id, name, register, papers, active)
VALUES (901, 1, 901, 'Till', '{}', '{}', true);
INSERT INTO payments_cashshift (id, desk_id, number, day, cashier_id, opened_at, opening_minor, closed_at, closed_by_id,
    expected_minor, counted_minor, counted, note, fiscal)
VALUES (901, 901, 1, '2026-12-07', 1, '2026-12-07', 10000, '2026-12-07', 1, 15000, 14999,
        '{"10000": 1, "1": 9, "10": 9, "100": 49}', 'a kopeck', '{}'),
       (902, 901, 2, '2026-12-08', 1, '2026-12-08', 14999, NULL, NULL, NULL, NULL, '{}', '', '{}');
INSERT INTO payments_cashorder (id, shift_id, kind, number, year, desk_id, key, payment_id, refunds_id, change_id, cash_minor,
    card_minor, tendered_minor, payer, ground, contact, receipt, fiscal, fiscal_error, made_at, made_by_id)
VALUES (901, 901, 1, 1, 2026, 901, '00000000-0000-0000-0000-000000000901', 901, NULL, NULL, 60000, 10000, 60000, '', '', '',
        '{"1020": 70000}', '{"1020": 70000, "1031": 60000, "1081": 10000, "1054": 1, "1040": 3, "1041": "9"}', '', '2026-12-07', 1),
       (902, 901, 2, 1, 2026, 901, '00000000-0000-0000-0000-000000000902', NULL, 901, 901, 20000, 0, 0, '', '', '',
        '{"1020": 20000}', '{"1020": 20000, "1031": 20000, "1081": 0, "1054": 2, "1040": 4, "1041": "9"}', '', '2026-12-07', 1),
       (903, 901, 3, 1, 2026, 901, '00000000-0000-0000-0000-000000000903', NULL, NULL, NULL, 40000, 0, 0, '', '', '',
        '{}', '{}', '', '2026-12-07', 1),
       (904, 901, 4, 1, 2026, 901, '00000000-0000-0000-0000-000000000904', NULL, NULL, NULL, 5000, 0, 0, '', '', '',
        '{}', '{}', '', '2026-12-07', 1);
