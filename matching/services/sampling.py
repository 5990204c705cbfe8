"""Draw some of a run's automatic matches at random, for a person to say whether they are right."""

from datetime import date, datetime

import numpy as np
import pandas as pd

from matching.choices import Decision
from matching.learning.drawing import drawn
from matching.models import Match, QaDraw, QaSample, ReconciliationRun


def draw(
    *, run: ReconciliationRun, matches: pd.DataFrame, keys: pd.Series, at: datetime
) -> QaDraw | None:
    """
    Draw from the matches a run has just written, in its transaction; None if none are to be.

    `matches` are the engine's, `keys` their primary keys by its match ids. What comes out depends
    on the run and the matches' keys alone, and a run is drawn from once.
    """
    share_pct, most = run.reconciliation.qa_share_pct, run.reconciliation.qa_most_a_run
    automatic = matches.loc[matches["decision"] == Decision.AUTO, "match_id"]
    if not share_pct or not most or not len(automatic):
        return None
    ours = automatic.map(keys).to_numpy(dtype=np.int64)
    chosen = drawn(ours, share=float(share_pct) / 100, most=most, seed=run.pk)
    made = QaDraw.objects.create(
        run=run,
        share_pct=share_pct,
        most=most,
        automatic=len(ours),
        drawn=int(chosen.sum()),
        drawn_at=at,
    )
    picked = sorted(ours[chosen].tolist())
    QaSample.objects.bulk_create(
        QaSample(match_id=key, draw=made, reconciliation_id=run.reconciliation_id, trade_date=day)
        for key, day in _days(picked)
    )
    return made


def _days(keys: list[int]) -> list[tuple[int, date]]:
    rows = Match.objects.filter(pk__in=keys).order_by("pk")
    return list(rows.values_list("pk", "last_trade_date"))
