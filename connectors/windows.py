"""Trade dates at a source's place as moments, and moments as trade dates."""

from datetime import UTC, datetime, time, timedelta

from connectors.habits import NotReadable, moment
from connectors.protocol import Order


def window(order: Order) -> tuple[datetime, datetime]:
    """Return when the first date begins and when the last has ended, in UTC."""
    start = datetime.combine(order.from_date, time.min, tzinfo=order.timezone)
    end = datetime.combine(order.to_date + timedelta(days=1), time.min, tzinfo=order.timezone)
    return start.astimezone(UTC), end.astimezone(UTC)


def trade_date_of(when: str, order: Order) -> str:
    """Return the date of an ISO 8601 time at the source's place; empty where it is no time."""
    try:
        at = moment(when, ("ISO",), order.timezone, None)
    except NotReadable:
        return ""
    return at.astimezone(order.timezone).date().isoformat()
