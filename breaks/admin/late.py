"""What the page of a late report says: since when it is late, and where to see to it."""

from django.utils import timezone

from breaks.choices import LIVE, BreakType
from breaks.models import PendingTrade, TradeBreak
from connectors.expectations import ReportState, expectation
from trades.admin.cells import NOTHING, link, moment, number, since
from trades.admin.page import Panel

WORDS = {
    ReportState.LATE: "Nothing has come",
    ReportState.UNREADABLE: "What came could not be read",
    ReportState.DELIVERED: "It has come; the next run clears this break",
}


def late_panels(row: TradeBreak) -> list[Panel]:
    """Return the panel of a break that is a late report, as long as it is open."""
    if row.break_type != BreakType.TIMING or row.status not in LIVE:
        return []
    between = row.reconciliation
    source = between.left_source if row.left_value else between.right_source
    now = timezone.now()
    found = expectation(source=source, trade_date=row.trade_date, at=now)
    feed = found.feed
    waiting = PendingTrade.objects.filter(
        reconciliation=between, reason="LATE_FEED", trade__trade_date=row.trade_date
    ).exclude(trade__source=source)
    return [
        Panel(
            title="Late report",
            note="what waits for it is pending, not missing",
            facts=[
                ("Source", link("trades_source", source.pk, source.name)),
                ("Stands", WORDS.get(found.state, "Not due yet")),
                ("Was due", moment(found.since)),
                ("Late for", since(found.since, now=now) if found.since else NOTHING),
                ("Trades that wait", number(waiting.count())),
                ("Feed, and who is told", link("connectors_feed", feed and feed.pk, feed)),
                *([("Because", found.problem)] if found.problem else []),
            ],
        )
    ]
