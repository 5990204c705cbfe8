"""Taking back the last act on a break."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from breaks.choices import BreakStatus, EventKind
from breaks.models import Team, TradeBreak
from breaks.services import pairing
from breaks.services.history import Entry, append
from breaks.services.lifecycle import KEPT, TransitionNotAllowed, WorkRefused, put_back
from breaks.services.undoing import NotUndoable, last_act, may_undo, undo
from breaks.services.work import StaleBreak
from tests import factories
from tests.integration.breaks.conftest import dump
from tests.integration.breaks.test_work import ACTS, act

S = BreakStatus
SHOWN = ("status", "rank", *KEPT)
LATER = factories.NOW + timedelta(hours=3)


def standing(row: TradeBreak) -> dict:
    return TradeBreak.objects.values(*SHOWN).get(pk=row.pk)


def team(code: str, *members, **over) -> Team:
    """Make a team as it is read, its hours as times."""
    return Team.objects.get(pk=factories.team(code, *members, **over).pk)


def take_back(row, by, version=None, at=LATER, **more):
    return undo(break_id=row.pk, version=version, by=by, at=at, **more)


UNDOABLE = [
    ("claim", {}, ()),
    ("claim", {}, ("await_counterparty",)),
    ("assign", {"to": None}, ("claim",)),
    ("await_counterparty", {"reason": "asked"}, ("claim",)),
    ("escalate", {"reason": "large"}, ("claim",)),
    ("resolve", {"reason_code": "BOOKED"}, ("claim",)),
    ("resolve", {"reason_code": "BOOKED"}, ("accept",)),
    ("accept", {"comment": "small"}, ("escalate",)),
    ("reopen", {"reason": "again"}, ("resolve",)),
    ("reopen", {"reason": "again"}, ("claim", "accept")),
]


class TestUndo:
    @pytest.mark.parametrize("case", UNDOABLE)
    def test_puts_back_what_each_act_changed(self, desk, price_break, analyst, case):
        name, given, first = case
        for earlier in first:
            act(earlier, price_break, analyst, **ACTS[earlier][0])
        before = standing(price_break)
        act(name, price_break, analyst, at=factories.NOW + timedelta(hours=1), **given)
        assert standing(price_break) != before

        row = take_back(price_break, analyst, reason="  wrong row\x00 ")

        assert standing(row) == before
        event = row.events.last()
        assert (event.kind, event.by, event.at) == ("UNDONE", analyst, LATER)
        assert (event.reason, event.detail["undone"]) == ("wrong row", event.sequence - 1)
        assert event.detail["act"] == name.removesuffix("_counterparty")
        desk.check()

    def test_an_assignment_goes_back_to_whom_it_came_from(self, price_break, analyst, other):
        act("assign", price_break, analyst, to=other)
        act("assign", price_break, analyst, to=analyst)

        row = take_back(price_break, analyst)

        assert row.assigned_to == other
        assert row.events.last().detail["assigned_to"] == "bob"

    def test_one_after_the_other_and_no_further_than_the_runs_doing(self, price_break, analyst):
        before = standing(price_break)
        for name in ("claim", "escalate", "resolve"):
            act(name, price_break, analyst, **ACTS[name][0])

        for _ in range(3):
            take_back(price_break, analyst)

        assert standing(price_break) == before
        with pytest.raises(NotUndoable, match="system's doing"):
            take_back(price_break, analyst)

    def test_what_was_done_after_an_undo_is_what_is_undone_next(self, price_break, analyst):
        act("claim", price_break, analyst)
        act("escalate", price_break, analyst, reason="large")
        take_back(price_break, analyst)
        act("resolve", price_break, analyst, reason_code="BOOKED")

        assert take_back(price_break, analyst).status == "IN_PROGRESS"
        assert take_back(price_break, analyst).status == "OPEN"

    def test_an_accepted_break_stays_accepted_through_the_next_run(
        self, desk, price_break, analyst
    ):
        act("accept", price_break, analyst, comment="small")
        act("reopen", price_break, analyst, reason="oops")
        take_back(price_break, analyst)

        desk.run()

        price_break.refresh_from_db()
        assert price_break.status == "ACCEPTED"

    def test_a_routed_break_goes_back_to_team_holder_and_deadline(self, price_break, analyst):
        ours = team("ours", analyst, timezone="Europe/London")
        act("route", price_break, analyst, team=ours)
        act("claim", price_break, analyst)
        before = standing(price_break)
        theirs = team("theirs", timezone="Asia/Tokyo")
        routed = act("route", price_break, analyst, team=theirs)
        assert (routed.status, routed.assigned_to) == ("OPEN", None)

        row = take_back(price_break, analyst)

        assert standing(row) == before
        assert (row.team, row.assigned_to, row.status) == (ours, analyst, "IN_PROGRESS")
        assert row.events.last().detail["act"] == "route"


class TestRefused:
    def refused(self, row, by, match, kind=NotUndoable, **given):
        before = dump()
        with pytest.raises(kind, match=match):
            take_back(row, by, **given)
        assert dump() == before

    def test_what_somebody_else_did(self, price_break, analyst, other):
        act("claim", price_break, other)
        self.refused(price_break, analyst, "was done by bob: ask bob")

    def test_but_a_supervisor_may_and_it_says_whose_it_was(self, price_break, analyst, supervisor):
        act("claim", price_break, analyst)

        row = take_back(price_break, supervisor)

        assert row.events.last().detail["act_by"] == analyst.username

    def test_a_comment(self, price_break, analyst):
        act("comment", price_break, analyst, text="said")
        self.refused(price_break, analyst, r"\(commented, .* is nothing that can be undone")

    def test_an_act_that_a_comment_followed(self, price_break, analyst):
        act("claim", price_break, analyst)
        act("comment", price_break, analyst, text="said")
        self.refused(price_break, analyst, "is nothing that can be undone")

    def test_an_act_that_a_run_followed(self, desk, price_break, analyst):
        act("claim", price_break, analyst)
        desk.differ(price_break.match, right_value="186", difference="1.5")
        desk.run()
        self.refused(price_break, analyst, "values changed, .* was the system's doing")

    def test_what_a_run_did(self, price_break, analyst):
        self.refused(price_break, analyst, "only what a person did can be undone")

    def test_what_a_decision_on_the_match_brought_about(self, price_break, analyst):
        pairing.unmatch(match_id=price_break.match_id, reason="no", by=analyst, at=factories.NOW)
        self.refused(price_break, analyst, "is nothing that can be undone|system's doing")

    def test_an_old_version(self, price_break, analyst, other):
        act("claim", price_break, analyst)
        act("comment", price_break, other, text="I was here")
        self.refused(price_break, analyst, "changed by bob meanwhile", StaleBreak, version=2)

    def test_another_event_than_the_one_named(self, price_break, analyst):
        act("claim", price_break, analyst)
        act("escalate", price_break, analyst, reason="large")
        self.refused(price_break, analyst, "changed by", StaleBreak, sequence=2)

    def test_giving_it_back_to_somebody_who_has_left(self, price_break, analyst, other):
        act("assign", price_break, analyst, to=other)
        act("assign", price_break, analyst, to=None)
        other.is_active = False
        other.save()
        self.refused(price_break, analyst, "bob had it before and has left")

    def test_giving_it_back_to_a_team_that_is_no_more(self, price_break, analyst):
        fading = team("fading")
        act("route", price_break, analyst, team=fading)
        act("route", price_break, analyst, team=None)
        fading.delete()
        self.refused(price_break, analyst, "team that had it before is no more")

    def test_an_event_from_before_acts_could_be_undone(self, price_break, analyst):
        TradeBreak.objects.update(status="ESCALATED", version=2)
        price_break.refresh_from_db()
        old = Entry(
            trade_break=price_break,
            kind=EventKind.STATUS_CHANGED,
            from_status=S.OPEN,
            to_status=S.ESCALATED,
            by=analyst,
        )
        append([old], at=factories.NOW)
        self.refused(price_break, analyst, "is nothing that can be undone")

    @pytest.mark.parametrize("who", ["nobody", "anonymous", "inactive"])
    def test_an_unknown_actor(self, price_break, analyst, who):
        act("claim", price_break, analyst)
        by = {
            "nobody": None,
            "anonymous": AnonymousUser(),
            "inactive": factories.user(is_active=False, is_superuser=True),
        }[who]
        self.refused(price_break, by, "Sign in", WorkRefused)

    def test_a_break_there_is_not(self, analyst):
        with pytest.raises(TradeBreak.DoesNotExist):
            undo(break_id=404, version=None, by=analyst, at=LATER)

    def test_a_way_back_that_no_act_came(self):
        with pytest.raises(TransitionNotAllowed, match="nothing to put back"):
            put_back(TradeBreak(pk=1, status="ACCEPTED"), S.RESOLVED, {})


def test_who_is_offered_to_undo(price_break, analyst, other, supervisor):
    assert not may_undo(last_act(price_break), supervisor)
    act("claim", price_break, analyst)

    found = last_act(price_break)

    assert may_undo(found, analyst)
    assert may_undo(found, supervisor)
    assert not may_undo(found, other)


def test_finding_the_last_act_takes_one_query(price_break, analyst, django_assert_num_queries):
    for name in ("claim", "escalate", "resolve"):
        act(name, price_break, analyst, **ACTS[name][0])
    take_back(price_break, analyst)
    take_back(price_break, analyst)

    with django_assert_num_queries(1):
        assert last_act(price_break).by == analyst
