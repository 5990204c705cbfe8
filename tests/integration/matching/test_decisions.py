from datetime import timedelta

import pytest

from matching.choices import Decision, MatchKind, MatchStatus
from matching.models import Match, MatchLeg
from matching.services import decisions, runs
from tests import factories
from tests.factories import NOW, TRADE_DATE

pytestmark = pytest.mark.django_db


@pytest.fixture
def between(db):
    return factories.reconciliation()


@pytest.fixture
def sides(between):
    left = factories.trade(source="oms")
    return left, factories.trade(source="custodian", price="189")


def by_hand(between, left, right, analyst, **over):
    return decisions.pair_by_hand(
        **{
            "reconciliation": between,
            "left_ids": [trade.pk for trade in left],
            "right_ids": [trade.pk for trade in right],
            "reason": "Told by the broker",
            "by": analyst,
            "at": NOW,
        }
        | over
    )


def reconcile(between):
    run = runs.request_run(
        reconciliation=between, from_date=TRADE_DATE, to_date=TRADE_DATE, by=None, at=NOW
    )
    return runs.execute_run(run_id=run.pk, at=NOW)


class TestPairByHand:
    def test_pairs_and_compares(self, between, sides, analyst):
        match = by_hand(between, sides[:1], sides[1:], analyst)

        assert (match.decision, match.status, match.kind) == ("MANUAL", "MATCHED", "1:1")
        assert "PRICE" in match.differences.values_list("kind", flat=True)

    def test_gives_way_to_nobody_who_holds_a_trade(self, between, sides, analyst):
        by_hand(between, sides[:1], sides[1:], analyst)
        other = factories.trade(source="custodian")

        with pytest.raises(decisions.DecisionRefused, match="take that match apart"):
            by_hand(between, sides[:1], [other], analyst)

        assert Match.objects.count() == 1

    def test_takes_the_trades_of_a_proposal(self, between, sides, analyst):
        proposal = factories.match(
            left=sides[:1], right=sides[1:], status=MatchStatus.PROPOSED, reconciliation=between
        )
        other = factories.trade(source="custodian")

        by_hand(between, sides[:1], [other], analyst)

        proposal.refresh_from_db()
        assert proposal.status == MatchStatus.SUPERSEDED
        assert not MatchLeg.objects.filter(match=proposal, is_live=True).exists()

    @pytest.mark.parametrize(
        ("over", "sentence"),
        [
            ({"reason": "  "}, "Say why"),
            ({"left_ids": []}, "at least one trade"),
            ({"right_ids": [999_999]}, "no trade 999999"),
        ],
    )
    def test_refuses_what_makes_no_pair(self, between, sides, analyst, over, sentence):
        with pytest.raises(decisions.DecisionRefused, match=sentence):
            by_hand(between, sides[:1], sides[1:], analyst, **over)

        assert not Match.objects.exists()

    def test_a_run_leaves_it_alone_but_compares_it_again(self, between, sides, analyst):
        left, right = sides
        match = by_hand(between, [left], [right], analyst)
        right.price, right.version = left.price, 2
        right.net_amount = left.net_amount
        right.save()

        reconcile(between)

        match.refresh_from_db()
        assert match.status == MatchStatus.MATCHED
        assert not match.differences.exists()
        assert not Match.objects.stale().exists()


class TestDecisions:
    @pytest.fixture
    def proposal(self, between, sides):
        return factories.match(
            left=sides[:1], right=sides[1:], status=MatchStatus.PROPOSED, reconciliation=between
        )

    def test_confirm_keeps_the_legs(self, proposal, analyst):
        decisions.confirm(match_id=proposal.pk, reason="", by=analyst, at=NOW)

        proposal.refresh_from_db()
        assert (proposal.status, proposal.decided_by) == (MatchStatus.MATCHED, analyst)
        assert MatchLeg.objects.filter(match=proposal, is_live=True).count() == 2

    def test_reject_frees_them(self, proposal, analyst):
        decisions.reject(match_id=proposal.pk, reason="another fund", by=analyst, at=NOW)

        assert not MatchLeg.objects.filter(match=proposal, is_live=True).exists()

    def test_only_the_first_of_two_decides(self, proposal, analyst, supervisor):
        decisions.reject(match_id=proposal.pk, reason="another fund", by=analyst, at=NOW)

        with pytest.raises(decisions.DecisionRefused, match="rejected, not proposed"):
            decisions.confirm(match_id=proposal.pk, reason="", by=supervisor, at=NOW)

        proposal.refresh_from_db()
        assert proposal.decided_by == analyst

    def test_a_pair_taken_apart_is_not_paired_again(self, between, analyst):
        factories.trade(source="oms")
        factories.trade(source="custodian")
        reconcile(between)
        match = Match.objects.live().get()
        assert match.decision == Decision.AUTO

        decisions.take_apart(match_id=match.pk, reason="two funds", by=analyst, at=NOW)
        run = runs.request_run(
            reconciliation=between,
            from_date=TRADE_DATE,
            to_date=TRADE_DATE,
            by=None,
            at=NOW + timedelta(hours=1),
        )
        runs.execute_run(run_id=run.pk, at=NOW + timedelta(hours=1))

        assert not Match.objects.live().exists()

    def test_a_group_taken_apart_is_not_made_again(self, between, analyst):
        block = {"block_ref": "BLOCK-778812", "symbol": "AAPL"}
        factories.trade(source="oms", quantity=1000, **block)
        for quantity in (600, 400):
            factories.trade(source="custodian", quantity=quantity, **block)
        reconcile(between)
        group = Match.objects.live().get()
        assert group.kind == MatchKind.ONE_TO_MANY

        decisions.take_apart(match_id=group.pk, reason="two orders", by=analyst, at=NOW)
        reconcile(between)

        assert not Match.objects.live().filter(kind=MatchKind.ONE_TO_MANY).exists()

    def test_what_is_not_there_is_said(self, analyst):
        with pytest.raises(decisions.DecisionRefused, match="no match 7"):
            decisions.confirm(match_id=7, reason="", by=analyst, at=NOW)
