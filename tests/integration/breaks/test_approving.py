"""Who may decide on a request, and what becomes of it."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from breaks.choices import GuardedAct
from breaks.models import ApprovalRequest, BreakEvent
from breaks.selectors import approvals_to_decide
from breaks.services import approvals
from breaks.services.approvals import ApprovalRefused
from breaks.services.lifecycle import WorkRefused
from matching.services import rule_sets
from tests import factories
from tests.integration.breaks.asking import ACTS, Asking, decide, dump

pytestmark = pytest.mark.django_db


@pytest.fixture(params=ACTS)
def asking(request, db) -> Asking:
    return Asking(request.param)


@pytest.fixture
def maker(db):
    """Return somebody who may do everything a request may be about, and decide too."""
    return factories.user("Supervisor", username="maker")


class TestApproving:
    def test_does_it_as_the_maker_s_act_with_the_checker_in_the_history(
        self, asking, maker, supervisor
    ):
        asked = asking.ask(maker)

        decided = decide("approve", asked, supervisor, "agreed")

        assert (decided.status, decided.decided_by) == ("APPROVED", supervisor)
        assert asking.is_done()
        assert asking.did_it() == maker
        asked.refresh_from_db()
        assert (asked.status, asked.decision_note) == ("APPROVED", "agreed")
        asking.desk.check()
        if asking.act != "ACTIVATE_RULES":
            said = [e for e in BreakEvent.objects.all() if e.detail.get("approval") == asked.pk]
            done = [event for event in said if event.kind != "REQUESTED"]
            assert done
            for event in done:
                assert event.by == maker
                assert event.detail["approved_by"] == supervisor.username
                assert event.detail["approval_note"] == "agreed"

    @pytest.mark.parametrize("is_superuser", [False, True])
    @pytest.mark.parametrize("name", ["approve", "turn_down"])
    def test_the_maker_is_never_the_checker(self, asking, maker, name, is_superuser):
        maker.is_superuser = is_superuser
        maker.save()
        asked = asking.ask(maker)
        before = dump()

        with pytest.raises(ApprovalRefused, match="yourself"):
            decide(name, asked, maker)
        assert dump() == before

    def test_nor_does_the_database_let_them_be(self, asking, maker):
        asked = asking.ask(maker)

        with pytest.raises(IntegrityError), transaction.atomic():
            ApprovalRequest.objects.filter(pk=asked.pk).update(
                status="APPROVED", decided_by=maker, decided_at=factories.NOW
            )

    @pytest.mark.parametrize("name", ["approve", "turn_down"])
    @pytest.mark.parametrize("who", ["Analyst", "Auditor", "Integration", "inactive", "nobody"])
    def test_only_whoever_may_decide_decides(self, asking, maker, name, who):
        asked = asking.ask(maker)
        by: Any = AnonymousUser()
        if who != "nobody":
            group = "Supervisor" if who == "inactive" else who
            by = factories.user(group, is_active=who != "inactive")
        before = dump()

        with pytest.raises(WorkRefused):
            decide(name, asked, by)
        assert dump() == before

    def test_the_maker_must_still_be_there_and_permitted(self, asking, maker, supervisor):
        asked = asking.ask(maker)
        maker.is_active = False
        maker.save()
        before = dump()

        with pytest.raises(ApprovalRefused, match="maker may not do this any more"):
            decide("approve", asked, supervisor)
        maker.is_active = True
        maker.save()
        maker.groups.clear()
        with pytest.raises(ApprovalRefused, match="maker may not do this any more"):
            decide("approve", asked, supervisor)
        assert dump() == before

        assert decide("turn_down", asked, supervisor).status == "REJECTED"

    def test_a_refusal_of_the_act_itself_changes_nothing_and_says_why(self, maker, supervisor):
        asking = Asking("UNMATCH")
        asked = asking.ask(maker)
        # Its reason is wiped from the row: the act has none to keep.
        ApprovalRequest.objects.filter(pk=asked.pk).update(reason="")
        before = dump()

        with pytest.raises(ApprovalRefused, match="cannot be carried out: Say why"):
            decide("approve", asked, supervisor)
        assert dump() == before

    def test_a_failure_leaves_it_waiting(self, asking, maker, supervisor, monkeypatch):
        from dataclasses import replace

        from breaks.services.approvals.execution import EXECUTIONS

        asked = asking.ask(maker)
        act = GuardedAct(asking.act)
        broken = replace(EXECUTIONS[act], run=lambda *_: 1 / 0)
        monkeypatch.setitem(EXECUTIONS, act, broken)
        before = dump()

        with pytest.raises(ZeroDivisionError):
            decide("approve", asked, supervisor)
        assert dump() == before

    def test_there_is_no_such_request(self, supervisor):
        with pytest.raises(ApprovalRefused, match="no request 77"):
            approvals.approve(request_id=77, by=supervisor, at=factories.NOW)


class TestTurningDownAndWithdrawing:
    @pytest.mark.parametrize("note", ["", "  ", "\x00"])
    def test_turning_down_says_why(self, asking, maker, supervisor, note):
        asked = asking.ask(maker)
        before = dump()

        with pytest.raises(ApprovalRefused, match="Say why"):
            decide("turn_down", asked, supervisor, note)
        assert dump() == before

    def test_nothing_happens_but_that_the_history_says_so(self, asking, maker, supervisor):
        asked = asking.ask(maker)

        decide("turn_down", asked, supervisor, "show me the confirm")

        assert not asking.is_done()
        if asked.trade_break:
            event = asked.trade_break.events.last()
            assert (event.kind, event.by) == ("TURNED_DOWN", supervisor)
            assert event.reason == "show me the confirm"
        asking.desk.check()
        assert asking.ask(maker).status == "PENDING"

    def test_a_maker_takes_it_back(self, asking, maker):
        asked = asking.ask(maker)

        assert decide("withdraw", asked, maker, "").status == "WITHDRAWN"
        assert not asking.is_done()
        if asked.trade_break:
            assert asked.trade_break.events.last().kind == "WITHDRAWN"
        asking.desk.check()

    def test_nobody_else_withdraws(self, asking, maker, superuser):
        asked = asking.ask(maker)
        before = dump()

        with pytest.raises(ApprovalRefused, match="Only maker"):
            decide("withdraw", asked, superuser)
        assert dump() == before

    @pytest.mark.parametrize("second", ["approve", "turn_down", "withdraw"])
    @pytest.mark.parametrize("first", ["approve", "turn_down", "withdraw"])
    def test_one_decision_is_all(self, maker, supervisor, first, second):
        asked = Asking("ACTIVATE_RULES").ask(maker)
        decide(first, asked, maker if first == "withdraw" else supervisor)
        before = dump()

        # What was approved has changed the rules since: that it is decided comes first.
        with pytest.raises(ApprovalRefused, match="already"):
            decide(second, asked, maker if second == "withdraw" else supervisor)
        assert dump() == before


class TestWhoWroteTheRules:
    """Whoever wrote some of a draft is no second pair of eyes for it."""

    @pytest.fixture
    def draft(self, db, supervisor):
        active = factories.rule_set()
        return rule_sets.draft(
            name=active.name, definition=active.definition, by=supervisor, at=factories.NOW
        )

    def edit(self, draft, by):
        rule_sets.edit_draft(
            rule_set_id=draft.pk, definition=draft.definition, note="mine", edits=None, by=by,
            at=factories.NOW,
        )  # fmt: skip

    def ask(self, draft, by):
        return approvals.activate_rules(
            rule_set_id=draft.pk, reason="better", by=by, at=factories.NOW
        )

    @pytest.mark.parametrize("hand", ["wrote it", "edited it first", "edited what was copied"])
    def test_may_not_approve_them_whoever_asks(self, draft, administrator, supervisor, hand):
        checker = supervisor if hand == "wrote it" else factories.user("Supervisor")
        if hand != "wrote it":
            self.edit(draft, checker)
            self.edit(draft, supervisor)
        if hand == "edited what was copied":
            draft = rule_sets.draft(
                name=draft.name, definition=draft.definition, by=supervisor, at=factories.NOW,
                copy_of=draft,
            )  # fmt: skip
        request = self.ask(draft, administrator)

        with pytest.raises(approvals.ApprovalRefused, match="You had a hand in what"):
            approvals.approve(request_id=request.pk, by=checker, at=factories.NOW)

        draft.refresh_from_db()
        request.refresh_from_db()
        assert (draft.status, request.status) == ("DRAFT", "PENDING")

    def test_are_not_asked_to_decide(self, draft, administrator, supervisor):
        request = self.ask(draft, administrator)

        assert list(approvals_to_decide(supervisor)) == []
        assert list(approvals_to_decide(factories.user("Supervisor"))) == [request]

    def test_may_turn_them_down(self, draft, administrator, supervisor):
        request = self.ask(draft, administrator)

        done = approvals.turn_down(
            request_id=request.pk, by=supervisor, at=factories.NOW, note="not yet"
        )

        assert done.status == "REJECTED"

    def test_a_copy_of_the_active_version_is_its_copier_s_alone(self, draft, administrator):
        active = factories.rule_set()
        active.editors.add(administrator)
        copied = rule_sets.draft(
            name=active.name, definition=active.definition, by=factories.user("Supervisor"),
            at=factories.NOW, copy_of=active,
        )  # fmt: skip
        request = self.ask(copied, copied.created_by)

        done = approvals.approve(request_id=request.pk, by=administrator, at=factories.NOW)

        assert done.status == "APPROVED"
