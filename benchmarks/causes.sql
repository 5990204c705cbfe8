-- A desk with bench.rows trades over two sources, a week of them, and bench.breaks live breaks: a
-- third of them made by four mechanisms, the others as they come. Every broken pair has its match.
SELECT setseed(0.7);

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
INSERT INTO trades_fxrate (currency, base, as_of_date, rate)
SELECT 'EUR', 'USD', date '2026-02-01' + i, 1.05 + i * 0.002 FROM generate_series(0, 30) i;
INSERT INTO matching_reconciliation
    (code, name, left_source_id, right_source_id, rule_set_name, asset_class, calendar,
     base_currency, is_enabled, qa_share_bps, qa_most_a_run)
SELECT 'left-right', 'Left against right', l.id, r.id, 'trades', '', 'XNYS', 'USD', true, 0, 1
FROM trades_source l, trades_source r WHERE l.code = 'left' AND r.code = 'right';

CREATE TEMP TABLE deal AS
SELECT i, date '2026-03-02' + (i % 5)::int AS day,
    time '08:00' + floor(random() * 43200) * interval '1 second' AS clock,
    1 + floor(random() * 5000)::int AS instrument,
    1 + floor(random() * 400)::int AS counterparty, 1 + floor(random() * 200)::int AS account,
    CASE WHEN random() < 0.5 THEN 'BUY' ELSE 'SELL' END AS side,
    (ARRAY['XNYS', 'XNAS', 'XLON', 'XETR', 'XPAR', 'XTSE'])[1 + floor(random() * 6)::int] AS venue,
    (1 + floor(random() * 9999)::int) * 10 AS quantity,
    round((20 + random() * 180)::numeric, 2) AS price, random() AS luck,
    (ARRAY['PRICE', 'QUANTITY', 'NET_AMOUNT', 'SETTLEMENT_DATE', 'ACCOUNT', 'COUNTERPARTY',
        'SIDE'])[1 + floor(random() * 7)::int] AS noise
FROM generate_series(1, current_setting('bench.rows')::int / 2) i;

-- What goes wrong: a hundredfold price, another settlement cycle, a flipped side, a renamed
-- account; then noise until there are enough breaks.
CREATE TEMP TABLE fault AS
SELECT *, row_number() OVER (ORDER BY first, luck) AS n FROM (
    SELECT deal.*, CASE
        WHEN venue = 'XLON' AND account <= 8 THEN 'HUNDRED'
        WHEN counterparty = 7 THEN 'CYCLE'
        WHEN account = 50 AND side = 'SELL' THEN 'FLIP'
        WHEN account = 90 THEN 'RENAMED' END AS planted,
        CASE WHEN (venue = 'XLON' AND account <= 8) OR counterparty = 7 OR account = 90
            OR (account = 50 AND side = 'SELL') THEN 0 ELSE 1 END AS first
    FROM deal) marked
ORDER BY first, luck LIMIT current_setting('bench.breaks')::int;

INSERT INTO trades_trade
    (source_id, source_trade_id, version, state, trade_date, settlement_date, executed_at,
     instrument_id, symbol, isin, cusip, sedol, figi, security_name, asset_class, side, quantity,
     price, currency, commission, fees, net_amount, counterparty_id, counterparty_name,
     counterparty_lei, counterparty_bic, account_id, account_code, venue, order_ref, block_ref,
     execution_ref, raw, digest, delivery_id, received_at, changed_at)
SELECT s.id, upper(left(s.code, 1)) || '-' || lpad(deal.i::text, 9, '0'), 1, 'NEW', deal.day,
    deal.day + CASE WHEN off AND what = 'SETTLEMENT_DATE' THEN 2 ELSE 1 END,
    (deal.day + deal.clock) AT TIME ZONE 'UTC', deal.instrument, 'SYM' || deal.instrument,
    'XS' || lpad(deal.instrument::text, 10, '0'), '', '', '', '', 'EQUITY',
    CASE WHEN off AND what = 'SIDE' THEN CASE deal.side WHEN 'BUY' THEN 'SELL' ELSE 'BUY' END
        ELSE deal.side END,
    CASE WHEN off AND what = 'QUANTITY' THEN deal.quantity + 10 * (1 + deal.i % 90)
        ELSE deal.quantity END,
    CASE WHEN off AND planted = 'HUNDRED' THEN deal.price * 100
        WHEN off AND what = 'PRICE' THEN round(deal.price * (1.002 + (deal.i % 977) / 20000.0), 2)
        ELSE deal.price END,
    'USD', 20 + deal.i % 50, 5,
    deal.quantity * deal.price + 25
        + CASE WHEN off AND what = 'NET_AMOUNT' THEN 40 + deal.i % 977 ELSE 0 END,
    deal.counterparty, 'Broker ' || CASE WHEN off AND what = 'COUNTERPARTY'
        THEN 1 + (deal.counterparty + deal.i) % 400 ELSE deal.counterparty END, '', '',
    deal.account, CASE WHEN off AND planted = 'RENAMED' THEN 'NEW90'
        WHEN off AND what = 'ACCOUNT' THEN 'FUND' || 1 + (deal.account + deal.i) % 200
        ELSE 'FUND' || deal.account END,
    deal.venue, 'ORD' || deal.i, '', 'EX' || md5(deal.i::text), '{}',
    md5(s.code || deal.i) || md5(deal.i::text), CASE s.code WHEN 'left' THEN 1 ELSE 2 END,
    now(), now()
FROM deal CROSS JOIN trades_source s
LEFT JOIN LATERAL (SELECT planted, CASE planted WHEN 'HUNDRED' THEN 'PRICE'
        WHEN 'CYCLE' THEN 'SETTLEMENT_DATE' WHEN 'FLIP' THEN 'SIDE' WHEN 'RENAMED' THEN 'ACCOUNT'
        ELSE fault.noise END AS what, s.code = 'right' AS off FROM fault WHERE fault.i = deal.i
) wrong ON true
WHERE s.code IN ('left', 'right') ORDER BY deal.i, s.code;

CREATE TEMP TABLE pair AS
SELECT fault.*, 2 * i - 1 + low.id AS l, 2 * i + low.id AS r,
    CASE planted WHEN 'HUNDRED' THEN 'PRICE' WHEN 'CYCLE' THEN 'SETTLEMENT_DATE'
        WHEN 'FLIP' THEN 'SIDE' WHEN 'RENAMED' THEN 'ACCOUNT' ELSE noise END AS kind
FROM fault, (SELECT min(id) - 1 AS id FROM trades_trade) low;

INSERT INTO matching_match
    (id, reconciliation_id, rule_set_id, kind, decision, status, pass_name, score, reason,
     created_at, first_trade_date, last_trade_date, decision_note)
SELECT n, r.id, rules.id, '1:1', 'AUTO', 'MATCHED', 'shared reference', 0.98, '', now(), day, day,
    ''
FROM pair, matching_reconciliation r, matching_ruleset rules
WHERE r.code = 'left-right' AND rules.status = 'ACTIVE';
INSERT INTO matching_matchleg
    (match_id, reconciliation_id, trade_id, side, trade_version, is_live)
SELECT m.id, m.reconciliation_id, CASE one WHEN 'left' THEN l ELSE r END, one, 1, true
FROM matching_match m JOIN pair ON n = m.id, (VALUES ('left'), ('right')) both_sides(one);

INSERT INTO breaks_tradebreak
    (reconciliation_id, fingerprint, break_type, category, field, severity, status, match_id,
     left_trade_id, right_trade_id, trade_date, left_value, right_value, difference, tolerance,
     exposure, currency, exposure_note, opened_at, last_seen_at, times_seen, clock_from,
     due_at, rank, reason_code, version)
SELECT recon.id, md5(n::text) || md5('b' || n), kind, 'ECONOMIC', lower(kind), 'HIGH', 'OPEN', n,
    l, r, day, of.value_left, of.value_right, of.gap, '', 1000 + n % 977, 'USD', '', now(), now(), 1,
    now(), now(), 0, '', 1
FROM pair JOIN trades_trade a ON a.id = l JOIN trades_trade b ON b.id = r,
    matching_reconciliation recon, LATERAL (SELECT
    CASE kind WHEN 'PRICE' THEN a.price::float8::text WHEN 'QUANTITY' THEN a.quantity::int::text
        WHEN 'NET_AMOUNT' THEN a.net_amount::text WHEN 'SETTLEMENT_DATE'
        THEN a.settlement_date::text WHEN 'ACCOUNT' THEN a.account_code WHEN 'SIDE' THEN a.side
        ELSE a.counterparty_name END AS value_left,
    CASE kind WHEN 'PRICE' THEN b.price::float8::text WHEN 'QUANTITY' THEN b.quantity::int::text
        WHEN 'NET_AMOUNT' THEN b.net_amount::text WHEN 'SETTLEMENT_DATE'
        THEN b.settlement_date::text WHEN 'ACCOUNT' THEN b.account_code WHEN 'SIDE' THEN b.side
        ELSE b.counterparty_name END AS value_right,
    CASE kind WHEN 'PRICE' THEN a.price - b.price WHEN 'QUANTITY' THEN a.quantity - b.quantity
        WHEN 'NET_AMOUNT' THEN a.net_amount - b.net_amount END AS gap) of
WHERE recon.code = 'left-right';
