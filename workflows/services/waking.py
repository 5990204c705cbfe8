"""Wake a worker: the row is the work, and the message only says that it is there."""

from celery import current_app
from django.db import transaction


def wake_run(run_id: int) -> None:
    """
    Send a worker the message to look at a run, once the row is committed.

    A broker that is down loses only the message: the sweep finds the row again.
    """
    transaction.on_commit(
        lambda: current_app.send_task("tasks.run_reconciliation", kwargs={"run_id": run_id}),
        robust=True,
    )


def wake_pipeline(pipeline_id: int) -> None:
    """Send a worker the message to look at a pipeline, once the row is committed."""
    transaction.on_commit(
        lambda: current_app.send_task("tasks.daily_pipeline", kwargs={"pipeline_id": pipeline_id}),
        robust=True,
    )


def wake_analysis(analysis_id: int) -> None:
    """Send a worker the message to look for causes, once the row is committed."""
    transaction.on_commit(
        lambda: current_app.send_task("tasks.analyse_causes", kwargs={"analysis_id": analysis_id}),
        robust=True,
    )
