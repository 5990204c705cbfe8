"""How old the live breaks are."""

from datetime import datetime
from typing import Any

from breaks.ages import AGES
from breaks.choices import Severity
from breaks.querysets import TradeBreakQuerySet
from reporting.scope import Scope
from reporting.selectors.live import live_in


def aging(scope: Scope, *, at: datetime) -> list[dict[str, Any]]:
    """Count the live breaks of a scope by age and severity."""
    return aging_of(scope.breaks(), at=at)


def aging_of(breaks: TradeBreakQuerySet, *, at: datetime) -> list[dict[str, Any]]:
    """Count those of these breaks that are live by `AGES`, the youngest first; one query."""
    live = live_in(breaks, at=at)
    return [
        {
            "bucket": age.code,
            "from_days": age.from_days,
            "to_days": age.to_days,
            "total": live.aged(place),
            "by_severity": {one.value: live.aged(place, severity=one.value) for one in Severity},
        }
        for place, age in enumerate(AGES)
    ]
