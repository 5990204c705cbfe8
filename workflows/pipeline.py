"""The steps of the main job, in the order they happen."""

from workflows.services.daily import steps
from workflows.services.daily.kinds import Kind
from workflows.services.reconciling import reconcile

__all__ = ["DAY", "reconcile"]

# A new kind of step is a new line here; nothing else knows which there are.
DAY = (
    Kind(code="ingest", label="Ingest", plan=steps.feeds, run=steps.ingest),
    Kind(code="reconcile", label="Reconcile", plan=steps.reconciliations, run=steps.reconcile_one),
)
