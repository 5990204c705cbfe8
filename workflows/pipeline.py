"""The steps of the main job, in the order they happen."""

from dataclasses import asdict

from workflows.choices import StepStatus
from workflows.models import PipelineStep
from workflows.services.daily import steps
from workflows.services.daily.kinds import Kind, Outcome, Work, once
from workflows.services.escalation import check_sla
from workflows.services.reconciling import reconcile
from workflows.services.remediation import auto_remediate_open
from workflows.services.routing import route_open

__all__ = ["DAY", "reconcile"]


def _remediate(_step: PipelineStep, work: Work) -> Outcome:
    return Outcome(StepStatus.SUCCEEDED, asdict(auto_remediate_open(at=work.now())))


def _route(_step: PipelineStep, work: Work) -> Outcome:
    return Outcome(StepStatus.SUCCEEDED, route_open(at=work.now()).figures())


def _escalate(_step: PipelineStep, work: Work) -> Outcome:
    fired = check_sla(at=work.now())
    return Outcome(
        StepStatus.SUCCEEDED, {"breaks": len(fired.breaks), "levels": fired.levels.total()}
    )


# A new kind of step is a new line here; nothing else knows which there are.
DAY = (
    Kind(code="ingest", label="Ingest", plan=steps.feeds, run=steps.ingest),
    Kind(code="reconcile", label="Reconcile", plan=steps.reconciliations, run=steps.reconcile_one),
    # Before anybody is given what puts itself right.
    Kind(code="remediate", label="Remediate", plan=once, run=_remediate, whole=True),
    Kind(code="route", label="Route", plan=once, run=_route, whole=True),
    Kind(code="escalate", label="Escalate", plan=once, run=_escalate, whole=True),
)
