"""What people decide about matches, with the breaks and pending trades that follow from it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from breaks.choices import ReasonCode
from breaks.services.acting import check_actor
from breaks.services.opening import Cause, bring_up_to_date
from breaks.services.reach import check_reach_of_match, check_reach_of_trades
from breaks.services.scope import Scope
from matching.models import Match, MatchAlternative, MatchLeg, Reconciliation
from matching.services import decisions


@transaction.atomic
def pair_by_hand(
    *,
    reconciliation: Reconciliation,
    left_ids: Sequence[int],
    right_ids: Sequence[int],
    reason: str,
    by: User,
    at: datetime,
    checked: Mapping[str, Any] | None = None,
) -> Match:
    """
    Pair trades, one or more a side; what they still disagree on is opened as breaks.

    `checked` is what their history says of the request for it and of who approved it.

    :raises DecisionRefused: if the trades cannot be paired.
    :raises WorkRefused: if the actor may not act, or may not see one of the breaks.
    """
    check_actor(by)
    check_reach_of_trades(reconciliation, [*left_ids, *right_ids], by)
    match = decisions.pair_by_hand(
        reconciliation=reconciliation,
        left_ids=left_ids,
        right_ids=right_ids,
        reason=reason,
        by=by,
        at=at,
    )
    _follow(match, reason, by, at, cleared_as=ReasonCode.MATCHED_MANUALLY, checked=checked)
    return match


@transaction.atomic
def unmatch(
    *,
    match_id: int,
    reason: str,
    by: User,
    at: datetime,
    checked: Mapping[str, Any] | None = None,
) -> Match:
    """
    Take a match apart; its breaks clear, and its trades are missing or pending again.

    `checked` is what their history says of the request for it and of who approved it.

    :raises DecisionRefused: if the match does not stand.
    :raises WorkRefused: if the actor may not act, or may not see one of the breaks.
    """
    check_actor(by)
    check_reach_of_match(match_id, by)
    match = decisions.take_apart(match_id=match_id, reason=reason, by=by, at=at)
    _follow(match, reason, by, at, checked=checked)
    return match


@transaction.atomic
def confirm_match(*, match_id: int, reason: str, by: User, at: datetime) -> Match:
    """
    Agree with a proposed match; its trades are matched, or broken where they disagree.

    :raises DecisionRefused: if the match is not proposed.
    :raises WorkRefused: if the actor may not act, or may not see one of the breaks.
    """
    check_actor(by)
    check_reach_of_match(match_id, by)
    match = decisions.confirm(match_id=match_id, reason=reason, by=by, at=at)
    _follow(match, reason, by, at, cleared_as=ReasonCode.MATCHED_MANUALLY)
    return match


@transaction.atomic
def reject_match(*, match_id: int, reason: str, by: User, at: datetime) -> Match:
    """
    Turn a proposed match down; its trades are missing or pending again.

    :raises DecisionRefused: if the match is not proposed.
    :raises WorkRefused: if the actor may not act, or may not see one of the breaks.
    """
    check_actor(by)
    check_reach_of_match(match_id, by)
    match = decisions.reject(match_id=match_id, reason=reason, by=by, at=at)
    _follow(match, reason, by, at)
    return match


def _follow(
    match: Match,
    reason: str,
    by: User,
    at: datetime,
    *,
    cleared_as: ReasonCode = ReasonCode.AUTO_CLEARED,
    checked: Mapping[str, Any] | None = None,
) -> None:
    """Bring the trades of a decided match, and its other candidates, up to date."""
    trade_ids = {
        *MatchLeg.objects.filter(match=match).values_list("trade", flat=True),
        *MatchAlternative.objects.filter(match=match).values_list("trade", flat=True),
    }
    why = f"Match {match.pk} was {match.get_status_display().lower()}: {reason}".strip(": ")
    bring_up_to_date(
        scope=Scope.of_trades(match.reconciliation, sorted(trade_ids)),
        cause=Cause(by=by, cleared_as=cleared_as, why=why, checked=checked or {}),
        at=at,
    )
