-- After desk.sql: trades up to the setting bench.trades, spread over the year before the desk's own
-- dates, and for every date a run that kept its counts, as the pipeline leaves them.
INSERT INTO trades_trade
    (source_id, source_trade_id, version, state, trade_date, settlement_date, executed_at,
     instrument_id, symbol, isin, cusip, sedol, figi, security_name, asset_class, side, quantity,
     price, currency, fees, net_amount, counterparty_id, counterparty_name, counterparty_lei,
     counterparty_bic, account_id, account_code, venue, order_ref, block_ref, execution_ref, raw,
     digest, received_at, changed_at)
SELECT s.id, upper(left(s.code, 1)) || 'Y' || i, 1, 'NEW', day, day + 2, day + time '14:00',
    1 + i % 5000, 'SYM', '', '', '', '', 'Company', 'EQUITY', 'BUY', 100, 50, 'USD', 0, 5000,
    1 + i % 400, 'Broker', '', '', 1 + i % 200, 'FUND', 'XNYS', 'YEAR' || i, '', 'Y' || i, '{}',
    md5(s.code || 'y' || i) || md5(i::text), now(), now()
FROM (
    SELECT i, current_date - 21 - i % 340 AS day
    FROM generate_series(1, greatest(current_setting('bench.trades')::int - 400000, 0) / 2) i
) deal, trades_source s WHERE s.code IN ('left', 'right');

INSERT INTO matching_reconciliationrun
    (reconciliation_id, rule_set_id, from_date, to_date, status, requested_at, started_at,
     finished_at, fencing_token, step, progress_pct, error, left_trades, right_trades, matched_left,
     matched_right, auto_matched, manual_review, unmatched_left, unmatched_right,
     breaks_identified, candidates_cut, partition_count, is_merging, timings)
SELECT r.id, rules.id, day, day, 'SUCCEEDED', day + time '21:00', day + time '21:00',
    day + time '21:01', 1, '', 100, '', n / 2, n / 2, n * 49 / 100, n * 49 / 100, n * 48 / 100,
    n / 100, n / 100, n / 100, n / 50, 0, 1, false, '{}'
FROM (SELECT trade_date AS day, count(*)::int AS n FROM trades_trade GROUP BY 1) dates,
    matching_reconciliation r, matching_ruleset rules
WHERE r.code = 'left-right' AND rules.status = 'ACTIVE';

INSERT INTO reporting_dailysnapshot
    (business_date, reconciliation_id, as_of, run_id, trades, matched, by_itself, to_review, breaks,
     opened, ended, live, exposure, unknown_exposures)
SELECT to_date, reconciliation_id, finished_at, id, left_trades + right_trades,
    matched_left + matched_right, auto_matched, manual_review, breaks_identified, 900, 850,
    '{"HIGH": {"OPEN": 4000}, "LOW": {"OPEN": 2000}}', '{"USD": "1000000"}', 0
FROM matching_reconciliationrun;
