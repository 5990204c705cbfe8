"""Every action applied by its policy, and taken back again."""

import pytest

from breaks.models import TradeBreak
from breaks.services import approvals, work
from matching.models import ReconciliationRun
from tests.integration.workflows.remediation import making
from tests.integration.workflows.remediation.making import MAKERS, let, standing, suggested
from workflows.choices import RemedyAction
from workflows.services import remediation

BECOMES = {
    RemedyAction.NORMALISE_ALIAS: "RESOLVED",
    RemedyAction.ACCEPT_ROUNDING: "ACCEPTED",
}


def apply(row, desk, by):
    made = suggested(row, desk)
    return remediation.remedy(suggestion_id=made.pk, version=row.version, by=by, at=desk.later())


LOW_RISK = [
    action
    for action in RemedyAction
    if action not in (RemedyAction.CANCEL_DUPLICATE, RemedyAction.CORRECT_FIELD)
]


@pytest.mark.parametrize("action", LOW_RISK)
class TestEveryActionOfLowRisk:
    def test_is_applied_by_its_policy_and_says_so(self, desk, analyst, action):
        row = MAKERS[action](desk)
        let(action, itself=True)
        made = suggested(row, desk)

        done = remediation.remedy(
            suggestion_id=made.pk, version=row.version, by=analyst, at=desk.later()
        )

        row.refresh_from_db()
        assert done.applied
        assert row.status == BECOMES.get(action, "AWAITING_COUNTERPARTY")
        assert row.resolved_by is None
        mine = [event for event in making.events(row) if event.kind == "REMEDIATED"]
        (event,) = mine
        assert event.by is None
        assert event.detail["policy"] == str(done.suggestion.policy)
        assert event.detail["set_off_by"] == analyst.get_username()
        desk.check()

    def test_is_as_before_once_reversed(self, desk, analyst, supervisor, action):
        row = MAKERS[action](desk)
        let(action, itself=True)
        made = suggested(row, desk)
        before = standing()
        remediation.remedy(suggestion_id=made.pk, version=row.version, by=analyst, at=desk.later())
        assert standing() != before

        remediation.reverse(
            suggestion_id=made.pk, by=supervisor, at=desk.later(), reason="too soon"
        )

        assert standing() == before
        desk.check()
        made.refresh_from_db()
        assert (made.status, made.reversed_by) == ("REVERSED", supervisor)


class TestAlias:
    def test_clears_every_break_of_the_two_names(self, desk, analyst):
        row = making.alias(desk)
        let("NORMALISE_ALIAS", itself=True)
        assert TradeBreak.objects.live().count() == 6
        made = suggested(row, desk)
        assert made.would_clear == 6
        assert "would clear 6 breaks" in made.effect

        done = remediation.remedy(
            suggestion_id=made.pk, version=row.version, by=analyst, at=desk.later()
        )

        assert done.applied, made.verdict
        assert not TradeBreak.objects.live().exists()
        for one in TradeBreak.objects.all():
            last = making.events(one)[-1]
            assert (last.kind, last.detail["remediation"]) == ("AUTO_CLEARED", made.pk)
        assert not ReconciliationRun.objects.filter(status="QUEUED").exists()
        desk.run()
        assert not TradeBreak.objects.live().exists()


class TestAccountAlias:
    def test_clears_and_comes_back(self, desk, analyst, supervisor):
        row = making.account(desk)
        before = standing()
        made = suggested(row, desk)
        request = remediation.remedy(
            suggestion_id=made.pk, version=row.version, by=analyst, at=desk.later()
        ).request
        asked = standing()

        approvals.approve(request_id=request.pk, by=supervisor, at=desk.later())

        assert not TradeBreak.objects.live().exists()
        made.refresh_from_db()
        assert (made.status, made.applied_by) == ("APPLIED", analyst)
        remediation.reverse(suggestion_id=made.pk, by=analyst, at=desk.later(), reason="wrong")
        assert standing() == before == asked
        desk.check()


class TestApproval:
    """What a policy does not let apply itself waits for a second person, of every action."""

    @pytest.fixture(params=RemedyAction)
    def asked(self, request, desk, analyst):
        row = MAKERS[request.param](desk)
        let(request.param, itself=False)
        made = suggested(row, desk)
        before = standing()
        done = remediation.remedy(
            suggestion_id=made.pk, version=row.version, by=analyst, at=desk.later()
        )
        assert not done.applied
        assert standing() == before
        made.refresh_from_db()
        assert (made.status, made.approval) == ("ASKED", done.request)
        return made

    def test_is_applied_as_the_makers_once_approved(self, desk, analyst, supervisor, asked):
        approved = approvals.approve(
            request_id=asked.approval_id, by=supervisor, at=desk.later(), note="fine"
        )

        assert approved.status == "APPROVED"
        asked.refresh_from_db()
        assert (asked.status, asked.applied_by) == ("APPLIED", analyst)
        row = asked.trade_break
        (event,) = [event for event in making.events(row) if event.kind == "REMEDIATED"]
        assert (event.by, event.detail["approved_by"]) == (analyst, supervisor.get_username())
        desk.check()

    def test_the_maker_is_never_the_checker(self, desk, superuser, asked):
        asked.approval.made_by = superuser
        asked.approval.save()
        before = making.dump()

        with pytest.raises(approvals.ApprovalRefused, match="another person"):
            approvals.approve(request_id=asked.approval_id, by=superuser, at=desk.later())

        assert making.dump() == before

    def test_turned_down_it_is_not_made_again(self, desk, supervisor, asked):
        approvals.turn_down(request_id=asked.approval_id, by=supervisor, at=desk.later(), note="no")

        asked.refresh_from_db()
        assert asked.status == "REFUSED"
        assert remediation.suggest([asked.trade_break], at=desk.later()) == []

    def test_withdrawn_it_is_proposed_again(self, desk, analyst, asked):
        approvals.withdraw(request_id=asked.approval_id, by=analyst, at=desk.later())

        asked.refresh_from_db()
        assert asked.status == "PROPOSED"

    def test_overtaken_by_work_on_the_break_it_does_nothing(self, desk, supervisor, asked):
        work.escalate(
            break_id=asked.trade_break_id, version=None, reason="now", by=supervisor,
            at=desk.later(),
        )  # fmt: skip
        before = standing()

        done = approvals.approve(request_id=asked.approval_id, by=supervisor, at=desk.later())

        assert done.status == "STALE"
        asked.refresh_from_db()
        assert asked.status == "SUPERSEDED"
        assert standing() == before

    def test_switched_off_meanwhile_it_does_nothing(self, desk, supervisor, asked):
        let(asked.action, itself=False, is_enabled=False)
        before = standing()

        done = approvals.approve(request_id=asked.approval_id, by=supervisor, at=desk.later())

        assert done.status == "STALE"
        assert standing() == before
