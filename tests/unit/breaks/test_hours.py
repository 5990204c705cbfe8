"""Business time against a count of minutes one by one."""

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from breaks.hours import BusinessHours, NeverOpen

MINUTE = timedelta(minutes=1)
DESKS = {
    "New York": BusinessHours("America/New_York", time(8), time(18)),
    "Tokyo": BusinessHours("Asia/Tokyo", time(9), time(17, 30)),
    "London at night": BusinessHours("Europe/London", time(22), time(6)),
    "Sydney around the clock": BusinessHours("Australia/Sydney", time(0), time(0)),
    "with days off": BusinessHours("UTC", closed=frozenset({date(2026, 3, 6), date(2026, 3, 9)})),
}


def is_open(hours: BusinessHours, minute: datetime) -> bool:
    local = minute.astimezone(ZoneInfo(hours.zone))
    at, day = local.time(), local.date()
    if hours.closes > hours.opens:
        within, began = hours.opens <= at < hours.closes, day
    else:
        within = at >= hours.opens or at < hours.closes
        began = day if at >= hours.opens else day - timedelta(days=1)
    return within and began.weekday() in hours.weekdays and began not in hours.closed


@pytest.mark.parametrize("name", DESKS)
@pytest.mark.parametrize(
    "season", [datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 10, 29, tzinfo=UTC)]
)
def test_as_many_minutes_as_one_counts(name, season):
    hours, dice = DESKS[name], random.Random(f"{name} {season}")  # noqa: S311
    for _ in range(8):
        start = season + MINUTE * dice.randrange(3 * 24 * 60)
        end = start + MINUTE * dice.randrange(3 * 24 * 60)
        minutes = [start + MINUTE * step for step in range(int((end - start) / MINUTE))]
        counted = MINUTE * sum(is_open(hours, minute) for minute in minutes)

        assert hours.between(start, end) == counted
        if counted:
            due = hours.after(start, counted)
            assert hours.between(start, due) == counted
            assert start < due <= end


def test_no_time_passes_backwards():
    noon = datetime(2026, 3, 5, 12, tzinfo=UTC)

    assert BusinessHours().between(noon, noon - timedelta(days=3)) == timedelta()


def test_a_clock_started_at_night_runs_from_the_morning():
    friday_night = datetime(2026, 3, 6, 23, tzinfo=UTC)

    assert BusinessHours().after(friday_night, timedelta(minutes=30)) == datetime(
        2026, 3, 9, 8, 30, tzinfo=UTC
    )


def test_hours_without_a_day_are_refused():
    with pytest.raises(NeverOpen, match="Give them a weekday"):
        BusinessHours(weekdays=frozenset()).after(
            datetime(2026, 3, 5, tzinfo=UTC), timedelta(minutes=1)
        )
