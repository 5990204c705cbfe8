"""
The clock of a break against one that knows nothing but minutes.

The oracle looks at every minute of twelve years in each city: the wall clock by zoneinfo, the day
by the exchange's own schedule. It walks from the opening on, minute by minute, counting those that
are open and not paused. Walking is by whole arrays, so that ten thousand cases take seconds.
"""

import random
import warnings
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from breaks import clocks
from breaks.choices import BreakStatus
from breaks.clocks import Terms
from breaks.exchanges import exchange_days
from breaks.hours import BusinessHours
from breaks.models import HolidayCalendar, TradeBreak
from breaks.models.calendar import with_calendar

CASES = 2_500  # a city
MINUTE = timedelta(minutes=1)
TODAY = date(2026, 3, 5)
FIRST, LAST = date(2015, 1, 1), date(2027, 12, 31)
START = datetime(2014, 12, 30, tzinfo=UTC)
CITIES = {
    "New York": ("America/New_York", "XNYS", time(8), time(18)),
    "London": ("Europe/London", "XLON", time(7, 30), time(17, 30)),
    "Sydney": ("Australia/Sydney", "XASX", time(9), time(17)),
    "Tokyo": ("Asia/Tokyo", "XTKS", time(8, 45), time(18, 15)),
}
ADDED = {"New York": date(2018, 12, 5), "London": date(2022, 9, 19), "Sydney": date(2022, 9, 22),
         "Tokyo": date(2019, 10, 22)}  # fmt: skip


@dataclass
class Oracle:
    """Every minute of the years, as the wall clocks of one city have it."""

    city: str
    is_open: np.ndarray = field(init=False)
    local_day: np.ndarray = field(init=False)
    local_minute: np.ndarray = field(init=False)
    ends_early: np.ndarray = field(init=False)
    early: dict[int, int] = field(init=False)
    is_business_day: dict[date, bool] = field(init=False)

    def __post_init__(self) -> None:
        import exchange_calendars

        name, exchange, opens, closes = CITIES[self.city]
        zone = ZoneInfo(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            market = exchange_calendars.get_calendar(exchange, start=str(FIRST), end=str(LAST))
        sessions = {one.date() for one in market.sessions}
        early = {one.date(): market.closes[one].to_pydatetime() for one in market.early_closes}
        self.is_business_day = {}
        days = (LAST - FIRST).days + 3
        count = days * 24 * 60
        self.is_open = np.zeros(count, bool)
        self.local_day = np.zeros(count, np.int32)
        self.local_minute = np.zeros(count, np.int16)
        # The offset of a zone changes at a full quarter of an hour only.
        for quarter in range(count // 15):
            moment = START + MINUTE * 15 * quarter
            wall = moment.astimezone(zone)
            day = wall.date()
            if day not in self.is_business_day:
                self.is_business_day[day] = day in sessions and day != ADDED[self.city]
            here = slice(quarter * 15, quarter * 15 + 15)
            first = wall.hour * 60 + wall.minute
            self.local_day[here] = day.toordinal()
            self.local_minute[here] = np.arange(first, first + 15)
            self.is_open[here] = self.is_business_day[day] and opens <= wall.time() < closes
        for day, moment in early.items():
            rest = slice(_minute(moment), _minute(moment) + 24 * 60)
            self.is_open[rest] &= self.local_day[rest] != day.toordinal()
        self.ends_early = np.zeros(count, bool)
        self.ends_early[[_minute(moment) for moment in early.values()]] = True
        self.early = {day.toordinal(): _minute(moment) for day, moment in early.items()}

    def due(self, case: "Case") -> int:
        """Walk from the opening on; return the minute after the last one counted."""
        ticks = self.is_open[case.opened : case.opened + 60 * 24 * 60].copy()
        for begin, end in case.pauses:
            ticks[begin - case.opened : end - case.opened] = False
        cut_off, due = self.cut_off(case.opened, case.cut_off), None
        # What counts is how many minutes have ticked before each.
        gone = np.flatnonzero(np.cumsum(ticks) >= case.minutes)
        walked = case.opened + int(gone[0]) + 1
        for begin, end in sorted(case.pauses):
            due = walked if cut_off is None else min(walked, cut_off)
            if due <= begin:
                return self._still_late(due, case, begin)
            cut_off = self.cut_off(end, case.cut_off)
        return walked if cut_off is None else min(walked, cut_off)

    def _still_late(self, due: int, case: "Case", begin: int) -> int:
        """Move a due time on by what ticked in the pauses after it, minute by minute."""
        for first, end in sorted(case.pauses):
            if first < begin:
                continue
            stood = int(self.is_open[first:end].sum())
            if stood:
                gone = np.flatnonzero(np.cumsum(self.is_open[due : due + 60 * 24 * 60]) >= stood)
                due += int(gone[0]) + 1
        return due

    def cut_off(self, after: int, at: int | None) -> int | None:
        """Look minute by minute for the first that is the cut-off of a business day."""
        if at is None:
            return None
        for minute in (
            after
            + 1
            + np.flatnonzero(
                (self.local_minute[after + 1 : after + 40 * 24 * 60] == at)
                | self.ends_early[after + 1 : after + 40 * 24 * 60]
            )
        ):
            day = int(self.local_day[minute])
            ends = self.early.get(day, 10**9)
            if self.is_business_day[date.fromordinal(day)] and minute <= ends:
                if minute == ends and self.local_minute[minute] > at:
                    continue
                return int(minute)
        raise AssertionError("no business day in forty")


@dataclass
class Case:
    opened: int
    minutes: int
    cut_off: int | None
    pauses: list[tuple[int, int]]


def _minute(moment: datetime) -> int:
    return int((moment - START) / MINUTE)


def _moment(minute: int) -> datetime:
    return START + MINUTE * minute


def a_case(dice: random.Random) -> Case:
    opened = _minute(datetime(2016, 1, 1, tzinfo=UTC)) + dice.randrange(10 * 365 * 24 * 60)
    if dice.random() < 0.3:
        # About the days on which the clocks change, and the holidays at the turn of the year.
        year = dice.randrange(2016, 2026)
        day = dice.choice([(3, 8), (3, 27), (4, 2), (10, 2), (10, 28), (11, 3), (12, 23), (7, 2)])
        opened = _minute(datetime(year, *day, tzinfo=UTC)) + dice.randrange(6 * 24 * 60)
    pauses, at = [], opened
    for _ in range(dice.choice([0, 0, 0, 1, 1, 2, 3])):
        begin = at + dice.randrange(1, 900)
        at = begin + dice.choice([dice.randrange(1, 240), dice.randrange(1, 6 * 24 * 60)])
        pauses.append((begin, at))
    minutes = dice.choice([30, 120, 480, dice.randrange(1, 2_400)])
    cut_off = dice.choice([None, None, dice.randrange(11 * 60, 19 * 60)])
    return Case(opened, minutes, cut_off, pauses)


oracle_of = lru_cache(Oracle)


@lru_cache
def hours_in(city: str) -> BusinessHours:
    name, exchange, opens, closes = CITIES[city]
    first, last, known = exchange_days(exchange, today=TODAY)
    known["closed"].append(ADDED[city].isoformat())
    calendar = HolidayCalendar(pk=1, exchange=exchange, exchange_days=known)
    calendar._prefetched_objects_cache = {"days": []}
    assert first < FIRST
    assert last >= LAST
    return with_calendar(BusinessHours(zone=name, opens=opens, closes=closes), calendar)


def due_by_clock(case: Case, hours: BusinessHours) -> datetime:
    """Open a break, pause it and let it run on, as the desk does."""
    at = case.cut_off
    terms = Terms(
        policy_id=1,
        hours=hours,
        lengths={"HIGH": MINUTE * case.minutes},
        pauses=True,
        cut_off=None if at is None else time(at // 60, at % 60),
    )
    row = TradeBreak(severity="HIGH", status=BreakStatus.OPEN)
    clocks.start(row, terms, at=_moment(case.opened))
    for begin, end in case.pauses:
        clocks.pause(row, terms, at=_moment(begin))
        clocks.resume(row, terms, at=_moment(end))
    # What is kept says the same as what was done.
    kept = row.due_at
    clocks.recalculate(row, terms, at=_moment(case.opened))
    assert row.due_at == kept
    return row.due_at


@pytest.mark.thorough
@pytest.mark.parametrize("city", CITIES)
def test_the_clock_is_that_of_whoever_counts_the_minutes(city):
    oracle, hours = oracle_of(city), hours_in(city)
    dice = random.Random(f"minutes of {city}")  # noqa: S311
    seen = {"half days": 0, "cut-offs": 0, "paused": 0}

    for number in range(CASES):
        case = a_case(dice)
        due = due_by_clock(case, hours)
        assert due == _moment(oracle.due(case)), (number, case, _moment(case.opened))
        seen["half days"] += due.astimezone(ZoneInfo(hours.zone)).date() in hours.early
        seen["cut-offs"] += case.cut_off is not None
        seen["paused"] += bool(case.pauses)

    assert seen["cut-offs"] > 500
    assert seen["paused"] > 500
    assert city == "Tokyo" or seen["half days"]


@pytest.mark.parametrize("city", CITIES)
def test_the_age_is_the_number_of_open_minutes(city):
    oracle, hours = oracle_of(city), hours_in(city)
    dice = random.Random(f"age in {city}")  # noqa: S311

    for _ in range(200):
        begin = _minute(datetime(2016, 1, 1, tzinfo=UTC)) + dice.randrange(10 * 365 * 24 * 60)
        end = begin + dice.randrange(60 * 24 * 60)
        counted = MINUTE * int(oracle.is_open[begin:end].sum())
        assert hours.between(_moment(begin), _moment(end)) == counted
