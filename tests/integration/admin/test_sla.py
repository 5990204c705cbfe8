"""SLA policies, calendars and hours in the admin: what would move is said before it is done."""

from datetime import date

import pytest
from django.urls import reverse

from breaks.models import CalendarDay, ClockChange, HolidayCalendar, SlaPolicy, TradeBreak
from breaks.services import work
from tests import factories

pytestmark = pytest.mark.django_db


def _at(name, *args):
    return reverse(f"admin:breaks_{name}", args=args)


@pytest.fixture
def policy():
    return SlaPolicy.objects.get(code="standard")


def _policy_data(**over):
    lengths = {"critical": 30, "high": 120, "medium": 480, "low": 480}
    given = {"name": "Standard", **{f"{name}_minutes": size for name, size in lengths.items()}}
    return given | over


class TestPolicies:
    def test_an_edit_says_what_would_move_and_does_nothing_yet(
        self, administrator, browser_as, policy
    ):
        row = factories.trade_break(severity="HIGH")

        shown = browser_as(administrator).post(
            _at("slapolicy_edit", policy.pk), _policy_data(high_minutes=60)
        )

        assert b"1 live breaks that it may touch, 1 would be due at another" in shown.content
        assert SlaPolicy.objects.get() == policy
        assert TradeBreak.objects.get().due_at == row.due_at

    def test_agreed_to_it_makes_a_version_whose_page_says_what_changed(
        self, administrator, browser_as, policy
    ):
        row = factories.trade_break(severity="HIGH")
        browser = browser_as(administrator)

        done = browser.post(
            _at("slapolicy_edit", policy.pk),
            _policy_data(high_minutes=60, confirmed="on", note="Sooner"),
            follow=True,
        )

        new = SlaPolicy.objects.get(retired_at=None)
        assert (new.version, new.made_by) == (2, administrator)
        assert done.redirect_chain[-1][0] == _at("slapolicy_change", new.pk)
        page = done.content.decode()
        assert "1 of 1 live breaks are due at another time" in page
        assert "<td>2h</td><td>1h</td>" in page
        assert "high within 1h" in page
        assert TradeBreak.objects.get().due_at < row.due_at
        assert browser.get(_at("slapolicy_change", policy.pk)).status_code == 200

    def test_what_moves_nothing_needs_no_second_look(self, administrator, browser_as, policy):
        browser_as(administrator).post(
            _at("slapolicy_edit", policy.pk), _policy_data(high_minutes=60)
        )

        assert SlaPolicy.objects.count() == 2

    def test_one_is_added_for_a_team_and_refused_for_the_same_breaks(
        self, administrator, browser_as
    ):
        browser, team = browser_as(administrator), factories.team("rates")
        given = _policy_data(name="Rates", code="rates", team=team.pk)

        assert browser.post(_at("slapolicy_add"), given).status_code == 302
        assert SlaPolicy.objects.get(code="rates").team == team
        again = browser.post(_at("slapolicy_add"), given | {"code": "other"})

        assert b"is for breaks of rates already" in again.content
        assert not SlaPolicy.objects.filter(code="other").exists()

    @pytest.mark.parametrize("group", ["Analyst", "Supervisor", "Auditor"])
    def test_others_look_and_change_nothing(self, browser_as, group, policy):
        browser = browser_as(factories.user(group))

        assert browser.get(_at("slapolicy_change", policy.pk)).status_code == 200
        edit = browser.post(_at("slapolicy_edit", policy.pk), _policy_data(high_minutes=1))
        assert edit.status_code == 403
        assert browser.get(_at("slapolicy_add")).status_code == 403

    def test_an_unknown_zone_is_refused(self, administrator, browser_as, policy):
        given = _policy_data(cut_off="16:00", cut_off_timezone="Mars/Olympus")

        shown = browser_as(administrator).post(_at("slapolicy_edit", policy.pk), given)

        assert b"Mars/Olympus is no time zone" in shown.content


class TestCalendars:
    @pytest.fixture
    def calendar(self):
        return HolidayCalendar.objects.create(code="ours", name="Ours")

    def test_a_day_is_added_and_drawn(self, administrator, browser_as, calendar):
        browser = browser_as(administrator)
        day = {"day": "2026-12-24", "kind": "EARLY", "closes_at": "12:00", "name": "Christmas Eve"}

        browser.post(_at("holidaycalendar_add-day", calendar.pk), day)

        page = browser.get(_at("holidaycalendar_change", calendar.pk) + "?year=2026")
        assert b"Added here, closes at 12:00: Christmas Eve" in page.content
        assert CalendarDay.objects.get().kind == "EARLY"

    def test_a_day_that_moves_due_times_asks_first(self, administrator, browser_as, calendar):
        team = factories.team("ours", calendar=calendar)
        row = factories.trade_break(team=team, severity="LOW")
        address = _at("holidaycalendar_add-day", calendar.pk)
        day = {"day": "2026-03-06", "kind": "CLOSED"}
        browser = browser_as(administrator)

        assert b"1 would be due at another time" in browser.post(address, day).content
        assert not CalendarDay.objects.exists()
        browser.post(address, day | {"confirmed": "on"})

        assert TradeBreak.objects.get(pk=row.pk).due_at.date() == date(2026, 3, 9)
        assert ClockChange.objects.get().reason == "Calendar Ours"

    def test_an_early_close_needs_its_time(self, administrator, browser_as, calendar):
        given = {"day": "2026-12-24", "kind": "EARLY"}

        shown = browser_as(administrator).post(_at("holidaycalendar_add-day", calendar.pk), given)

        assert b"Say when the day ends early." in shown.content

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
    def test_a_day_at_the_end_of_time_is_refused(self, administrator, browser_as, calendar, day):
        given = {"day": day, "kind": "EARLY", "closes_at": "12:00"}

        shown = browser_as(administrator).post(_at("holidaycalendar_add-day", calendar.pk), given)

        assert b"Give a day from 1970-01-01 to 2199-12-31." in shown.content
        assert not CalendarDay.objects.exists()

    def test_an_exchange_that_there_is_not_is_refused(self, administrator, browser_as):
        given = {"code": "x", "name": "X", "exchange": "NOWHERE"}

        shown = browser_as(administrator).post(_at("holidaycalendar_add"), given)

        assert b"NOWHERE is no exchange known here" in shown.content
        assert not HolidayCalendar.objects.exists()


class TestTeams:
    def test_hours_that_move_due_times_ask_first(self, administrator, browser_as):
        team = factories.team("rates")
        row = factories.trade_break(team=team, severity="LOW")
        address = _at("team_change", team.pk)
        given = {"name": "Rates", "code": "rates", "timezone": "UTC", "opens_at": "08:00",
                 "closes_at": "12:30"}  # fmt: skip
        browser = browser_as(administrator)

        asked = browser.post(address, given)
        assert b"1 would be due at another time" in asked.content
        browser.post(address, given | {"confirmed": "on"})

        team.refresh_from_db()
        assert f"{team.closes_at:%H:%M}" == "12:30"
        assert TradeBreak.objects.get(pk=row.pk).due_at > row.due_at

    def test_the_list_says_when_a_team_opens_next(self, administrator, browser_as, time_machine):
        factories.team("rates", timezone="America/New_York")
        time_machine.move_to("2026-03-07T12:00:00Z", tick=False)  # a Saturday

        page = browser_as(administrator).get(_at("team_changelist"))

        assert b"closed, opens Mon 09 Mar 08:00 EDT" in page.content


def test_the_queue_says_that_a_clock_stands(supervisor, analyst, browser_as, time_machine):
    SlaPolicy.objects.update(pauses_while_awaiting=True)
    row = factories.trade_break(severity="HIGH")
    work.await_counterparty(
        break_id=row.pk, version=None, reason="asked", by=analyst, at=factories.NOW
    )
    time_machine.move_to("2026-03-09T12:00:00Z", tick=False)
    browser = browser_as(supervisor)

    queue = browser.get(_at("tradebreak_changelist")).content.decode()

    assert "paused 2h 00m<" in queue
    assert browser.get(_at("tradebreak_changelist") + "?view=overdue").context[
        "cl"
    ].result_list == []  # fmt: skip
    paused = browser.get(_at("tradebreak_changelist") + "?due=paused").context["cl"].result_list
    assert paused == [row]
