"""Which dates there are: every source counts them by the clock of its own place."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.models import Feed
from matching.models import Reconciliation
from trades.models import Source


def today_of(source: Source, at: datetime) -> date:
    """Return the date it is at the source's place."""
    return at.astimezone(ZoneInfo(source.timezone)).date()


def last_ended(at: datetime) -> date:
    """Return the last date that has ended wherever a report is expected from."""
    return min((today_of(source, at) for source in _reporting()), default=at.date()) - timedelta(1)


def _reporting() -> Iterable[Source]:
    """Yield the sources of what is enabled: their days must be over before they are judged."""
    for feed in Feed.objects.filter(is_enabled=True).select_related("source"):
        yield feed.source
    compared = Reconciliation.objects.filter(is_enabled=True)
    for one in compared.select_related("left_source", "right_source"):
        yield one.left_source
        yield one.right_source
