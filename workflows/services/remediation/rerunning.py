"""The runs that a remediation calls for: asked for with it, and again until one could be queued."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from matching.models import Reconciliation
from matching.rules import NoActiveRules
from matching.services.claims import ScopeBusy
from matching.services.runs import request_run
from workflows.models import RemediationSuggestion
from workflows.services.waking import wake_run


def request_due_runs(*, at: datetime) -> int:
    """
    Queue the runs that applied remediations still wait for; return how many were queued.

    One of the same days that is running now has read its trades already: it is asked for again
    at the next call.
    """
    queued = 0
    waiting = RemediationSuggestion.objects.filter(waits_for_run=True).order_by("pk")
    for key in list(waiting.values_list("pk", flat=True)):
        with transaction.atomic():
            locked = RemediationSuggestion.objects.select_for_update().filter(waits_for_run=True)
            suggestion = locked.filter(pk=key).first()
            if suggestion is not None:
                queued += request_runs(suggestion, at=at)
    return queued


def request_runs(suggestion: RemediationSuggestion, *, at: datetime) -> int:
    """Queue what of a suggestion's runs is due and can be, and keep which they are."""
    queued = 0
    for wanted in suggestion.outcome.get("reruns", []):
        if wanted["run"] is None and wanted.get("after", "") <= at.isoformat():
            wanted["run"] = _request(wanted, at)
            queued += wanted["run"] is not None
    suggestion.waits_for_run = any(
        wanted["run"] is None for wanted in suggestion.outcome.get("reruns", [])
    )
    suggestion.save(update_fields=["outcome", "waits_for_run"])
    return queued


def _request(wanted: dict[str, Any], at: datetime) -> int | None:
    between = Reconciliation.objects.filter(pk=wanted["reconciliation"], is_enabled=True).first()
    if between is None:
        return 0  # nobody reconciles it any more
    try:
        run = request_run(
            reconciliation=between,
            from_date=date.fromisoformat(wanted["from"]),
            to_date=date.fromisoformat(wanted["to"]),
            by=None,
            at=at,
        )
    except (ScopeBusy, NoActiveRules):
        return None
    wake_run(run.pk)
    key: int = run.pk
    return key
