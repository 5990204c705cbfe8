"""The steps of the main job, in the order they happen."""

from workflows.services.daily import passing_on, steps
from workflows.services.daily.kinds import Kind, once
from workflows.services.reconciling import reconcile

__all__ = ["DAY", "reconcile"]

# A new kind of step is a new line here; nothing else knows which there are.
DAY = (
    Kind(code="ingest", label="Ingest", plan=steps.feeds, run=steps.ingest),
    Kind(code="reconcile", label="Reconcile", plan=steps.reconciliations, run=steps.reconcile_one),
    Kind(code="remediate", label="Remediate", plan=once, run=passing_on.remediate, whole=True),
    Kind(code="route", label="Route", plan=once, run=passing_on.route, whole=True),
    Kind(code="escalate", label="Escalate", plan=once, run=passing_on.escalate, whole=True),
)
