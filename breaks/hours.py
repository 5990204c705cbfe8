"""Business time: how much of it lies between two moments, and when so much of it will have gone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

WEEKDAYS = frozenset(range(5))
# Whoever is closed for longer than this has no business hours at all.
MOST_CLOSED_DAYS = 366


class NeverOpen(ValueError):
    """These hours have no business day for a year on end, so no clock can run in them."""


@dataclass(frozen=True)
class BusinessHours:
    """
    When work is done: from `opens` to `closes`, local time, on `weekdays` (Monday is 0).

    `closed` are the days off, `worked` days that are business days all the same, and `early` the
    moments at which days end early; one that ends before it began is a day off. Where `closes` is
    not after `opens` the day ends after midnight, so equal times mean around the clock. Lengths
    are of time that really passes: an hour that the clocks skip or repeat counts as what it lasts.
    """

    zone: str = "UTC"
    opens: time = time(8)
    closes: time = time(18)
    weekdays: frozenset[int] = WEEKDAYS
    closed: frozenset[date] = field(default_factory=frozenset)
    worked: frozenset[date] = field(default_factory=frozenset)
    early: Mapping[date, datetime] = field(default_factory=dict, hash=False)

    def is_business_day(self, day: date) -> bool:
        return (day.weekday() in self.weekdays and day not in self.closed) or day in self.worked

    def opening(self, at: datetime) -> datetime:
        """
        Return when business begins again, in UTC: `at` itself during business hours.

        :raises NeverOpen: if no business day comes.
        """
        begins, _ = next(self._days(at))
        return max(begins, at)

    def cut_off(self, start: datetime, time_of_day: time, zone: str = "") -> datetime:
        """
        Return the first moment after `start` at which it is that time of a business day, in UTC.

        The time is of `zone`, or the hours' own. On a day that ends early it is no later than that.

        :raises NeverOpen: if no business day comes.
        """
        place = zone or self.zone
        day = start.astimezone(ZoneInfo(place)).date()
        for _ in range(MOST_CLOSED_DAYS):
            if self.is_business_day(day):
                moment = datetime.combine(day, time_of_day, ZoneInfo(place)).astimezone(UTC)
                moment = min(moment, self.early.get(day, moment))
                if moment > start:
                    return moment
            day += timedelta(days=1)
        raise self._never(start)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the business time from one aware moment to another; none if it is not later."""
        total = timedelta()
        for opening, closing in self._days(start):
            if opening >= end:
                break
            total += max(timedelta(), min(closing, end) - max(opening, start))
        return total

    def after(self, start: datetime, length: timedelta) -> datetime:
        """
        Return the moment at which so much business time will have gone since `start`, in UTC.

        :raises NeverOpen: if no business day comes.
        """
        left = length
        for opening, closing in self._days(start):
            begins = max(opening, start)
            if closing - begins >= left and closing > begins:
                return begins + left
            left -= max(timedelta(), closing - begins)
        raise AssertionError("unreachable")

    def _days(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the openings and closings in UTC that end after `start`, without end."""
        # The day before may end after midnight.
        day = start.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=1)
        idle = 0
        while idle <= MOST_CLOSED_DAYS:
            if self.is_business_day(day):
                opening, closing = _hours_of(self.zone, self.opens, self.closes, day)
                closing = min(closing, self.early.get(day, closing))
                if closing > max(start, opening):
                    idle = 0
                    yield opening, closing
            idle += 1
            day += timedelta(days=1)
        raise self._never(start)

    def _never(self, start: datetime) -> NeverOpen:
        return NeverOpen(
            f"The business hours from {self.opens:%H:%M} to {self.closes:%H:%M} have no business "
            f"day in the year after {start:%Y-%m-%d}. Give them a weekday."
        )


@lru_cache(maxsize=65_536)
def _hours_of(zone: str, opens: time, closes: time, day: date) -> tuple[datetime, datetime]:
    place = ZoneInfo(zone)
    last = day if closes > opens else day + timedelta(days=1)
    return (
        datetime.combine(day, opens, place).astimezone(UTC),
        datetime.combine(last, closes, place).astimezone(UTC),
    )
