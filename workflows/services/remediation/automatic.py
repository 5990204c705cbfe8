"""Remediation without a person: one break on demand, and all open ones as the pipeline's step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from breaks.choices import BreakStatus
from breaks.models import ApprovalRequest, TradeBreak
from breaks.services import remedied
from breaks.services.acting import check_actor, refuse_stale
from breaks.services.lifecycle import WorkRefused, check_live
from breaks.services.opening import BreaksMoved
from matching.services import bulk
from workflows.choices import RemedyAction, SuggestionStatus
from workflows.models import RemediationSuggestion
from workflows.services.remediation.acting import hold_for, holds_still, remedy, the_suggestion
from workflows.services.remediation.applying import (
    before_of,
    carry_out,
    change_of,
    outcome_of,
)
from workflows.services.remediation.refusing import RemedyRefused
from workflows.services.remediation.rerunning import request_due_runs
from workflows.services.remediation.suggesting import Look, Policies, look, row_of, suggest

BATCH = 1_000


@dataclass(frozen=True)
class Tried:
    """What `auto_remediate` found for one break, and what became of it."""

    suggestion: RemediationSuggestion | None
    applied: bool = False
    request: ApprovalRequest | None = None


@dataclass
class Swept:
    """What `auto_remediate_open` did, as counts."""

    looked_at: int = 0
    proposed: int = 0
    applied: int = 0
    left: int = 0
    runs: int = 0


def auto_remediate(
    *, break_id: int, version: int | None, by: User, at: datetime, dry_run: bool = False
) -> Tried:
    """
    Do to a break what a policy lets be done by itself, or ask for what it does not.

    With `dry_run` nothing at all is written: the answer says what would be done.

    :raises StaleBreak: if the break is not at `version` any more.
    :raises WorkRefused: if the break or the actor does not allow it.
    """
    check_actor(by)
    row: TradeBreak = TradeBreak.objects.get(pk=break_id)
    refuse_stale(row, version)
    if dry_run:
        found: list[Look] = look([row], at=at).get(row.pk, [])
        return Tried(row_of(found[0], Policies.load(), at) if found else None)
    made = suggest([row], at=at)
    if not made:
        asked = _asked_already(row)
        return Tried(asked, request=asked.approval if asked else None)
    done = remedy(suggestion_id=made[0].pk, version=version, by=by, at=at)
    return Tried(done.suggestion, applied=done.applied, request=done.request)


def remedy_break(
    *,
    break_id: int,
    version: int | None,
    by: User,
    at: datetime,
    action: str = "",
    reason: str = "",
) -> TradeBreak | ApprovalRequest:
    """
    Apply what would put a break right, or ask for it: of `action`, or the best there is.

    :raises RemedyRefused: if nothing would, or not that.
    :raises StaleBreak: if the break is not at `version` any more.
    :raises WorkRefused: if the break or the actor does not allow it.
    """
    check_actor(by)
    row: TradeBreak = TradeBreak.objects.get(pk=break_id)
    refuse_stale(row, version)
    check_live(row, "remediated")
    made = [one for one in suggest([row], at=at) if not action or one.action == action]
    if not made:
        asked = _asked_already(row)
        if asked is not None:
            raise RemedyRefused(f"It is asked for already (request {asked.approval_id}).")
        raise RemedyRefused(f"Nothing is known that would put {row} right by itself.")
    done = remedy(suggestion_id=made[0].pk, version=version, by=by, at=at, reason=reason)
    if done.request is not None:
        return done.request
    row.refresh_from_db()
    return row


def _asked_already(row: TradeBreak) -> RemediationSuggestion | None:
    waiting = RemediationSuggestion.objects.select_related("approval", "policy")
    found: RemediationSuggestion | None = waiting.filter(
        trade_break=row, status=SuggestionStatus.ASKED
    ).first()
    return found


def auto_remediate_open(*, at: datetime, watcher: Callable[[], None] = lambda: None) -> Swept:
    """
    Suggest for every open break and apply what policies let apply itself: a pipeline's step.

    Each thousand breaks and each alias is a transaction of its own. Called again, after a kill or
    without one, it does what is left and repeats nothing. What somebody works on is left alone.
    `watcher` is called after each of them.
    """
    swept, last = Swept(), 0
    while batch := _open_after(last):
        last = batch[-1].pk
        swept.looked_at += len(batch)
        _sweep(batch, swept, at, watcher)
    swept.runs = request_due_runs(at=at)
    return swept


def _open_after(last: int) -> list[TradeBreak]:
    rows = TradeBreak.objects.filter(status=BreakStatus.OPEN, pk__gt=last)
    return list(rows.order_by("pk")[:BATCH])


def _sweep(
    batch: Sequence[TradeBreak], swept: Swept, at: datetime, watcher: Callable[[], None]
) -> None:
    proposed = suggest(batch, at=at)
    swept.proposed += len(proposed)
    best: dict[int, RemediationSuggestion] = {}
    for one in proposed:
        if one.applies_itself:
            best.setdefault(one.trade_break_id, one)
    alone = [one for one in best.values() if one.action != RemedyAction.NORMALISE_ALIAS]
    wide = [one for one in best.values() if one.action == RemedyAction.NORMALISE_ALIAS]
    for between in sorted({row.reconciliation_id for row in batch}):
        keys = {row.pk for row in batch if row.reconciliation_id == between}
        _apply_alone([one for one in alone if one.trade_break_id in keys], between, swept, at)
        watcher()
    for one in wide:
        _apply_wide(one, swept, at)
        watcher()


def _apply_alone(
    suggestions: Sequence[RemediationSuggestion], between: int, swept: Swept, at: datetime
) -> None:
    """Apply what touches its own break only, all together; what was changed since is left."""
    if not suggestions:
        return
    try:
        swept.applied += _apply_together(suggestions, between, at)
    except BreaksMoved:
        swept.left += len(suggestions)


@transaction.atomic
def _apply_together(
    suggestions: Sequence[RemediationSuggestion], between: int, at: datetime
) -> int:
    bulk.hold(between)
    locked = TradeBreak.objects.select_for_update(no_key=True)
    rows = {
        row.pk: row
        for row in locked.filter(
            pk__among=[one.trade_break_id for one in suggestions],
            status=BreakStatus.OPEN,
            assigned_to=None,
        ).order_by("pk")
    }
    live = RemediationSuggestion.objects.filter(
        status=SuggestionStatus.PROPOSED, applies_itself=True
    )
    keys = [one.pk for one in suggestions if _is_current(one, rows.get(one.trade_break_id))]
    mine = {
        one.pk: one
        for one in live.select_for_update(of=("self",))
        .select_related("policy")
        .filter(pk__among=keys)
    }
    changes, kept = [], []
    for key in sorted(mine):
        one = mine[key]
        row = rows[one.trade_break_id]
        before = before_of(row)
        changes.append(change_of(one, row, by=None, checked={}))
        kept.append((one, row, before))
    remedied.write(changes, by=None, at=at)
    for one, row, before in kept:
        one.outcome = outcome_of(one, row, before, at)
        one.waits_for_run = bool(one.outcome.get("reruns"))
        one.status, one.applied_at = SuggestionStatus.APPLIED, at
    RemediationSuggestion.objects.bulk_update(
        [one for one, *_ in kept], ["outcome", "waits_for_run", "status", "applied_at"],
        batch_size=500,
    )  # fmt: skip
    return len(kept)


def _is_current(one: RemediationSuggestion, row: TradeBreak | None) -> bool:
    return row is not None and row.version == one.break_version


def _apply_wide(one: RemediationSuggestion, swept: Swept, at: datetime) -> None:
    """Apply what touches many breaks, unless one before it did the same."""
    try:
        with transaction.atomic():
            suggestion = the_suggestion(one.pk)
            row = hold_for(suggestion)
            if suggestion.status != SuggestionStatus.PROPOSED or row.status != BreakStatus.OPEN:
                return
            if not holds_still(suggestion, row, at=at).verdict.by_itself:
                return
            carry_out(suggestion, row, by=None, checked={}, at=at)
            swept.applied += 1
    except (WorkRefused, BreaksMoved):
        swept.left += 1
