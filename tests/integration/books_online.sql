-- Payments online in December 2026, on account 9, which owes nothing: one order paid, one given back in two parts, one
-- that waits for its payer.
INSERT INTO ledger_batch (id, slot, origin, shard_no, booked_period, booked_on, state, lines, entries, amount_minor, reason,
    created_at)
VALUES (951, 202612, 'payment:951', 0, '2026-12-01', '2026-12-10', 2, 0, 1, -11000, '', '2026-12-10'),
       (952, 202612, 'payment:952', 0, '2026-12-01', '2026-12-10', 2, 0, 1, -50000, '', '2026-12-10'),
       (953, 202612, 'refund:953', 0, '2026-12-01', '2026-12-11', 2, 0, 1, 20000, '', '2026-12-11'),
       (954, 202612, 'refund:954', 0, '2026-12-01', '2026-12-12', 2, 0, 1, 30000, '', '2026-12-12');
INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
VALUES (202612, 951, 1, 9, 1, 5, '2026-12-01', '2026-12-10', -11000), (202612, 952, 1, 9, 1, 5, '2026-12-01', '2026-12-10', -50000),
       (202612, 953, 1, 9, 1, 10, '2026-12-01', '2026-12-11', 20000), (202612, 954, 1, 9, 1, 10, '2026-12-01', '2026-12-12', 30000);
UPDATE ledger_turnover SET paid_minor = paid_minor - 11000 WHERE slot = 202612 AND account_id = 9;
INSERT INTO payments_agent (id, supplier_id, code, name, kind, inn, layout, active)
VALUES (951, 1, 'card-951', 'Card', 5, '', '{}', true);
INSERT INTO payments_payment (id, supplier_id, agent_id, row_no, key, external_id, account_id, paid_on, booked_on,
    amount_minor, commission_minor, payer, payer_inn, account_text, address, purpose, recognition, confidence, state, slot,
    batch_id, entry_no, created_at)
SELECT id, 1, 951, 0, ('00000000-0000-0000-0000-000000000' || id)::uuid, '7' || id, 9, '2026-12-10', '2026-12-10', amount_minor, 0,
    '', '', '', '', '', 8, 100, 2, 202612, id, 1, '2026-12-10'
FROM (VALUES (951, 11000), (952, 50000)) AS p (id, amount_minor);
INSERT INTO payments_paymentchange (id, payment_id, kind, amount_minor, reason, document, slot, batch_id, booked_on, made_at)
VALUES (953, 952, 2, 20000, 'asked', '', 202612, 953, '2026-12-11', '2026-12-11'),
       (954, 952, 2, 30000, 'asked', '', 202612, 954, '2026-12-12', '2026-12-12');
INSERT INTO payments_onlineorder (id, key, agent_id, account_id, amount_minor, state, external_id, pay_url, payment_id,
    refunded_minor, error, contact, receipt, told_status, created_at, changed_at)
SELECT ('00000000-0000-0000-0000-000000000' || id)::uuid, ('00000000-0000-0000-0000-000000000' || id)::uuid, 951, 9, amount_minor,
    state, '7' || id, '', payment_id, refunded_minor, '', '', '{}', '', '2026-12-10', '2026-12-10'
FROM (VALUES (951, 11000, 3, 951, 0), (952, 50000, 7, 952, 50000), (953, 700, 2, NULL, 0))
    AS o (id, amount_minor, state, payment_id, refunded_minor);
INSERT INTO payments_onlinerefund (id, order_id, key, amount_minor, reason, at_bank, state, change_id, error, made_at)
VALUES (953, '00000000-0000-0000-0000-000000000952', '00000000-0000-0000-0000-000000000953', 20000, 'asked', false, 2, 953, '',
        '2026-12-11'),
       (954, '00000000-0000-0000-0000-000000000952', '00000000-0000-0000-0000-000000000954', 30000, 'asked', false, 2, 954, '',
        '2026-12-12'),
       (955, '00000000-0000-0000-0000-000000000951', '00000000-0000-0000-0000-000000000955', 500, 'asked', false, 3, NULL, '',
        '2026-12-12');
INSERT INTO payments_onlinenotice (id, order_id, body, accepted, received_at)
VALUES (951, '00000000-0000-0000-0000-000000000951', '{"Status": "CONFIRMED", "Amount": 11000}', true, '2026-12-10'),
       (952, '00000000-0000-0000-0000-000000000952', '{"Status": "REFUNDED", "Amount": 50000}', true, '2026-12-12'),
       (953, '00000000-0000-0000-0000-000000000953', '{"Status": "AUTHORIZED", "Amount": 700}', true, '2026-12-12');
