"""What the dashboard says of the last weeks, and of what is foreseen."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from breaks.models import TradeBreak
from matching.false_matches import false_match_rates
from matching.learning.intervals import clopper_pearson
from predictions.choices import ModelStatus, RiskBand
from predictions.models import TradeScore
from predictions.registry import problem
from predictions.selectors import waiting_trades
from reporting.admin.charts import Day, trend
from reporting.selectors.rates import MatchedDay, ended_of, percent, together
from trades.admin.cells import span
from trades.admin.counting import count_each, count_words

WINDOW = timedelta(days=30)
MOST_DAYS = 20
# As the list's own view has it.
LIKELY = (RiskBand.MEDIUM, RiskBand.HIGH, RiskBand.CRITICAL)


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


def likely(*, at: datetime) -> dict[str, Any]:
    """Say how many waiting trades are likely to break; without a model, why there is none."""
    title = "Likely to break"
    if refused := problem():
        models = reverse("admin:predictions_modelversion_changelist")
        return {"title": title, "figure": "no model", "link": models, "soft": refused}
    scores = TradeScore.objects.filter(
        model_version__status=ModelStatus.ACTIVE,
        band__in=LIKELY,
        trade__in=waiting_trades(at=at).values("pk"),
    )
    count = count_each({"likely": scores})["likely"]
    return {
        "title": title,
        "figure": count_words(count),
        "link": reverse("admin:predictions_tradescore_changelist") + "?view=likely",
        "soft": "trades whose other side has not come",
    }


def measured() -> dict[str, Any]:
    """Say how many matches that nobody looked at turned out wrong, by the random sample."""
    rates = false_match_rates(by_month=False)
    judged, wrong = (sum(getattr(one, name) for one in rates) for name in ("judged", "wrong"))
    link = reverse("admin:matching_qasample_changelist")
    told = {"title": "Measured false matches", "link": link}
    if not judged:
        return told | {"figure": "not measured", "soft": "no drawn match was judged yet"}
    low, high = clopper_pearson(wrong, judged)
    soft = f"{wrong:,} of {judged:,} drawn at random; {low:.2%} to {high:.2%} with 95% confidence"
    return told | {"figure": f"{wrong / judged:.2%}", "soft": soft}
