"""Routing by the rules: where breaks go, that they stay there, and what overrules what."""

from datetime import timedelta

import pytest

from breaks.models import Team, TradeBreak
from breaks.services import work
from breaks.services.history import verify
from breaks.services.lifecycle import WorkRefused
from tests import factories
from workflows.models import Routing, RoutingRule
from workflows.services.routing import route_breaks, route_open

pytestmark = pytest.mark.django_db

AT = factories.NOW  # a Thursday at noon in UTC: the teams are open


@pytest.fixture
def seniors():
    return factories.team("senior-operations", factories.user("Analyst", username="sara"))


@pytest.fixture
def analysts():
    people = [factories.user("Analyst", username=name) for name in ("bela", "anna")]
    return factories.team("operations-analysts", *people)


def opened(kind="PRICE", **over):
    """Make a break whose history has begun, as those that runs open have."""
    from breaks.choices import BreakStatus, EventKind
    from breaks.services import history

    row = factories.trade_break(kind, **{"severity": "MEDIUM"} | over)
    entry = history.Entry(trade_break=row, kind=EventKind.OPENED, to_status=BreakStatus(row.status))
    history.append([entry], at=AT)
    return row


def where(row):
    row.refresh_from_db()
    return (row.team and row.team.code, row.assigned_to and row.assigned_to.username)


def dump():
    return [list(model.objects.order_by("pk").values()) for model in (TradeBreak, Routing)]


class TestWhere:
    def test_the_team_and_whoever_has_the_least_to_do(self, analysts, seniors):
        rows = [opened() for _ in range(3)]
        worst = opened(severity="CRITICAL")

        done = route_open(at=AT)

        assert [where(row) for row in rows] == [
            ("operations-analysts", "anna"),
            ("operations-analysts", "bela"),
            ("operations-analysts", "anna"),
        ]
        assert where(worst) == ("senior-operations", "sara")
        assert (done.looked_at, done.moved, done.assigned) == (4, 4, 4)
        assert list(verify()) == []

    def test_the_history_and_the_routing_say_by_which_rule_and_why(self, analysts):
        row = opened()

        route_open(at=AT)

        event = row.events.last()
        assert (event.kind, event.by) == ("ROUTED", None)
        assert event.reason == "Price or quantity: Price; to anna, 0 open, of 2 on shift."
        assert event.detail["team"] == [None, "operations-analysts"]
        assert event.detail["rule"] == "Price or quantity"
        assert row.routing.rule_name == "Price or quantity"
        assert row.routing.why == event.reason

    def test_what_people_have_already_counts(self, analysts):
        anna = analysts.members.get(username="anna")
        factories.trade_break(assigned_to=anna)
        row = opened()

        route_breaks(break_ids=[row.pk], at=AT)

        assert where(row)[1] == "bela"

    def test_a_team_that_nobody_is_in_leaves_it_to_everybody_until_somebody_is(self):
        row = opened()

        route_open(at=AT)

        row.refresh_from_db()
        assert (row.team, row.version) == (None, 1)
        assert row.routing.outcome == "TEAM_IS_EMPTY"
        assert "nobody is in Operations analysts yet" in row.routing.why
        person = factories.user("Analyst")
        Team.objects.get(code="operations-analysts").members.add(person)
        route_open(at=AT)
        assert where(row) == ("operations-analysts", person.username)

    def test_no_rule_fits(self):
        RoutingRule.objects.all().delete()
        row = opened()

        route_open(at=AT)

        row.refresh_from_db()
        assert (row.team, row.version, row.routing.outcome) == (None, 1, "NO_RULE")

    def test_what_is_taken_from_somebody_counts_no_more(self, analysts, seniors):
        """Anna has two of which one goes to the seniors: then she is as free as bela."""
        anna = analysts.members.get(username="anna")
        bela = analysts.members.get(username="bela")
        factories.trade_break(assigned_to=bela, team=analysts)
        rows = [opened() for _ in range(3)]
        route_open(at=AT)
        assert [where(row)[1] for row in rows] == ["anna", "anna", "bela"]

        TradeBreak.objects.filter(pk=rows[0].pk).update(severity="CRITICAL")
        fourth = opened()
        route_open(at=AT)

        assert where(rows[0])[1] == "sara"
        assert where(fourth)[1] == anna.username

    def test_left_for_claiming(self, analysts):
        RoutingRule.objects.filter(team=analysts).update(chosen_by="LEFT_FOR_CLAIMING")
        row = opened()

        route_open(at=AT)

        assert where(row) == ("operations-analysts", None)
        assert route_open(at=AT).looked_at == 0

    def test_a_rule_that_is_off_is_passed_over(self, analysts):
        RoutingRule.objects.filter(team=analysts).update(is_enabled=False)
        row = opened()

        route_open(at=AT)

        assert row.routing.rule_name == "Everything else"

    def test_an_ended_one_is_left(self, analysts):
        row = opened(status="RESOLVED")

        assert route_open(at=AT).looked_at == 0
        assert not Routing.objects.filter(trade_break=row).exists()


class TestAgain:
    def test_changes_nothing(self, analysts, seniors):
        for _ in range(3):
            opened()
        opened(severity="CRITICAL", exposure="12.50")
        route_open(at=AT)
        before = dump()

        done = route_open(at=AT + timedelta(minutes=5))

        assert (done.looked_at, done.moved) == (0, 0)
        assert dump() == before

    def test_a_changed_rule_counts_for_those_found_from_then_on(self, analysts, seniors):
        row = opened()
        route_open(at=AT)
        RoutingRule.objects.filter(team=analysts).update(team=seniors)

        route_open(at=AT)
        assert where(row)[0] == "operations-analysts"

        route_breaks(break_ids=[row.pk], at=AT, by=factories.user("Supervisor"))
        assert where(row) == ("senior-operations", "sara")

    def test_in_two_parts_is_the_same_as_at_once(self, analysts, monkeypatch):
        from workflows.services.routing import many

        rows = [opened() for _ in range(7)]
        monkeypatch.setattr(many, "CHUNK", 3)

        route_breaks(break_ids=[row.pk for row in rows[:2]], at=AT)
        route_open(at=AT)

        assert [where(row)[1] for row in rows] == ["anna", "bela"] * 3 + ["anna"]


class TestSeverity:
    def worsen(self, row, severity="CRITICAL"):
        TradeBreak.objects.filter(pk=row.pk).update(severity=severity)

    def test_a_worse_one_goes_on_to_the_team_for_it(self, analysts, seniors):
        row = opened()
        route_open(at=AT)

        self.worsen(row)
        route_open(at=AT)

        assert where(row) == ("senior-operations", "sara")
        assert [event.kind for event in row.events.all()] == ["OPENED", "ROUTED", "ROUTED"]

    def test_whoever_works_on_it_keeps_it(self, analysts, seniors):
        row = opened()
        route_open(at=AT)
        anna = analysts.members.get(username="anna")
        work.claim(break_id=row.pk, version=None, by=anna, at=AT)

        self.worsen(row)
        route_open(at=AT)

        assert where(row) == ("senior-operations", "anna")
        assert row.status == "IN_PROGRESS"
        assert "anna works on it and keeps it" in row.routing.why

    def test_it_overrules_what_a_person_placed(self, analysts, seniors):
        row = opened()
        route_open(at=AT)
        elsewhere = factories.team("elsewhere")
        work.route(
            break_id=row.pk, version=None, team=elsewhere, by=analysts.members.first(), at=AT
        )
        route_open(at=AT)
        assert where(row)[0] == "elsewhere"

        self.worsen(row)
        route_open(at=AT)

        assert where(row) == ("senior-operations", "sara")

    def test_the_same_rule_keeps_team_and_person(self, analysts):
        row = opened(severity="LOW")
        route_open(at=AT)
        to = where(row)
        version = row.version

        self.worsen(row, "MEDIUM")
        route_open(at=AT)

        assert where(row) == to
        assert row.version == version
        assert row.routing.severity == "MEDIUM"

    def test_an_exposure_that_comes_into_a_range_re_routes_it(self, analysts):
        heads = factories.team("head-of-trading", factories.user("Supervisor", username="hugo"))
        row = opened(severity="HIGH", exposure="99999")
        route_open(at=AT)
        assert where(row)[0] == "operations-analysts"

        TradeBreak.objects.filter(pk=row.pk).update(exposure="100001")
        route_open(at=AT)

        assert where(row) == (heads.code, "hugo")


class TestByHand:
    def test_where_a_person_placed_it_it_stays(self, analysts, seniors):
        elsewhere = factories.team("elsewhere")
        row = opened(team=elsewhere)

        route_open(at=AT)

        row.refresh_from_db()
        assert (row.team, row.version, row.routing.outcome) == (elsewhere, 1, "BY_HAND")
        assert route_open(at=AT).looked_at == 0

    def test_whom_a_person_gave_it_keeps_it(self, analysts):
        row = opened()
        route_open(at=AT)
        person = analysts.members.exclude(username=where(row)[1]).get()
        work.assign(break_id=row.pk, version=None, to=person, by=person, at=AT)

        TradeBreak.objects.filter(pk=row.pk).update(exposure="77")
        route_open(at=AT)

        assert where(row) == ("operations-analysts", person.username)
        assert row.routing.outcome == "BY_HAND"

    def test_who_asks_for_the_rules_gets_them_and_can_undo_it(self, analysts):
        from breaks.services.undoing import undo

        elsewhere, asker = factories.team("elsewhere"), factories.user("Supervisor")
        row = opened(team=elsewhere)

        route_breaks(break_ids=[row.pk], at=AT, by=asker)

        assert where(row) == ("operations-analysts", "anna")
        assert row.events.last().by == asker
        undo(break_id=row.pk, version=None, by=asker, at=AT)
        assert where(row) == ("elsewhere", None)
        assert list(verify()) == []

    def test_who_may_not_act_is_refused(self, analysts):
        row = opened()
        person = factories.user("Analyst", is_active=False)
        before = dump()

        with pytest.raises(WorkRefused):
            route_breaks(break_ids=[row.pk], at=AT, by=person)

        assert dump() == before
