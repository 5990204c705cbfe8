"""What became of trades that were scored, by the very measure that a model learns by."""

from collections.abc import Mapping
from datetime import datetime

import pandas as pd
from django.db.models import Q

from breaks.choices import ReasonCode
from matching.models import MatchLeg
from predictions.past import first_breaks
from predictions.services.training.examples import HORIZON


def outcomes_of(scored_at: Mapping[int, datetime], *, at: datetime) -> dict[int, bool]:
    """
    Tell of trades, given when each was scored, whether they broke; a handful of queries.

    One broke if a break worth foreseeing was opened within `HORIZON` and no person found that it
    was none. Before that time is up nothing is told of it: those that break early would be known
    before those that do not break at all.
    """
    ended = {key: when for key, when in scored_at.items() if when + HORIZON <= at}
    keys = list(ended)
    matches = MatchLeg.objects.filter(trade__among=keys).values_list("match", flat=True)
    about = Q(left_trade__among=keys) | Q(right_trade__among=keys)
    about |= Q(match__among=sorted(set(matches)))
    genuine = ~Q(reason_code=ReasonCode.NOT_A_BREAK)
    found = first_breaks(about & genuine)
    opened = dict(zip(found["trade"].tolist(), found["opened_at"], strict=True))
    return {
        key: key in opened and opened[key] <= pd.Timestamp(when) + HORIZON
        for key, when in ended.items()
    }
