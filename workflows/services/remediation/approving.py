"""How an approved remediation is carried out; `WorkflowsConfig.ready` names it to `breaks`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from breaks.choices import ApprovalStatus
from breaks.models import ApprovalRequest
from breaks.services.approvals.execution import Execution
from breaks.services.writing import hold
from workflows.choices import SuggestionStatus
from workflows.models import RemediationSuggestion
from workflows.services.remediation.acting import hold_matches, holds_still
from workflows.services.remediation.applying import RemedyRefused, carry_out

BECOMES = {
    ApprovalStatus.REJECTED: SuggestionStatus.REFUSED,
    ApprovalStatus.WITHDRAWN: SuggestionStatus.PROPOSED,
    ApprovalStatus.STALE: SuggestionStatus.SUPERSEDED,
}


def _of(request: ApprovalRequest) -> RemediationSuggestion:
    found = RemediationSuggestion.objects.select_related("policy", "trade_break__reconciliation")
    suggestion: RemediationSuggestion = found.get(pk=request.given["suggestion"])
    return suggestion


def _changed(request: ApprovalRequest) -> str:
    suggestion = _of(request)
    if suggestion.status != SuggestionStatus.ASKED or suggestion.does != request.given["does"]:
        return f"{suggestion} is {suggestion.get_status_display().lower()} by now."
    if "breaks" in suggestion.does:
        # A fix of a common cause is nobody's draft; applying it tells whether it still can be.
        return ""
    try:
        holds_still(suggestion, suggestion.trade_break, at=timezone.now())
    except RemedyRefused as refusal:
        return str(refusal)
    return ""


def _hold(request: ApprovalRequest) -> None:
    hold_matches(_of(request))


def _run(request: ApprovalRequest, checked: Mapping[str, Any], at: datetime) -> object:
    suggestion = _of(request)
    row = hold(suggestion.trade_break_id)
    carry_out(suggestion, row, by=request.made_by, checked=checked, at=at)
    return suggestion


def _closed(request: ApprovalRequest) -> None:
    waiting = RemediationSuggestion.objects.filter(
        pk=request.given["suggestion"], status=SuggestionStatus.ASKED
    )
    waiting.update(status=BECOMES[ApprovalStatus(request.status)])


EXECUTION = Execution("breaks.work_tradebreak", _changed, _run, closed=_closed, hold=_hold)
