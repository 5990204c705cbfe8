-- As many new breaks as the setting bench.rows says, between trades of two sources, with a history
-- that has begun; eight people in each of the five teams, which work around the clock.
SELECT setseed(0.3);

INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff,
    is_active, date_joined)
SELECT 'person-' || i, '!', '', '', '', false, true, true, now() FROM generate_series(1, 40) i;
INSERT INTO auth_user_groups (user_id, group_id)
SELECT u.id, g.id FROM auth_user u, auth_group g WHERE g.name = 'Analyst';
UPDATE breaks_team SET opens_at = '00:00', closes_at = '00:00';
INSERT INTO breaks_team_members (team_id, user_id)
SELECT t.id, u.id FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM breaks_team) t,
    (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM auth_user) u WHERE u.n / 8 = t.n;

INSERT INTO trades_source (code, name, kind, timezone, calendar)
VALUES ('left', 'Left', 'OMS', 'UTC', 'XNYS'), ('right', 'Right', 'CUSTODIAN', 'UTC', 'XNYS');
INSERT INTO trades_instrument (id, name, asset_class, currency)
SELECT i, 'Company ' || i, 'EQUITY', 'USD' FROM generate_series(1, 5000) i;
INSERT INTO trades_counterparty (id, name, lei, bic)
SELECT i, 'Broker ' || i, '', '' FROM generate_series(1, 400) i;
INSERT INTO trades_account (id, code, name)
SELECT i, 'FUND' || i, '' FROM generate_series(1, 200) i;
INSERT INTO matching_reconciliation
    (code, name, left_source_id, right_source_id, rule_set_name, asset_class, calendar,
     base_currency, is_enabled, qa_share_bps, qa_most_a_run)
SELECT 'left-right', 'Left against right', l.id, r.id, 'trades', '', 'XNYS', 'USD', true, 0, 1
FROM trades_source l, trades_source r WHERE l.code = 'left' AND r.code = 'right';

INSERT INTO trades_trade
    (id, source_id, source_trade_id, version, state, trade_date, instrument_id, symbol, isin, cusip,
     sedol, figi, security_name, asset_class, side, quantity, price, currency, counterparty_id,
     counterparty_name, counterparty_lei, counterparty_bic, account_id, account_code, venue,
     order_ref, block_ref, execution_ref, raw, digest, received_at, changed_at)
SELECT 2 * i - (s.code = 'left')::int, s.id, 'T-' || i, 1, 'NEW', current_date,
    1 + i % 5000, 'SYM', '', '', '', '', 'Company', '', 'BUY', 100, 10, 'USD',
    1 + i % 400, 'Broker ' || 1 + i % 400, '', '', 1 + i % 200, 'FUND' || 1 + i % 200, 'XNYS',
    '', '', '', '{}', md5(s.code || i) || md5(i::text), now(), now()
FROM generate_series(1, current_setting('bench.rows')::int) i, trades_source s
WHERE s.code IN ('left', 'right');

INSERT INTO breaks_tradebreak
    (id, reconciliation_id, fingerprint, break_type, category, field, severity, status,
     left_trade_id, right_trade_id, trade_date, left_value, right_value, tolerance, exposure,
     currency, exposure_note, opened_at, last_seen_at, times_seen, clock_from, due_at, rank,
     reason_code, version)
SELECT i, recon.id, md5(i::text) || md5('b' || i), kind,
    CASE kind WHEN 'ACCOUNT' THEN 'STATIC_DATA' ELSE 'ECONOMIC' END, '', severity, 'OPEN',
    CASE WHEN kind <> 'MISSING_LEFT' THEN 2 * i - 1 END,
    CASE WHEN kind <> 'MISSING_RIGHT' THEN 2 * i END,
    current_date, '1', '2', '', CASE WHEN random() < 0.9 THEN round((exp(random() * 14))::numeric, 2) END,
    'USD', '', now(), now(), 1, now(), now() + interval '2 hours', 1000, '', 1
FROM (
    SELECT i,
        (ARRAY['MISSING_LEFT','MISSING_RIGHT','PRICE','QUANTITY','NET_AMOUNT','ACCOUNT','FEES',
            'PRICE'])[1 + floor(random() * 8)::int] AS kind,
        (ARRAY['CRITICAL','HIGH','HIGH','MEDIUM','MEDIUM','MEDIUM','LOW','LOW'])
            [1 + floor(random() * 8)::int] AS severity
    FROM generate_series(1, current_setting('bench.rows')::int) i
) made, matching_reconciliation recon WHERE recon.code = 'left-right';

INSERT INTO breaks_breakevent
    (trade_break_id, sequence, kind, from_status, to_status, at, reason, detail, previous_digest,
     digest)
SELECT id, 1, 'OPENED', '', 'OPEN', now(), '', '{}', '', md5(id::text) || md5('1')
FROM breaks_tradebreak;

SELECT setval(pg_get_serial_sequence('breaks_tradebreak', 'id'), (SELECT max(id) FROM breaks_tradebreak));
