"""People's decisions about matches, and the breaks and pending trades that follow."""

import pytest
from django.contrib.auth.models import AnonymousUser

from breaks.models import PendingTrade, TradeBreak
from breaks.services import pairing
from breaks.services.lifecycle import WorkRefused
from matching.choices import MatchStatus
from matching.models import RuleSet
from matching.services.decisions import DecisionRefused
from tests import factories
from tests.integration.breaks.conftest import PRICE, dump


def pair(desk, by, left, right, reason="same ticket"):
    return pairing.pair_by_hand(
        reconciliation=desk.reconciliation,
        left_ids=[trade.pk for trade in left],
        right_ids=[trade.pk for trade in right],
        reason=reason,
        by=by,
        at=desk.later(),
    )


def decide(name, desk, by, match, reason="looked at it"):
    return getattr(pairing, name)(match_id=match.pk, reason=reason, by=by, at=desk.later())


def found():
    return sorted(TradeBreak.objects.values_list("break_type", "status"))


class TestPairByHand:
    def test_two_missing_trades_that_agree(self, desk, analyst):
        left, right = desk.left(), desk.right()
        desk.run()

        match = pair(desk, analyst, [left], [right])

        assert match.status == MatchStatus.MATCHED
        for row in TradeBreak.objects.all():
            assert (row.status, row.reason_code) == ("RESOLVED", "MATCHED_MANUALLY")
            assert (row.resolved_by, row.times_seen) == (analyst, 1)
            event = row.events.last()
            assert (event.kind, event.by) == ("STATUS_CHANGED", analyst)
            assert event.reason.endswith("same ticket")
        desk.check()
        assert desk.positions().matched == 2

    def test_what_they_disagree_on_is_opened(self, desk, analyst):
        left, right = desk.left(), desk.right(price="200", net_amount=None, gross_amount=None)
        desk.run()

        match = pair(desk, analyst, [left], [right])

        row = TradeBreak.objects.get(break_type="PRICE")
        assert (row.match, row.first_run, row.times_seen) == (match, None, 0)
        assert row.events.get().by == analyst
        desk.check()
        assert desk.positions().broken == 2

        desk.run()
        row.refresh_from_db()
        assert (row.times_seen, row.version) == (1, 1)

    def test_several_against_one(self, desk, analyst):
        block = desk.left(quantity="1000")
        fills = [desk.right(quantity="600"), desk.right(quantity="400")]
        desk.run()

        pair(desk, analyst, [block], fills)

        assert not TradeBreak.objects.live().filter(break_type__startswith="MISSING").exists()
        desk.check()

    def test_the_other_trade_of_a_proposal_that_gives_way_is_missing(self, desk, analyst):
        left, right, beside = desk.left(), desk.right(), desk.right()
        desk.pair(left=[left], right=[right], status=MatchStatus.PROPOSED)
        desk.run()

        pair(desk, analyst, [left], [beside])

        assert TradeBreak.objects.live().get().right_trade == right
        assert not PendingTrade.objects.exists()
        desk.check()

    def test_refused_it_changes_nothing(self, desk, analyst):
        desk.run()
        paired = desk.pair(PRICE)
        left, right = paired.legs.get(side="left").trade, desk.right()
        desk.run()
        before = dump()

        with pytest.raises(DecisionRefused):
            pair(desk, analyst, [left], [right])
        assert dump() == before

    def test_a_failure_afterwards_takes_the_match_back(self, desk, analyst, monkeypatch):
        left, right = desk.left(), desk.right()
        desk.run()
        before = dump()
        monkeypatch.setattr(pairing, "bring_up_to_date", lambda **_: 1 / 0)

        with pytest.raises(ZeroDivisionError):
            pair(desk, analyst, [left], [right])
        assert dump() == before


class TestUnmatch:
    def test_its_breaks_clear_and_its_trades_are_missing(self, desk, analyst):
        match = desk.pair(PRICE)
        desk.run()

        decide("unmatch", desk, analyst, match)

        assert found() == [
            ("MISSING_LEFT", "OPEN"),
            ("MISSING_RIGHT", "OPEN"),
            ("PRICE", "RESOLVED"),
        ]
        price = TradeBreak.objects.get(break_type="PRICE")
        assert (price.reason_code, price.resolved_by) == ("AUTO_CLEARED", None)
        assert price.events.last().by == analyst
        desk.check()
        desk.run()
        assert TradeBreak.objects.live().count() == 2

    def test_pairing_and_unmatching_again_uses_the_same_rows(self, desk, analyst):
        left, right = desk.left(), desk.right()
        desk.run()
        rows = set(TradeBreak.objects.values_list("pk", flat=True))

        for _ in range(2):
            match = pair(desk, analyst, [left], [right])
            desk.check()
            decide("unmatch", desk, analyst, match)
            desk.check()

        assert set(TradeBreak.objects.live().values_list("pk", flat=True)) == rows
        assert TradeBreak.objects.count() == 2


class TestProposals:
    def proposed(self, desk, *differences, **over):
        match = desk.pair(*differences, status=MatchStatus.PROPOSED, **over)
        desk.run()
        return match

    def test_confirmed_its_trades_are_matched(self, desk, analyst):
        match = self.proposed(desk)

        decide("confirm_match", desk, analyst, match)

        assert not PendingTrade.objects.exists()
        desk.check()
        assert desk.positions().matched == 2

    def test_confirmed_its_breaks_stay_as_they_are(self, desk, analyst, supervisor):
        match = self.proposed(desk, PRICE)
        row = desk.only()
        from breaks.services import work

        work.resolve(
            break_id=row.pk, version=1, reason_code="BOOKED", by=supervisor, at=desk.later()
        )

        decide("confirm_match", desk, analyst, match)

        assert desk.only().status == "RESOLVED"
        desk.check()

    def test_confirmed_in_a_near_tie_its_differences_open_and_the_other_is_missing(
        self, desk, analyst
    ):
        beside = desk.right()
        match = self.proposed(desk, PRICE, reason="near_tie", alternatives=[beside])
        assert desk.positions().pending == 3

        decide("confirm_match", desk, analyst, match)

        assert found() == [("MISSING_LEFT", "OPEN"), ("PRICE", "OPEN")]
        desk.check()
        assert desk.positions().broken == 3

    def test_rejected_its_trades_are_missing(self, desk, analyst):
        match = self.proposed(desk)

        decide("reject_match", desk, analyst, match)

        assert found() == [("MISSING_LEFT", "OPEN"), ("MISSING_RIGHT", "OPEN")]
        desk.check()

    def test_a_candidate_of_another_near_tie_still_waits(self, desk, analyst):
        beside = desk.right()
        first = self.proposed(desk, reason="near_tie", alternatives=[beside])
        self.proposed(desk, reason="near_tie", alternatives=[beside])

        decide("reject_match", desk, analyst, first)

        assert PendingTrade.objects.filter(trade=beside).exists()
        assert TradeBreak.objects.live().count() == 2
        desk.check()


@pytest.mark.parametrize("name", ["unmatch", "confirm_match", "reject_match"])
def test_only_a_known_person_decides(desk, name):
    match = desk.pair(status=MatchStatus.PROPOSED)
    desk.run()
    before = dump()

    for by in (None, AnonymousUser(), factories.user(is_active=False)):
        with pytest.raises(WorkRefused, match="Sign in"):
            decide(name, desk, by, match)
    assert dump() == before


def test_a_late_report_is_not_given_up_by_a_decision_about_some_trades(desk, analyst):
    from breaks.services.opening import Cause, bring_up_to_date
    from breaks.services.scope import Scope

    match = desk.pair(PRICE)
    desk.run()
    late = factories.trade_break("TIMING", left_trade=None, right_trade=None, field="report")
    scope = Scope.of_trades(desk.reconciliation, [leg.trade_id for leg in match.legs.all()])

    bring_up_to_date(scope=scope, cause=Cause(by=analyst), at=desk.later())

    late.refresh_from_db()
    assert late.status == "OPEN"
    assert RuleSet.objects.exists()
