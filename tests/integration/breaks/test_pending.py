"""Trades that are no break yet: reports not due or late, and proposals to review."""

from datetime import time, timedelta

import pytest

from breaks.choices import PendingReason
from breaks.models import PendingTrade, TradeBreak
from matching.choices import MatchStatus
from tests import factories
from tests.integration.breaks.conftest import PRICE


def waiting():
    return {row.trade: row.reason for row in PendingTrade.objects.all()}


# exchange_calendars reads a column in a way that pandas means to change.
@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
class TestPending:
    """The custodian reports at noon of the next business day, and has half an hour of grace."""

    @pytest.fixture(autouse=True)
    def _feed(self, desk):
        factories.source("custodian", timezone="UTC")
        desk.reconciliation.refresh_from_db()
        factories.feed(source="custodian", due_time=time(12), due_days=1, grace_minutes=30)
        desk.at = factories.NOW.replace(hour=12, minute=0)

    def test_not_yet_due_is_pending_and_no_break(self, desk):
        desk.at -= timedelta(hours=1)
        trade = desk.left()

        assert desk.run() == 0
        assert waiting() == {trade: PendingReason.NOT_DUE}
        assert PendingTrade.objects.get().until == factories.NOW + timedelta(minutes=30)

    def test_within_the_grace_period_it_is_pending(self, desk):
        trade = desk.left()

        assert desk.run() == 0
        assert waiting() == {trade: PendingReason.GRACE}

    def test_after_it_what_a_delivered_report_lacks_is_missing(self, desk):
        trade = desk.left()
        desk.run()
        desk.pair()
        desk.later(minutes=30)

        assert desk.run() == 1
        assert waiting() == {}
        assert (desk.only().break_type, desk.only().left_trade) == ("MISSING_RIGHT", trade)

    def test_a_late_report_is_one_break_whatever_it_holds_up(self, desk):
        trades = [desk.left(), desk.left(), desk.left()]
        desk.later(minutes=31)

        assert desk.run() == 1
        assert desk.run() == 1

        row = desk.only()
        assert (row.break_type, row.severity) == ("TIMING", "LOW")
        assert (row.left_value, row.right_value) == ("", "Not delivered")
        assert (row.left_trade, row.right_trade) == (None, None)
        assert row.trade_date == factories.TRADE_DATE
        assert row.times_seen == 2
        assert waiting() == dict.fromkeys(trades, PendingReason.LATE_FEED)

    def test_a_late_report_clears_when_it_comes_and_what_it_lacks_is_missing(self, desk):
        paired, lone = desk.left(), desk.left()
        desk.later(minutes=31)
        desk.run()
        desk.pair(left=[paired])

        assert desk.run() == 1

        found = {row.break_type: row.status for row in TradeBreak.objects.all()}
        assert found == {"TIMING": "RESOLVED", "MISSING_RIGHT": "OPEN"}
        assert TradeBreak.objects.get(break_type="MISSING_RIGHT").left_trade == lone
        assert waiting() == {}

    def test_a_late_report_of_each_date_is_its_own_break(self, desk):
        desk.left()
        desk.left(trade_date=factories.TRADE_DATE - timedelta(days=1))
        desk.later(minutes=31)

        days = {
            "from_date": factories.TRADE_DATE - timedelta(days=1),
            "to_date": factories.TRADE_DATE,
        }
        assert desk.run(**days) == 2

    def test_the_row_follows_the_run_that_last_saw_it(self, desk):
        desk.left()
        desk.run()
        first = PendingTrade.objects.get()

        desk.run()

        again = PendingTrade.objects.get()
        assert again.pk == first.pk
        assert again.run_id > first.run_id


class TestProposals:
    def proposed(self, desk, *differences, **over):
        return desk.pair(*differences, status=MatchStatus.PROPOSED, **over)

    def test_without_a_difference_its_trades_wait_for_review(self, desk):
        self.proposed(desk)

        assert desk.run() == 0
        assert set(waiting().values()) == {PendingReason.REVIEW}
        assert PendingTrade.objects.count() == 2
        assert PendingTrade.objects.first().until is None

    def test_with_differences_its_trades_are_broken(self, desk):
        self.proposed(desk, PRICE)

        assert desk.run() == 1
        assert waiting() == {}

    def test_in_a_near_tie_all_candidates_wait_and_nothing_is_a_break(self, desk):
        beside, elsewhere = desk.right(), desk.right()
        desk.pair(right=[elsewhere])
        self.proposed(desk, PRICE, reason="near_tie", alternatives=[beside, elsewhere])

        assert desk.run() == 0
        assert len(waiting()) == 3
        assert waiting()[beside] == PendingReason.REVIEW
        assert elsewhere not in waiting()

    def test_once_decided_the_other_candidate_is_missing(self, desk):
        beside = desk.right()
        match = self.proposed(desk, reason="near_tie", alternatives=[beside])
        desk.run()
        match.status = MatchStatus.MATCHED
        match.save()

        assert desk.run() == 1
        assert desk.only().right_trade == beside
        assert waiting() == {}
