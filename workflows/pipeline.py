"""The steps of the main job, in the order they happen."""

from workflows.last_steps import LOADERS
from workflows.services.steps import feeds_and_runs, foreseeing, passing_on
from workflows.services.steps.kinds import Kind, once

# A new kind of step is a new line here, or ends the day from an app above (`last_steps`);
# nothing else knows which there are.
DAY = (
    Kind(code="ingest", label="Ingest", plan=feeds_and_runs.feeds, run=feeds_and_runs.ingest),
    Kind(code="score", label="Score", plan=once, run=foreseeing.score, whole=True),
    Kind(
        code="reconcile",
        label="Reconcile",
        plan=feeds_and_runs.reconciliations,
        run=feeds_and_runs.reconcile_one,
    ),
    Kind(code="remediate", label="Remediate", plan=once, run=passing_on.remediate, whole=True),
    Kind(code="route", label="Route", plan=once, run=passing_on.route, whole=True),
    Kind(code="escalate", label="Escalate", plan=once, run=passing_on.escalate, whole=True),
)


def day() -> tuple[Kind, ...]:
    """Return every kind of step of a day in its order, those of the apps above last."""
    return (*DAY, *(load() for load in LOADERS.values()))
