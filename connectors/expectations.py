"""Whether a source has reported a trade date, is still to, or is late."""

import warnings
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from connectors.choices import DeliveryStatus
from connectors.models import Delivery, Feed
from trades.models import Source, Trade


class ReportState(StrEnum):
    """How far a source's reports of one trade date have come."""

    DELIVERED = "DELIVERED"  # what is missing now is missing
    NOT_DUE = "NOT_DUE"
    GRACE = "GRACE"  # due, and given a little longer
    LATE = "LATE"  # nothing came at all


@dataclass(frozen=True, slots=True)
class Expectation:
    """
    What to expect of a source for a trade date.

    `until` is when this may change without anything arriving: the end of the grace period.
    """

    state: ReportState
    until: datetime | None
    feed: Feed | None


def expectation(*, source: Source, trade_date: date, at: datetime) -> Expectation:
    """
    Return what to expect of `source` for `trade_date`, as of `at`.

    The last of its feeds to be due counts; a source whose enabled feeds have no due time is
    expected to have delivered.
    """
    feeds = Feed.objects.filter(source=source, is_enabled=True, due_time__isnull=False)
    due = [(due_at(feed=feed, source=source, trade_date=trade_date), feed) for feed in feeds]
    if not due:
        return Expectation(ReportState.DELIVERED, None, None)
    moment, feed = max(due, key=lambda one: (one[0] + _grace(one[1]), one[1].code))
    end_of_grace = moment + _grace(feed)
    if at < moment:
        return Expectation(ReportState.NOT_DUE, end_of_grace, feed)
    if at < end_of_grace:
        return Expectation(ReportState.GRACE, end_of_grace, feed)
    state = ReportState.DELIVERED if _has_delivered(source, trade_date) else ReportState.LATE
    return Expectation(state, None, feed)


def due_at(*, feed: Feed, source: Source, trade_date: date) -> datetime:
    """
    Return when the feed's reports of a trade date are due: an aware time at the source's place.

    `due_days` business days of the source's calendar after the trade date; with none, on the
    trade date itself, or on the first business day after it if it is no business day.

    :raises ValueError: if the feed has no due time.
    """
    if feed.due_time is None:
        raise ValueError(f"feed {feed.code} has no due time")
    day = business_day(source.calendar, trade_date, feed.due_days)
    return datetime.combine(day, feed.due_time, tzinfo=ZoneInfo(source.timezone))


def business_day(calendar: str, day: date, after: int) -> date:
    """
    Return the business day that comes `after` so many of them, counting from `day`.

    A calendar that is not known, or does not reach so far, counts Mondays to Fridays.
    """
    known = _sessions(calendar)
    found = _this_or_next(day, known)
    # A trade date that is no business day counts from itself: the first day after it is one.
    remaining = after if found == day else after - 1
    for _ in range(max(remaining, 0)):
        found = _this_or_next(found + timedelta(days=1), known)
    return found


def _this_or_next(day: date, known: "_Sessions") -> date:
    while not known.has(day):
        day += timedelta(days=1)
    return day


@dataclass(frozen=True, slots=True)
class _Sessions:
    """The business days of a calendar as far as it reaches."""

    days: frozenset[date]
    first: date
    last: date

    def has(self, day: date) -> bool:
        return day in self.days if self.first <= day <= self.last else day.weekday() < 5


@lru_cache(maxsize=64)
def _sessions(calendar: str) -> _Sessions:
    from exchange_calendars import errors, get_calendar

    try:
        with warnings.catch_warnings():
            # The library still asks pandas for what pandas is about to take away.
            warnings.simplefilter("ignore", DeprecationWarning)
            sessions = get_calendar(calendar).sessions
    except errors.InvalidCalendarName:
        return _Sessions(frozenset(), date.max, date.min)
    days = [session.date() for session in sessions]
    return _Sessions(frozenset(days), days[0], days[-1])


def _grace(feed: Feed) -> timedelta:
    return timedelta(minutes=feed.grace_minutes)


def _has_delivered(source: Source, trade_date: date) -> bool:
    """Tell whether anything came for the date: a trade, or a file of that date without trades."""
    if Trade.objects.filter(source=source, trade_date=trade_date).exists():
        return True
    return (
        Delivery.objects.filter(
            source=source, status=DeliveryStatus.LOADED, from_date=trade_date, to_date=trade_date
        )
        .exclude(digest="")
        .exists()
    )
