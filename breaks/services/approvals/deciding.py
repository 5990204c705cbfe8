"""What becomes of a request: exactly one decision, and never by whoever made it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from breaks.choices import ApprovalStatus, EventKind
from breaks.models import ApprovalRequest, TradeBreak
from breaks.services.acting import StaleBreak, check_actor, clean, work_on
from breaks.services.approvals.execution import execution_of, tell_closed, what_changed
from breaks.services.approvals.refusals import REFUSALS, ApprovalRefused
from breaks.services.history import Entry
from breaks.services.writing import hold
from breaks.telling import tell_decided
from matching.models import RuleSet
from matching.services import bulk

DECIDE = "breaks.decide_approvalrequest"


def approve(*, request_id: int, by: User, at: datetime, note: str = "") -> ApprovalRequest:
    """
    Let happen what was asked for: as the act of whoever asked, in the same transaction.

    If what it is about has changed since, nothing happens and the request comes back STALE, its
    `decision_note` the sentence that says why.

    :raises ApprovalRefused: if the actor may not decide, somebody decided before, whoever asked
        may not do it any more, the actor had a hand in it, or the act itself refuses; then
        nothing has changed.
    """
    with transaction.atomic():
        request = _to_decide(request_id, by)
        _hold(request)
        if changed := what_changed(request):
            _close(request, ApprovalStatus.STALE, by, at, changed)
            tell_closed(request)
            tell_decided(request, at)
            return request
        if why := no_second(request, by):
            raise ApprovalRefused(why)
        _check_maker(request)
        _close(request, ApprovalStatus.APPROVED, by, at, note)
        try:
            with transaction.atomic():
                execution = execution_of(request.act)
                execution.run(request, _checked(request, by, note), at)
        except StaleBreak as stale:
            # Changed between our look and the write.
            request.status, request.decision_note = ApprovalStatus.STALE, str(stale)
            request.save(update_fields=["status", "decision_note"])
            tell_closed(request)
        except REFUSALS as refusal:
            raise ApprovalRefused(
                f"Request {request.pk} cannot be carried out: {refusal}"
            ) from refusal
        tell_decided(request, at)
    return request


def turn_down(*, request_id: int, by: User, at: datetime, note: str) -> ApprovalRequest:
    """
    Say no; nothing happens but that the break's history says so.

    :raises ApprovalRefused: if the actor may not decide, no reason is given, or somebody decided
        before.
    """
    if not clean(note):
        raise ApprovalRefused("Say why it is turned down: whoever asked has to know.")
    with transaction.atomic():
        request = _to_decide(request_id, by)
        _hold(request)
        _close(request, ApprovalStatus.REJECTED, by, at, note)
        _note(request, EventKind.TURNED_DOWN, by, at, note)
        tell_closed(request)
        tell_decided(request, at)
    return request


def withdraw(*, request_id: int, by: User, at: datetime, note: str = "") -> ApprovalRequest:
    """
    Take back what one asked for oneself.

    :raises ApprovalRefused: if another asked for it, or somebody decided before.
    """
    check_actor(by)
    with transaction.atomic():
        request = _the_request(request_id)
        if request.made_by_id != by.pk:
            raise ApprovalRefused(
                f"Only {request.made_by}, who asked for it, withdraws request {request.pk}. "
                "Turn it down instead."
            )
        _hold(request)
        _close(request, ApprovalStatus.WITHDRAWN, by, at, note)
        _note(request, EventKind.WITHDRAWN, by, at, note)
        tell_closed(request)
    return request


def _the_request(request_id: int) -> ApprovalRequest:
    found: ApprovalRequest | None = (
        ApprovalRequest.objects.select_related(
            "made_by", "trade_break__team", "reconciliation", "rule_set"
        )
        .filter(pk=request_id)
        .first()
    )
    if found is None:
        raise ApprovalRefused(f"There is no request {request_id}.")
    return found


def no_second(request: ApprovalRequest, by: User) -> str:
    """Say why this person is no second pair of eyes for a request; empty if they are."""
    if request.made_by_id == by.pk:
        return f"You asked for request {request.pk} yourself; another person has to decide on it."
    if execution_of(request.act).made_too(request, by):
        return (
            f"You had a hand in what request {request.pk} asks for; somebody who had none has to "
            "approve it."
        )
    return ""


def _to_decide(request_id: int, by: User) -> ApprovalRequest:
    check_actor(by)
    request = _the_request(request_id)
    if request.made_by_id == by.pk:
        raise ApprovalRefused(no_second(request, by))
    if not by.has_perm(DECIDE):
        raise ApprovalRefused("You may not decide on requests; ask a supervisor.")
    return request


def _hold(request: ApprovalRequest) -> None:
    """
    Take the locks of the act before the request's own, in the order in which asking does.

    What the request is about is read again: nobody changes it from here on.
    """
    execution_of(request.act).hold(request)
    if request.reconciliation_id is not None:
        bulk.hold(request.reconciliation_id)
    if request.trade_break_id is not None:
        request.trade_break = hold(request.trade_break_id)
    if request.rule_set_id is not None:
        RuleSet.objects.select_for_update().get(pk=request.rule_set_id)


def _check_maker(request: ApprovalRequest) -> None:
    maker = request.made_by
    if not maker.is_active or not maker.has_perm(execution_of(request.act).permission):
        raise ApprovalRefused(
            f"{maker} may not do this any more, so nobody can let it happen. Turn it down."
        )


def _close(
    request: ApprovalRequest, status: ApprovalStatus, by: User, at: datetime, note: str
) -> ApprovalRequest:
    """
    Decide, if nobody did before.

    :raises ApprovalRefused: if somebody did.
    """
    decision = {
        "status": status,
        "decided_by": by,
        "decided_at": at,
        "decision_note": clean(note),
    }
    waiting = ApprovalRequest.objects.filter(pk=request.pk, status=ApprovalStatus.PENDING)
    if not waiting.update(**decision):
        now = ApprovalRequest.objects.select_related("decided_by").get(pk=request.pk)
        raise ApprovalRefused(
            f"Request {now.pk} is {now.get_status_display().lower()} already: {now.decided_by} "
            f"decided on it ({now.decided_at:%Y-%m-%d %H:%M} UTC)."
        )
    for name, value in decision.items():
        setattr(request, name, value)
    return request


def _checked(request: ApprovalRequest, by: User, note: str) -> Mapping[str, Any]:
    said = {"approval_note": clean(note)} if clean(note) else {}
    return {"approval": request.pk, "approved_by": by.get_username(), **said}


def _note(request: ApprovalRequest, kind: EventKind, by: User, at: datetime, note: str) -> None:
    """Keep in the break's history what became of the request."""
    if request.trade_break_id is None:
        return

    def entry(row: TradeBreak) -> Entry:
        detail = {"approval": request.pk, "act": request.act}
        return Entry(trade_break=row, kind=kind, by=by, reason=clean(note), detail=detail)

    work_on(request.trade_break_id, None, by, at, entry)
