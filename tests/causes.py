"""Rows of root causes for tests, with sensible defaults."""

from collections.abc import Sequence
from typing import Any

from breaks.models import TradeBreak
from tests import factories
from workflows.models import RootCauseAnalysis, RootCauseBreak, RootCauseFinding


def root_cause(breaks: Sequence[TradeBreak] = (), **over: Any) -> RootCauseFinding:
    """Make an open finding that rests on these breaks, or on one of its own."""
    between = over.pop("reconciliation", None) or factories.reconciliation()
    breaks = breaks or [factories.trade_break(reconciliation=between, exposure="10")]
    day = factories.TRADE_DATE
    analysis = over.pop("analysis", None) or RootCauseAnalysis.objects.create(
        reconciliation=between, from_date=day, to_date=day, status="SUCCEEDED",
        started_at=factories.NOW, trades_read=100, breaks_read=len(breaks), hypotheses=50,
    )  # fmt: skip
    values: dict[str, Any] = {
        "mechanism": "PRICE_FACTOR",
        "headline": "Custodian prices are 100 times OMS's on venue XNYS",
        "evidence": {
            "factor": "100", "showing": 5, "of": 6, "where": [["venue", ["XNYS"]]],
            "by_hour": [[14, 60, 5], [15, 40, 0]], "by_day": [["2026-03-04", 100, 5]],
            "places": [{"dimension": "venue", "name": "XNYS", "breaks": 5, "trades": 6,
                        "lift": 16.7}],
            "spread": [["100", 5, 5], ["1.01", 2, 0]], "unknown_exposure": 0,
        },
        "from_date": day, "to_date": day, "break_count": len(breaks), "currency": "USD",
        "lift": 16.7, "p_value": 1e-9, "place": 1, "would_clear": len(breaks),
        "proposed_fix": {"kind": "unit_factor", "factor": "100"},
        "fix_in_words": "Divide what Custodian reports there by 100.",
        "fingerprint": f"{factories.number():064x}",
        "made_at": factories.NOW, "seen_at": factories.NOW,
    } | over  # fmt: skip
    made = RootCauseFinding.objects.create(reconciliation=between, analysis=analysis, **values)
    for one in breaks:
        RootCauseBreak.objects.create(finding=made, trade_break=one, would_clear=True)
    return made
