"""What was asked for changes before somebody decides: then nothing happens."""

import pytest

from breaks.choices import ApprovalStatus
from breaks.models import ApprovalPolicy, ApprovalRequest, TradeBreak
from breaks.selectors import approvals_waiting
from breaks.services import approvals, work
from matching.choices import MatchStatus
from matching.services import rule_sets
from tests import factories
from tests.integration.breaks.asking import Asking, decide, dump
from trades.models import Trade

pytestmark = pytest.mark.django_db


@pytest.fixture
def maker():
    return factories.user("Supervisor", username="maker")


class TestOvertaken:
    """Each way in which what was asked for changes before somebody decides."""

    def check(self, asked, supervisor, *says) -> ApprovalRequest:
        kept = ("TradeBreak", "BreakEvent", "Match", "MatchLeg", "RuleSet", "PendingTrade")
        before = dump()

        decided = decide("approve", asked, supervisor)

        assert decided.status == ApprovalStatus.STALE
        asked.refresh_from_db()
        assert (asked.status, asked.decided_by) == (ApprovalStatus.STALE, supervisor)
        for words in says:
            assert words in asked.decision_note
        after = dump()
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
        return asked

    @pytest.mark.parametrize(
        ("name", "given"),
        [
            ("claim", {}),
            ("assign", {"to": None}),
            ("await_counterparty", {"reason": "r"}),
            ("escalate", {"reason": "r"}),
            ("resolve", {"reason_code": "BOOKED"}),
        ],
    )
    def test_by_an_act_on_the_break(self, supervisor, other, name, given):
        asking = Asking("ACCEPT")
        asked = asking.ask(factories.user("Analyst"))
        if name == "assign":
            given = {"to": other}
        getattr(work, name)(
            break_id=asking.row.pk, version=None, by=other, at=asking.desk.later(), **given
        )

        self.check(asked, supervisor, "changed by bob")

    def test_by_a_run_that_finds_other_values(self, maker, supervisor):
        asking = Asking("ACCEPT")
        asked = asking.ask(maker)
        asking.desk.differ(asking.row.match, right_value="100", difference="87.5")
        asking.desk.run()

        self.check(asked, supervisor, "the system", "values changed")

    def test_talk_about_the_break_does_not_overtake(self, maker, supervisor, other):
        asking = Asking("ACCEPT")
        asked = asking.ask(maker)
        work.comment(
            break_id=asking.row.pk, version=None, text="Is there a confirm?", by=other,
            at=asking.desk.later(),
        )  # fmt: skip

        assert decide("approve", asked, supervisor).status == "APPROVED"
        asking.desk.check()

    def test_nor_does_a_run_that_merely_sees_it_again(self, maker, supervisor):
        asking = Asking("ACCEPT")
        asked = asking.ask(maker)
        asking.desk.run()

        assert decide("approve", asked, supervisor).status == "APPROVED"

    def test_a_write_between_the_look_and_the_act(self, maker, supervisor, other, monkeypatch):
        from breaks.services.approvals import deciding

        asking = Asking("ACCEPT")
        asked = asking.ask(maker)

        def looked(request):
            said = looks(request)
            work.claim(break_id=asking.row.pk, version=None, by=other, at=asking.desk.later())
            return said

        looks = deciding.what_changed
        monkeypatch.setattr(deciding, "what_changed", looked)

        decided = decide("approve", asked, supervisor)

        assert decided.status == "STALE"
        asked.refresh_from_db()
        assert "changed by bob" in asked.decision_note
        assert TradeBreak.objects.get().status == "IN_PROGRESS"
        asking.desk.check()

    def test_an_unmatch_by_the_match_taken_apart(self, maker, supervisor, other):
        asking = Asking("UNMATCH")
        asked = asking.ask(maker)
        ApprovalPolicy.objects.update(is_enabled=False)
        approvals.unmatch(match_id=asking.match.pk, reason="r", by=other, at=asking.desk.later())

        self.check(asked, supervisor, "bob")

    def test_an_unmatch_of_a_clean_match_by_a_later_run(self, maker, supervisor):
        asking = Asking("UNMATCH")
        match = asking.desk.pair()
        asking.desk.run()
        asked = approvals.unmatch(match_id=match.pk, reason="r", by=maker, at=asking.desk.later())
        assert asked.trade_break is None
        asking.desk.part(match)

        self.check(asked, supervisor, f"Match {match.pk} became superseded", "a run")

    @pytest.mark.parametrize("act", ["PAIR", "UNMATCH"])
    def test_a_pairing_by_an_amended_trade(self, maker, supervisor, act):
        asking = Asking(act)
        asked = asking.ask(maker)
        trade = Trade.objects.order_by("pk").first()
        Trade.objects.filter(pk=trade.pk).update(version=2)

        self.check(asked, supervisor, f"OMS amended its trade {trade.source_trade_id}")

    def test_a_pair_by_another_match_of_a_trade(self, maker, supervisor, other):
        asking = Asking("PAIR")
        asked = asking.ask(maker)
        made = factories.match(
            left=[asking.left], right=[asking.desk.right()], decided_by=other, decision="MANUAL"
        )

        self.check(asked, supervisor, f"match {made.pk}", "bob")

    def test_a_pair_by_a_proposal_that_was_turned_down(self, maker, supervisor):
        asking = Asking("PAIR")
        proposal = factories.match(
            left=[asking.left], right=[asking.desk.right()], status=MatchStatus.PROPOSED
        )
        asked = asking.ask(maker)
        asking.desk.part(proposal, MatchStatus.REJECTED)

        self.check(asked, supervisor, f"Match {proposal.pk} became rejected")

    def test_rules_by_an_edit_of_the_draft(self, maker, supervisor):
        asking = Asking("ACTIVATE_RULES")
        asked = asking.ask(maker)
        changed = {**asking.draft.definition, "auto_at": 0.97}
        rule_sets.edit_draft(
            rule_set_id=asking.draft.pk, definition=changed, note="", edits=None, by=supervisor,
            at=factories.NOW,
        )  # fmt: skip

        self.check(asked, supervisor, "was edited meanwhile")

    def test_rules_by_another_version_in_force(self, maker, supervisor, other):
        asking = Asking("ACTIVATE_RULES")
        asked = asking.ask(maker)
        rival = rule_sets.draft(
            name=asking.draft.name, definition=asking.draft.definition, by=None, at=factories.NOW
        )
        rule_sets.activate(rule_set_id=rival.pk, by=other, at=factories.NOW)

        self.check(asked, supervisor, f"{rival} is in force by now, activated by bob")

    def test_rules_by_their_own_activation(self, maker, supervisor, other):
        asking = Asking("ACTIVATE_RULES")
        asked = asking.ask(maker)
        rule_sets.activate(rule_set_id=asking.draft.pk, by=other, at=factories.NOW)

        self.check(asked, supervisor, "was activated by bob")

    @pytest.mark.parametrize("again", ["maker", "another"])
    def test_it_makes_room_for_another_request(self, maker, supervisor, other, again):
        asking = Asking("ACCEPT")
        first = asking.ask(maker)
        work.claim(break_id=asking.row.pk, version=None, by=other, at=asking.desk.later())

        second = asking.ask(maker if again == "maker" else supervisor)

        first.refresh_from_db()
        assert first.status == ("WITHDRAWN" if again == "maker" else "STALE")
        assert "changed by bob" in first.decision_note
        assert asking.row.events.last().detail["instead_of"] == [first.pk]
        assert list(approvals_waiting(asking.row)) == [second]
        asking.desk.check()
