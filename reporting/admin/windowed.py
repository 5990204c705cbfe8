"""What the dashboard says of the last weeks, and of what is foreseen."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from breaks.models import TradeBreak
from reporting.admin.charts import percent
from reporting.selectors.ended import ended_figures
from trades.admin.cells import span

WINDOW = timedelta(days=30)


def window_tiles(*, user: Any, at: datetime) -> list[dict[str, Any]]:
    """Return the tiles of what ended within the window."""
    ended_since = TradeBreak.objects.visible_to(user).filter(resolved_at__gte=at - WINDOW)
    found = ended_figures(ended_since)
    count = found.count
    ended = f"{count:,} ended in {WINDOW.days} days"
    address = f"{reverse('admin:breaks_tradebreak_changelist')}?view=all&ended={WINDOW.days}"
    return [
        {
            "label": "Mean time to resolve",
            "figure": span(found.took) if count else "none",
            "link": address,
            "soft": ended,
            "soft_link": address,
        },
        {
            "label": "SLA met",
            "figure": percent(found.met) if count else "none",
            "link": address,
            "soft": ended,
            "soft_link": address,
        },
    ]


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
