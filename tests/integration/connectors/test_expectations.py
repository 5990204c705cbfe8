from datetime import UTC, date, datetime, time, timedelta

import pytest

from connectors.expectations import ReportState, expectation
from tests import factories

pytestmark = pytest.mark.django_db

WEDNESDAY = date(2026, 3, 4)


@pytest.fixture
def custodian():
    return factories.source("custodian", timezone="America/New_York", calendar="XNYS")


def due(source, **over):
    """Make a feed due at 18:00 in New York on the trade date, with two hours of grace."""
    values = {"due_time": time(18), "grace_minutes": 120} | over
    return factories.feed(source=source, **values)


def state(source, day, at):
    return expectation(source=source, trade_date=day, at=at).state


def utc(*moment):
    return datetime(*moment, tzinfo=UTC)


class TestWhenNothingIsDue:
    def test_a_source_without_a_due_time_is_expected_to_have_delivered(self, custodian):
        factories.feed(source=custodian)

        found = expectation(source=custodian, trade_date=WEDNESDAY, at=utc(2026, 3, 4, 1))

        assert (found.state, found.until, found.feed) == (ReportState.DELIVERED, None, None)

    def test_a_feed_that_is_off_is_not_waited_for(self, custodian):
        due(custodian, is_enabled=False)

        assert state(custodian, WEDNESDAY, utc(2026, 3, 4, 1)) == ReportState.DELIVERED


class TestTheClock:
    """18:00 in New York is 23:00 UTC in winter."""

    @pytest.mark.parametrize(
        ("at", "delivered", "expected"),
        [
            (utc(2026, 3, 4, 22, 59), False, ReportState.NOT_DUE),
            (utc(2026, 3, 4, 22, 59), True, ReportState.NOT_DUE),
            (utc(2026, 3, 4, 23, 0), False, ReportState.GRACE),
            (utc(2026, 3, 5, 0, 59), True, ReportState.GRACE),
            (utc(2026, 3, 5, 1, 0), True, ReportState.DELIVERED),
            (utc(2026, 3, 5, 1, 0), False, ReportState.LATE),
        ],
    )
    def test_moves_from_not_due_to_grace_to_its_end(self, custodian, at, delivered, expected):
        feed = due(custodian)
        if delivered:
            factories.trade(source=custodian, trade_date=WEDNESDAY)

        found = expectation(source=custodian, trade_date=WEDNESDAY, at=at)

        assert found.state == expected
        assert found.feed == feed
        waits = expected in {ReportState.NOT_DUE, ReportState.GRACE}
        assert found.until == (utc(2026, 3, 5, 1, 0) if waits else None)

    def test_a_file_of_that_date_without_trades_counts_as_delivered(self, custodian):
        due(custodian)
        factories.delivery(source=custodian, from_date=WEDNESDAY, to_date=WEDNESDAY, loaded=0)

        assert state(custodian, WEDNESDAY, utc(2026, 3, 6)) == ReportState.DELIVERED

    def test_trades_of_another_date_or_source_do_not(self, custodian):
        due(custodian)
        factories.trade(source=custodian, trade_date=WEDNESDAY - timedelta(days=1))
        factories.trade(source="oms", trade_date=WEDNESDAY)

        assert state(custodian, WEDNESDAY, utc(2026, 3, 6)) == ReportState.LATE

    def test_the_last_feed_to_be_due_counts(self, custodian):
        due(custodian)
        late = due(custodian, due_time=time(9), due_days=1)

        found = expectation(source=custodian, trade_date=WEDNESDAY, at=utc(2026, 3, 5, 2))

        assert (found.state, found.feed) == (ReportState.NOT_DUE, late)


class TestTheCalendar:
    @pytest.mark.parametrize(
        ("day", "due_days", "due_on"),
        [
            (date(2026, 3, 6), 0, date(2026, 3, 6)),
            (date(2026, 3, 6), 1, date(2026, 3, 9)),  # over a weekend
            (date(2026, 3, 7), 0, date(2026, 3, 9)),  # on a Saturday
            (date(2026, 7, 2), 1, date(2026, 7, 6)),  # Independence Day, observed on the 3rd
            (date(2026, 12, 24), 1, date(2026, 12, 28)),  # Christmas and a weekend
            (date(2026, 3, 4), 3, date(2026, 3, 9)),
        ],
    )
    def test_counts_business_days_of_the_sources_calendar(self, custodian, day, due_days, due_on):
        due(custodian, due_days=due_days, grace_minutes=0)
        offset = 22 if date(2026, 3, 8) <= due_on < date(2026, 11, 1) else 23
        moment = datetime(due_on.year, due_on.month, due_on.day, offset, tzinfo=UTC)

        assert state(custodian, day, moment - timedelta(minutes=1)) == ReportState.NOT_DUE
        assert state(custodian, day, moment) == ReportState.LATE

    def test_a_source_that_never_closes_has_no_weekend(self):
        exchange = factories.source("exchange", timezone="UTC", calendar="24/7")
        due(exchange, grace_minutes=0)

        assert state(exchange, date(2026, 3, 7), utc(2026, 3, 7, 18)) == ReportState.LATE

    def test_a_calendar_nobody_knows_counts_mondays_to_fridays(self):
        source = factories.source("broker", timezone="UTC", calendar="NOPE")
        due(source, grace_minutes=0, due_days=1)

        assert state(source, date(2026, 3, 6), utc(2026, 3, 9, 17)) == ReportState.NOT_DUE
        assert state(source, date(2026, 3, 6), utc(2026, 3, 9, 18)) == ReportState.LATE


class TestTheClocksChange:
    @pytest.mark.parametrize(
        ("day", "hour_utc"),
        [
            (date(2026, 3, 6), 23),  # before the clocks go forward on the 8th
            (date(2026, 3, 9), 22),
            (date(2026, 10, 30), 22),  # before they go back on November 1st
            (date(2026, 11, 2), 23),
        ],
    )
    def test_due_time_is_local(self, custodian, day, hour_utc):
        due(custodian, grace_minutes=0)
        moment = datetime(day.year, day.month, day.day, hour_utc, tzinfo=UTC)

        assert state(custodian, day, moment - timedelta(seconds=1)) == ReportState.NOT_DUE
        assert state(custodian, day, moment) == ReportState.LATE

    def test_a_due_time_that_the_clocks_skip_comes_an_hour_later(self):
        """02:30 does not exist in New York on 2026-03-08: it is 03:30 there, 07:30 UTC."""
        source = factories.source("exchange", timezone="America/New_York", calendar="24/7")
        due(source, due_time=time(2, 30), grace_minutes=0)

        assert state(source, date(2026, 3, 8), utc(2026, 3, 8, 7, 29)) == ReportState.NOT_DUE
        assert state(source, date(2026, 3, 8), utc(2026, 3, 8, 7, 30)) == ReportState.LATE
