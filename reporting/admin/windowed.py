"""What the dashboard says of the last weeks, and of what is foreseen."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from breaks.models import TradeBreak
from reporting.admin.charts import Day, trend
from reporting.selectors.rates import MatchedDay, ended_of, percent, together
from trades.admin.cells import span

WINDOW = timedelta(days=30)
MOST_DAYS = 20


def window_tiles(*, user: Any, at: datetime) -> list[dict[str, Any]]:
    """Return the tiles of what ended within the window."""
    seen = TradeBreak.objects.visible_to(user).filter(resolved_at__gte=at - WINDOW)
    found = ended_of(seen)
    said = f"{found.count:,} ended in {WINDOW.days} days"
    address = f"{reverse('admin:breaks_tradebreak_changelist')}?view=all&ended={WINDOW.days}"
    return [
        {
            "label": "Mean time to resolve",
            "figure": span(found.took) if found.took is not None else "none",
            "link": address,
            "soft": said,
            "soft_link": address,
        },
        {
            "label": "SLA met",
            "figure": percent(found.met) or "none",
            "link": address,
            "soft": said,
            "soft_link": address,
        },
    ]


def match_tile(days: Sequence[MatchedDay]) -> dict[str, Any]:
    """Return the tile of how much was matched within the window."""
    found = together(days)
    every = found.by_itself + found.to_review
    return {
        "label": "Auto-match rate",
        "figure": percent(found.auto_match_rate) or "none",
        "title": f"{found.by_itself:,} of {every:,} matches needed nobody",
        "link": reverse("admin:matching_reconciliationrun_changelist"),
        "soft": f"{percent(found.match_rate) or 'none'} of trades matched, {WINDOW.days} days",
    }


def trend_of(days: Sequence[MatchedDay]) -> SafeString:
    """Draw the last days that runs ended at; each column leads to the breaks of its date."""
    queue = reverse("admin:breaks_tradebreak_changelist")
    shown = [
        Day(
            one.day,
            one.found.breaks,
            one.found.match_rate,
            f"{queue}?view=all&trade_date_from={one.day}&trade_date_to={one.day}",
        )
        for one in days[-MOST_DAYS:]
    ]
    return trend(shown, title="Match rate and breaks by day") if shown else SafeString("")


def likely() -> dict[str, Any]:
    """Say how many trades are likely to break; without a model, that there is none."""
    return {
        "title": "Likely to break",
        "figure": "no model",
        "soft": f"train one; it is kept as {settings.BREAK_PREDICTION_MODEL}",
    }


def measured() -> dict[str, Any]:
    """Say how many matches that nobody looked at turned out wrong, by the random sample."""
    return {"title": "Measured false matches", "figure": "not measured", "soft": "no sample yet"}
