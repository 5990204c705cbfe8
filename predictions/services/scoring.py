"""
Scores: kept for trades whose other side has not come, or answered to whoever asks.

What is kept is worked out once a version of a trade and of the model, in bulk: so many trades a
call, whatever their number the same queries. The reasons are kept for the likeliest of a call and
for every trade above the lowest band; whoever asks for a trade is answered with them always.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from predictions import registry
from predictions.choices import RiskBand
from predictions.factors import Factor, factors_of
from predictions.features import features_of
from predictions.models import ModelVersion, ScoringSettings, TradeScore
from predictions.selectors import scoring_settings, seen_by_a_run, waiting_trades
from predictions.words import factor_row
from trades.models import Trade

AT_ONCE = 10_000
# Of a call the reasons of so many are kept; the rest is hardly ever looked at.
REASONED = 1_000
BATCH = 1_000


@dataclass(frozen=True)
class Scores:
    """Probabilities of trades by key, in the order of `keys`, with the frame they are from."""

    loaded: Any
    settings: ScoringSettings
    frame: pd.DataFrame
    probabilities: np.ndarray

    @property
    def keys(self) -> list[Any]:
        return self.frame.index.tolist()

    @property
    def version(self) -> ModelVersion:
        version: ModelVersion = self.loaded.version
        return version

    def bands(self) -> list[RiskBand]:
        """Return the band of each; a probability that is a limit is of the band above it."""
        names = np.array(RiskBand.values)
        found = names[np.searchsorted(self.settings.limits, self.probabilities, side="right")]
        return [RiskBand(name) for name in found]

    def factors(self, places: Sequence[int] | None = None) -> list[list[Factor]]:
        """Return what moves each trade, or those at these places, in one call of the model."""
        frame, chances = self.frame, self.probabilities
        if places is not None:
            frame, chances = frame.iloc[list(places)], chances[list(places)]
        return factors_of(
            frame, chances, typical=self.loaded.typical, predict=self.loaded.probabilities
        )


@dataclass(frozen=True)
class Kept:
    """How many trades were scored, by band, and by which model."""

    version: ModelVersion
    bands: Mapping[str, int]

    @property
    def scored(self) -> int:
        return sum(self.bands.values())


def scores_of(trades: Any, *, at: datetime) -> Scores:
    """
    Return the probabilities of trades, by what was known `at`; nothing is written.

    :raises ModelAbsent: if there is no model.
    :raises ModelAltered: if its file is not the one that was registered.
    """
    loaded = registry.active()
    frame = features_of(trades, known_at=at)
    chances = loaded.probabilities(frame) if len(frame) else np.empty(0)
    return Scores(loaded, scoring_settings(), frame, np.asarray(chances, dtype=float))


def score_waiting(*, at: datetime, watcher: Callable[[], None] = lambda: None) -> Kept:
    """
    Score the trades whose other side has not come and that have no score of this model yet.

    A trade that was amended since is scored anew. Asked again, nothing is left to do. `watcher`
    is called now and then while there is much to do.

    :raises ModelAbsent: if there is no model.
    :raises ModelAltered: if its file is not the one that was registered.
    """
    version = registry.active().version
    bands = dict.fromkeys(RiskBand.values, 0)
    for keys in _batches(_unscored(version, at)):
        for name, count in keep_scores(keys, version=version, at=at).items():
            bands[name] += count
        watcher()
    return Kept(version, bands)


def _unscored(version: ModelVersion, at: datetime) -> QuerySet[Trade]:
    there = TradeScore.objects.filter(
        trade=OuterRef("pk"), model_version=version, trade_version=OuterRef("version")
    )
    return waiting_trades(at=at).filter(~Exists(there))


def _batches(trades: QuerySet[Trade]) -> Iterator[list[int]]:
    """Yield keys by the thousand; all are read first, since what is scored is no longer asked."""
    keys = list(trades.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]


def keep_scores(keys: Sequence[int], *, version: ModelVersion, at: datetime) -> dict[str, int]:
    """Score these trades and keep it, and return how many are in each band."""
    trades = Trade.objects.filter(pk__among=list(keys))
    facts = trades.annotate(looked_at=seen_by_a_run()).values_list("pk", "version", "looked_at")
    known = {pk: (number, pending) for pk, number, pending in facts}
    scores = scores_of(trades, at=at)
    if scores.version.pk != version.pk:
        return {}  # another one was activated meanwhile: the next call is of it
    bands = scores.bands()
    reasons = _reasons(scores, bands)
    rows = [
        TradeScore(
            trade_id=key,
            model_version=version,
            trade_version=known[key][0],
            probability=float(scores.probabilities[at_place]),
            band=bands[at_place],
            factors=reasons.get(at_place),
            before_run=not known[key][1],
            scored_at=at,
        )
        for at_place, key in enumerate(scores.keys)
        if key in known
    ]
    _write(rows)
    return {band: sum(row.band == band for row in rows) for band in RiskBand.values}


def _reasons(scores: Scores, bands: Sequence[RiskBand]) -> dict[int, list[dict[str, Any]]]:
    likeliest = np.argsort(-scores.probabilities, kind="stable")[:REASONED].tolist()
    above = [place for place, band in enumerate(bands) if band != RiskBand.LOW]
    places = sorted({*likeliest, *above})
    found = scores.factors(places)
    return {
        place: [factor_row(one, scores.loaded.typical) for one in each]
        for place, each in zip(places, found, strict=True)
    }


@transaction.atomic
def _write(rows: Sequence[TradeScore]) -> None:
    TradeScore.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["trade", "model_version"],
        update_fields=[
            "trade_version", "probability", "band", "factors", "before_run", "scored_at",
        ],
    )  # fmt: skip


@transaction.atomic
def edit_settings(*, settings: ScoringSettings, at: datetime) -> int:
    """
    Save edited settings, and put what is listed into the bands as they are now.

    Scores of trades further back keep the band they were given. Return how many moved.
    """
    settings.save()
    recent = TradeScore.objects.filter(trade__in=waiting_trades(at=at).values("pk"))
    moved = 0
    edges = (0.0, *settings.limits, None)
    for band, lower, upper in zip(RiskBand, edges, edges[1:], strict=False):
        within = recent.filter(probability__gte=lower)
        if upper is not None:
            within = within.filter(probability__lt=upper)
        moved += within.exclude(band=band).update(band=band)
    return moved


__all__ = ["Kept", "Scores", "edit_settings", "score_waiting", "scores_of"]
