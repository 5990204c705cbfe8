"""What is kept of routing: one row a break, written in bulk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trades.services.columns import table_of, write_table
from workflows.models import Routing
from workflows.services.routing.plans import Plan

_COLUMNS = (
    "rule_id",
    "rule_name",
    "outcome",
    "team_id",
    "person_id",
    "severity",
    "exposure",
    "why",
)
_FIELDS = ("rule", "rule_name", "outcome", "team", "person_id", "severity", "exposure", "why", "at")


def write_routings(plans: Sequence[Plan], *, at: datetime) -> None:
    """
    Keep what became of breaks: new rows in one statement, known ones in one more.

    :raises IntegrityError: if somebody else has written one of the new ones meanwhile.
    """
    fresh = [plan for plan in plans if plan.is_new]
    if fresh:
        columns: dict[str, list[Any]] = {
            name: [_values(plan)[name] for plan in fresh] for name in _COLUMNS
        }
        keys = [plan.key for plan in fresh]
        write_table(Routing, table_of(Routing, len(fresh), trade_break_id=keys, at=at, **columns))
    known = [
        Routing(trade_break_id=plan.key, at=at, **_values(plan))
        for plan in plans
        if not plan.is_new
    ]
    if known:
        Routing.objects.bulk_create(
            known, update_conflicts=True, unique_fields=["trade_break"], update_fields=_FIELDS
        )


def _values(plan: Plan) -> dict[str, Any]:
    return {
        "rule_id": plan.rule and plan.rule.key,
        "rule_name": plan.rule.name if plan.rule else "",
        "outcome": str(plan.outcome),
        "team_id": plan.team_id,
        "person_id": plan.person_id,
        "severity": plan.severity,
        "exposure": plan.exposure,
        "why": plan.why,
    }
