"""A decision on trades reaches their breaks: nobody takes it who may not see one of them."""

import pytest
from django.urls import reverse

from breaks.models import ApprovalPolicy
from breaks.services import approvals, batches, pairing
from breaks.services.lifecycle import WorkRefused
from matching.choices import MatchStatus
from tests import factories
from tests.integration.breaks.conftest import PRICE, dump

DECISIONS = ("confirm_match", "reject_match", "unmatch")


@pytest.fixture
def theirs(analyst):
    """Return a team that the analyst is not of; the analyst is of another."""
    factories.team("team-a", analyst)
    return factories.team("team-b", factories.user("Analyst"))


@pytest.fixture
def _unguarded(db):
    ApprovalPolicy.objects.update(is_enabled=False)


def proposal_or_match(desk, decision, team, **over):
    status = MatchStatus.MATCHED if decision == "unmatch" else MatchStatus.PROPOSED
    match = desk.pair(PRICE, status=status, **over)
    desk.run()
    match.breaks.update(team=team)
    return match


def decide(decision, desk, match, by):
    return getattr(pairing, decision)(match_id=match.pk, reason="seen", by=by, at=desk.later())


class TestAMatch:
    @pytest.mark.parametrize("decision", DECISIONS)
    def test_of_another_team_s_break_is_left_alone(self, desk, analyst, theirs, decision):
        match = proposal_or_match(desk, decision, theirs)
        assert match.breaks.live().exists()
        before = dump()

        with pytest.raises(WorkRefused, match="another team works: ask that team, or a super"):
            decide(decision, desk, match, analyst)

        assert dump() == before

    @pytest.mark.parametrize("decision", DECISIONS)
    @pytest.mark.parametrize("whose", ["ours", "nobody's", "given", "every", "ended"])
    def test_whose_breaks_a_person_sees_is_decided(self, desk, analyst, theirs, decision, whose):
        match = proposal_or_match(desk, decision, theirs)
        if whose == "ours":
            match.breaks.update(team=factories.team("team-a"))
        elif whose == "nobody's":
            match.breaks.update(team=None)
        elif whose == "given":
            match.breaks.update(assigned_to=analyst)
        elif whose == "ended":
            match.breaks.update(
                status="RESOLVED", resolved_at=desk.at, resolved_by=analyst, reason_code="BOOKED"
            )
        by = factories.user("Supervisor") if whose == "every" else analyst

        decided = decide(decision, desk, match, by)

        assert decided.decided_by == by

    def test_counts_a_break_of_one_trade_alone(self, desk, analyst, theirs):
        match = desk.pair(status=MatchStatus.PROPOSED)
        left = match.legs.get(side="left").trade
        factories.trade_break("DUPLICATE", left_trade=left, right_trade=None, team=theirs)

        with pytest.raises(WorkRefused, match="another team"):
            decide("reject_match", desk, match, analyst)

    def test_counts_no_break_of_another_reconciliation(self, desk, analyst, theirs):
        match = desk.pair(status=MatchStatus.PROPOSED)
        left = match.legs.get(side="left").trade
        elsewhere = factories.reconciliation("oms-broker", right_source="broker")
        factories.trade_break(
            "MISSING_RIGHT", left_trade=left, team=theirs, reconciliation=elsewhere
        )

        assert decide("confirm_match", desk, match, analyst).status == MatchStatus.MATCHED


class TestPairing:
    def test_a_trade_of_another_team_s_break_is_refused(self, desk, analyst, theirs):
        left, right = desk.left(), desk.right()
        desk.run()
        left.breaks_on_left.update(team=theirs)
        before = dump()

        for pair in (pairing.pair_by_hand, approvals.pair_by_hand):
            with pytest.raises(WorkRefused, match="has a break that another team works"):
                pair(
                    reconciliation=desk.reconciliation, left_ids=[left.pk], right_ids=[right.pk],
                    reason="same ticket", by=analyst, at=desk.later(),
                )  # fmt: skip

        assert dump() == before


class TestEveryDoor:
    @pytest.mark.usefixtures("_unguarded")
    def test_a_batch_refuses_the_row_alone(self, desk, analyst, theirs):
        ours = desk.pair(status=MatchStatus.PROPOSED)
        match = proposal_or_match(desk, "confirm_match", theirs)

        batch = batches.decide_matches(
            match_ids=[match.pk, ours.pk], act="confirm", reason="", by=analyst, at=desk.later()
        )

        assert ["another team" in row["said"] for row in batch.rows] == [True, False]

    @pytest.mark.parametrize("act", ["confirm", "reject"])
    def test_the_api_says_so(self, desk, analyst, theirs, api_as, act):
        match = proposal_or_match(desk, "confirm_match", theirs)

        response = api_as(analyst).post(
            f"/api/v1/matches/{match.pk}/{act}", {"reason": "seen"}, format="json"
        )

        assert response.status_code == 409
        assert "another team" in response.json()["detail"]

    @pytest.mark.usefixtures("_unguarded")
    def test_so_does_taking_apart_over_the_api(self, desk, analyst, theirs, api_as):
        match = proposal_or_match(desk, "unmatch", theirs)

        response = api_as(analyst).delete(f"/api/v1/matches/{match.pk}?reason=seen")

        assert response.status_code == 409
        match.refresh_from_db()
        assert match.status == MatchStatus.MATCHED

    def test_the_preview_in_bulk_foresees_it(self, desk, analyst, theirs, browser_as):
        ours = desk.pair(status=MatchStatus.PROPOSED)
        match = proposal_or_match(desk, "confirm_match", theirs)
        data = {"action": "bulk_confirm", "_selected_action": [match.pk, ours.pk]}

        page = browser_as(analyst).post(reverse("admin:matching_match_changelist"), data)

        assert list(page.context["preview"].able) == [ours.pk]
        assert "another team works" in page.content.decode()

    def test_a_checker_cannot_let_it_happen_for_a_maker_who_lost_sight(
        self, desk, analyst, supervisor, theirs
    ):
        ApprovalPolicy.objects.update(above=0)
        match = proposal_or_match(desk, "unmatch", None)
        asked = approvals.unmatch(
            match_id=match.pk, reason="not the same", by=analyst, at=desk.later()
        )
        match.breaks.update(team=theirs)

        with pytest.raises(WorkRefused, match="another team works"):
            approvals.approve(request_id=asked.pk, by=supervisor, at=desk.later())

        match.refresh_from_db()
        assert match.status == MatchStatus.MATCHED
