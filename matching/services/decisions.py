"""What people decide about pairings; they write matching rows only, breaks follow elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from django.db import IntegrityError, transaction

from matching.choices import Decision, LegSide, MatchKind, MatchStatus
from matching.models import Match, MatchLeg, Reconciliation
from matching.rules import NoActiveRules, active_rule_set, engine_rules
from matching.services import bulk
from matching.services.comparing import differences_of
from trades.models import Source, Trade


class DecisionRefused(Exception):
    """The decision cannot be taken; the sentence says why and what to do."""


@transaction.atomic
def pair_by_hand(
    *,
    reconciliation: Reconciliation,
    left_ids: Sequence[int],
    right_ids: Sequence[int],
    reason: str,
    by: Any,
    at: datetime,
) -> Match:
    """
    Pair trades a person says are the same business, one or more a side.

    Proposals nobody decided on give way; a match that stands does not.

    :raises DecisionRefused: if a trade is missing, of another source, or in a match already.
    """
    left = _trades_of(reconciliation.left_source, left_ids)
    right = _trades_of(reconciliation.right_source, right_ids)
    _require(reason.strip(), "Say why these trades are the same; the reason is kept.")
    bulk.hold(reconciliation.pk)
    trade_ids = [trade.pk for trade in (*left, *right)]
    proposals = Match.objects.filter(
        reconciliation=reconciliation,
        status=MatchStatus.PROPOSED,
        legs__trade__in=trade_ids,
        legs__is_live=True,
    )
    bulk.supersede(list(proposals.values_list("pk", flat=True)))
    try:
        rule_set = active_rule_set(reconciliation)
    except NoActiveRules as missing:
        raise DecisionRefused(str(missing)) from missing
    days = [trade.trade_date for trade in (*left, *right)]
    match = Match.objects.create(
        reconciliation=reconciliation,
        rule_set=rule_set,
        kind=_kind(len(left), len(right)),
        decision=Decision.MANUAL,
        status=MatchStatus.MATCHED,
        pass_name="manual",  # noqa: S106  the name of a pass, not a secret
        created_at=at,
        first_trade_date=min(days),
        last_trade_date=max(days),
        decided_by=by,
        decided_at=at,
        decision_note=reason,
    )
    _write_legs(match, left, right)
    rules = engine_rules(
        rule_set=rule_set, base_currency=reconciliation.base_currency, as_of=at.date()
    )
    legs = pd.DataFrame(
        [(match.pk, leg.side, leg.trade_id) for leg in match.legs.all()],
        columns=["match_id", "side", "row"],
    )
    bulk.write_differences(differences_of(legs, rules), pd.Series({match.pk: match.pk}))
    return match


def confirm(*, match_id: int, reason: str, by: Any, at: datetime) -> Match:
    """
    Agree with a proposal.

    :raises DecisionRefused: if it is not proposed any more.
    """
    return _decide(match_id, MatchStatus.PROPOSED, MatchStatus.MATCHED, reason=reason, by=by, at=at)


def reject(*, match_id: int, reason: str, by: Any, at: datetime) -> Match:
    """
    Say that a proposal's trades are not the same; they are not proposed together again.

    :raises DecisionRefused: if it is not proposed any more.
    """
    return _decide(
        match_id, MatchStatus.PROPOSED, MatchStatus.REJECTED, reason=reason, by=by, at=at
    )


def take_apart(*, match_id: int, reason: str, by: Any, at: datetime) -> Match:
    """
    Say that a match's trades are not the same; they are not paired together again.

    :raises DecisionRefused: if the match does not stand any more, or no reason is given.
    """
    _require(reason.strip(), "Say why these trades are not the same; the reason is kept.")
    return _decide(
        match_id, MatchStatus.MATCHED, MatchStatus.UNMATCHED, reason=reason, by=by, at=at
    )


@transaction.atomic
def _decide(
    match_id: int, was: MatchStatus, becomes: MatchStatus, *, reason: str, by: Any, at: datetime
) -> Match:
    match: Match | None = Match.objects.filter(pk=match_id).first()
    if match is None:
        raise DecisionRefused(f"There is no match {match_id}.")
    bulk.hold(match.reconciliation_id)
    decided = Match.objects.filter(pk=match_id, status=was).update(
        status=becomes, decided_by=by, decided_at=at, decision_note=reason
    )
    match.refresh_from_db()
    if not decided:
        raise DecisionRefused(
            f"Match {match_id} is {match.get_status_display().lower()}, not "
            f"{was.label.lower()}; reload it to see who changed it."
        )
    if not match.is_live:
        match.legs.update(is_live=False)
    return match


def _trades_of(source: Source, ids: Sequence[int]) -> list[Trade]:
    _require(ids, f"Name at least one trade of {source}.")
    trades = list(Trade.objects.filter(source=source, pk__in=ids).order_by("pk"))
    if missing := set(ids) - {trade.pk for trade in trades}:
        raise DecisionRefused(
            f"{source} has no trade {', '.join(str(pk) for pk in sorted(missing))}; "
            "check the ids and which side they belong to."
        )
    return trades


def _write_legs(match: Match, left: list[Trade], right: list[Trade]) -> None:
    sides = [(LegSide.LEFT, trade) for trade in left] + [(LegSide.RIGHT, trade) for trade in right]
    try:
        with transaction.atomic():
            MatchLeg.objects.bulk_create(
                [
                    MatchLeg(
                        match=match,
                        reconciliation=match.reconciliation,
                        trade=trade,
                        side=side,
                        trade_version=trade.version,
                    )
                    for side, trade in sides
                ]
            )
    except IntegrityError as collision:
        raise DecisionRefused(
            "One of these trades is in a match that stands; take that match apart first."
        ) from collision


def _kind(left: int, right: int) -> MatchKind:
    if left == 1:
        return MatchKind.ONE_TO_ONE if right == 1 else MatchKind.ONE_TO_MANY
    return MatchKind.MANY_TO_ONE if right == 1 else MatchKind.MANY_TO_MANY


def _require(given: object, sentence: str) -> None:
    if not given:
        raise DecisionRefused(sentence)
