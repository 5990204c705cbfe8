"""Answers of the reports as the API's documentation shows them."""

SUMMARY = {
    "timestamp": "2026-03-06T08:00:00Z",
    "total_trades": 4212,
    "total_breaks": 96,
    "open_breaks": 41,
    "resolved_breaks": 55,
    "match_rate": 0.9771,
    "auto_match_rate": 0.9913,
    "overdue_breaks": 7,
    "open_exposure": "1283140.55",
    "open_exposure_by_currency": {"USD": "1283140.55"},
    "open_exposure_unknown": 2,
    "mean_time_to_resolve_seconds": 8130.5,
    "sla_met_pct": 92.7273,
}
AGED = {
    "break_id": 1842,
    "break_type": "PRICE",
    "status": "IN_PROGRESS",
    "severity": "HIGH",
    "assigned_to": "nora",
    "age_hours": 31.25,
    "business_age_hours": 9.75,
    "sla_deadline": "2026-03-05T16:30:00Z",
}
BUCKET = {
    "bucket": "1-3",
    "from_days": 1,
    "to_days": 3,
    "total": 9,
    "by_severity": {"CRITICAL": 0, "HIGH": 2, "MEDIUM": 6, "LOW": 1},
}
RUN = {
    "id": 311,
    "run_date": "2026-03-05",
    "reconciliation": "oms-custodian",
    "from_date": "2026-03-04",
    "to_date": "2026-03-04",
    "status": "SUCCEEDED",
    "total_trades": 1204,
    "matched_trades": 1182,
    "breaks_identified": 19,
    "match_rate": 0.9817,
    "duration_seconds": 2.318,
    "error_message": "",
}
ROOT_CAUSE = {
    "top_break_types": [{"break_type": "SETTLEMENT_DATE", "breaks": 38, "open_breaks": 21}],
    "top_fields": [{"field": "settlement_date", "breaks": 38, "open_breaks": 21}],
    "top_assignees": [{"assigned_to": "nora", "breaks": 12, "open_breaks": 9}],
    "findings": [
        {
            "id": 17,
            "mechanism": "date_shift",
            "headline": "The custodian settles one business day later",
            "reconciliation": "oms-custodian",
            "evidence": {"shift_days": 1, "of": 21},
            "breaks": 21,
            "exposure": "410220.5",
            "currency": "USD",
            "lift": 8.4,
            "p_value": 0.000002,
            "proposed_fix": {"kind": "calendar", "words": "Give the custodian its own calendar"},
            "would_clear": 21,
            "from_date": "2026-03-02",
            "to_date": "2026-03-06",
            "status": "OPEN",
        }
    ],
}
