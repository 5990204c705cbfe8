"""The last runs, as a report tells them."""

from django.db.models import QuerySet

from matching.models import ReconciliationRun
from reporting.scope import Scope


def last_runs(scope: Scope) -> QuerySet[ReconciliationRun]:
    """Return the runs that went over a date of a scope, the newest first."""
    return (
        scope.runs()
        .select_related("reconciliation__left_source", "reconciliation__right_source", "rule_set")
        .order_by("-requested_at", "-pk")
    )
