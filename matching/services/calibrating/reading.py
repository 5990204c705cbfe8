"""Read what people decided on, and the trades rules are tried on."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from django.db.models import Count, F, Q, Value
from django.db.models.functions import Coalesce

from matching import engine
from matching.choices import TURNED_DOWN, Decision, LegSide, MatchKind, MatchStatus, QaVerdict
from matching.engine.table import build
from matching.frames import trades_frame
from matching.learning.judging import Decisions
from matching.learning.pairs import likeness_of
from matching.models import Match, MatchLeg, Reconciliation
from matching.scope import of_asset_class
from trades.models import Trade

# So many decisions tell all there is to tell; the latest count.
MOST_DECISIONS = 20_000
# Trades of both sources that are paired three times: about ten seconds.
MOST_TRADES = 100_000

# How a decision came about, in words, and whether it says that the pair is right.
KINDS = {
    "confirmed": ("proposals confirmed", True),
    "paired": ("pairs made by hand", True),
    "sampled_right": ("sampled and called right", True),
    "rejected": ("proposals turned down", False),
    "taken_apart": ("automatic matches taken apart", False),
    "sampled_wrong": ("sampled and called wrong", False),
}


@dataclass(frozen=True)
class Read:
    """Decisions with how each came about, and how many were left out since a trade changed."""

    decisions: Decisions
    used: dict[str, int]
    changed_since: int


def read_decisions(
    reconciliation: Reconciliation, from_date: date, to_date: date, rules: engine.RuleSet
) -> Read:
    """
    Read the pairs of these trade dates that people decided on, the latest word on each.

    A pair of which a trade was amended since is left out: what people saw is gone.
    """
    in_days = Match.objects.filter(
        reconciliation=reconciliation,
        kind=MatchKind.ONE_TO_ONE,
        last_trade_date__range=(from_date, to_date),
    )
    quiet = in_days.filter(decision=Decision.AUTO, status=MatchStatus.MATCHED).count()
    told = in_days.filter(
        Q(decided_by__isnull=False, status__in=[MatchStatus.MATCHED, *TURNED_DOWN])
        | Q(qa_sample__verdict__in=QaVerdict.values)
    )
    rows = told.annotate(
        verdict=Coalesce("qa_sample__verdict", Value("")), said_at=F("qa_sample__verdict_at")
    )
    latest = list(
        rows.order_by("-pk").values_list(
            "pk", "decision", "status", "verdict", "decided_at", "said_at"
        )[:MOST_DECISIONS]
    )
    found = pd.DataFrame.from_records(
        latest, columns=["match", "decision", "status", "verdict", "decided_at", "said_at"]
    )
    pairs = _pairs(found["match"].tolist())
    joined = found.merge(pairs, on="match")
    changed = int(joined["changed"].sum())
    joined = joined[~joined["changed"]]
    joined = joined.assign(
        kind=[_kind(*one) for one in zip(
            joined["decision"], joined["status"], joined["verdict"], strict=True
        )],
        at=pd.to_datetime(joined["said_at"].fillna(joined["decided_at"]), utc=True),
    )  # fmt: skip
    # Turned down and then paired by hand after all: the last word counts.
    joined = joined.sort_values(["at", "match"]).drop_duplicates(["left", "right"], keep="last")
    joined = joined.sort_values("match", ignore_index=True)
    return Read(
        decisions=Decisions(
            likeness=_likeness(joined, rules),
            right=np.array([KINDS[one][1] for one in joined["kind"]], dtype=bool),
            automatic=(joined["decision"] == Decision.AUTO).to_numpy(dtype=bool),
            sampled=joined["kind"].isin(["sampled_right", "sampled_wrong"]).to_numpy(dtype=bool),
            quiet=quiet,
        ),
        used={kind: int((joined["kind"] == kind).sum()) for kind in KINDS},
        changed_since=changed,
    )


def _kind(decision: str, status: str, verdict: str) -> str:
    if verdict:
        return "sampled_right" if verdict == QaVerdict.RIGHT else "sampled_wrong"
    if status == MatchStatus.MATCHED:
        return "paired" if decision == Decision.MANUAL else "confirmed"
    # A proposal confirmed and taken apart later was a proposal all the same.
    return "taken_apart" if decision == Decision.AUTO else "rejected"


def _pairs(matches: list[int]) -> pd.DataFrame:
    """Return the two trades of each match, and whether either changed since it was compared."""
    legs = MatchLeg.objects.filter(match__among=matches).order_by()
    rows = legs.values_list("match", "side", "trade", "trade_version", "trade__version")
    frame = pd.DataFrame.from_records(
        list(rows), columns=["match", "side", "trade", "compared", "now"]
    )
    sides = frame.pivot(index="match", columns="side", values="trade")
    sides = sides.reindex(columns=[LegSide.LEFT.value, LegSide.RIGHT.value]).dropna()
    changed = (frame["now"] > frame["compared"]).groupby(frame["match"]).any()
    return sides.astype("int64").join(changed.rename("changed")).reset_index()


def _likeness(pairs: pd.DataFrame, rules: engine.RuleSet) -> np.ndarray:
    left, right = (
        trades_frame(Trade.objects.filter(pk__among=sorted(set(pairs[side].tolist()))))
        for side in ("left", "right")
    )
    table = build(left, right, rules)
    a = left.index.get_indexer(pd.Index(pairs["left"]))
    b = right.index.get_indexer(pd.Index(pairs["right"])) + table.split
    return likeness_of(table, a, b)


def days_to_try(reconciliation: Reconciliation, from_date: date, to_date: date) -> date | None:
    """Return the first day whose trades, with those of later days, are not too many; None: none."""
    trades = Trade.objects.between(from_date, to_date).filter(
        of_asset_class(reconciliation),
        source__in=[reconciliation.left_source_id, reconciliation.right_source_id],
    )
    total, first = 0, None
    days = trades.order_by("-trade_date").values_list("trade_date").annotate(Count("pk"))
    for day, count in days:
        if first is not None and total + count > MOST_TRADES:
            break
        total, first = total + count, day
    return first
