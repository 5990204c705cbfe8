"""Business time: how much of it lies between two moments, and when so much of it will have gone."""

from collections.abc import Iterator
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

    `closed` are the days off. Where `closes` is not after `opens` the day ends after midnight, so
    equal times mean around the clock. Lengths are of time that really passes: an hour that the
    clocks skip or repeat counts as what it lasts.
    """

    zone: str = "UTC"
    opens: time = time(8)
    closes: time = time(18)
    weekdays: frozenset[int] = WEEKDAYS
    closed: frozenset[date] = field(default_factory=frozenset)

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
            if day.weekday() in self.weekdays and day not in self.closed:
                opening, closing = _hours_of(self.zone, self.opens, self.closes, day)
                if closing > start:
                    idle = 0
                    yield opening, closing
            idle += 1
            day += timedelta(days=1)
        raise NeverOpen(
            f"The business hours from {self.opens:%H:%M} to {self.closes:%H:%M} have no business "
            f"day in the year after {start:%Y-%m-%d}. Give them a weekday."
        )


@lru_cache(maxsize=4_096)
def _hours_of(zone: str, opens: time, closes: time, day: date) -> tuple[datetime, datetime]:
    place = ZoneInfo(zone)
    last = day if closes > opens else day + timedelta(days=1)
    return (
        datetime.combine(day, opens, place).astimezone(UTC),
        datetime.combine(last, closes, place).astimezone(UTC),
    )
