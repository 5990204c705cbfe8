"""What a pipeline's page shows: its steps as a strip from left to right, and one by one."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from matching.choices import RunStatus
from trades.admin.cells import NOTHING, TONES, link, moment, span
from trades.admin.cells import since as ago
from trades.admin.page import Panel
from trades.admin.progress import NOBODY_CAME, WORKER_LOST
from workflows.choices import StepStatus
from workflows.models import PipelineRun, PipelineStep
from workflows.step_words import counts_words

TONE = {**TONES, StepStatus.LATE: "high", StepStatus.NOT_DUE: "wait", StepStatus.SKIPPED: "quiet"}
# As long as the sweep lets a message take before it sends another.
STALE_AFTER = timedelta(minutes=1)
# What of a step's figures stands in its box; the table has them all.
SHOWN = {
    "ingest": ("loaded", "amended", "rejected"),
    "reconcile": ("matched", "opened", "cleared", "pending"),
}


def panels(run: Any, *, live: bool) -> list[Panel]:
    steps = list(
        run.steps.select_related("feed__source", "feed__late_contact__team", "run").order_by(
            "position"
        )
    )
    return [_strip(run, steps, live=live), *_owing(steps), _table(steps)]


def figures(run: PipelineRun) -> list[tuple[str, Any]]:
    """Say who asked for a pipeline, when it ran, and how long it took or has been waiting."""
    told: list[tuple[str, Any]] = [("Asked for", moment(run.requested_at)), ("By", asker(run))]
    if run.resumed_at:
        told.append(("Resumed", moment(run.resumed_at)))
    if run.started_at is None:
        waited = timezone.now() - (run.resumed_at or run.requested_at)
        return told if run.finished_at else [*told, ("Waiting for", span(waited))]
    told.append(("Started", moment(run.started_at)))
    if run.attempt > 1:
        told.append(("Workers it had", run.attempt))
    return [*told, ("Took" if run.finished_at else "Running for", length_of(run))]


def asker(run: PipelineRun) -> str:
    return str(run.resumed_by or run.requested_by or "the system")


def step_badge(step: PipelineStep) -> SafeString:
    tone = TONE.get(step.status, "quiet")
    return format_html('<span class="dk-badge dk-{}">{}</span>', tone, step.get_status_display())


def step_dots(steps: Iterable[PipelineStep]) -> SafeString:
    """Draw steps as a row of dots, each with its name and status in its title."""
    return format_html(
        '<span class="dk-dots">{}</span>',
        format_html_join(
            "",
            '<i class="dk-{}" title="{}: {}"></i>',
            ((TONE.get(one.status, "quiet"), one, one.get_status_display()) for one in steps),
        ),
    )


def length_of(row: PipelineRun | PipelineStep) -> str:
    """Write how long a pipeline or a step took, or has been running; empty before it began."""
    ended = row.finished_at if isinstance(row, PipelineRun) else row.ended_at
    if row.started_at is None:
        return ""
    length = (ended or timezone.now()) - row.started_at
    return span(length) if length.total_seconds() >= 60 else f"{length.total_seconds():.1f}s"


def _strip(run: PipelineRun, steps: list[PipelineStep], *, live: bool) -> Panel:
    """Draw the kinds of steps from left to right, the steps of a kind beneath each other."""
    labels = _labels()
    stages = [
        {"label": labels.get(kind, kind), "steps": [_box(step) for step in of_kind]}
        for kind, of_kind in groupby(steps, key=lambda step: step.kind)
    ]
    context = {"stages": stages, "hint": _hint(run)}
    return Panel(
        title="Steps",
        note="this page follows by itself" if live else "",
        body=render_to_string("desk/pipeline.html", context) if stages else "",
        none="Nothing is enabled: there is no feed to fetch and nothing to reconcile.",
    )


def _labels() -> dict[str, str]:
    from workflows.pipeline import day

    return {kind.code: kind.label for kind in day()}


def _box(step: PipelineStep) -> dict[str, Any]:
    known = SHOWN.get(step.kind)
    shown = {n: c for n, c in step.figures.items() if known is None or n in known}
    said = counts_words(shown)
    if not said and step.status == StepStatus.SUCCEEDED:
        said = "nothing new"
    return {
        "tone": TONE.get(step.status, "quiet"),
        "subject": step.subject,
        "badge": step_badge(step),
        "counts": said,
        "took": length_of(step) if step.status != StepStatus.SKIPPED else "",
        "says": step.says,
        "running": step.status == StepStatus.RUNNING,
    }


def _hint(run: PipelineRun) -> str:
    now = timezone.now()
    if run.status == RunStatus.QUEUED:
        if run.error:
            return f"It waits: {run.error}"
        asked = run.resumed_at or run.requested_at
        return NOBODY_CAME if now - asked > STALE_AFTER else "It waits for a worker."
    lost = run.lease_expires_at is not None and run.lease_expires_at < now
    return WORKER_LOST if run.status == RunStatus.RUNNING and lost else ""


def _owing(steps: list[PipelineStep]) -> list[Panel]:
    """Show the files that are late, since when, and who is told."""
    late = [step for step in steps if step.status == StepStatus.LATE and step.feed]
    rows = [_late_row(step, timezone.now()) for step in late]
    panel = Panel(
        title="Late files",
        count=len(rows),
        note="when this pipeline looked; their trades are pending, not missing",
        head=("Feed", "Source", "Was due", "Late for", "Who is told"),
        rows=rows,
    )
    return [panel] if rows else []


def _late_row(step: Any, now: datetime) -> list[Any]:
    feed = step.feed
    day = step.run.business_date
    due = None
    if feed.due_time is not None:
        from connectors.expectations import due_at

        due = due_at(feed=feed, source=feed.source, trade_date=day)
    return [
        link("connectors_feed", feed.pk, feed.name),
        link("trades_source", feed.source_id, feed.source.name),
        moment(due),
        ago(due, now=now),
        told(feed),
    ]


def told(feed: Any) -> Any:
    """Name those who are told that a file is late, and whom they can ask."""
    contact = getattr(feed, "late_contact", None)
    if contact is None:
        return "administrators"
    asked = format_html(' <span class="dk-soft">{}</span>', contact.ask) if contact.ask else ""
    return format_html("{}{}", link("breaks_team", contact.team_id, contact.team), asked)


def _table(steps: list[PipelineStep]) -> Panel:
    return Panel(
        title="One by one",
        head=("Step", "Status", "Figures", "Began", "Took", "By", "Says"),
        rows=[_row(step) for step in steps],
        numeric=frozenset({4}),
    )


def _row(step: Any) -> list[Any]:
    if step.feed_id:
        subject = link("connectors_feed", step.feed_id, step.subject)
    else:
        subject = link("matching_reconciliation", step.reconciliation_id, step.subject)
    by: Any = NOTHING
    if step.delivery_id:
        by = link("connectors_delivery", step.delivery_id, f"delivery {step.delivery_id}")
    elif step.reconciliation_run_id:
        key = step.reconciliation_run_id
        by = link("matching_reconciliationrun", key, f"run {key}")
    name = _labels().get(step.kind, step.kind)
    return [
        format_html('<span class="dk-among">{} {}</span>', name, subject) if step.subject else name,
        step_badge(step),
        counts_words(step.figures) or NOTHING,
        moment(step.started_at),
        format_html('<span class="dk-num">{}</span>', length_of(step)),
        by,
        step.says,
    ]
