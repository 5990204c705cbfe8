"""Trade dates at a source's place as moments."""

from datetime import UTC, datetime, time, timedelta

from connectors.protocol import Order


def window(order: Order) -> tuple[datetime, datetime]:
    """Return when the first date begins and when the last has ended, in UTC."""
    start = datetime.combine(order.from_date, time.min, tzinfo=order.timezone)
    end = datetime.combine(order.to_date + timedelta(days=1), time.min, tzinfo=order.timezone)
    return start.astimezone(UTC), end.astimezone(UTC)
