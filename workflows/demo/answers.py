"""What a reconciliation in the database answers, in the words of the demo's truth: trade ids."""

from collections import defaultdict

from django.db.models import Q

from breaks.models import TradeBreak
from matching.choices import LegSide, MatchStatus
from matching.models import MatchLeg
from workflows.demo import scoring
from workflows.demo.scoring import Found, Score
from workflows.demo.truth import Truth


def pairs(*, code: str, proposed: bool) -> set[tuple[str, str]]:
    """Return the pairs of trade ids (left, right) of the matches made, or of those proposed."""
    status = MatchStatus.PROPOSED if proposed else MatchStatus.MATCHED
    legs = MatchLeg.objects.filter(
        reconciliation__code=code, is_live=True, match__status=status
    ).values_list("match_id", "side", "trade__source_trade_id")
    sides: dict[int, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for match_id, side, trade_id in legs:
        sides[match_id][side == LegSide.RIGHT].append(trade_id)
    return {(left, right) for lefts, rights in sides.values() for left in lefts for right in rights}


def breaks(*, code: str) -> list[Found]:
    """Return the live breaks, each with every trade id it concerns: a group's legs too."""
    found = TradeBreak.objects.live().filter(reconciliation__code=code)
    legs: dict[int, set[str]] = defaultdict(set)
    concerned = MatchLeg.objects.filter(
        Q(is_live=True), match__in=found.exclude(match=None).values("match")
    )
    for match_id, trade_id in concerned.values_list("match_id", "trade__source_trade_id"):
        legs[match_id].add(trade_id)
    fields = (
        "break_type", "trade_date", "match_id",
        "left_trade__source_trade_id", "right_trade__source_trade_id",
    )  # fmt: skip
    return [
        Found(
            break_type=kind,
            trade_ids=frozenset({left, right, *legs.get(match_id, ())} - {None}),
            trade_date=str(day),
        )
        for kind, day, match_id, left, right in found.values_list(*fields)
    ]


def judged(truth: Truth, *, code: str) -> Score:
    """Compare what the database holds of a reconciliation with the truth."""
    return scoring.score(
        truth,
        automatic=pairs(code=code, proposed=False),
        proposed=pairs(code=code, proposed=True),
        breaks=breaks(code=code),
        reconciliation=code,
    )
