"""Reads: what a pipeline and its steps have to say."""

from datetime import timedelta
from typing import Any

from workflows.models import PipelineRun, PipelineStep


def pipeline_summary(run: PipelineRun) -> dict[str, Any]:
    """Return what a pipeline says of itself as JSON has it; lengths are in seconds."""
    return {
        "pipeline_id": run.pk,
        "business_date": run.business_date.isoformat(),
        "status": run.status,
        "error": run.error,
        "steps": [
            {
                "kind": step.kind,
                "subject": step.subject,
                "status": step.status,
                "counts": step.figures,
                "says": step.says,
                "seconds": None if (length := took(step)) is None else length.total_seconds(),
            }
            for step in run.steps.order_by("position")
        ],
    }


def took(step: PipelineStep) -> timedelta | None:
    """Return how long a step took; None while it has not ended, or never began."""
    if step.started_at is None or step.ended_at is None:
        return None
    return step.ended_at - step.started_at


def counts_words(counts: dict[str, int]) -> str:
    """Write the figures of a step that are not nothing, in the order they are counted."""
    said = ((count, name.replace("_", " ")) for name, count in counts.items() if count)
    return ", ".join(f"{count:,} {name}" for count, name in said)


def step_words(step: PipelineStep) -> str:
    """Write a step on one line, as the command does."""
    length = took(step)
    parts = [f"{step!s:<36} {step.get_status_display():<12}", counts_words(step.figures), step.says]
    if length is not None and length.total_seconds() >= 0.05:
        parts.append(f"{length.total_seconds():.1f} s")
    return "  ".join(part for part in parts if part).rstrip()
