"""Rows of what is learned and drawn: calibrations, and samples of automatic matches."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User

from matching.choices import RuleSetStatus, RunStatus
from matching.models import Calibration, Match, QaDraw, QaSample, Reconciliation
from tests import factories


def calibration(**over: Any) -> Calibration:
    """Make a calibration, SUCCEEDED with a draft that moves two weights unless told otherwise."""
    values: dict[str, Any] = {
        "from_date": factories.TRADE_DATE, "to_date": factories.TRADE_DATE,
        "status": RunStatus.SUCCEEDED,
        "requested_at": factories.NOW,
    } | over  # fmt: skip
    if "reconciliation" not in values:
        values["reconciliation"] = factories.reconciliation(f"learned-{factories.number()}")
    values.setdefault("against", factories.rule_set(values["reconciliation"].rule_set_name))
    if values["status"] != RunStatus.SUCCEEDED:
        return Calibration.objects.create(**values)
    values.setdefault("draft", factories.rule_set(status=RuleSetStatus.DRAFT))
    values.setdefault("finished_at", values["requested_at"])
    values.setdefault("result", {
        "method": "PAIRS", "why": "Nobody has decided on a pair of these days yet.",
        "tried_from": factories.TRADE_DATE.isoformat(), "used": {"confirmed": 3, "rejected": 0},
        "fields": [
            {"name": "price", "before": 0.15, "after": 0.2, "agrees": 9.1, "differs": -7.0},
            {"name": "quantity", "before": 0.2, "after": 0.15, "agrees": 8.2, "differs": -6.5},
        ],
        "auto_at": [0.95, 0.9], "review_at": [0.75, 0.75], "auto_share": [0.97, 0.98],
        "false_matches": {"rate": 0.0004, "low": 0.0001, "high": 0.001, "of": 900,
                          "basis": "Expected by the model of the pairs they would be."},
        "measured": [{"drawn": 9, "judged": 8, "wrong": 0, "rate": 0.0, "low": 0.0, "high": 0.37}],
        "notes": ["73 of the matches are groups."], "trades": {"left": 500, "right": 490},
    })  # fmt: skip
    return Calibration.objects.create(**values)


def qa_samples(
    between: Reconciliation, matches: Sequence[Match], *, wrong: int = 0, by: User | None = None
) -> list[QaSample]:
    """Draw these matches; with `by` they are judged, the first `wrong` of them as wrong."""
    drawn = list(matches)
    draw = QaDraw.objects.create(
        run=factories.run(reconciliation=between), share_bps=100, most=25, automatic=len(drawn),
        drawn=len(drawn), drawn_at=factories.NOW,
    )  # fmt: skip
    judged = {} if by is None else {"verdict_by": by, "verdict_at": factories.NOW}
    return [
        QaSample.objects.create(
            match=one, draw=draw, reconciliation=between, trade_date=one.last_trade_date,
            verdict="" if by is None else "WRONG" if at < wrong else "RIGHT", **judged,
        )
        for at, one in enumerate(drawn)
    ]  # fmt: skip
