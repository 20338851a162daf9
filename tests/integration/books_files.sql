-- Files of payments in December 2026: a registry of four rows, one of them known and one unidentified; the statement its
-- sum arrived with, and a payment of its own; a file that was reversed.
CREATE TABLE IF NOT EXISTS ledger_entry_202612 PARTITION OF ledger_entry FOR VALUES IN (202612);
CREATE TABLE IF NOT EXISTS ledger_turnover_202612 PARTITION OF ledger_turnover FOR VALUES IN (202612);
INSERT INTO payments_agent (id, supplier_id, code, name, kind, inn, layout, active)
VALUES (801, 1, 'registry-801', 'Registry', 3, '7707083893', '{}', true),
       (802, 1, 'bank-802', 'Bank', 2, '', '{}', true);
INSERT INTO payments_paymentfile (id, supplier_id, agent_id, format, name, sha256, number, dated_on, booked_on, state, rows,
    partial, known_rows, known_minor, told_rows, told_minor, unidentified_rows, amount_minor, commission_minor,
    transferred_minor, shards, shards_done, error, received_at, reason)
VALUES (801, 1, 801, 'sber', 'registry.txt', repeat('a', 64), '17', '2026-12-05', '2026-12-06', 2, 4,
        false, 1, 700, 0, 0, 1, 31200, 200, 31000, 1, 1, '', '2026-12-06', ''),
       (802, 1, 802, '1c', 'kl_to_1c.txt', repeat('b', 64), '', '2026-12-06', '2026-12-06', 2, 1,
        false, 0, 0, 0, 0, 0, 5000, 0, 0, 1, 1, '', '2026-12-06', ''),
       (803, 1, 801, 'sber', 'wrong.txt', repeat('c', 64), '18', '2026-12-05', '2026-12-06', 3, 2,
        false, 0, 0, 0, 0, 1, 1000, 0, 1000, 1, 1, '', '2026-12-06', 'sent by mistake');
INSERT INTO ledger_batch (id, slot, origin, shard_no, booked_period, booked_on, state, lines, entries, amount_minor, reason,
    created_at)
VALUES (801, 202612, 'payments:801', 1, '2026-12-01', '2026-12-06', 2, 0, 2, -30000, '', '2026-12-06'),
       (802, 202612, 'payments:802', 1, '2026-12-01', '2026-12-06', 2, 0, 1, -5000, '', '2026-12-06'),
       (803, 202612, 'payments:803', 1, '2026-12-01', '2026-12-06', 2, 0, 1, -900, '', '2026-12-06'),
       (804, 202612, 'payments:803:reversal', 1, '2026-12-01', '2026-12-07', 2, 0, 1, 900, 'sent by mistake',
        '2026-12-07');
INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
VALUES (202612, 801, 1, 7, 1, 5, '2026-12-01', '2026-12-06', -10000),
       (202612, 801, 2, 7, 1, 5, '2026-12-01', '2026-12-06', -20000),
       (202612, 802, 1, 7, 1, 5, '2026-12-01', '2026-12-06', -5000),
       (202612, 803, 1, 7, 1, 5, '2026-12-01', '2026-12-06', -900),
       (202612, 804, 1, 7, 1, 5, '2026-12-01', '2026-12-07', 900);
INSERT INTO ledger_turnover (slot, account_id, booked_period, paid_minor) VALUES (202612, 7, '2026-12-01', -35000);
INSERT INTO payments_bankline (id, supplier_id, file_id, row_no, key, own_account, incoming, document_kind, number, made_on,
    booked_on, amount_minor, counterparty, counterparty_inn, counterparty_account, counterparty_bic, purpose, state, note)
VALUES (801, 1, 802, 20, '00000000-0000-0000-0000-000000000801', '1', true, '', '5', '2026-12-06', '2026-12-06', 5000,
        'Иванов Иван', '', '', '', '', 2, ''),
       (802, 1, 802, 40, '00000000-0000-0000-0000-000000000802', '1', true, '', '6', '2026-12-06', '2026-12-06', 31000,
        'Registry', '7707083893', '', '', '', 3, '');
INSERT INTO payments_reconciliation (id, bank_line_id, file_id, amount_minor, by_person, made_at)
VALUES (801, 802, 801, 31000, false, '2026-12-06');
INSERT INTO payments_payment (id, supplier_id, agent_id, file_id, row_no, bank_line_id, key, external_id, account_id, paid_on,
    booked_on, amount_minor, commission_minor, payer, payer_inn, account_text, address, purpose, recognition, confidence,
    state, slot, batch_id, entry_no, created_at)
VALUES (801, 1, 801, 801, 1, NULL, '00000000-0000-0000-0000-000000000811', '1', 7, '2026-12-05', '2026-12-06', 10000, 65,
        '', '', '', '', '', 1, 100, 2, 202612, 801, 1, '2026-12-06'),
       (802, 1, 801, 801, 2, NULL, '00000000-0000-0000-0000-000000000812', '2', 7, '2026-12-05', '2026-12-06', 20000, 130,
        '', '', '', '', '', 1, 100, 2, 202612, 801, 2, '2026-12-06'),
       (803, 1, 801, 801, 3, NULL, '00000000-0000-0000-0000-000000000813', '3', NULL, '2026-12-05', '2026-12-06', 500, 5,
        '', '', '', '', '', 0, 0, 1, NULL, NULL, NULL, '2026-12-06'),
       (804, 1, 802, 802, 20, 801, '00000000-0000-0000-0000-000000000801', '', 7, '2026-12-06', '2026-12-06', 5000, 0,
        '', '', '', '', '', 3, 95, 2, 202612, 802, 1, '2026-12-06'),
       (805, 1, 801, 803, 1, NULL, '00000000-0000-0000-0000-000000000815', '4', 7, '2026-12-05', '2026-12-06', 900, 0,
        '', '', '', '', '', 1, 100, 3, 202612, 803, 1, '2026-12-06'),
       (806, 1, 801, 803, 2, NULL, '00000000-0000-0000-0000-000000000816', '5', NULL, '2026-12-05', '2026-12-06', 100, 0,
        '', '', '', '', '', 0, 0, 4, NULL, NULL, NULL, '2026-12-06');
INSERT INTO payments_paymentchange (id, payment_id, kind, amount_minor, reason, document, slot, batch_id, booked_on, made_at)
VALUES (801, 805, 1, 900, 'sent by mistake', '', 202612, 804, '2026-12-07', '2026-12-07'),
       (802, 806, 5, 100, 'sent by mistake', '', NULL, NULL, '2026-12-07', '2026-12-07');
