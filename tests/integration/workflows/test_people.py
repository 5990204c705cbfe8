"""Who within a team gets a break: shifts, absences, skills, loads."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests import factories
from tests.integration.workflows.test_routing import AT, opened, where
from workflows.models import Absence, RoutingRule, WorkPattern
from workflows.services.routing import route_open

pytestmark = pytest.mark.django_db

LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def team():
    people = [factories.user("Analyst", username=name) for name in ("anna", "bela")]
    made = factories.team("operations-analysts", *people)
    made.timezone = "Europe/London"
    made.save()
    return made


def person(name):
    from django.contrib.auth.models import User

    return User.objects.get(username=name)


def pattern(team, name, **values):
    return WorkPattern.objects.create(team=team, user=person(name), **values)


class TestShifts:
    def test_a_shift_is_in_the_local_time_of_the_team(self, team):
        # 12:30 in London in winter and 13:30 in summer are the same 12:30 UTC.
        pattern(team, "anna", starts_at=time(13), ends_at=time(17))
        pattern(team, "bela", starts_at=time(8), ends_at=time(13))
        row = opened()

        route_open(at=datetime(2026, 3, 5, 12, 30, tzinfo=LONDON))
        assert where(row)[1] == "bela"

        later = opened()
        route_open(at=datetime(2026, 7, 2, 13, 30, tzinfo=LONDON))
        assert where(later)[1] == "anna"

    def test_a_night_shift_goes_past_midnight(self, team):
        pattern(team, "anna", starts_at=time(22), ends_at=time(6))
        row = opened()

        route_open(at=datetime(2026, 3, 6, 2, tzinfo=LONDON))

        assert where(row) == ("operations-analysts", "anna")

    def test_only_on_its_weekdays(self, team):
        pattern(team, "anna", weekdays=[0, 1])
        row = opened()

        route_open(at=AT)  # a Thursday

        assert where(row)[1] == "bela"

    def test_a_week_end_shift_in_a_team_that_has_none(self, team):
        pattern(team, "anna", weekdays=[5])
        row = opened()

        route_open(at=datetime(2026, 3, 7, 12, tzinfo=LONDON))

        assert where(row)[1] == "anna"

    def test_not_while_away(self, team):
        Absence.objects.create(
            user=person("anna"), first_date=date(2026, 3, 5), last_date=date(2026, 3, 5)
        )
        row = opened()

        route_open(at=AT)
        assert where(row)[1] == "bela"

        again = opened()
        route_open(at=AT + timedelta(days=1))
        assert where(again)[1] == "anna"

    def test_at_night_it_waits_with_the_team_until_somebody_comes(self, team):
        night = datetime(2026, 3, 5, 23, tzinfo=LONDON)
        rows = [opened() for _ in range(2)]

        done = route_open(at=night)
        assert [where(row) for row in rows] == [("operations-analysts", None)] * 2
        assert (done.moved, done.assigned, done.waiting) == (2, 0, 2)
        assert route_open(at=night + timedelta(minutes=5)).looked_at == 0

        route_open(at=night + timedelta(hours=10))
        assert [where(row)[1] for row in rows] == ["anna", "bela"]

    def test_one_that_is_claimed_meanwhile_is_left(self, team):
        from breaks.services import work

        night = datetime(2026, 3, 5, 23, tzinfo=LONDON)
        row = opened()
        route_open(at=night)
        work.claim(break_id=row.pk, version=None, by=person("bela"), at=night)

        assert route_open(at=night + timedelta(hours=10)).looked_at == 0
        assert where(row)[1] == "bela"

    def test_who_may_not_work_gets_none(self, team):
        anna = person("anna")
        anna.is_active = False
        anna.save()
        team.members.add(factories.user("Auditor", username="aaron"))
        row = opened()

        route_open(at=AT)

        assert where(row)[1] == "bela"


class TestSkills:
    @pytest.fixture(autouse=True)
    def _by_skill(self, team):
        RoutingRule.objects.filter(team=team).update(chosen_by="BY_SKILL")

    def test_who_knows_it_before_who_has_less_to_do(self, team):
        pattern(team, "bela", skill_types=["PRICE"])
        rows = [opened() for _ in range(2)]

        route_open(at=AT)

        assert [where(row)[1] for row in rows] == ["bela", "bela"]
        assert "of 2 on shift, 1 with the skill" in rows[1].routing.why

    def test_types_and_asset_classes_together(self, team):
        pattern(team, "bela", skill_types=["PRICE"], skill_asset_classes=["FIXED_INCOME"])
        row = opened()

        route_open(at=AT)

        assert where(row)[1] == "anna"
        assert "none with the skill" in row.routing.why

    def test_an_asset_class_of_the_instrument_counts_where_the_trade_says_none(self, team):
        pattern(team, "bela", skill_asset_classes=["EQUITY"])
        row = opened()
        for trade in (row.left_trade, row.right_trade):
            trade.asset_class = ""
            trade.save()

        route_open(at=AT)

        assert where(row)[1] == "bela"

    def test_whoever_knows_it_but_is_off_is_passed_over(self, team):
        pattern(team, "bela", skill_types=["PRICE"], weekdays=[0])
        row = opened()

        route_open(at=AT)

        assert where(row)[1] == "anna"
