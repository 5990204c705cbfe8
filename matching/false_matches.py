"""How many automatic matches are false, measured on those drawn at random."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth

from matching.choices import MatchStatus, QaVerdict
from matching.learning.intervals import clopper_pearson
from matching.models import QaSample, Reconciliation


@dataclass(frozen=True, kw_only=True)
class FalseMatchRate:
    """
    The measured rate of false matches among a reconciliation's automatic ones, one month's.

    `month` is its first day, None over all of them. `drawn` were drawn, `judged` of them have an
    answer, `wrong` of those are false. `rate`, `low` and `high` are shares from 0 to 1, the last
    two a 95% interval (Clopper-Pearson); with nothing judged `rate` is None.
    """

    reconciliation_id: int
    code: str
    name: str
    month: date | None
    drawn: int
    judged: int
    wrong: int
    rate: float | None
    low: float
    high: float


def _found_wrong() -> Q:
    # Somebody took it apart before the sample was looked at: left out, the rate would look better.
    return Q(verdict=QaVerdict.WRONG) | Q(verdict="", match__status=MatchStatus.UNMATCHED)


def false_match_rates(
    *,
    reconciliation: Reconciliation | int | None = None,
    from_date: date | None = None,
    to_date: date | None = None,
    by_month: bool = True,
) -> list[FalseMatchRate]:
    """
    Return the measured false-match rates, by reconciliation and month of the trade dates.

    Both dates are included. A sample that a later run paired anew before anybody judged it is
    left out: it is no match any more. One query.
    """
    samples = QaSample.objects.exclude(verdict="", match__status=MatchStatus.SUPERSEDED)
    if reconciliation is not None:
        samples = samples.filter(reconciliation=reconciliation)
    if from_date is not None:
        samples = samples.filter(trade_date__gte=from_date)
    if to_date is not None:
        samples = samples.filter(trade_date__lte=to_date)
    counts = samples.annotate(month=TruncMonth("trade_date")).order_by()
    rows = counts.values_list(
        "reconciliation_id", "reconciliation__code", "reconciliation__name", "month"
    ).annotate(
        drawn=Count("pk"),
        judged=Count("pk", filter=~Q(verdict="") | _found_wrong()),
        wrong=Count("pk", filter=_found_wrong()),
    )
    summed: dict[tuple[int, str, str, date | None], list[int]] = defaultdict(lambda: [0, 0, 0])
    for key, code, name, month, *found in rows:
        total = summed[key, code, name, month if by_month else None]
        total[:] = [ours + more for ours, more in zip(total, found, strict=True)]
    return [
        _rate(key, *found)
        for key, found in sorted(summed.items(), key=lambda one: (one[0][1], str(one[0][3])))
    ]


def _rate(
    key: tuple[int, str, str, date | None], drawn: int, judged: int, wrong: int
) -> FalseMatchRate:
    low, high = clopper_pearson(wrong, judged)
    return FalseMatchRate(
        reconciliation_id=key[0],
        code=key[1],
        name=key[2],
        month=key[3],
        drawn=drawn,
        judged=judged,
        wrong=wrong,
        rate=wrong / judged if judged else None,
        low=low,
        high=high,
    )
