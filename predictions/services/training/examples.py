"""
What there is to learn from: each version of a trade as it was before its end, and how it ended.

A trade *broke* if a break worth foreseeing was opened within `HORIZON` of the moment at which the
version was loaded, unless a person found later that it was none. A late file is not worth
foreseeing. Only what came so long ago that its end is known is learnt from, and only what was
there before the other side had reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from django.db.models import Q

from breaks.choices import ReasonCode
from matching.choices import LegSide
from matching.models import MatchLeg, Reconciliation
from predictions.features import features_of_sightings
from predictions.learning import Part
from predictions.past import first_breaks
from predictions.sightings import every_version
from trades.choices import TradeState
from trades.models import Trade
from trades.services.columns import read_table

HORIZON = timedelta(days=5)
# Of the moments, not of the rows: the last two parts are as long as a month is of half a year.
SHARES = (0.70, 0.15, 0.15)
PARTS = ("train", "calibration", "test")
LEAST_BROKEN = {"train": 50, "calibration": 10, "test": 10}
_LEARN_AGAIN = "Let more days be reconciled, then train again."


class NothingToLearn(Exception):
    """No model can be trained from what is there; the sentence says why and what to do."""


@dataclass(frozen=True)
class Examples:
    """The three parts, each later than the one before, and of what days they are."""

    parts: dict[str, Part]
    spans: dict[str, tuple[datetime, datetime]]
    trade_dates: tuple[Any, Any]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts.values())


def examples(*, at: datetime) -> Examples:
    """
    Return what there is to learn from by now.

    :raises NothingToLearn: if nothing has ended yet, all ended alike, or too little broke.
    """
    sights = _sightings(at)
    if sights.empty:
        raise NothingToLearn(
            "There is nothing to learn from: no trade of an enabled reconciliation came more than "
            f"{HORIZON.days} days ago, before its other side. Load some weeks of trades and "
            "reconcile them, then train again."
        )
    broke = sights["broke"].to_numpy(dtype=bool)
    if broke.all() or not broke.any():
        none_or_all = "All" if broke.any() else "None"
        raise NothingToLearn(
            f"{none_or_all} of the {len(broke):,} trades whose end is known broke, so there is "
            f"nothing to tell apart. {_LEARN_AGAIN}"
        )
    places = _split(sights["at"])
    _check(places, broke)
    frame = features_of_sightings(sights)
    parts = {name: Part(frame.iloc[rows], broke[rows]) for name, rows in places.items()}
    moments = sights["at"].dt.to_pydatetime()
    spans = {name: (moments[rows[0]], moments[rows[-1]]) for name, rows in places.items()}
    days = sights["trade_date"].iloc[places["train"]]
    return Examples(parts, spans, (days.min().date(), days.max().date()))


def _sightings(at: datetime) -> pd.DataFrame:
    """Return versions of trades before their end, the earliest first, and whether each broke."""
    between = Reconciliation.objects.filter(is_enabled=True)
    sides = set(between.values_list("left_source", "right_source"))
    sources = sorted({source for pair in sides for source in pair})
    ended = Trade.objects.filter(source__in=sources, received_at__lte=at - HORIZON)
    sights = every_version(ended.exclude(state=TradeState.CANCELLED))
    sights = sights[sights["at"] <= pd.Timestamp(at - HORIZON)]
    sights = sights.merge(first_breaks(Q(opened_at__lte=at)), on="trade", how="left")
    genuine = first_breaks(Q(opened_at__lte=at) & ~Q(reason_code=ReasonCode.NOT_A_BREAK))
    sights = sights.merge(genuine.rename(columns={"opened_at": "genuine"}), on="trade", how="left")
    other = _other_side_came().reindex(sights["trade"].to_numpy()).to_numpy()
    before_it_broke = sights["opened_at"].isna() | (sights["at"] <= sights["opened_at"])
    before_it_came = np.isnat(other) | (sights["at"].to_numpy(dtype="datetime64[us]") <= other)
    sights["broke"] = sights["genuine"].notna() & (
        sights["genuine"] <= sights["at"] + pd.Timedelta(HORIZON)
    )
    kept = sights[before_it_broke & before_it_came]
    return kept.sort_values(["at", "trade", "version"], kind="stable").reset_index(drop=True)


def _other_side_came() -> "pd.Series[Any]":
    """Return by trade when the first report of its other side came; one in no match has none."""
    rows = MatchLeg.objects.filter(is_live=True).order_by()
    table = read_table(rows, ["match_id", "side", "trade_id", "trade__received_at"])
    legs = table.to_pandas()
    legs["came"] = legs["trade__received_at"].to_numpy(dtype="datetime64[us]")
    found = []
    for side, other in ((LegSide.LEFT, LegSide.RIGHT), (LegSide.RIGHT, LegSide.LEFT)):
        ours = legs[legs["side"] == side.value]
        theirs = legs[legs["side"] == other.value].groupby("match_id")["came"].min()
        came_then = theirs.reindex(ours["match_id"]).to_numpy()
        found.append(pd.Series(came_then, index=ours["trade_id"]))
    came = pd.concat(found).astype("datetime64[us]")
    return came.groupby(level=0).min()


def _split(moments: "pd.Series[Any]") -> dict[str, Any]:
    """Cut the rows, which are in order, by time; what came at one moment stays together."""
    count, places, begin = len(moments), {}, 0
    times = moments.to_numpy(dtype="datetime64[us]")
    for name, share in zip(PARTS, np.cumsum(SHARES), strict=True):
        end = count if name == PARTS[-1] else int(np.searchsorted(times, times[int(share * count)]))
        places[name] = np.arange(begin, max(begin, end))
        begin = max(begin, end)
    return places


def _check(places: dict[str, Any], broke: Any) -> None:
    """:raises NothingToLearn: if a part has too few breaks, or nothing but breaks."""
    words: Sequence[str] = ("it learns from", "it is calibrated on", "it is judged by")
    for (name, rows), what in zip(places.items(), words, strict=True):
        broken = int(broke[rows].sum())
        if broken < LEAST_BROKEN[name]:
            raise NothingToLearn(
                f"Too few trades broke: {broken:,} of the {len(rows):,} {what}, and "
                f"{LEAST_BROKEN[name]} are needed. {_LEARN_AGAIN}"
            )
        if broken == len(rows):
            raise NothingToLearn(
                f"All {len(rows):,} trades {what} broke, so there is nothing to tell apart. "
                f"{_LEARN_AGAIN}"
            )
