"""Compare again what a person paired: the pairing stands, its differences may have changed."""

from collections.abc import Collection

import pandas as pd
from django.db.models import Max, Min, OuterRef, QuerySet, Subquery

from matching import engine
from matching.frames import trades_frame
from matching.models import Match, MatchDifference, MatchLeg, RuleSet
from matching.querysets import MatchQuerySet
from matching.services import bulk
from trades.models import Trade
from trades.services.columns import read_table


def compare_again(*, matches: MatchQuerySet, rules: engine.RuleSet, rule_set: RuleSet) -> None:
    """Replace the differences of matches by what their trades say now, under these rules."""
    keys = list(matches.order_by().values_list("pk", flat=True))
    if not keys:
        return
    legs = MatchLeg.objects.filter(match__among=keys)
    differences = _differences_now(legs, rules)
    MatchDifference.objects.filter(match__among=keys).delete()
    bulk.write_differences(differences, pd.Series(keys, index=keys))
    current = Trade.objects.filter(pk=OuterRef("trade"))
    legs.update(trade_version=Subquery(current.values("version")))
    days = MatchLeg.objects.filter(match=OuterRef("pk")).order_by().values("match")
    Match.objects.filter(pk__among=keys).update(
        rule_set=rule_set,
        first_trade_date=Subquery(days.annotate(day=Min("trade__trade_date")).values("day")),
        last_trade_date=Subquery(days.annotate(day=Max("trade__trade_date")).values("day")),
    )


def compare_kinds_again(
    *, matches: MatchQuerySet, kinds: Collection[str], rules: engine.RuleSet
) -> None:
    """
    Replace the differences of some kinds by what the trades of the matches say now.

    For reference data that changed: nothing else about the matches did.
    """
    keys = list(matches.order_by().values_list("pk", flat=True))
    if not keys:
        return
    differences = _differences_now(MatchLeg.objects.filter(match__among=keys), rules)
    MatchDifference.objects.filter(match__among=keys, kind__in=kinds).delete()
    bulk.write_differences(
        differences[differences["kind"].isin(list(kinds))], pd.Series(keys, index=keys)
    )


def _differences_now(legs: QuerySet[MatchLeg], rules: engine.RuleSet) -> pd.DataFrame:
    """Return what the trades of some legs disagree about now."""
    columns = read_table(legs.order_by("pk"), ["match_id", "side", "trade_id"]).to_pandas()
    return differences_of(columns.rename(columns={"trade_id": "row"}), rules)


def differences_of(legs: pd.DataFrame, rules: engine.RuleSet) -> pd.DataFrame:
    """
    Return the engine's differences of given pairings.

    `legs` has one row a leg: match_id, side (left | right), row (the trade's primary key).
    """
    left, right = (
        trades_frame(Trade.objects.filter(pk__among=legs.loc[legs["side"] == side, "row"].tolist()))
        for side in ("left", "right")
    )
    return engine.compare(left, right, legs, rules)
