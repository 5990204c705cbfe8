"""What people do to breaks."""

from datetime import timedelta
from itertools import product

import pytest
from django.contrib.auth.models import AnonymousUser, User

from breaks.choices import FOR_RESOLVING, LIVE, BreakStatus
from breaks.deadlines import due_after
from breaks.models import BreakComment, BreakEvent, TradeBreak
from breaks.models.trade_break import ENDED
from breaks.services import acting, history, work
from breaks.services.history import Entry
from breaks.services.lifecycle import TransitionNotAllowed, WorkRefused
from breaks.services.work import StaleBreak
from breaks.transitions import ALLOWED
from tests import factories
from tests.integration.breaks.conftest import dump

S = BreakStatus
ACTS = {
    "claim": ({}, S.IN_PROGRESS),
    "await_counterparty": ({"reason": "asked"}, S.AWAITING_COUNTERPARTY),
    "escalate": ({"reason": "large"}, S.ESCALATED),
    "resolve": ({"reason_code": "SOURCE_CORRECTED"}, S.RESOLVED),
    "accept": ({"comment": "small"}, S.ACCEPTED),
    "reopen": ({"reason": "again"}, S.OPEN),
    "assign": ({"to": None}, None),
    "route": ({"team": None}, None),
    "comment": ({"text": "said"}, None),
}


def in_status(row: TradeBreak, status: S, by: User) -> TradeBreak:
    """Bring an open break to a status the way the desk does."""
    ask = {"break_id": row.pk, "version": None, "by": by, "at": factories.NOW}
    for name, (given, to) in ACTS.items():
        if to == status and name != "reopen":
            return getattr(work, name)(**ask, **given)
    row.refresh_from_db()
    return row


def act(name, row, by, version=None, at=factories.NOW, **given):
    return getattr(work, name)(break_id=row.pk, version=version, by=by, at=at, **given)


@pytest.mark.parametrize(("start", "name"), list(product(S, ACTS)))
def test_each_act_in_each_status_goes_by_the_table(desk, price_break, analyst, start, name):
    row = in_status(price_break, start, analyst)
    given, to = ACTS[name]
    wanted = given | {
        "assign": {"to": factories.user("Analyst")},
        "route": {"team": factories.team(None, analyst)},
    }.get(name, {})
    allowed = {
        "claim": to in ALLOWED[start] or start == to,
        "assign": start in LIVE,
        "route": start in LIVE,
        "comment": True,
        "reopen": start in ENDED,
    }.get(name, to in ALLOWED[start])
    before = dump()

    if not allowed:
        with pytest.raises(TransitionNotAllowed):
            act(name, row, analyst, **wanted)
        assert dump() == before
        return
    changed = act(name, row, analyst, **wanted)

    changed.refresh_from_db()
    assert changed.status == (to or start)
    desk.check()


class TestClaim:
    def test_takes_it_and_says_so(self, price_break, analyst):
        row = act("claim", price_break, analyst, version=1)

        row.refresh_from_db()
        assert (row.status, row.assigned_to, row.version) == ("IN_PROGRESS", analyst, 2)
        event = row.events.last()
        assert (event.kind, event.by, event.sequence) == ("STATUS_CHANGED", analyst, 2)
        assert event.detail["assigned_to"] == analyst.username

    def test_ones_own_again_changes_nothing(self, price_break, analyst):
        act("claim", price_break, analyst)
        before = dump()

        act("claim", price_break, analyst)

        assert dump() == before

    def test_not_from_somebody_who_works_on_it(self, price_break, analyst, other):
        act("claim", price_break, other)

        with pytest.raises(WorkRefused, match="bob is working on break"):
            act("claim", price_break, analyst)

    def test_from_the_queue_of_somebody_else(self, price_break, analyst, other):
        act("assign", price_break, analyst, to=other)

        assert act("claim", price_break, analyst).assigned_to == analyst

    def test_worked_on_by_nobody(self, price_break, analyst):
        TradeBreak.objects.update(status="IN_PROGRESS")

        act("claim", price_break, analyst)

        assert price_break.events.last().kind == "ASSIGNED"


class TestAssign:
    def test_to_somebody_leaves_the_status(self, price_break, supervisor, other):
        row = act("assign", price_break, supervisor, to=other, reason="knows the desk")

        assert (row.status, row.assigned_to) == ("OPEN", other)
        event = row.events.last()
        assert (event.kind, event.reason) == ("ASSIGNED", "knows the desk")
        assert event.detail == {
            "assigned_to": "bob",
            "assigned_from": None,
            "before": {"assigned_to_id": None},
        }

    def test_back_to_the_queue_is_open_again(self, price_break, analyst):
        act("claim", price_break, analyst)

        row = act("assign", price_break, analyst, to=None)

        assert (row.status, row.assigned_to) == ("OPEN", None)

    def test_to_the_same_person_changes_nothing(self, price_break, supervisor, other):
        act("assign", price_break, supervisor, to=other)
        before = dump()
        act("assign", price_break, supervisor, to=other)
        assert dump() == before

    def test_not_to_somebody_who_has_left(self, price_break, supervisor):
        with pytest.raises(WorkRefused, match="active user"):
            act("assign", price_break, supervisor, to=factories.user(is_active=False))

    def test_nor_to_somebody_without_the_permission(self, price_break, supervisor):
        with pytest.raises(work.WorkRefused, match="may not work breaks"):
            act("assign", price_break, supervisor, to=factories.user("Auditor"))

    def test_nor_to_somebody_of_another_team(self, price_break, supervisor, other):
        factories.team("theirs", other)
        act("route", price_break, supervisor, team=factories.team("ours"))
        before = dump()

        with pytest.raises(WorkRefused, match="bob is not of ours, which works"):
            act("assign", price_break, supervisor, to=other)

        assert dump() == before

    @pytest.mark.parametrize("group", ["Analyst", "Supervisor"])
    def test_but_to_one_of_the_team_or_who_sees_every_team(self, price_break, supervisor, group):
        person = factories.user(group)
        team = factories.team("ours", *([person] if group == "Analyst" else []))
        act("route", price_break, supervisor, team=team)

        assert act("assign", price_break, supervisor, to=person).assigned_to == person


class TestEnding:
    def test_resolving_keeps_the_reason_and_who(self, price_break, analyst):
        act("resolve", price_break, analyst, reason_code="BOOKED", comment=" late ticket ")

        price_break.refresh_from_db()
        assert (price_break.reason_code, price_break.resolved_by) == ("BOOKED", analyst)
        assert price_break.resolved_at == factories.NOW
        event = price_break.events.last()
        assert (event.reason, event.detail["reason_code"]) == ("late ticket", "BOOKED")

    def test_accepting_records_the_values_accepted(self, price_break, supervisor):
        act("accept", price_break, supervisor, comment="below the fee of a claim")

        price_break.refresh_from_db()
        assert (price_break.status, price_break.reason_code) == ("ACCEPTED", "WRITE_OFF")
        assert price_break.events.last().detail["accepted"] == {
            "left_value": "187.5",
            "right_value": "187",
            "difference": "0.5",
            "exposure": "50",
            "currency": "USD",
        }

    def test_re_opening_clears_what_belonged_to_the_end(self, price_break, analyst):
        TradeBreak.objects.update(due_at=factories.NOW)
        act("resolve", price_break, analyst, reason_code="BOOKED")

        row = act("reopen", price_break, analyst, reason="not booked after all")

        assert (row.status, row.reason_code, row.resolved_by) == ("OPEN", "", None)
        assert row.due_at == due_after("MEDIUM", factories.NOW)

    @pytest.mark.parametrize("code", ["", "AUTO_CLEARED", "WRITE_OFF", "BECAUSE"])
    def test_not_for_a_reason_that_is_no_persons(self, price_break, analyst, code):
        with pytest.raises(WorkRefused):
            act("resolve", price_break, analyst, reason_code=code)

    def test_for_every_other_reason(self, price_break, analyst):
        for code in FOR_RESOLVING:
            act("resolve", price_break, analyst, reason_code=code, comment="so it is")
            act("reopen", price_break, analyst, reason="next")


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("await_counterparty", {"reason": " "}, "what the counterparty was asked"),
        ("await_counterparty", {"reason": "r", "until": factories.NOW}, "is past"),
        ("escalate", {"reason": ""}, "why it is escalated"),
        ("accept", {"comment": "\x00"}, "why the loss is accepted"),
        ("reopen", {"reason": ""}, "why it is re-opened"),
        ("comment", {"text": "\n"}, "needs a text"),
        ("resolve", {"reason_code": "NOT_A_BREAK"}, "why it is not a break"),
    ],
)
def test_what_is_not_said_is_asked_for(price_break, analyst, name, given, sentence):
    before = dump()
    with pytest.raises(WorkRefused, match=sentence):
        act(name, price_break, analyst, **given)
    assert dump() == before


def test_awaiting_keeps_until_when(price_break, analyst):
    until = factories.NOW + timedelta(days=1)
    act("await_counterparty", price_break, analyst, reason="asked", until=until)
    assert price_break.events.last().detail == {"until": until.isoformat(), "before": {}}


def test_a_comment_is_kept_with_the_history(price_break, analyst):
    act("comment", price_break, analyst, text=" called\x00 them\n")

    said = BreakComment.objects.get()
    assert (said.text, said.by, said.at) == ("called them", analyst, factories.NOW)
    event = price_break.events.last()
    assert (event.kind, event.reason, event.detail) == (
        "COMMENTED",
        "called them",
        {"comment": said.pk},
    )


class TestWhoMayAct:
    @pytest.mark.parametrize("name", ACTS)
    @pytest.mark.parametrize("who", ["nobody", "anonymous", "unsaved", "inactive"])
    def test_an_unknown_actor_is_refused_and_changes_nothing(self, price_break, name, who):
        by = {
            "nobody": None,
            "anonymous": AnonymousUser(),
            "unsaved": User(username="ghost"),
            "inactive": factories.user(is_active=False, is_superuser=True),
        }[who]
        before = dump()

        with pytest.raises(WorkRefused, match="Sign in"):
            act(name, price_break, by, **ACTS[name][0])
        assert dump() == before

    def test_no_such_break(self, analyst):
        with pytest.raises(TradeBreak.DoesNotExist):
            work.claim(break_id=404, version=None, by=analyst, at=factories.NOW)


class TestStale:
    @pytest.mark.parametrize("name", ACTS)
    def test_an_old_version_is_refused_and_changes_nothing(self, price_break, analyst, other, name):
        act("comment", price_break, other, text="I was here")
        before = dump()

        with pytest.raises(StaleBreak, match=r"changed by bob meanwhile \(commented") as refusal:
            act(name, price_break, analyst, version=1, **ACTS[name][0])

        assert refusal.value.current.version == 2
        assert dump() == before

    def test_a_write_between_read_and_write_is_not_lost(self, price_break, analyst, monkeypatch):
        real, once = acting.write_rows, iter([True])

        def meanwhile(writes):
            if next(once, False):
                TradeBreak.objects.update(status="ESCALATED", version=2)
            return real(writes)

        monkeypatch.setattr(acting, "write_rows", meanwhile)

        with pytest.raises(StaleBreak) as refusal:
            act("claim", price_break, analyst, version=1)
        assert refusal.value.current.status == "ESCALATED"

    def test_without_a_version_it_looks_again(self, price_break, analyst, monkeypatch):
        real, once = acting.write_rows, iter([0])
        monkeypatch.setattr(acting, "write_rows", lambda writes: next(once, None) or real(writes))

        assert act("claim", price_break, analyst).status == "IN_PROGRESS"
        assert BreakEvent.objects.filter(trade_break=price_break).count() == 2

    def test_a_run_that_only_sees_it_again_makes_no_edit_stale(self, desk, price_break, analyst):
        desk.run()

        assert act("claim", price_break, analyst, version=1).version == 2


def test_a_failing_history_rolls_the_status_back(price_break, analyst, monkeypatch):
    def refuse(entries: list[Entry], **_: object) -> None:
        assert TradeBreak.objects.get().status == "RESOLVED"
        raise OSError("disk full")

    monkeypatch.setattr(history, "append", refuse)
    before = dump()

    with pytest.raises(OSError, match="disk full"):
        act("resolve", price_break, analyst, reason_code="BOOKED")

    assert dump() == before


def test_a_failing_history_takes_the_comment_back(price_break, analyst, monkeypatch):
    monkeypatch.setattr(history, "_digest", lambda _: None)

    with pytest.raises(Exception, match="NOT NULL"):
        act("comment", price_break, analyst, text="lost")

    assert not BreakComment.objects.exists()
