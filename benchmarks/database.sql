-- Two sources that report the same deals: as many deals as the setting bench.rows says, of 2,000
-- instruments over a trading week. Each side lacks 1% of them, the right side has 1% of the prices
-- wrong, leaves half of the references out and names instruments by another identifier.
SELECT setseed(0.7);

INSERT INTO trades_source (code, name, kind, timezone, calendar)
VALUES ('left', 'Left', 'OMS', 'UTC', 'XNYS'), ('right', 'Right', 'CUSTODIAN', 'UTC', 'XNYS');

INSERT INTO trades_instrument (id, name, asset_class, currency)
SELECT i, 'Company ' || i || ' Inc', 'EQUITY', 'USD' FROM generate_series(1, 2000) i;

INSERT INTO trades_instrumentidentifier (instrument_id, scheme, value, mic)
SELECT i, 'ISIN', 'XS' || lpad(i::text, 10, '0'), '' FROM generate_series(1, 2000) i
UNION ALL
SELECT i, 'SEDOL', 'S' || lpad(i::text, 6, '0'), '' FROM generate_series(1, 2000) i;

INSERT INTO trades_counterparty (id, name, lei, bic)
SELECT i, 'Broker ' || i, '', '' FROM generate_series(1, 20) i;

INSERT INTO trades_account (id, code, name)
SELECT i, 'FUND' || i, '' FROM generate_series(1, 50) i;

INSERT INTO matching_reconciliation
    (code, name, left_source_id, right_source_id, rule_set_name, asset_class, calendar,
     base_currency, is_enabled, qa_share_bps, qa_most_a_run)
SELECT 'left-right', 'Left against right', l.id, r.id, 'trades', '', 'XNYS', 'USD', true, 0, 1
FROM trades_source l, trades_source r WHERE l.code = 'left' AND r.code = 'right';

CREATE TEMP TABLE deal AS
SELECT i,
    1 + floor(random() * 2000)::int AS instrument,
    date '2026-03-02' + floor(random() * 5)::int AS day,
    CASE WHEN random() < 0.5 THEN 'BUY' ELSE 'SELL' END AS side,
    (1 + floor(random() * 9999)::int) * 10 AS quantity,
    round((20 + random() * 180)::numeric, 4) AS price,
    1 + floor(random() * 20)::int AS counterparty,
    1 + floor(random() * 50)::int AS account,
    make_interval(secs => floor(random() * 23000)) AS opened_for,
    random() < 0.01 AS left_lacks,
    random() < 0.01 AS right_lacks,
    random() < 0.01 AS wrong_price,
    random() < 0.5 AS quoted
FROM generate_series(1, current_setting('bench.rows')::int) i;

CREATE TEMP TABLE reported AS
SELECT i, 'left' AS source, 'L' || i AS trade_id, day, instrument, 'SYM' || instrument AS symbol,
    'XS' || lpad(instrument::text, 10, '0') AS isin, '' AS sedol, side, quantity, price,
    counterparty, account, opened_for, 'E' || i AS reference
FROM deal WHERE NOT left_lacks
UNION ALL
SELECT i, 'right', 'R' || i, day, instrument, '', '', 'S' || lpad(instrument::text, 6, '0'), side,
    quantity, CASE WHEN wrong_price THEN price * 1.01 ELSE price END, counterparty, account,
    opened_for, CASE WHEN quoted THEN 'E' || i ELSE '' END
FROM deal WHERE NOT right_lacks;

INSERT INTO trades_trade
    (source_id, source_trade_id, version, state, trade_date, settlement_date, executed_at,
     instrument_id, symbol, isin, cusip, sedol, figi, security_name, asset_class, side, quantity,
     price, currency, fees, net_amount, counterparty_id, counterparty_name, counterparty_lei,
     counterparty_bic, account_id, account_code, venue, order_ref, block_ref, execution_ref, raw,
     digest, received_at, changed_at)
SELECT s.id, trade_id, 1, 'NEW', day, day + 2, day + time '14:00' + opened_for, instrument, symbol,
    isin, '', sedol, '', 'Company ' || instrument, 'EQUITY', side, quantity, price, 'USD', 5,
    quantity * price + 5, counterparty, 'Broker ' || counterparty, '', '', account,
    'FUND' || account, 'XNYS', '', '', reference,
    jsonb_build_object('id', trade_id, 'isin', isin, 'sedol', sedol, 'side', side,
        'quantity', quantity::text, 'price', price::text, 'date', day::text),
    md5(trade_id) || md5(reference), now(), now()
FROM reported r JOIN trades_source s ON s.code = r.source ORDER BY r.source, r.i;
