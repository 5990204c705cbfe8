"""What a person said does not belong together, so that no run pairs it again."""

from collections import defaultdict

import pandas as pd

from matching.choices import TURNED_DOWN, MatchKind
from matching.models import Match, MatchLeg, ReconciliationRun
from matching.services.outcome import Outcome


def refused_pairs(run: ReconciliationRun) -> pd.DataFrame:
    """Return the pairs of trades a person said are not the same: columns left and right."""
    refused = Match.objects.filter(
        reconciliation=run.reconciliation,
        kind=MatchKind.ONE_TO_ONE,
        status__in=TURNED_DOWN,
    )
    legs = MatchLeg.objects.filter(match__in=refused).order_by()
    rows = legs.values_list("match_id", "side", "trade_id")
    frame = pd.DataFrame.from_records(rows, columns=["match", "side", "trade"])
    pairs = frame.pivot(index="match", columns="side", values="trade")
    return pairs.reindex(columns=["left", "right"]).astype("int64").drop_duplicates()


def refused_matches(run: ReconciliationRun, outcome: Outcome) -> set[int]:
    """
    Return the matches of an outcome that a person has turned down, trade for trade.

    The engine is told of the pairs refused before it began, and of no groups: of a group any part
    may still belong together.
    """
    turned_down = Match.objects.filter(reconciliation=run.reconciliation, status__in=TURNED_DOWN)
    legs: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for match_id, side, trade in MatchLeg.objects.filter(match__in=turned_down).values_list(
        "match_id", "side", "trade_id"
    ):
        legs[match_id].add((side, trade))
    if not legs:
        return set()
    touched = outcome.legs["row"].isin({trade for group in legs.values() for _, trade in group})
    proposed = outcome.only(set(outcome.legs.loc[touched, "match_id"])).signatures()
    return {proposed[group] for group in map(frozenset, legs.values()) if group in proposed}
