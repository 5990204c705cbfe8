"""Edits of policies, calendars and hours, and the due times that follow them."""

import random
from copy import copy
from datetime import date, datetime, time, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from breaks.choices import BreakStatus, DayKind, EventKind, WorkStatus
from breaks.deadlines import rank_of
from breaks.models import (
    BreakEvent,
    CalendarDay,
    ClockChange,
    HolidayCalendar,
    SlaPolicy,
    Team,
    TradeBreak,
)
from breaks.services import sla, work
from breaks.services.history import verify
from breaks.services.lifecycle import WorkRefused
from breaks.services.sla import recalculating
from breaks.terms import Clocks
from tests import factories
from tests.integration.breaks.conftest import PRICE, Desk

pytestmark = pytest.mark.django_db
NOW = factories.NOW


@pytest.fixture
def admin():
    return factories.user("Administrator")


def standard() -> SlaPolicy:
    return SlaPolicy.objects.get(code="standard", retired_at=None)


def edited(**over: object) -> SlaPolicy:
    policy = standard()
    for name, value in over.items():
        setattr(policy, name, value)
    return policy


def a_break(**over: object) -> TradeBreak:
    """Return a break with a history, so that the next event has one to follow."""
    desk = Desk()
    desk.pair(PRICE)
    desk.run()
    row = desk.only()
    if over:
        TradeBreak.objects.filter(pk=row.pk).update(**over)
    return TradeBreak.objects.get(pk=row.pk)


class TestPolicies:
    def test_the_default_is_what_the_desk_promises(self):
        policy = standard()

        lengths = [policy.minutes(one) for one in ("CRITICAL", "HIGH", "MEDIUM", "LOW")]
        assert lengths == [30, 120, 480, 480]
        assert sla.edits.is_for_all(policy)

    def test_an_edit_makes_a_version_and_moves_what_follows_it(self, admin):
        row = a_break()
        old = standard()

        change = sla.save_policy(policy=edited(medium_minutes=60), by=admin, at=NOW)

        new = standard()
        assert (new.version, new.made_by) == (2, admin)
        old.refresh_from_db()
        assert (old.medium_minutes, old.retired_at) == (480, NOW)
        after = TradeBreak.objects.get(pk=row.pk)
        assert after.due_at == row.clock_from + timedelta(hours=1)
        assert (after.sla_policy, after.version) == (new, row.version + 1)
        assert after.rank == rank_of(
            exposure=after.exposure, severity=after.severity, due_at=after.due_at
        )
        event = after.events.last()
        assert (event.kind, event.by) == (EventKind.DUE_MOVED, admin)
        assert event.detail["due_at"] == [row.due_at.isoformat(), after.due_at.isoformat()]
        assert event.detail["sla_policy"] == ["Standard v1", "Standard v2"]
        assert (change.status, change.looked_at, change.moved) == (WorkStatus.DONE, 1, 1)
        assert list(verify()) == []

    def test_one_whose_due_time_stays_follows_the_new_version_without_a_word(self, admin):
        row = a_break()

        sla.save_policy(policy=edited(critical_minutes=45), by=admin, at=NOW)

        after = TradeBreak.objects.get(pk=row.pk)
        assert (after.version, after.due_at) == (row.version, row.due_at)
        assert after.sla_policy == standard()
        assert list(verify()) == []

    def test_an_edit_that_says_nothing_new_makes_no_version(self, admin):
        assert sla.save_policy(policy=edited(note="Only a note"), by=admin, at=NOW) is None
        assert SlaPolicy.objects.count() == 1

    def test_the_most_specific_policy_counts(self, admin):
        team = factories.team("trade-support")
        for code, scope in {
            "by-category": {"category": "ECONOMIC"},
            "by-type": {"break_type": "PRICE"},
            "by-team": {"team": team},
            "by-both": {"team": team, "break_type": "PRICE"},
        }.items():
            policy = SlaPolicy(code=code, name=code, **scope)
            sla.save_policy(policy=policy, by=admin, at=NOW)
        clocks = Clocks()
        found = {
            key: SlaPolicy.objects.get(pk=clocks.terms(*key).policy_id).code
            for key in (
                (None, "FEES", "ECONOMIC"), (None, "PRICE", "ECONOMIC"), (None, "TIMING", "TIMING"),
                (team.pk, "FEES", "ECONOMIC"), (team.pk, "PRICE", "ECONOMIC"),
            )
        }  # fmt: skip

        assert list(found.values()) == ["by-category", "by-type", "standard", "by-team", "by-both"]

    @pytest.mark.parametrize(
        ("over", "sentence"),
        [
            ({"category": "TIMING"}, "is the policy of all breaks that no other is for"),
            ({"pk": 10**6}, "was made meanwhile"),
            ({"pk": None}, "The code standard is taken by Standard v1"),
        ],
    )
    def test_what_cannot_be_is_refused_and_changes_nothing(self, admin, over, sentence):
        with pytest.raises(sla.EditRefused, match=sentence):
            sla.save_policy(policy=edited(medium_minutes=1, **over), by=admin, at=NOW)

        assert list(SlaPolicy.objects.values_list("version", "retired_at")) == [(1, None)]
        assert not ClockChange.objects.exists()

    def test_two_policies_are_not_for_the_same_breaks(self, admin):
        sla.save_policy(policy=SlaPolicy(code="a", name="A", break_type="FEES"), by=admin, at=NOW)

        policy = SlaPolicy(code="b", name="B", break_type="FEES")

        with pytest.raises(sla.EditRefused, match="A v1 is for fees breaks already"):
            sla.save_policy(policy=policy, by=admin, at=NOW)

    def test_retiring_gives_its_breaks_to_the_next_that_fits(self, admin):
        policy = SlaPolicy(code="p", name="Price", break_type="PRICE", medium_minutes=10)
        sla.save_policy(policy=policy, by=admin, at=NOW)
        row = a_break()
        assert row.due_at == row.clock_from + timedelta(minutes=10)

        sla.retire_policy(policy=policy, by=admin, at=NOW)

        after = TradeBreak.objects.get(pk=row.pk)
        assert (after.sla_policy, after.due_at > row.due_at) == (standard(), True)
        with pytest.raises(sla.EditRefused, match="is retired already"):
            sla.retire_policy(policy=policy, by=admin, at=NOW)
        with pytest.raises(sla.EditRefused, match="is the policy of all breaks"):
            sla.retire_policy(policy=standard(), by=admin, at=NOW)

    def test_nobody_unknown_edits(self):
        with pytest.raises(WorkRefused):
            sla.save_policy(policy=edited(low_minutes=1), by=AnonymousUser(), at=NOW)
        assert standard().version == 1

    def test_an_ended_break_keeps_its_due_time_and_its_version(self, admin, analyst):
        row = a_break()
        work.resolve(break_id=row.pk, version=None, reason_code="BOOKED", by=analyst, at=NOW)
        before = TradeBreak.objects.values().get()

        sla.save_policy(policy=edited(medium_minutes=60), by=admin, at=NOW)

        assert TradeBreak.objects.values().get() == before


class TestForeseeing:
    def test_says_what_would_move_and_changes_nothing(self, admin):
        row = a_break()
        policy = edited(medium_minutes=1)

        found = sla.foresee(
            lambda: sla.save_policy(policy=copy(policy), by=admin, at=NOW, trial=True),
            at=row.clock_from + timedelta(hours=1),
        )

        assert (found.looked_at, found.moved, found.earlier, found.become_late) == (1, 1, 1, 1)
        assert found.is_whole
        assert standard().version == 1
        assert not ClockChange.objects.exists()
        assert TradeBreak.objects.get().due_at == row.due_at

    def test_nothing_new_moves_nothing(self, admin):
        edit = lambda: sla.save_policy(policy=standard(), by=admin, at=NOW, trial=True)  # noqa: E731

        assert sla.foresee(edit, at=NOW) is None


class TestCalendars:
    def test_a_day_added_moves_the_breaks_of_its_teams_alone(self, admin):
        team = factories.team("ours", opens_at="08:00", closes_at="18:00")
        row, other = a_break(), factories.trade_break()
        work.route(break_id=row.pk, version=None, team=team, by=admin, at=row.clock_from)
        row.refresh_from_db()
        calendar = HolidayCalendar(code="ours", name="Ours")
        sla.edit_calendar(calendar=calendar, by=admin, at=NOW)
        team.calendar = calendar
        assert sla.edit_hours(team=team, by=admin, at=NOW).moved == 0
        tomorrow = date(2026, 3, 6)
        assert row.due_at.date() == tomorrow

        change = sla.edit_calendar(
            calendar=calendar, days=[CalendarDay(day=tomorrow, name="Away day")], by=admin, at=NOW
        )

        after = TradeBreak.objects.get(pk=row.pk)
        assert after.due_at == row.due_at + timedelta(days=3)  # over the weekend
        assert (change.looked_at, change.moved) == (1, 1)
        assert TradeBreak.objects.get(pk=other.pk).due_at == other.due_at
        assert list(verify(break_ids=[row.pk])) == []

    def test_the_days_of_an_exchange_are_copied_as_far_as_known(self, admin):
        calendar = HolidayCalendar(code="nyse", name="New York", exchange="XNYS")

        sla.edit_calendar(calendar=calendar, by=admin, at=NOW)

        assert (calendar.exchange_from.year, calendar.exchange_until.year) == (2014, 2031)
        known = calendar.exchange_days
        assert "2026-07-03" in known["closed"]
        assert known["early"]["2026-11-27"].startswith("2026-11-27T18:00")
        team = Team(timezone="America/New_York", calendar=calendar)
        assert not team.hours.is_business_day(date(2026, 12, 25))
        assert team.hours.is_business_day(date(2040, 12, 25)) is (date(2040, 12, 25).weekday() < 5)

    def test_days_added_win_over_the_exchange_s(self, admin):
        calendar = HolidayCalendar(code="nyse", name="New York", exchange="XNYS")
        days = [
            CalendarDay(day=date(2026, 7, 3), kind=DayKind.OPEN),
            CalendarDay(day=date(2026, 11, 27), kind=DayKind.EARLY, closes_at=time(11)),
            CalendarDay(day=date(2026, 7, 6)),
        ]

        sla.edit_calendar(calendar=calendar, days=days, by=admin, at=NOW)

        hours = Team(timezone="America/New_York", calendar=calendar).hours
        assert hours.is_business_day(date(2026, 7, 3))
        assert not hours.is_business_day(date(2026, 7, 6))
        assert hours.early[date(2026, 11, 27)] == datetime.fromisoformat("2026-11-27T16:00Z")

    def test_an_unknown_exchange_is_refused_and_changes_nothing(self, admin):
        calendar = HolidayCalendar(code="x", name="X", exchange="NOWHERE")

        with pytest.raises(ValueError, match="NOWHERE is no exchange known here"):
            sla.edit_calendar(calendar=calendar, by=admin, at=NOW)
        assert not HolidayCalendar.objects.exists()

    def test_what_the_exchange_announces_comes_by_the_schedule(self, admin):
        calendar = HolidayCalendar(code="nyse", name="New York", exchange="XNYS")
        sla.edit_calendar(calendar=calendar, by=admin, at=NOW)
        assert sla.refresh_calendars(at=NOW) == []
        calendar.exchange_days["closed"].remove("2026-07-03")
        calendar.save()

        (change,) = sla.refresh_calendars(at=NOW)

        assert (change.by, change.reason) == (None, "Calendar New York")
        calendar.refresh_from_db()
        assert "2026-07-03" in calendar.exchange_days["closed"]


class TestManyBreaks:
    @pytest.fixture(autouse=True)
    def small_chunks(self, monkeypatch):
        monkeypatch.setattr(recalculating, "CHUNK", 3)
        monkeypatch.setattr(recalculating, "AT_ONCE", 0)

    @pytest.fixture
    def rows(self):
        return [factories.trade_break(severity="MEDIUM") for _ in range(8)]

    def test_more_than_fit_a_page_are_left_to_a_worker(self, admin, rows):
        change = sla.save_policy(policy=edited(medium_minutes=60), by=admin, at=NOW)
        assert (change.status, change.to_look_at) == (WorkStatus.QUEUED, 8)
        assert list(sla.unfinished(NOW)) == []
        later = NOW + timedelta(minutes=2)
        assert list(sla.unfinished(later)) == [change]
        seen = []

        done = sla.carry_out(change_id=change.pk, at=later, on_chunk=seen.append)

        assert [one.looked_at for one in seen] == [3, 6, 8]
        assert (done.status, done.moved) == (WorkStatus.DONE, 8)
        assert BreakEvent.objects.filter(kind=EventKind.DUE_MOVED).count() == 8
        with pytest.raises(recalculating.ChangeNotClaimable):
            sla.carry_out(change_id=change.pk, at=later)

    def test_one_that_was_killed_goes_on_where_it_was(self, admin, rows):
        change = sla.save_policy(policy=edited(medium_minutes=60), by=admin, at=NOW)

        class Killed(BaseException):
            pass

        def kill(_change):
            raise Killed

        with pytest.raises(Killed):
            sla.carry_out(change_id=change.pk, at=NOW, on_chunk=kill)
        with pytest.raises(recalculating.ChangeNotClaimable):
            sla.carry_out(change_id=change.pk, at=NOW)
        change.refresh_from_db()
        gone = change.lease_expires_at + timedelta(seconds=1)

        done = sla.carry_out(change_id=change.pk, at=gone)

        assert (done.looked_at, done.moved) == (8, 8)
        assert BreakEvent.objects.filter(kind=EventKind.DUE_MOVED).count() == 8

    def test_the_number_of_queries_does_not_grow_with_a_chunk(
        self, admin, rows, monkeypatch, django_assert_max_num_queries
    ):
        monkeypatch.setattr(recalculating, "CHUNK", 100)
        change = sla.save_policy(policy=edited(medium_minutes=60), by=admin, at=NOW)

        with django_assert_max_num_queries(16):
            sla.carry_out(change_id=change.pk, at=NOW)


def test_recalculated_is_what_it_would_have_been_from_the_start(admin):
    """Whatever edits come in whatever order, the last terms alone decide."""
    dice = random.Random(11)  # noqa: S311
    teams = [
        factories.team("ny", timezone="America/New_York"),
        factories.team("tokyo", timezone="Asia/Tokyo", opens_at="09:00", closes_at="17:00"),
    ]
    rows = [
        factories.trade_break(
            severity=dice.choice(["CRITICAL", "HIGH", "MEDIUM", "LOW"]),
            team=dice.choice([None, *teams]),
            opened_at=NOW + timedelta(minutes=dice.randrange(20_000)),
        )
        for _ in range(25)
    ]
    calendar = HolidayCalendar(code="c", name="C", exchange="XNYS")
    sla.edit_calendar(calendar=calendar, by=admin, at=NOW)
    for step in range(8):
        policy = edited(
            medium_minutes=dice.randrange(1, 900),
            high_minutes=dice.randrange(1, 900),
            cut_off=dice.choice([None, time(16), time(21, 30)]),
            cut_off_timezone=dice.choice(["", "America/New_York"]),
        )
        sla.save_policy(policy=policy, by=admin, at=NOW + timedelta(hours=step))
        team = dice.choice(teams)
        team.calendar = dice.choice([None, calendar])
        team.closes_at = dice.choice([time(16), time(18), time(20)])
        sla.edit_hours(team=team, by=admin, at=NOW + timedelta(hours=step))
        day = CalendarDay(day=date(2026, 3, 6) + timedelta(days=step))
        sla.edit_calendar(calendar=calendar, days=[day], by=admin, at=NOW)

    clocks = Clocks()
    for row in TradeBreak.objects.in_bulk([made.pk for made in rows]).values():
        terms = clocks.of(row)
        assert row.due_at == terms.due(row.severity, row.opened_at)
        assert row.sla_policy_id == terms.policy_id
    assert TradeBreak.objects.filter(status=BreakStatus.OPEN).count() == 25
