"""Compare again what a person paired: the pairing stands, its differences may have changed."""

import pandas as pd

from matching import engine
from matching.frames import trades_frame
from matching.models import MatchDifference, MatchLeg, RuleSet
from matching.querysets import MatchQuerySet
from matching.services import bulk
from trades.models import Trade
from trades.services.bulk import batches


def compare_again(*, matches: MatchQuerySet, rules: engine.RuleSet, rule_set: RuleSet) -> None:
    """Replace the differences of matches by what their trades say now, under these rules."""
    keys = list(matches.values_list("pk", flat=True))
    for ids in batches(keys):
        legs = MatchLeg.objects.filter(match__in=ids).select_related("trade")
        frame = pd.DataFrame.from_records(
            [(leg.match_id, leg.side, leg.trade_id) for leg in legs],
            columns=["match_id", "side", "row"],
        )
        differences = differences_of(frame, rules)
        MatchDifference.objects.filter(match__in=ids).delete()
        bulk.write_differences(differences, {key: key for key in ids})
        for leg in legs:
            leg.trade_version = leg.trade.version
        MatchLeg.objects.bulk_update(legs, ["trade_version"], batch_size=500)
        matches.model.objects.filter(pk__in=ids).update(rule_set=rule_set)


def differences_of(legs: pd.DataFrame, rules: engine.RuleSet) -> pd.DataFrame:
    """
    Return the engine's differences of given pairings.

    `legs` has one row a leg: match_id, side (left | right), row (the trade's primary key).
    """
    left, right = (
        trades_frame(Trade.objects.filter(pk__in=legs.loc[legs["side"] == side, "row"].tolist()))
        for side in ("left", "right")
    )
    return engine.compare(left, right, legs, rules)
