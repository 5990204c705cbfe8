"""Giving a break to a team."""

from datetime import timedelta

import pytest

from breaks.choices import EventKind
from breaks.deadlines import rank_of
from breaks.services import work
from breaks.services.acting import StaleBreak
from breaks.services.lifecycle import TransitionNotAllowed
from tests import factories
from tests.integration.breaks.conftest import dump


def route(row, team, by, version=None, at=factories.NOW, **given):
    return work.route(break_id=row.pk, version=version, team=team, by=by, at=at, **given)


def test_names_where_it_was_and_where_it_is(price_break, analyst):
    support, seniors = factories.team("support"), factories.team("seniors")
    route(price_break, support, analyst)

    row = route(price_break, seniors, analyst, reason=" too large for us ")

    row.refresh_from_db()
    event = row.events.last()
    assert (row.team, row.version, row.status) == (seniors, 3, "OPEN")
    assert (event.kind, event.by, event.reason) == (EventKind.ROUTED, analyst, "too large for us")
    assert event.detail["team"] == ["support", "seniors"]


def test_to_the_team_that_has_it_is_no_change(price_break, analyst):
    team = factories.team()
    route(price_break, team, analyst)

    assert route(price_break, team, analyst).version == 2
    assert price_break.events.count() == 2


def test_to_nobody_in_particular(price_break, analyst):
    route(price_break, factories.team("support"), analyst)

    row = route(price_break, None, analyst)

    assert row.team is None
    assert row.events.last().detail["team"] == ["support", None]


def test_whoever_is_not_of_the_team_hands_it_over(price_break, analyst, desk):
    work.claim(break_id=price_break.pk, version=1, by=analyst, at=factories.NOW)

    row = route(price_break, factories.team("support"), analyst)

    row.refresh_from_db()
    assert (row.assigned_to, row.status) == (None, "OPEN")
    event = row.events.last()
    assert (event.from_status, event.to_status) == ("IN_PROGRESS", "OPEN")
    assert event.detail["assigned_from"] == analyst.username
    desk.check()


def test_a_member_keeps_it(price_break, analyst):
    work.claim(break_id=price_break.pk, version=1, by=analyst, at=factories.NOW)

    row = route(price_break, factories.team("ours", analyst), analyst)

    row.refresh_from_db()
    assert (row.assigned_to, row.status) == (analyst, "IN_PROGRESS")


def test_what_is_left_of_the_clock_is_left_in_the_hours_of_the_team(price_break, analyst):
    # A medium one has eight hours: of those from 12:01 in the desk's day seven are left at 13:01,
    # and Tokyo opens at midnight UTC.
    late = factories.team("tokyo", timezone="Asia/Tokyo", opens_at="09:00", closes_at="17:00")
    at = price_break.opened_at + timedelta(hours=1)

    row = route(price_break, late, analyst, at=at)

    row.refresh_from_db()
    assert row.due_at.isoformat() == "2026-03-06T07:00:00+00:00"
    assert row.events.last().detail["due_at"][1] == row.due_at.isoformat()
    assert row.rank == rank_of(exposure=row.exposure, severity=row.severity, due_at=row.due_at)


def test_an_overdue_one_stays_as_late_as_it_is(price_break, analyst):
    due = price_break.due_at
    elsewhere = factories.team("tokyo", timezone="Asia/Tokyo")

    row = route(price_break, elsewhere, analyst, at=due + timedelta(minutes=1))

    assert row.due_at == due


def test_an_ended_break_is_not_routed(price_break, analyst):
    work.resolve(
        break_id=price_break.pk, version=1, reason_code="BOOKED", by=analyst, at=factories.NOW
    )
    before = dump()

    with pytest.raises(TransitionNotAllowed, match="Re-open it first"):
        route(price_break, factories.team(), analyst)

    assert dump() == before


def test_a_stale_one_is_refused(price_break, analyst, other):
    work.comment(break_id=price_break.pk, version=1, text="x", by=other, at=factories.NOW)
    before = dump()

    with pytest.raises(StaleBreak, match="changed by bob"):
        route(price_break, factories.team(), analyst, version=1)

    assert dump() == before
