"""Applying a suggestion, or asking a second person for it; and turning it down."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from breaks.choices import EventKind, GuardedAct
from breaks.models import ApprovalRequest, TradeBreak
from breaks.services import remedied
from breaks.services.acting import check_actor, clean, refuse_stale
from breaks.services.approvals import ask
from breaks.services.lifecycle import check_live
from breaks.services.writing import hold
from matching.services import bulk
from workflows.choices import RemedyAction, SuggestionStatus
from workflows.models import RemediationSuggestion
from workflows.services.remediation.applying import carry_out
from workflows.services.remediation.refusing import RemedyRefused
from workflows.services.remediation.repairing import hold_all
from workflows.services.remediation.suggesting import Look, Policies, look, row_of

LONGEST_SUMMARY = 200
WORK = "breaks.work_tradebreak"


@dataclass(frozen=True)
class Remedied:
    """What became of a suggestion: applied, or asked for and not done yet."""

    suggestion: RemediationSuggestion
    applied: bool
    request: ApprovalRequest | None = None


@transaction.atomic
def remedy(
    *, suggestion_id: int, version: int | None, by: User, at: datetime, reason: str = ""
) -> Remedied:
    """
    Apply a suggestion where a policy lets it apply itself, or ask a second person for it.

    What the policy applies is nobody's act: the history names the policy, and `by` as who set it
    off. What is asked for is rehearsed first, so that nobody waits for what cannot be done.

    :raises RemedyRefused: if it was decided before, or does not hold any more.
    :raises StaleBreak: if the break is not at `version` any more.
    :raises WorkRefused: if the break or the actor does not allow it.
    """
    check_actor(by)
    suggestion = the_suggestion(suggestion_id)
    row = hold_for(suggestion)
    refuse_stale(row, version)
    check_live(row, "remediated")
    if not by.has_perm(WORK):
        raise RemedyRefused("You may not work breaks; ask somebody who may.")
    if suggestion.status != SuggestionStatus.PROPOSED:
        raise RemedyRefused(
            f"{suggestion} is {suggestion.get_status_display().lower()}; look at the break again."
        )
    found = holds_still(suggestion, row, at=at)
    _judge_anew(suggestion, found, at)
    if found.verdict.by_itself:
        checked = {"set_off_by": by.get_username()}
        carry_out(suggestion, row, by=None, checked=checked, at=at)
        return Remedied(suggestion, applied=True)
    with transaction.atomic():
        carry_out(suggestion, row, by=by, checked={}, at=at)
        transaction.set_rollback(True)
    suggestion.refresh_from_db()
    row = TradeBreak.objects.select_related("team").get(pk=row.pk)
    return Remedied(suggestion, applied=False, request=ask_for(suggestion, row, by, at, reason))


def ask_for(
    suggestion: RemediationSuggestion, row: TradeBreak, by: User, at: datetime, reason: str
) -> ApprovalRequest:
    """Record that somebody asks for a suggestion, and that it waits."""
    request = ask(
        act=GuardedAct.REMEDIATE,
        summary=summary_of(suggestion, row),
        reason=clean(reason) or suggestion.reason,
        given={"suggestion": suggestion.pk, "does": suggestion.does},
        exposure=row.exposure,
        by=by,
        at=at,
        trade_break=row,
        reconciliation=row.reconciliation,
    )
    suggestion.approval = request
    suggestion.status = SuggestionStatus.ASKED
    suggestion.break_version = request.given["version"]
    suggestion.save(update_fields=["approval", "status", "break_version"])
    return request


def summary_of(suggestion: RemediationSuggestion, row: TradeBreak) -> str:
    does = suggestion.does
    what = suggestion.get_action_display()
    if suggestion.action == RemedyAction.NORMALISE_ALIAS:
        what = f"{what}: {does['name']} means {does['means']}"
    elif suggestion.action == RemedyAction.CHANGE_SETTING:
        what = f"{what}: {does['name']}, {does['means']}"
    elif "trade" in does:
        what = f"{what}: {does['trade']} at {does['to']}"
    return f"{what}, for {row}"[:LONGEST_SUMMARY]


@transaction.atomic
def turn_down(
    *, suggestion_id: int, version: int | None, by: User, at: datetime, reason: str
) -> RemediationSuggestion:
    """
    Say that a suggestion is wrong; the same is not made for this break again.

    :raises RemedyRefused: if it is not proposed any more, or no reason is given.
    :raises StaleBreak: if the break is not at `version` any more.
    """
    check_actor(by)
    if not clean(reason):
        raise RemedyRefused("Say why it is turned down.")
    suggestion = the_suggestion(suggestion_id)
    row = hold_for(suggestion)
    refuse_stale(row, version)
    proposed = RemediationSuggestion.objects.filter(
        pk=suggestion.pk, status=SuggestionStatus.PROPOSED
    )
    if not proposed.update(status=SuggestionStatus.REFUSED):
        raise RemedyRefused(f"{suggestion} is {suggestion.get_status_display().lower()} already.")
    detail = {"act": str(GuardedAct.REMEDIATE), "remediation": suggestion.pk,
              "action": suggestion.action}  # fmt: skip
    change = remedied.Change(row=row, kind=EventKind.TURNED_DOWN, reason=reason, detail=detail)
    remedied.write([change], by=by, at=at)
    suggestion.refresh_from_db()
    return suggestion


def the_suggestion(suggestion_id: int) -> RemediationSuggestion:
    """
    Return a suggestion with its break and policy.

    :raises RemedyRefused: if there is none.
    """
    found: RemediationSuggestion | None = (
        RemediationSuggestion.objects.select_related(
            "policy", "trade_break__reconciliation", "approval", "applied_by"
        )
        .filter(pk=suggestion_id)
        .first()
    )
    if found is None:
        raise RemedyRefused(f"There is no suggestion {suggestion_id}.")
    return found


def hold_for(suggestion: RemediationSuggestion) -> TradeBreak:
    """Take the locks of applying or reversing a suggestion; return its break as it is now."""
    hold_matches(suggestion)
    row = hold(suggestion.trade_break_id)
    suggestion.refresh_from_db(fields=["status", "does", "outcome"])
    return row


def hold_matches(suggestion: RemediationSuggestion) -> None:
    """Take the locks that come before the break's: an alias may touch every reconciliation."""
    if suggestion.action == RemedyAction.NORMALISE_ALIAS:
        hold_all()
    else:
        bulk.hold(suggestion.trade_break.reconciliation_id)


def holds_still(suggestion: RemediationSuggestion, row: TradeBreak, *, at: datetime) -> Look:
    """
    Return the suggestion as it would be made now.

    :raises RemedyRefused: if it would not, or would do something else.
    """
    for found in look([row], at=at).get(row.pk, []):
        if found.draft.action == suggestion.action and dict(found.draft.does) == suggestion.does:
            return found
    raise RemedyRefused(
        f"{suggestion} does not hold any more: the break, the policies or the trades have changed "
        "since. Look at the break again."
    )


def _judge_anew(suggestion: RemediationSuggestion, found: Look, at: datetime) -> None:
    """Keep with the suggestion what the policies say of it now."""
    now = row_of(found, Policies.load(), at)
    for name in ("applies_itself", "verdict", "policy", "policy_version", "risk"):
        setattr(suggestion, name, getattr(now, name))
    suggestion.save(update_fields=["applies_itself", "verdict", "policy", "policy_version", "risk"])
