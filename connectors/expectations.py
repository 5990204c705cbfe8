"""Whether a source has reported a trade date, is still to, or is late."""

import warnings
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q

from connectors.choices import DeliveryStatus
from connectors.models import Delivery, Feed
from trades.models import Source, Trade


class ReportState(StrEnum):
    """How far a source's reports of one trade date have come."""

    DELIVERED = "DELIVERED"  # what is missing now is missing
    NOT_DUE = "NOT_DUE"
    GRACE = "GRACE"  # due, and given a little longer
    LATE = "LATE"  # nothing came at all
    UNREADABLE = "UNREADABLE"  # what came, or the place it comes from, could not be read


@dataclass(frozen=True, slots=True)
class Expectation:
    """
    What to expect of a source for a trade date.

    `until` is when this may change without anything arriving: the end of the grace period.
    `since` is when the reports were due, or could not be read.
    """

    state: ReportState
    until: datetime | None
    feed: Feed | None
    since: datetime | None = None
    problem: str = ""


def expectation(
    *, source: Source, trade_date: date, at: datetime, feed: Feed | None = None
) -> Expectation:
    """
    Return what to expect of `source` for `trade_date`, as of `at`; with `feed`, of that one alone.

    The last of its feeds to be due counts; a source whose enabled feeds have no due time is
    expected to have delivered, unless what it sent could not be read.
    """
    feeds = [feed] if feed else list(Feed.objects.filter(source=source, is_enabled=True))
    last, moment = _last_due(feeds, source, trade_date)
    if last is not None and moment is not None:
        end_of_grace = moment + _grace(last)
        if at < end_of_grace:
            state = ReportState.NOT_DUE if at < moment else ReportState.GRACE
            return Expectation(state, end_of_grace, last, moment)
    failed = _failed(feeds, trade_date) if feeds else None
    if (last is None and failed is None) or _has_delivered(source, trade_date):
        return Expectation(ReportState.DELIVERED, None, last, moment)
    if failed is not None:
        since = moment or failed.finished_at
        return Expectation(ReportState.UNREADABLE, None, failed.feed, since, failed.error)
    return Expectation(ReportState.LATE, None, last, moment)


def _last_due(
    feeds: list[Feed], source: Source, trade_date: date
) -> tuple[Feed, datetime] | tuple[None, None]:
    timed = [one for one in feeds if one.due_time is not None]
    due = [(one, due_at(feed=one, source=source, trade_date=trade_date)) for one in timed]
    return max(due, key=lambda one: (one[1] + _grace(one[0]), one[0].code), default=(None, None))


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


def is_business_day(calendar: str, day: date) -> bool:
    """Tell whether a day is a business day of a calendar."""
    return _sessions(calendar).has(day)


def holidays(calendar: str, first: date, last: date) -> list[date]:
    """Return the Mondays to Fridays from `first` to `last` that are no business days."""
    known = _sessions(calendar)
    days = (first + timedelta(days=step) for step in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5 and not known.has(day)]


def dates_of(calendar: str, business_date: date) -> tuple[date, date]:
    """
    Return the first and the last trade date that a business date answers for.

    They are those since the business date before, so that every date, a holiday too, belongs to
    exactly one business date.
    """
    known = _sessions(calendar)
    first = business_date
    while not known.has(first - timedelta(days=1)):
        first -= timedelta(days=1)
    return first, business_date


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


def _failed(feeds: list[Feed], trade_date: date) -> Delivery | None:
    """
    Return the last failure of these feeds over the date, unless the feed was read since.

    A place that could not be reached is well again once a look at it succeeds, even if nothing
    was there; a file that could not be read is only made good by one that could.
    """
    over = Delivery.objects.filter(from_date__lte=trade_date, to_date__gte=trade_date)
    looks = over.filter(
        feed=OuterRef("feed"), status=DeliveryStatus.LOADED, finished_at__gt=OuterRef("finished_at")
    )
    failures = over.filter(feed__in=feeds, status=DeliveryStatus.FAILED).exclude(
        Exists(looks.exclude(digest="")) | Q(Exists(looks), digest="")
    )
    return failures.select_related("feed").order_by("-finished_at", "-pk").first()
