"""What applying each suggestion does, in the caller's transaction and with the locks it took."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from breaks.choices import BreakStatus, EventKind, ReasonCode
from breaks.models import TradeBreak
from breaks.services import remedied
from breaks.services.lifecycle import WorkRefused, check_live, kept_of
from breaks.services.opening import Cause
from trades.reports import plain
from trades.services import aliases
from workflows.choices import RemedyAction, SuggestionStatus
from workflows.models import RemediationSuggestion
from workflows.services.remediation.reading import detail_of
from workflows.services.remediation.repairing import repair
from workflows.services.remediation.rerunning import request_runs

ACCEPT = "breaks.accept_tradebreak"
LOOK_AGAIN = timedelta(hours=1)

Checked = Mapping[str, Any]


class RemedyRefused(WorkRefused):
    """A remediation cannot be applied or reversed; the sentence says why and what to do."""


def carry_out(
    suggestion: RemediationSuggestion,
    row: TradeBreak,
    *,
    by: User | None,
    checked: Checked,
    at: datetime,
) -> None:
    """
    Apply a suggestion to its break, held by the caller, and keep what it did.

    `by` is who asked for it, or None where the policy applies it; `checked` is what the history
    says beside, such as who approved.

    :raises RemedyRefused: if it was decided before, or cannot be done.
    :raises WorkRefused: if the break does not allow it.
    """
    check_live(row, "remediated")
    accepts = suggestion.action == RemedyAction.ACCEPT_ROUNDING
    if accepts and by is not None and not by.has_perm(ACCEPT):
        raise RemedyRefused(f"{by} may not accept breaks; ask somebody who may.")
    take(suggestion, by=by, at=at)
    outcome = _ACTS[RemedyAction(suggestion.action)](suggestion, row, by, checked, at)
    suggestion.outcome = outcome
    suggestion.save(update_fields=["outcome"])
    request_runs(suggestion, at=at)


def take(suggestion: RemediationSuggestion, *, by: User | None, at: datetime) -> None:
    """
    Make a live suggestion an applied one; the one who does it first has it.

    :raises RemedyRefused: if it is not live any more.
    """
    applied = {"status": SuggestionStatus.APPLIED, "applied_by": by, "applied_at": at}
    live = RemediationSuggestion.objects.filter(pk=suggestion.pk, status=suggestion.status)
    if not live.update(**applied):
        suggestion.refresh_from_db()
        raise RemedyRefused(
            f"{suggestion} is {suggestion.get_status_display().lower()} already; "
            "look at the break again."
        )
    for name, value in applied.items():
        setattr(suggestion, name, value)


def said_of(suggestion: RemediationSuggestion, checked: Checked) -> dict[str, Any]:
    """Return what the history of a break says of the remediation that touched it."""
    return {
        "remediation": suggestion.pk,
        "action": suggestion.action,
        **detail_of(suggestion.policy, suggestion.policy_version),
        **checked,
    }


def why(suggestion: RemediationSuggestion) -> str:
    return f"{suggestion.get_action_display()}: {suggestion.reason}"


def change_of(
    suggestion: RemediationSuggestion, row: TradeBreak, *, by: User | None, checked: Checked
) -> remedied.Change:
    """Return what a suggestion that touches only its own break makes of it."""
    detail = said_of(suggestion, checked)
    if suggestion.action == RemedyAction.ACCEPT_ROUNDING:
        accepted = {
            "left_value": row.left_value,
            "right_value": row.right_value,
            "difference": None if row.difference is None else plain(row.difference),
            "exposure": None if row.exposure is None else plain(row.exposure),
            "currency": row.currency,
        }
        code = ReasonCode.WITHIN_POLICY if by is None else ReasonCode.WRITE_OFF
        return remedied.Change(
            row=row,
            kind=EventKind.REMEDIATED,
            to=BreakStatus.ACCEPTED,
            reason_code=code,
            reason=why(suggestion),
            detail={**detail, "accepted": accepted, "reason_code": str(code)},
        )
    waits = row.status == BreakStatus.AWAITING_COUNTERPARTY
    return remedied.Change(
        row=row,
        kind=EventKind.REMEDIATED,
        to=None if waits else BreakStatus.AWAITING_COUNTERPARTY,
        reason=suggestion.does.get("text") or why(suggestion),
        detail={**detail, "to": suggestion.does["to"]},
    )


def outcome_of(
    suggestion: RemediationSuggestion, row: TradeBreak, before: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """Return what was done to the break alone; `row` is as it was written."""
    outcome: dict[str, Any] = {"before": dict(before), "version": row.version}
    if "text" in suggestion.does:
        outcome["request"] = {"to": suggestion.does["to"], "text": suggestion.does["text"]}
    if suggestion.action == RemedyAction.WAIT_FOR_FEED:
        day = suggestion.does["for"]
        outcome["reruns"] = [
            {"reconciliation": row.reconciliation_id, "from": day, "to": day, "run": None,
             "after": (at + LOOK_AGAIN).isoformat()}
        ]  # fmt: skip
    return outcome


def before_of(row: TradeBreak) -> dict[str, Any]:
    return {"status": row.status, "kept": kept_of(row)}


def _alone(
    suggestion: RemediationSuggestion,
    row: TradeBreak,
    by: User | None,
    checked: Checked,
    at: datetime,
) -> dict[str, Any]:
    """Apply what touches its own break only."""
    before = before_of(row)
    remedied.write([change_of(suggestion, row, by=by, checked=checked)], by=by, at=at)
    return outcome_of(suggestion, row, before, at)


def learn(does: Mapping[str, Any]) -> aliases.Learnt:
    """
    Add the alias that a suggestion names.

    :raises RemedyRefused: if the reference data does not allow it.
    """
    try:
        if does["kind"] == "COUNTERPARTY":
            return aliases.take_for_one(party_id=does["party"], into_id=does["into"])
        return aliases.learn_account_code(
            source_id=does["source"], code=does["code"], account_id=does["account"]
        )
    except aliases.AliasRefused as refusal:
        raise RemedyRefused(str(refusal)) from refusal


def _alias(
    suggestion: RemediationSuggestion,
    row: TradeBreak,
    by: User | None,
    checked: Checked,
    at: datetime,
) -> dict[str, Any]:
    """Add an alias, compare and pair again what it touches, and clear what that clears."""
    detail = said_of(suggestion, checked)
    remedied.write(
        [
            remedied.Change(
                row=row, kind=EventKind.REMEDIATED, reason=why(suggestion), detail=detail
            )
        ],
        by=by,
        at=at,
    )
    learnt = learn(suggestion.does)
    sentence = f"{suggestion.does['name']} means {suggestion.does['means']} ({suggestion})."
    cause = Cause(by=by, why=sentence, checked=detail)
    done = repair(trade_ids=learnt.trades, kind=suggestion.does["kind"], cause=cause, at=at)
    RemediationSuggestion.objects.filter(
        status=SuggestionStatus.PROPOSED,
        trade_break__among=[one["break"] for one in done.cleared],
    ).update(status=SuggestionStatus.SUPERSEDED)
    return {
        "alias": learnt.kept,
        "trades": len(learnt.trades),
        "cleared": done.cleared,
        "reruns": done.reruns,
    }


_ACTS: dict[RemedyAction, Callable[..., dict[str, Any]]] = {
    action: _alias if action == RemedyAction.NORMALISE_ALIAS else _alone for action in RemedyAction
}
