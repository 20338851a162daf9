-- Right books by hand: October 2026 of some buildings, a correction, a cancelled run, a payment, two months of bills;
-- at the end a communal flat, co-owners, an absence, energy taken past the meter, ranges, an executor, a housing service.

INSERT INTO parties_supplier (id, name, short_name, inn, kpp, address, phones, site, email, bank_name, bic, bank_account,
    correspondent_account, time_zone, reading_from_day, reading_to_day)
VALUES (1, 'Supplier', 'S', '7700000000', '', '', '', '', '', '', '', '', '', 'Europe/Moscow', 15, 26);
INSERT INTO parties_branch (id, supplier_id, code, name, address, phones) VALUES (1, 1, '1', 'Branch', '', '');
INSERT INTO parties_party (id, kind, last_name, first_name, middle_name, name, inn, phone, email)
VALUES (1, 1, 'Иванов', 'Иван', '', '', '', '', '');
INSERT INTO places_district (id, branch_id, name) VALUES (1, 1, 'District');
INSERT INTO places_street (id, district_id, kind, name) VALUES (1, 1, 'ул.', 'Мира');

-- 1 with a building meter, 2 whose flats use more than its meter counts, 3 without a building meter, 4 a private house
INSERT INTO places_building (id, branch_id, street_id, number, kind, floors, entrances, stove)
VALUES (1, 1, 1, '1', 1, 5, 1, 1), (2, 1, 1, '2', 1, 5, 1, 1), (3, 1, 1, '3', 1, 5, 1, 1), (4, 1, 1, '4', 2, 1, 1, 1);
INSERT INTO places_buildingterms (id, building_id, during, premises_area_dm2, common_area_dm2, common_norm_category,
    common_needs, common_basis, excess_to_consumers, decision)
VALUES (1, 1, '[2000-01-01,)', 20000, 10000, 1, 1, 1, false, ''), (2, 2, '[2000-01-01,)', 10000, 5000, 1, 1, 1, false, ''),
       (3, 3, '[2000-01-01,)', 10000, 10000, 1, 1, 1, false, '');
INSERT INTO places_premise (id, building_id, number, sort_key, kind)
VALUES (1, 1, '1', 1, 1), (2, 1, '2', 2, 1), (3, 1, '3', 3, 1), (4, 1, 'shop', 4, 2),
       (5, 2, '1', 1, 1), (6, 2, '2', 2, 1), (7, 3, '1', 1, 1), (8, 3, '2', 2, 1), (9, 4, '', 1, 1);

INSERT INTO contracts_tariffgroup (id, code, name, norm_category, banding, band_category)
VALUES (1, 'urban', 'Urban', 1, 0, 1), (2, 'stove', 'Stove', 2, 0, 1);
INSERT INTO contracts_price (id, supplier_id, tariff_group_id, zone, band, price_e5, during, act, url)
VALUES (1, 1, 1, 1, 1, 420000, '[2026-07-01,2027-01-01)', 'act', ''), (2, 1, 1, 21, 1, 483000, '[2026-07-01,2027-01-01)', 'act', ''),
       (3, 1, 1, 22, 1, 150000, '[2026-07-01,2027-01-01)', 'act', ''), (4, 1, 2, 1, 1, 420000, '[2026-07-01,2027-01-01)', 'act', ''),
       (5, 1, 1, 1, 1, 400000, '[2026-01-01,2026-07-01)', 'act', '');
INSERT INTO contracts_premiseterms (id, premise_id, building_id, during, tariff_group_id, area_dm2, rooms, residents, owners,
    uplift_cause, room_meters_agreed, agreed_wh_per_month)
SELECT p.id, p.id, p.building_id, '[2025-01-01,)', 1, a.area_dm2, 2, a.residents, 2, a.uplift, false, 0
FROM places_premise p JOIN (VALUES (1, 6000, 1, 0), (2, 5000, 2, 0), (3, 5000, 3, 0), (4, 4000, 0, 0), (5, 5000, 2, 0),
    (6, 5000, 1, 0), (7, 7000, 2, 0), (8, 3000, 0, 2), (9, 9000, 1, 0)) AS a (id, area_dm2, residents, uplift) USING (id);
INSERT INTO contracts_account (id, number, premise_id, building_id, party_id, share_no, during)
SELECT id, format('00000000%s', id), id, building_id, 1, 1, '[2025-01-01,)' FROM places_premise WHERE kind = 1;
INSERT INTO contracts_accountservice (id, account_id, premise_id, building_id, service, during, share_numerator,
    share_denominator)
SELECT id, id, premise_id, building_id, 1, '[2025-01-01,)', 1, 1 FROM contracts_account;

INSERT INTO metering_supplypoint (id, building_id, premise_id) SELECT id, building_id, id FROM places_premise;
INSERT INTO metering_supplypoint (id, building_id, premise_id) VALUES (101, 1, NULL), (102, 2, NULL);
INSERT INTO metering_meteringpoint (id, supply_point_id, building_id, premise_id, role)
SELECT id, id, building_id, premise_id, CASE WHEN premise_id IS NULL THEN 2 ELSE 1 END FROM metering_supplypoint;
INSERT INTO metering_metermodel (id, name, zones, phases, digits) VALUES (1, 'model', 1, 1, 6);
INSERT INTO metering_meter (id, model_id, serial) SELECT n, 1, n FROM generate_series(1, 11) n;
INSERT INTO metering_register (id, meter_id, zone, digits) SELECT n, n, 1, 6 FROM generate_series(1, 11) n;
INSERT INTO metering_installation (id, register_id, meter_id, metering_point_id, building_id, premise_id, role, zone, digits,
    ratio, during)
SELECT i.id, i.id, i.id, m.id, m.building_id, m.premise_id, m.role, i.zone, 6, i.ratio, i.during::daterange
FROM (VALUES (1, 1, 1, 1, '[2025-01-01,)'), (2, 3, 21, 1, '[2025-01-01,)'), (3, 3, 22, 1, '[2025-01-01,)'),
    (4, 4, 1, 1, '[2025-01-01,)'), (5, 5, 1, 1, '[2025-01-01,)'), (6, 6, 1, 1, '[2025-01-01,)'), (7, 7, 1, 1, '[2025-01-01,)'),
    (8, 101, 1, 20, '[2025-01-01,)'), (9, 102, 1, 1, '[2025-01-01,)'), (10, 9, 1, 1, '[2025-01-01,2026-10-16)'),
    (11, 9, 1, 1, '[2026-10-16,)')) AS i (id, point_id, zone, ratio, during)
JOIN metering_meteringpoint m ON m.id = i.point_id;
CREATE TABLE IF NOT EXISTS metering_reading_202609 PARTITION OF metering_reading FOR VALUES FROM ('2026-09-01') TO ('2026-10-01');
CREATE TABLE IF NOT EXISTS metering_reading_202610 PARTITION OF metering_reading FOR VALUES FROM ('2026-10-01') TO ('2026-11-01');
INSERT INTO metering_reading (installation_id, building_id, taken_on, value_wh, source, status, entered_at, run_id, reason)
SELECT r.installation_id, i.building_id, r.taken_on::date, r.value_wh, r.source, 1, r.taken_on::timestamptz, r.run_id, ''
FROM (VALUES
    (1, '2026-09-24', 12345000, 1, NULL), (1, '2026-10-24', 12495000, 1, NULL),
    (2, '2026-09-24', 999900000, 1, NULL), (2, '2026-10-24', 100000, 1, NULL), -- rolled over
    (3, '2026-09-24', 1000000, 1, NULL), (3, '2026-10-24', 1050000, 1, NULL),
    (4, '2026-09-24', 0, 1, NULL), (4, '2026-10-24', 100000, 1, NULL),
    (5, '2026-09-24', 500000, 1, NULL), (5, '2026-10-24', 530000, 1, NULL),
    (6, '2026-09-24', 700000, 1, NULL), (6, '2026-10-24', 800000, 1, NULL),
    (7, '2026-09-24', 90000, 1, NULL), (7, '2026-10-31', 200000, 6, 1),
    (8, '2026-09-24', 1000000, 3, NULL), (8, '2026-10-24', 1036000, 3, NULL),
    (9, '2026-09-24', 5000000, 3, NULL), (9, '2026-10-24', 5070000, 3, NULL),
    (10, '2026-09-24', 300000, 1, NULL), (10, '2026-10-16', 350000, 8, NULL),
    (11, '2026-10-16', 0, 7, NULL), (11, '2026-10-24', 20000, 1, NULL)
) AS r (installation_id, taken_on, value_wh, source, run_id) JOIN metering_installation i ON i.id = r.installation_id;

-- Runs: 1 the month, 2 a correction of one account, 3 a run that was cancelled by 4 and made again as 5,
-- 6 a correction that was cancelled by 7: what it reversed stands again
INSERT INTO charging_run (id, supplier_id, kind, period, booked_period, state, slot, pack, pack_version, parameter_hash, reason,
    created_at, rated_at, posted_at, cancels_id, accounts_total, accounts_done, lines, entries, amount_minor, exceptions, seconds, error)
VALUES (1, 1, 1, '2026-10-01', '2026-10-01', 4, 1000000001, 'ru', '1', 'h', '', '2026-11-01', '2026-11-01', '2026-11-01', NULL, 7, 7, 17, 12, 404558, 0, 0, ''),
       (2, 1, 2, '2026-10-01', '2026-10-01', 4, 202610, 'ru', '1', 'h', 'reading', '2026-11-02', '2026-11-02', '2026-11-02', NULL, 1, 1, 2, 1, 0, 0, 0, ''),
       (3, 1, 1, '2026-10-01', '2026-10-01', 5, 202610, 'ru', '1', 'h', '', '2026-11-01', '2026-11-01', '2026-11-01', NULL, 1, 1, 2, 1, 29400, 0, 0, ''),
       (4, 1, 3, '2026-10-01', '2026-10-01', 4, 202610, 'ru', '1', 'h', '', '2026-11-01', '2026-11-01', '2026-11-01', 3, 1, 1, 2, 1, -29400, 0, 0, ''),
       (5, 1, 1, '2026-10-01', '2026-10-01', 4, 202610, 'ru', '1', 'h', '', '2026-11-01', '2026-11-01', '2026-11-01', NULL, 1, 1, 2, 1, 29400, 0, 0, ''),
       (6, 1, 2, '2026-10-01', '2026-10-01', 5, 202610, 'ru', '1', 'h', 'norm', '2026-11-02', '2026-11-02', '2026-11-02', NULL, 1, 1, 2, 1, -25200, 0, 0, ''),
       (7, 1, 3, '2026-10-01', '2026-10-01', 4, 202610, 'ru', '1', 'h', '', '2026-11-02', '2026-11-02', '2026-11-02', 6, 1, 1, 2, 1, 25200, 0, 0, '');
INSERT INTO charging_runshard (run_id, shard_no, period, branch_id, buildings, listed, active, done, accounts, lines)
SELECT id, 1, period, 1, int8range(1, 100), false, false, true, accounts_total, lines FROM charging_run;
INSERT INTO charging_recalculation (id, building_id, premise_id, period, cause, note, noted_at, run_id, settled_at)
VALUES (1, 2, 6, '2026-10-01', 2, 'reading', '2026-11-01', 2, '2026-11-02');
CREATE TABLE IF NOT EXISTS charging_chargeline_1000000001 PARTITION OF charging_chargeline FOR VALUES IN (1000000001);
CREATE TABLE IF NOT EXISTS charging_chargeline_202610 PARTITION OF charging_chargeline FOR VALUES IN (202610);
CREATE TABLE IF NOT EXISTS ledger_entry_1000000001 PARTITION OF ledger_entry FOR VALUES IN (1000000001);
CREATE TABLE IF NOT EXISTS ledger_entry_202609 PARTITION OF ledger_entry FOR VALUES IN (202609);
CREATE TABLE IF NOT EXISTS ledger_entry_202610 PARTITION OF ledger_entry FOR VALUES IN (202610);
CREATE TABLE IF NOT EXISTS ledger_turnover_1000000001 PARTITION OF ledger_turnover FOR VALUES IN (1000000001);
CREATE TABLE IF NOT EXISTS ledger_turnover_202609 PARTITION OF ledger_turnover FOR VALUES IN (202609);
CREATE TABLE IF NOT EXISTS ledger_turnover_202610 PARTITION OF ledger_turnover FOR VALUES IN (202610);
INSERT INTO ledger_batch (id, slot, origin, shard_no, booked_period, booked_on, state, lines, entries, amount_minor, reason,
    created_at)
VALUES (1, 1000000001, 'run:1', 1, '2026-10-01', '2026-10-31', 2, 8, 6, 249158, '', '2026-11-01'),
       (2, 1000000001, 'run:1', 2, '2026-10-01', '2026-10-31', 2, 9, 6, 155400, '', '2026-11-01'),
       (3, 202610, 'run:2', 1, '2026-10-01', '2026-10-31', 2, 2, 1, 0, '', '2026-11-02'),
       (4, 202610, 'run:3', 1, '2026-10-01', '2026-10-31', 2, 2, 1, 29400, '', '2026-11-01'),
       (5, 202610, 'run:4', 1, '2026-10-01', '2026-10-31', 2, 2, 1, -29400, '', '2026-11-01'),
       (6, 202610, 'run:5', 1, '2026-10-01', '2026-10-31', 2, 2, 1, 29400, '', '2026-11-01'),
       (9, 202610, 'run:6', 1, '2026-10-01', '2026-10-31', 2, 2, 1, -25200, '', '2026-11-02'),
       (10, 202610, 'run:7', 1, '2026-10-01', '2026-10-31', 2, 2, 1, 25200, '', '2026-11-02'),
       (7, 202609, 'import:opening', 0, '2026-09-01', '2026-09-30', 2, 0, 7, 70000, '', '2026-09-30'),
       (8, 202610, 'import:payments', 0, '2026-10-01', '2026-10-20', 2, 0, 1, -10000, '', '2026-10-20');

INSERT INTO charging_chargeline (slot, batch_id, line_no, account_id, building_id, service, rule, zone, period, begins_on, ends_on,
    quantity_wh, price_e5, amount_minor, price_id, because, reverses_batch_id, reverses_line_no)
SELECT slot, batch_id, line_no, account_id, building_id, service, rule, zone, '2026-10-01', begins_on::date, ends_on::date,
    quantity_wh, price_e5, amount_minor, price_id, because::bigint[], of_batch, of_line
FROM (VALUES
    -- 20720 is 2026-09-24, 20742 is 2026-10-16, 20750 is 2026-10-24
    (1000000001, 1, 1, 1, 1, 1, 1, 1, '2026-10-01', '2026-11-01', 150000, 420000, 63000, 1, '{12345000,12495000,20720,20750,1,1}', 0, 0),
    (1000000001, 1, 2, 2, 1, 1, 3, 1, '2026-10-01', '2026-11-01', 120000, 420000, 50400, 1, '{2,60000,31,31,2,1}', 0, 0),
    (1000000001, 1, 3, 3, 1, 1, 1, 21, '2026-10-01', '2026-10-11', 60000, 483000, 28980, 2, '{999900000,100000,20720,20750,1,2}', 0, 0),
    (1000000001, 1, 4, 3, 1, 1, 1, 21, '2026-10-11', '2026-11-01', 140000, 483000, 67620, 2, '{999900000,100000,20720,20750,1,2}', 0, 0),
    (1000000001, 1, 5, 3, 1, 1, 1, 22, '2026-10-01', '2026-11-01', 50000, 150000, 7500, 3, '{1000000,1050000,20720,20750,1,3}', 0, 0),
    (1000000001, 1, 6, 1, 1, 2, 5, 1, '2026-10-01', '2026-11-01', 27000, 420000, 11340, 1, '{90000,6000,20000,1,0,0}', 0, 0),
    (1000000001, 1, 7, 2, 1, 2, 5, 1, '2026-10-01', '2026-11-01', 22500, 420000, 9450, 1, '{90000,5000,20000,1,0,0}', 0, 0),
    (1000000001, 1, 8, 3, 1, 2, 5, 21, '2026-10-01', '2026-11-01', 22500, 483000, 10868, 2, '{90000,5000,20000,1,0,0}', 0, 0),
    (1000000001, 2, 1, 5, 2, 1, 1, 1, '2026-10-01', '2026-11-01', 30000, 420000, 12600, 1, '{500000,530000,20720,20750,1,5}', 0, 0),
    (1000000001, 2, 2, 6, 2, 1, 1, 1, '2026-10-01', '2026-11-01', 100000, 420000, 42000, 1, '{700000,800000,20720,20750,1,6}', 0, 0),
    (1000000001, 2, 3, 5, 2, 1, 7, 1, '2026-10-01', '2026-11-01', -30000, 420000, -12600, 1, '{60000,2,3,2,40000,30000}', 0, 0),
    (1000000001, 2, 4, 6, 2, 1, 7, 1, '2026-10-01', '2026-11-01', -20000, 420000, -8400, 1, '{60000,1,3,2,20000,100000}', 0, 0),
    (1000000001, 2, 5, 7, 3, 1, 2, 1, '2026-10-01', '2026-11-01', 110000, 420000, 46200, 1, '{90000,200000,660000,6,1,7}', 0, 0),
    (1000000001, 2, 6, 8, 3, 1, 4, 1, '2026-10-01', '2026-11-01', 10000, 420000, 4200, 1, '{2,10000,31,31,1500,2}', 0, 0),
    (1000000001, 2, 9, 8, 3, 1, 3, 1, '2026-10-01', '2026-11-01', 20000, 420000, 8400, 1, '{2,10000,31,31,2,1}', 0, 0),
    (1000000001, 2, 7, 7, 3, 2, 6, 1, '2026-10-01', '2026-11-01', 105000, 420000, 44100, 1, '{150000,7000,10000,3,1500,10000}', 0, 0),
    (1000000001, 2, 8, 8, 3, 2, 6, 1, '2026-10-01', '2026-11-01', 45000, 420000, 18900, 1, '{150000,3000,10000,3,1500,10000}', 0, 0),
    (202610, 3, 1, 6, 2, 1, 1, 1, '2026-10-01', '2026-11-01', -100000, 420000, -42000, 1, '{700000,800000,20720,20750,1,6}', 2, 2),
    (202610, 3, 2, 6, 2, 1, 1, 1, '2026-10-01', '2026-11-01', 100000, 420000, 42000, 1, '{700000,800000,20720,20750,1,6}', 0, 0),
    (202610, 4, 1, 9, 4, 1, 1, 1, '2026-10-01', '2026-10-16', 50000, 420000, 21000, 1, '{300000,350000,20720,20742,1,10}', 0, 0),
    (202610, 4, 2, 9, 4, 1, 1, 1, '2026-10-16', '2026-11-01', 20000, 420000, 8400, 1, '{0,20000,20742,20750,1,11}', 0, 0),
    (202610, 5, 1, 9, 4, 1, 1, 1, '2026-10-01', '2026-10-16', -50000, 420000, -21000, 1, '{300000,350000,20720,20742,1,10}', 4, 1),
    (202610, 5, 2, 9, 4, 1, 1, 1, '2026-10-16', '2026-11-01', -20000, 420000, -8400, 1, '{0,20000,20742,20750,1,11}', 4, 2),
    (202610, 6, 1, 9, 4, 1, 1, 1, '2026-10-01', '2026-10-16', 50000, 420000, 21000, 1, '{300000,350000,20720,20742,1,10}', 0, 0),
    (202610, 6, 2, 9, 4, 1, 1, 1, '2026-10-16', '2026-11-01', 20000, 420000, 8400, 1, '{0,20000,20742,20750,1,11}', 0, 0),
    (202610, 9, 1, 2, 1, 1, 3, 1, '2026-10-01', '2026-11-01', -120000, 420000, -50400, 1, '{2,60000,31,31,2,1}', 1, 2),
    (202610, 9, 2, 2, 1, 1, 3, 1, '2026-10-01', '2026-11-01', 60000, 420000, 25200, 1, '{1,60000,31,31,2,1}', 0, 0),
    (202610, 10, 1, 2, 1, 1, 3, 1, '2026-10-01', '2026-11-01', 120000, 420000, 50400, 1, '{2,60000,31,31,2,1}', 9, 1),
    (202610, 10, 2, 2, 1, 1, 3, 1, '2026-10-01', '2026-11-01', -60000, 420000, -25200, 1, '{1,60000,31,31,2,1}', 9, 2)
) AS l (slot, batch_id, line_no, account_id, building_id, service, rule, zone, begins_on, ends_on, quantity_wh, price_e5,
        amount_minor, price_id, because, of_batch, of_line);

INSERT INTO charging_buildingbalance (run_id, building_id, period, method, supplied_wh, nonliving_wh, norm_wh, metered_wh,
    heating_wh, common_wh, cap_wh, distributed_wh, unassigned_wh, executor_wh, negative_wh, unreturned_wh, area_dm2, residents,
    carried_in_wh, carried_wh, true_up_wh)
VALUES (1, 1, '2026-10-01', 1, 720000, 100000, 120000, 400000, 0, 100000, 90000, 90000, 18000, 10000, 0, 0, 20000, 6, 0, 0, 0),
       (1, 2, '2026-10-01', 1, 70000, 0, 0, 130000, 0, -60000, 75000, 0, 0, 0, 60000, 10000, 10000, 3, 0, 0, 0),
       (1, 3, '2026-10-01', 2, 0, 0, 20000, 110000, 0, 150000, 150000, 150000, 0, 0, 0, 0, 10000, 4, 0, 0, 0);

-- Kinds: 1 opening, 2 charge, 3 recalculation, 4 reversal, 5 payment
INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
SELECT slot, batch_id, entry_no, account_id, service, kind, '2026-10-01', '2026-10-31', amount_minor
FROM (VALUES (1000000001, 1, 1, 1, 1, 2, 63000), (1000000001, 1, 2, 1, 2, 2, 11340), (1000000001, 1, 3, 2, 1, 2, 50400),
    (1000000001, 1, 4, 2, 2, 2, 9450), (1000000001, 1, 5, 3, 1, 2, 104100), (1000000001, 1, 6, 3, 2, 2, 10868),
    (1000000001, 2, 1, 5, 1, 2, 0), (1000000001, 2, 2, 6, 1, 2, 33600), (1000000001, 2, 3, 7, 1, 2, 46200),
    (1000000001, 2, 4, 7, 2, 2, 44100), (1000000001, 2, 5, 8, 1, 2, 12600), (1000000001, 2, 6, 8, 2, 2, 18900),
    (202610, 3, 1, 6, 1, 3, 0), (202610, 4, 1, 9, 1, 2, 29400), (202610, 5, 1, 9, 1, 4, -29400), (202610, 6, 1, 9, 1, 2, 29400),
    (202610, 9, 1, 2, 1, 3, -25200), (202610, 10, 1, 2, 1, 4, 25200),
    (202610, 8, 1, 1, 1, 5, -10000)) AS e (slot, batch_id, entry_no, account_id, service, kind, amount_minor);
INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
SELECT 202609, 7, n, n, 1, 1, '2026-09-01', '2026-09-30', 10000 FROM generate_series(1, 7) n;
INSERT INTO ledger_turnover (slot, account_id, booked_period, charged_minor, recalculated_minor, paid_minor)
VALUES (1000000001, 1, '2026-10-01', 74340, 0, 0), (1000000001, 2, '2026-10-01', 59850, 0, 0),
       (1000000001, 3, '2026-10-01', 114968, 0, 0), (1000000001, 5, '2026-10-01', 0, 0, 0),
       (1000000001, 6, '2026-10-01', 33600, 0, 0), (1000000001, 7, '2026-10-01', 90300, 0, 0),
       (1000000001, 8, '2026-10-01', 31500, 0, 0), (202610, 1, '2026-10-01', 0, 0, -10000), (202610, 2, '2026-10-01', 0, 0, 0), (202610, 6, '2026-10-01', 0, 0, 0),
       (202610, 9, '2026-10-01', 58800, -29400, 0);
INSERT INTO ledger_turnover (slot, account_id, booked_period, opening_minor)
SELECT 202609, n, '2026-09-01', 10000 FROM generate_series(1, 7) n;

INSERT INTO charging_bill (id, account_id, period, version, number, opening_minor, charged_minor, recalculated_minor, paid_minor,
    total_minor, due_on, issued_on, final)
VALUES (1, 1, '2026-09-01', 1, '2609-1', 10000, 0, 0, 0, 10000, '2026-10-15', '2026-10-01', false),
       (2, 1, '2026-10-01', 1, '2610-1', 10000, 74340, 0, 10000, 74340, '2026-11-15', '2026-11-02', false),
       (3, 2, '2026-10-01', 1, '2610-2', 10000, 59850, 0, 0, 69850, '2026-11-15', '2026-11-02', false);

-- Subsidies: file 1 with a row posted by hand later and one held, file 2 reversed whole. Benefits: October, then a
-- difference to October in November's registry.
INSERT INTO ledger_batch (id, slot, origin, shard_no, booked_period, booked_on, state, lines, entries, amount_minor, reason,
    created_at)
VALUES (21, 202610, 'subsidies:1', 0, '2026-10-01', '2026-10-21', 2, 0, 2, -3500, 'letter', '2026-10-21'),
       (22, 202610, 'subsidies:1:3', 0, '2026-10-01', '2026-10-22', 2, 0, 1, -400, 'letter', '2026-10-22'),
       (23, 202610, 'subsidies:2', 0, '2026-10-01', '2026-10-21', 2, 0, 1, -900, 'letter', '2026-10-21'),
       (24, 202610, 'subsidies:2:reversal', 0, '2026-10-01', '2026-10-23', 2, 0, 1, 900, 'wrong', '2026-10-23');
INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
VALUES (202610, 21, 1, 3, 1, 6, '2026-09-01', '2026-10-21', -1500), (202610, 21, 2, 5, 1, 6, '2026-09-01', '2026-10-21', -2000),
       (202610, 22, 1, 8, 1, 6, '2026-09-01', '2026-10-22', -400),
       (202610, 23, 1, 7, 1, 6, '2026-09-01', '2026-10-21', -900), (202610, 24, 1, 7, 1, 6, '2026-09-01', '2026-10-23', 900);
INSERT INTO ledger_turnover AS t (slot, account_id, booked_period, paid_minor, charged_minor, recalculated_minor)
VALUES (202610, 3, '2026-10-01', -1500, 0, 0), (202610, 5, '2026-10-01', -2000, 0, 0), (202610, 8, '2026-10-01', -400, 0, 0),
       (202610, 7, '2026-10-01', 0, 0, 0)
ON CONFLICT (slot, account_id) DO UPDATE SET paid_minor = t.paid_minor + excluded.paid_minor;
INSERT INTO ledger_subsidyfile (id, supplier_id, name, sha256, document, booked_period, received_at, rows, amount_minor,
    reversed_at, reason)
VALUES (1, 1, 'a.xlsx', 'a', 'letter', '2026-10-01', '2026-10-21', 4, 4600, NULL, ''),
       (2, 1, 'b.xlsx', 'b', 'letter', '2026-10-01', '2026-10-21', 1, 900, '2026-10-23', 'wrong');
INSERT INTO ledger_subsidyrow (id, file_id, row_no, account_number, recipient, period, amount_minor, document, state, problem,
    account_id, batch_id, note)
VALUES (1, 1, 1, '000000001', 'A', '2026-09-01', 1500, '', 1, '', 3, 21, ''), (2, 1, 2, '000000002', 'B', '2026-09-01', 2000, '', 1, '', 5, 21, ''),
       (3, 1, 3, '3', 'C', '2026-09-01', 400, '', 1, 'unknown_account', 8, 22, ''),
       (4, 1, 4, '4', 'D', '2026-09-01', 700, '', 2, 'unknown_account', NULL, NULL, ''),
       (5, 2, 1, '000000005', 'E', '2026-09-01', 900, '', 1, '', 7, 23, '');

INSERT INTO contracts_benefitcategory (id, code, name, percent, within_norm, covers_family, act)
VALUES (1, 'disabled', 'Disabled', 50, true, false, '');
INSERT INTO contracts_benefitholder (id, account_id, building_id, category_id, name, document, people, during, end_document,
    changed_at)
VALUES (1, 1, 1, 1, 'A', 'paper', 1, '[2025-01-01,)', '', '2026-01-01');
INSERT INTO charging_benefitregistry (id, supplier_id, period, state, created_at, made_at, accounts_total, accounts_done, rows,
    amount_minor, error)
VALUES (1, 1, '2026-10-01', 3, '2026-11-03', '2026-11-03', 1, 1, 1, 15750, ''),
       (2, 1, '2026-11-01', 3, '2026-12-03', '2026-12-03', 1, 1, 2, 5250, '');
INSERT INTO charging_compensation (id, registry_id, holder_id, account_id, period, usage_wh, residents, within_norm_wh, due_minor,
    amount_minor)
VALUES (1, 1, 1, 1, '2026-10-01', 150000, 1, 75000, 15750, 15750), (2, 2, 1, 1, '2026-10-01', 100000, 1, 50000, 10500, -5250),
       (3, 2, 1, 1, '2026-11-01', 100000, 1, 50000, 10500, 10500);

-- 5: a communal flat, two co-owners, a flat by norm with an absence, a flat whose meter was read again after a gap and past
-- which energy was taken; 6: an executor who carries a deficit; 7: a housing service by norm; 8: a house above its range.
INSERT INTO places_building (id, branch_id, street_id, number, kind, floors, entrances, stove)
VALUES (5, 1, 1, '5', 1, 5, 1, 1), (6, 1, 1, '6', 1, 5, 1, 1), (7, 1, 1, '7', 1, 5, 1, 1), (8, 1, 1, '8', 2, 1, 1, 1);
INSERT INTO places_buildingterms (id, building_id, during, premises_area_dm2, common_area_dm2, common_norm_category,
    common_needs, common_basis, excess_to_consumers, decision)
VALUES (5, 5, '[2000-01-01,)', 20000, 0, 1, 0, 1, false, ''), (6, 6, '[2000-01-01,)', 10000, 5000, 1, 2, 1, false, ''),
       (7, 7, '[2000-01-01,)', 10000, 5000, 1, 3, 2, false, '');
INSERT INTO places_premise (id, building_id, number, sort_key, kind, parent_id)
VALUES (20, 5, '1', 1, 1, NULL), (21, 5, '1/1', 1, 6, 20), (22, 5, '1/2', 1, 6, 20), (23, 5, '2', 2, 1, NULL),
       (25, 5, '3', 3, 1, NULL), (26, 5, '4', 4, 1, NULL), (31, 6, '1', 1, 1, NULL), (32, 6, 'common', 2, 3, NULL),
       (33, 7, '1', 1, 1, NULL), (34, 8, '', 1, 1, NULL);
INSERT INTO contracts_tariffgroup (id, code, name, norm_category, banding, band_category) VALUES (3, 'ranges', 'Ranges', 1, 1, 1);
INSERT INTO contracts_price (id, supplier_id, tariff_group_id, zone, band, price_e5, during, act, url)
VALUES (6, 1, 3, 1, 1, 420000, '[2026-07-01,2027-01-01)', 'act', ''), (7, 1, 3, 1, 2, 600000, '[2026-07-01,2027-01-01)', 'act', '');
INSERT INTO contracts_premiseterms (id, premise_id, building_id, during, tariff_group_id, area_dm2, rooms, residents, owners,
    uplift_cause, room_meters_agreed, agreed_wh_per_month)
SELECT p.id, p.id, p.building_id, '[2025-01-01,)', CASE p.id WHEN 34 THEN 3 ELSE 1 END,
    CASE WHEN p.id IN (31, 33) THEN 10000 WHEN p.kind = 3 THEN 0 ELSE 2000 END, 2,
    CASE p.id WHEN 22 THEN 3 WHEN 25 THEN 2 ELSE 1 END, 1, 0, p.id = 20, 0
FROM places_premise p WHERE p.id >= 20;
INSERT INTO contracts_account (id, number, premise_id, building_id, party_id, share_no, during)
SELECT a.id, format('0000000%s', a.id), p.id, p.building_id, 1, 1 + a.id - p.id, '[2025-01-01,)'
FROM (VALUES (21, 21), (22, 22), (23, 23), (24, 23), (25, 25), (26, 26), (31, 31), (32, 32), (33, 33), (34, 34)) AS a (id, premise_id)
JOIN places_premise p ON p.id = a.premise_id;
INSERT INTO contracts_accountservice (id, account_id, premise_id, building_id, service, during, share_numerator,
    share_denominator)
SELECT id, id, premise_id, building_id, 1, '[2025-01-01,)', 1, CASE premise_id WHEN 23 THEN 2 ELSE 1 END
FROM contracts_account WHERE id >= 20;
-- one of the two who live in flat 3 was away from the 5th to the 16th: ten full days
INSERT INTO contracts_absence (id, premise_id, building_id, people, left_on, returned_on, applied_on, document, state, reason, created_at)
VALUES (1, 25, 5, 1, '2026-10-05', '2026-10-16', '2026-10-20', 'paper', 2, '', '2026-10-20');
INSERT INTO contracts_unauthoriseduse (id, premise_id, building_id, power_w, during)
VALUES (1, 26, 5, 1000, '[2026-10-10,2026-10-12)');

INSERT INTO metering_supplypoint (id, building_id, premise_id) SELECT id, building_id, id FROM places_premise WHERE id >= 20;
INSERT INTO metering_supplypoint (id, building_id, premise_id) VALUES (106, 6, NULL);
INSERT INTO metering_meteringpoint (id, supply_point_id, building_id, premise_id, role)
SELECT id, id, building_id, premise_id, CASE WHEN premise_id IS NULL THEN 2 ELSE 1 END
FROM metering_supplypoint WHERE id = 106 OR id BETWEEN 20 AND 99;
INSERT INTO metering_meter (id, model_id, serial) SELECT n, 1, n FROM generate_series(20, 26) n;
INSERT INTO metering_register (id, meter_id, zone, digits) SELECT n, n, 1, 6 FROM generate_series(20, 26) n;
INSERT INTO metering_installation (id, register_id, meter_id, metering_point_id, building_id, premise_id, role, zone, digits,
    ratio, during)
SELECT i.id, i.id, i.id, m.id, m.building_id, m.premise_id, m.role, 1, 6, 1, '[2025-01-01,)'
FROM (VALUES (20, 20), (21, 21), (22, 23), (23, 26), (24, 31), (25, 106), (26, 34)) AS i (id, point_id)
JOIN metering_meteringpoint m ON m.id = i.point_id;
CREATE TABLE IF NOT EXISTS metering_reading_202608 PARTITION OF metering_reading FOR VALUES FROM ('2026-08-01') TO ('2026-09-01');
INSERT INTO metering_reading (installation_id, building_id, taken_on, value_wh, source, status, entered_at, reason)
SELECT r.installation_id, i.building_id, r.taken_on::date, r.value_wh, 1, 1, r.taken_on::timestamptz, ''
FROM (VALUES
    (20, '2026-09-24', 0), (20, '2026-10-24', 100000), (21, '2026-09-24', 0), (21, '2026-10-24', 20000),
    (22, '2026-09-24', 0), (22, '2026-10-24', 50002), (23, '2026-08-24', 0), (23, '2026-10-24', 61000),
    (24, '2026-08-24', 0), (24, '2026-09-24', 60000), (24, '2026-10-24', 110000),
    (25, '2026-08-24', 0), (25, '2026-09-24', 50000), (25, '2026-10-24', 130000),
    (26, '2026-09-24', 0), (26, '2026-10-24', 4000000)
) AS r (installation_id, taken_on, value_wh) JOIN metering_installation i ON i.id = r.installation_id;

-- Runs: 8 October, 9 September billed late, 10 a decision by hand
INSERT INTO charging_manualrecalculation (id, account_id, period, service, quantity_wh, amount_minor, reason, document, state,
    created_at, run_id)
VALUES (1, 22, '2026-10-01', 1, 0, -5000, 'reason', 'paper', 2, '2026-11-02', NULL);
INSERT INTO charging_chargeline (slot, batch_id, line_no, account_id, building_id, service, rule, zone, period, begins_on, ends_on,
    quantity_wh, price_e5, amount_minor, price_id, because, reverses_batch_id, reverses_line_no)
SELECT 202610, batch_id, line_no, l.account_id, a.building_id, service, rule, 1, period::date,
    coalesce(begins_on::date, period::date), coalesce(ends_on::date, (period::date + interval '1 month')::date),
    quantity_wh, p.price_e5, amount_minor, price_id, because::bigint[], 0, 0
FROM (VALUES
    -- 20689 is 2026-08-24, 20720 is 2026-09-24, 20731 is 2026-10-05, 20742 is 2026-10-16, 20750 is 2026-10-24
    (31, 1, 21, 1, 1, '2026-10-01', NULL, NULL, 20000, 8400, 1, '{0,20000,20720,20750,1,21}'),
    (31, 2, 21, 1, 11, '2026-10-01', NULL, NULL, 20000, 8400, 1, '{100000,20000,31,124,20,0}'),
    (31, 3, 22, 1, 11, '2026-10-01', NULL, NULL, 60000, 25200, 1, '{100000,20000,93,124,20,0}'),
    (31, 4, 23, 1, 1, '2026-10-01', NULL, NULL, 25001, 10501, 1, '{0,50002,20720,20750,1,22}'),
    (31, 5, 24, 1, 1, '2026-10-01', NULL, NULL, 25001, 10500, 1, '{0,50002,20720,20750,1,22}'),
    (31, 6, 25, 1, 3, '2026-10-01', NULL, NULL, 120000, 50400, 1, '{2,60000,31,31,2,1}'),
    (31, 7, 25, 1, 9, '2026-10-01', '2026-10-06', '2026-10-16', -19355, -8129, 1, '{1,60000,10,31,20731,20742}'),
    (31, 8, 26, 1, 8, '2026-10-01', NULL, NULL, 31000, 13020, 1, '{0,61000,20689,20750,1,23}'),
    (31, 9, 26, 1, 10, '2026-10-01', '2026-10-10', '2026-10-12', 48000, 20160, 1, '{1000,2,0,0,0,0}'),
    (31, 10, 31, 1, 1, '2026-10-01', NULL, NULL, 50000, 21000, 1, '{60000,110000,20720,20750,1,24}'),
    (31, 11, 32, 2, 12, '2026-10-01', NULL, NULL, 20000, 8400, 1, '{30000,10000,6,0,0,0}'),
    (31, 12, 33, 1, 3, '2026-10-01', NULL, NULL, 60000, 25200, 1, '{1,60000,31,31,2,1}'),
    (31, 13, 33, 2, 15, '2026-10-01', NULL, NULL, 75000, 31500, 1, '{75000,10000,10000,7,1500,5000}'),
    (31, 14, 34, 1, 1, '2026-10-01', NULL, NULL, 3900000, 1638000, 6, '{0,4000000,20720,20750,1,26}'),
    (31, 15, 34, 1, 1, '2026-10-01', NULL, NULL, 100000, 60000, 7, '{0,4000000,20720,20750,1,26}'),
    (32, 1, 31, 1, 1, '2026-09-01', NULL, NULL, 60000, 25200, 1, '{0,60000,20689,20720,1,24}'),
    (33, 1, 22, 1, 18, '2026-10-01', NULL, NULL, 0, -5000, 0, '{1,0,0,0,0,0}')
) AS l (batch_id, line_no, account_id, service, rule, period, begins_on, ends_on, quantity_wh, amount_minor, price_id, because)
JOIN contracts_account a ON a.id = l.account_id
JOIN (SELECT id, price_e5 FROM contracts_price UNION ALL SELECT 0, 0) p ON p.id = l.price_id;
INSERT INTO ledger_entry (slot, batch_id, entry_no, account_id, service, kind, period, booked_on, amount_minor)
SELECT 202610, batch_id, row_number() OVER (PARTITION BY batch_id ORDER BY account_id, service), account_id, service,
    CASE batch_id WHEN 33 THEN 3 ELSE 2 END, period, '2026-10-31', sum(amount_minor)
FROM charging_chargeline WHERE batch_id BETWEEN 31 AND 33 GROUP BY batch_id, account_id, service, period;
INSERT INTO ledger_turnover (slot, account_id, booked_period, charged_minor, recalculated_minor, paid_minor)
SELECT 202610, account_id, '2026-10-01', coalesce(sum(amount_minor) FILTER (WHERE kind = 2), 0),
    coalesce(sum(amount_minor) FILTER (WHERE kind = 3), 0), 0
FROM ledger_entry WHERE batch_id BETWEEN 31 AND 33 GROUP BY account_id;
INSERT INTO charging_run (id, supplier_id, kind, period, booked_period, state, slot, pack, pack_version, parameter_hash, reason,
    created_at, rated_at, posted_at, cancels_id, accounts_total, accounts_done, lines, entries, amount_minor, exceptions, seconds, error)
VALUES (8, 1, 1, '2026-10-01', '2026-10-01', 4, 202610, 'ru', '1', 'h', '', '2026-11-01', '2026-11-01', '2026-11-01', NULL, 10, 10, 15, 11, 1922552, 0, 0, ''),
       (9, 1, 1, '2026-09-01', '2026-10-01', 4, 202610, 'ru', '1', 'h', '', '2026-10-31', '2026-10-31', '2026-10-31', NULL, 1, 1, 1, 1, 25200, 0, 0, ''),
       (10, 1, 5, '2026-10-01', '2026-10-01', 4, 202610, 'ru', '1', '', 'paper', '2026-11-02', '2026-11-02', '2026-11-02', NULL, 1, 1, 1, 1, -5000, 0, 0, '');
UPDATE charging_manualrecalculation SET run_id = 10;
INSERT INTO charging_runshard (run_id, shard_no, period, branch_id, buildings, listed, active, done, accounts, lines)
SELECT id, 1, period, 1, int8range(5, 100), false, false, true, accounts_total, lines FROM charging_run WHERE id >= 8;
INSERT INTO ledger_batch (id, slot, origin, shard_no, booked_period, booked_on, state, lines, entries, amount_minor, reason,
    created_at)
VALUES (31, 202610, 'run:8', 1, '2026-10-01', '2026-10-31', 2, 15, 11, 1922552, '', '2026-11-01'),
       (32, 202610, 'run:9', 1, '2026-10-01', '2026-10-31', 2, 1, 1, 25200, '', '2026-10-31'),
       (33, 202610, 'run:10', 1, '2026-10-01', '2026-10-31', 2, 1, 1, -5000, 'paper', '2026-11-02');
INSERT INTO charging_buildingbalance (run_id, building_id, period, method, supplied_wh, nonliving_wh, norm_wh, metered_wh,
    heating_wh, common_wh, cap_wh, distributed_wh, unassigned_wh, executor_wh, negative_wh, unreturned_wh, area_dm2, residents,
    carried_in_wh, carried_wh, true_up_wh)
VALUES (9, 6, '2026-09-01', 1, 50000, 0, 0, 60000, 0, -10000, 75000, 0, 0, 0, 10000, 10000, 10000, 1, 0, 10000, 0),
       (8, 6, '2026-10-01', 1, 80000, 0, 0, 50000, 0, 30000, 75000, 0, 0, 20000, 0, 0, 10000, 1, 10000, 0, 0),
       (8, 7, '2026-10-01', 2, 0, 0, 60000, 0, 0, 75000, 75000, 75000, 0, 0, 0, 0, 10000, 1, 0, 0, 0);
