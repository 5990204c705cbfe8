"""Where a scope's breaks come from: what holds the most of them, and the causes found."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q

from breaks.choices import LIVE
from breaks.querysets import TradeBreakQuerySet
from matching.models import Reconciliation
from reporting.scope import Scope
from workflows.selectors import root_causes

MOST = 10


@dataclass(frozen=True)
class RootCauses:
    """
    The types, fields and assignees with the most breaks, the most first, and the findings.

    A row of the former has its name, `breaks` that are live or ended, and `open_breaks`.
    """

    top_break_types: list[dict[str, Any]]
    top_fields: list[dict[str, Any]]
    top_assignees: list[dict[str, Any]]
    findings: list[dict[str, Any]]


def root_cause(scope: Scope) -> RootCauses:
    """Return what holds most of the breaks of a scope, and the standing findings seen in it."""
    breaks = scope.breaks()
    found = root_causes(user=scope.user, from_date=scope.from_date, to_date=scope.to_date)
    codes = set(Reconciliation.objects.filter(scope.compared()).values_list("code", flat=True))
    return RootCauses(
        top_break_types=_top(breaks, "break_type", "break_type"),
        top_fields=_top(breaks.exclude(field=""), "field", "field"),
        top_assignees=_top(
            breaks.exclude(assigned_to=None), "assigned_to", "assigned_to__username"
        ),
        findings=[one for one in found if one["reconciliation"] in codes],
    )


def _top(breaks: TradeBreakQuerySet, name: str, column: str) -> list[dict[str, Any]]:
    rows = (
        breaks.order_by()
        .values(name=F(column))
        .annotate(breaks=Count("pk"), open_breaks=Count("pk", filter=Q(status__in=LIVE)))
        .order_by("-breaks", "name")
    )
    return [
        {name: row["name"], "breaks": row["breaks"], "open_breaks": row["open_breaks"]}
        for row in rows[:MOST]
    ]
