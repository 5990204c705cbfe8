-- A desk with as many breaks as the setting bench.rows says, nine in ten of them live, over 400,000
-- trades of two sources: five teams and two sevenths of the breaks with none, forty people among
-- them "analyst", of two teams, and "supervisor", a match and a history for the first 100,000.
SELECT setseed(0.7);

INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff,
    is_active, date_joined)
SELECT CASE i WHEN 1 THEN 'analyst' WHEN 2 THEN 'supervisor' ELSE 'person-' || i END,
    '!', '', '', '', false, true, true, now() FROM generate_series(1, 40) i;
INSERT INTO auth_user_groups (user_id, group_id)
SELECT u.id, g.id FROM auth_user u JOIN auth_group g
    ON g.name = CASE u.username WHEN 'supervisor' THEN 'Supervisor' ELSE 'Analyst' END;
INSERT INTO breaks_team_members (team_id, user_id)
SELECT t.id, u.id FROM (SELECT id FROM breaks_team ORDER BY id LIMIT 2) t, auth_user u
WHERE u.username = 'analyst';

INSERT INTO trades_source (code, name, kind, timezone, calendar)
VALUES ('left', 'Left', 'OMS', 'UTC', 'XNYS'), ('right', 'Right', 'CUSTODIAN', 'UTC', 'XNYS');

INSERT INTO trades_instrument (id, name, asset_class, currency)
SELECT i, 'Company ' || i || ' Inc', 'EQUITY', 'USD' FROM generate_series(1, 5000) i;

INSERT INTO trades_instrumentidentifier (instrument_id, scheme, value, mic)
SELECT i, 'ISIN', 'XS' || lpad(i::text, 10, '0'), '' FROM generate_series(1, 5000) i;

INSERT INTO trades_counterparty (id, name, lei, bic)
SELECT i, 'Broker ' || i, '', '' FROM generate_series(1, 400) i;

INSERT INTO trades_account (id, code, name)
SELECT i, 'FUND' || i, '' FROM generate_series(1, 200) i;

INSERT INTO matching_reconciliation
    (code, name, left_source_id, right_source_id, rule_set_name, asset_class, calendar,
     base_currency, is_enabled, qa_share_bps, qa_most_a_run)
SELECT 'left-right', 'Left against right', l.id, r.id, 'trades', '', 'XNYS', 'USD', true, 0, 1
FROM trades_source l, trades_source r WHERE l.code = 'left' AND r.code = 'right';

-- A few counterparties do most of the business, as they do.
INSERT INTO trades_trade
    (source_id, source_trade_id, version, state, trade_date, settlement_date, executed_at,
     instrument_id, symbol, isin, cusip, sedol, figi, security_name, asset_class, side, quantity,
     price, currency, fees, net_amount, counterparty_id, counterparty_name, counterparty_lei,
     counterparty_bic, account_id, account_code, venue, order_ref, block_ref, execution_ref, raw,
     digest, received_at, changed_at)
SELECT s.id, upper(left(s.code, 1)) || '-' || lpad(i::text, 9, '0'), 1, 'NEW', day, day + 2,
    day + time '14:00', instrument, 'SYM' || instrument, 'XS' || lpad(instrument::text, 10, '0'),
    '', '', '', 'Company ' || instrument || ' Inc', 'EQUITY', side, quantity, price, 'USD', 5,
    quantity * price + 5, counterparty, 'Broker ' || counterparty, '', '', account,
    'FUND' || account, 'XNYS', 'ORD' || i, '', 'EX' || md5(i::text),
    jsonb_build_object('id', i, 'side', side, 'quantity', quantity::text, 'price', price::text),
    md5(s.code || i) || md5(i::text), now(), now()
FROM (
    SELECT i, current_date - (random() * 20)::int AS day,
        1 + floor(random() * 5000)::int AS instrument,
        1 + floor(power(random(), 3) * 400)::int AS counterparty,
        1 + floor(random() * 200)::int AS account,
        CASE WHEN random() < 0.5 THEN 'BUY' ELSE 'SELL' END AS side,
        (1 + floor(random() * 9999)::int) * 10 AS quantity,
        round((20 + random() * 180)::numeric, 4) AS price
    FROM generate_series(1, 200000) i
) deal, trades_source s WHERE s.code IN ('left', 'right') ORDER BY i, s.code;

CREATE TEMP TABLE pair AS
SELECT row_number() OVER (ORDER BY l.id) AS n, l.id AS l, r.id AS r, l.trade_date
FROM trades_trade l JOIN trades_trade r ON r.order_ref = l.order_ref AND r.id <> l.id
WHERE l.source_trade_id LIKE 'L%';
CREATE INDEX ON pair (n);

INSERT INTO matching_match
    (id, reconciliation_id, rule_set_id, kind, decision, status, pass_name, score, reason,
     created_at, first_trade_date, last_trade_date, decision_note)
SELECT n, r.id, rules.id, '1:1', 'AUTO', 'MATCHED', 'shared reference', 0.98, '', now(),
    trade_date, trade_date, ''
FROM pair, matching_reconciliation r, matching_ruleset rules
WHERE r.code = 'left-right' AND rules.status = 'ACTIVE' AND n <= 100000;

INSERT INTO matching_matchleg
    (match_id, reconciliation_id, trade_id, side, trade_version, is_live)
SELECT m.id, m.reconciliation_id, CASE side WHEN 'left' THEN l ELSE r END, side, 1, true
FROM matching_match m JOIN pair ON n = m.id, (VALUES ('left'), ('right')) both_sides(side);

INSERT INTO matching_matchdifference
    (match_id, field, kind, left_value, right_value, difference, tolerance)
SELECT id, 'price', 'PRICE', '187.50', '187.25', 0.25, '0.01' FROM matching_match;

INSERT INTO breaks_tradebreak
    (id, reconciliation_id, fingerprint, break_type, category, field, severity, status, match_id,
     left_trade_id, right_trade_id, trade_date, left_value, right_value, difference, tolerance,
     exposure, currency, exposure_note, opened_at, last_seen_at, times_seen, assigned_to_id,
     team_id, clock_from, clock_spent_us, due_at, rank, resolved_at, resolved_by_id, reason_code,
     version)
SELECT i, recon.id, md5(i::text) || md5('b' || i), kind,
    CASE kind WHEN 'SETTLEMENT_DATE' THEN 'TIMING' WHEN 'ACCOUNT' THEN 'STATIC_DATA'
        ELSE 'ECONOMIC' END,
    CASE WHEN kind LIKE 'MISSING%' THEN '' ELSE lower(kind) END,
    severity, status, CASE WHEN i <= 100000 THEN i END,
    CASE WHEN kind <> 'MISSING_LEFT' THEN l END, CASE WHEN kind <> 'MISSING_RIGHT' THEN r END,
    trade_date, '187.50', '187.25', 0.25, '0.01', exposure, 'USD', '',
    due_at - interval '8 hours' - random() * interval '3 days', now(), 3,
    CASE WHEN status = 'IN_PROGRESS' OR who < 0.1 THEN person END, team,
    due_at - interval '8 hours', 0, due_at,
    floor(1000 * ln(exposure + 1) / ln(2) - extract(epoch FROM due_at) / 7.2)::int,
    CASE WHEN status = 'RESOLVED' THEN now() END, CASE WHEN status = 'RESOLVED' THEN person END,
    CASE WHEN status = 'RESOLVED' THEN 'SOURCE_CORRECTED' ELSE '' END, 3
FROM (
    SELECT i, random() AS who,
        (ARRAY['MISSING_LEFT','MISSING_RIGHT','PRICE','QUANTITY','NET_AMOUNT','SETTLEMENT_DATE',
            'ACCOUNT','PRICE'])[CASE WHEN i <= 100000 THEN 3 ELSE 1 + floor(random() * 8)::int END]
            AS kind,
        (ARRAY['CRITICAL','HIGH','HIGH','MEDIUM','MEDIUM','MEDIUM','LOW','LOW'])
            [1 + floor(random() * 8)::int] AS severity,
        (ARRAY['OPEN','OPEN','OPEN','OPEN','OPEN','IN_PROGRESS','IN_PROGRESS',
            'AWAITING_COUNTERPARTY','ESCALATED','RESOLVED'])[1 + floor(random() * 10)::int]
            AS status,
        (SELECT array_agg(id ORDER BY id) FROM auth_user)[1 + floor(random() * 40)::int] AS person,
        (SELECT array_agg(id ORDER BY id) || NULL::bigint || NULL::bigint FROM breaks_team)
            [1 + floor(random() * 7)::int] AS team,
        round((exp(random() * 14))::numeric, 2) AS exposure,
        now() + (random() * 10 - 3) * interval '1 day' AS due_at
    FROM generate_series(1, current_setting('bench.rows')::int) i
) made JOIN pair ON n = 1 + (i - 1) % 200000, matching_reconciliation recon
WHERE recon.code = 'left-right';

INSERT INTO breaks_breakevent
    (trade_break_id, sequence, kind, from_status, to_status, at, reason, detail, previous_digest,
     digest)
SELECT id, step, (ARRAY['OPENED', 'COMMENTED', 'STATUS_CHANGED'])[step], 'OPEN', 'OPEN', now(),
    'Made for the benchmark', '{}', '', md5(id::text || step) || md5(step::text)
FROM breaks_tradebreak, generate_series(1, 3) step WHERE id <= 100000;

INSERT INTO breaks_approvalrequest
    (act, status, trade_break_id, given, summary, reason, made_by_id, made_at, decision_note)
SELECT 'ACCEPT', 'PENDING', id, '{}', 'Accept break ' || id, 'A rounding cent',
    (SELECT max(id) FROM auth_user), now(), ''
FROM breaks_tradebreak WHERE status <> 'RESOLVED' AND id % 500 = 0;

SELECT setval(pg_get_serial_sequence('breaks_tradebreak', 'id'), (SELECT max(id) FROM breaks_tradebreak));
SELECT setval(pg_get_serial_sequence('matching_match', 'id'), (SELECT max(id) FROM matching_match));
