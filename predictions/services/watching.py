"""
What a model expected held against what came, and its trades against those it learnt from.

By week of trade date, over the scores made before any run had looked at the trade: a trade that
waits longer than others is likelier to be broken, and scores made then would flatter or slander
the model. Weeks are counted again while trades of theirs still wait for an end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from predictions import registry
from predictions.choices import RiskBand, Watched
from predictions.features import features_of
from predictions.models import (
    Crossing,
    FeatureDrift,
    FeatureReference,
    ModelVersion,
    ScoringSettings,
    TradeScore,
    WatchedWeek,
)
from predictions.selectors import active_version, scoring_settings
from predictions.services.outcomes import outcomes_of
from predictions.stability import calibration_error, shares_in, spread_of, stability
from predictions.words import WATCHED_FEATURES
from trades.models import Trade

WEEK = timedelta(days=7)
# So many weeks are counted again; what has no end by then will hardly have one.
COUNTED_AGAIN = 6
# Trades of a week, or of the training window, whose features are read.
SAMPLE = 4_000


@dataclass(frozen=True)
class Judged:
    """What a model expected of the trades of a week whose end is known, and what came."""

    settled: int
    expected: float
    broken: int
    brier: float | None
    calibration_error: float | None
    bands: dict[str, list[int]]


def judge(probabilities: np.ndarray, broke: np.ndarray, limits: Sequence[float]) -> Judged:
    """Hold probabilities against what broke; `bands` are ``[trades, broken]`` from each limit."""
    some = len(probabilities) > 0
    above = {
        band.value: probabilities >= limit
        for band, limit in zip(list(RiskBand)[1:], limits, strict=True)
    }
    return Judged(
        settled=len(probabilities),
        expected=float(probabilities.sum()),
        broken=int(broke.sum()),
        brier=float(np.mean((probabilities - broke) ** 2)) if some else None,
        calibration_error=calibration_error(probabilities, broke) if some else None,
        bands={name: [int(at.sum()), int(broke[at].sum())] for name, at in above.items()},
    )


def count_weeks(*, at: datetime) -> None:
    """
    Count the weeks of the active model; each is a commit of its own, for reading takes its time.

    :raises ModelAbsent: if there is no model.
    :raises ModelAltered: if its file is not the one that was registered.
    """
    version = registry.active().version
    settings = scoring_settings()
    references = _references(version)
    for week in _weeks(version, at):
        _count(version, week, settings, references, at)


@transaction.atomic
def pass_limits(*, at: datetime) -> list[Crossing]:
    """Return the limits that the active model passed since the last time, each to be told once."""
    version = active_version()
    return [] if version is None else _crossings(version, scoring_settings(), at)


def _weeks(version: ModelVersion, at: datetime) -> list[date]:
    """Return the Mondays to count: those not counted yet, and the last few again."""
    scores = TradeScore.objects.filter(model_version=version, before_run=True)
    days = scores.order_by().values_list("trade__trade_date", flat=True).distinct()
    mondays = {day - timedelta(days=day.weekday()) for day in days}
    known = set(WatchedWeek.objects.filter(model_version=version).values_list("week", flat=True))
    lately = at.date() - COUNTED_AGAIN * WEEK
    return sorted(week for week in mondays if week >= lately or week not in known)


def _count(
    version: ModelVersion,
    week: date,
    settings: ScoringSettings,
    references: Mapping[str, FeatureReference],
    at: datetime,
) -> None:
    scores = TradeScore.objects.filter(
        model_version=version,
        before_run=True,
        trade__trade_date__range=(week, week + WEEK - timedelta(days=1)),
    )
    rows = list(scores.order_by("trade").values_list("trade", "probability", "scored_at"))
    chances = {key: chance for key, chance, _ in rows}
    came = outcomes_of({key: when for key, _, when in rows}, at=at)
    ended = list(came)
    judged = judge(
        np.array([chances[key] for key in ended], dtype=float),
        np.array([came[key] for key in ended], dtype=bool),
        settings.limits,
    )
    drifts = _drifts(list(chances), week.toordinal(), references)
    with transaction.atomic():
        row, _ = WatchedWeek.objects.update_or_create(
            model_version=version,
            week=week,
            defaults={"scored": len(chances), "made_at": at, **vars(judged)},
        )
        row.drifts.all().delete()
        FeatureDrift.objects.bulk_create(
            FeatureDrift(week=row, feature=name, stability=index, shares=shares)
            for name, (index, shares) in drifts.items()
        )


def _drifts(
    keys: Sequence[int], seed: int, references: Mapping[str, FeatureReference]
) -> dict[str, tuple[float, list[float]]]:
    """Return how far, and in which shares, some trades lie from those the model learnt from."""
    frame = features_of(Trade.objects.filter(pk__among=_sample(keys, seed)))
    found = {}
    for name, reference in references.items():
        shares = shares_in(frame[name], reference.bins)
        found[name] = (stability(reference.shares, shares), shares)
    return found


def _references(version: ModelVersion) -> dict[str, FeatureReference]:
    """Return how the features were spread over the training window, read once a version."""
    there = {row.feature: row for row in version.references.all()}
    if there:
        return there
    window = Trade.objects.between(version.trained_from, version.trained_to)
    keys = _sample(list(window.order_by("pk").values_list("pk", flat=True)), version.pk)
    frame = features_of(Trade.objects.filter(pk__among=keys))
    rows = []
    for name in WATCHED_FEATURES:
        spread = spread_of(frame[name])
        rows.append(
            FeatureReference(
                model_version=version,
                feature=name,
                bins=spread.bins,
                shares=spread.shares,
                rows=len(frame),
            )
        )
    FeatureReference.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.feature: row for row in rows}


def _sample(keys: Sequence[int], seed: int) -> list[int]:
    """Return so many of the keys at random, the same ones whenever it is asked."""
    if len(keys) <= SAMPLE:
        return list(keys)
    drawn = np.random.default_rng(seed).choice(np.asarray(keys), SAMPLE, replace=False)
    return sorted(int(key) for key in drawn)


def _crossings(version: ModelVersion, settings: ScoringSettings, at: datetime) -> list[Crossing]:
    """Open a row for each limit newly crossed, and end those the model is back within."""
    standing = {(row.watched, row.feature): row for row in version.crossings.filter(ended_at=None)}
    new: list[Crossing] = []
    for watched, feature, week, value, limit in _measured(version, settings):
        row = standing.get((watched, feature))
        if value > limit and row is None:
            # Another who looks at the same time tells of it, or this one does.
            crossing, is_new = Crossing.objects.get_or_create(
                model_version=version,
                watched=watched,
                feature=feature,
                ended_at=None,
                defaults={"week": week, "value": value, "limit": limit, "crossed_at": at},
            )
            new += [crossing] if is_new else []
        elif value <= limit and row is not None:
            row.ended_at = at
            row.save(update_fields=["ended_at"])
    return new


def _measured(
    version: ModelVersion, settings: ScoringSettings
) -> list[tuple[Watched, str, date, float, float]]:
    """Return what the last weeks with enough trades say: what, feature, week, value, limit."""
    weeks = WatchedWeek.objects.filter(model_version=version).order_by("-week")
    found: list[tuple[Watched, str, date, float, float]] = []
    judged: Any = weeks.filter(settled__gte=settings.least_trades).first()
    if judged is not None:
        error = judged.calibration_error
        found.append((Watched.CALIBRATION, "", judged.week, error, settings.calibration_limit))
    scored = weeks.filter(scored__gte=settings.least_trades).first()
    if scored is not None:
        found += [
            (Watched.DRIFT, row.feature, scored.week, row.stability, settings.drift_limit)
            for row in scored.drifts.order_by("feature")
        ]
    return found
