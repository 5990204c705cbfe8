"""
How far a decision on trades reaches: it clears or changes every live break about them.

So nobody decides who may not see one of these breaks: another team works it.
"""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q

from breaks.models import TradeBreak
from breaks.services.lifecycle import WorkRefused
from matching.models import MatchLeg, Reconciliation


def check_reach_of_match(match_id: int, by: User) -> None:
    """
    Refuse a decision on a match that reaches another team's break.

    :raises WorkRefused: with a sentence that says whom to ask.
    """
    if out_of_reach([match_id], by):
        raise WorkRefused(beyond(match_id))


def check_reach_of_trades(
    reconciliation: Reconciliation, trade_ids: Sequence[int], by: User
) -> None:
    """
    Refuse to pair trades of which one has another team's break.

    :raises WorkRefused: with a sentence that says whom to ask.
    """
    named = Q(left_trade__among=trade_ids) | Q(right_trade__among=trade_ids)
    live = TradeBreak.objects.live().filter(named, reconciliation=reconciliation).order_by()
    if live.exclude(pk__in=live.visible_to(by).values("pk")).exists():
        raise WorkRefused(
            "One of these trades has a break that another team works: ask that team, or a "
            "supervisor, to pair them."
        )


def out_of_reach(match_ids: Sequence[int], by: User) -> set[int]:
    """Return those of the matches that have a live break this person may not see; few queries."""
    if by.has_perm("breaks.view_every_team"):
        return set()
    live = TradeBreak.objects.live().order_by()
    theirs = live.exclude(pk__in=live.visible_to(by).values("pk"))
    found = set(theirs.filter(match__among=match_ids).values_list("match", flat=True))
    legs = MatchLeg.objects.filter(match__among=match_ids).order_by()
    for side in ("left_trade", "right_trade"):
        about = theirs.filter(
            **{side: OuterRef("trade")}, reconciliation=OuterRef("reconciliation")
        )
        found |= set(legs.filter(Exists(about)).values_list("match", flat=True))
    return found


def beyond(match_id: int) -> str:
    """Say why this person does not decide on a match."""
    return (
        f"Match {match_id} has breaks that another team works: ask that team, or a supervisor, "
        "to decide on it."
    )
