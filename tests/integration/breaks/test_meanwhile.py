"""What a person decides between a run's reading and its writing stands, and nothing is lost."""

from datetime import timedelta

import pytest

from breaks.models import TradeBreak
from breaks.services import pairing
from matching.choices import MatchStatus
from matching.models import Match
from matching.services import runs
from tests import factories
from trades.models import Trade
from workflows.services.reconciling import reconcile

pytestmark = pytest.mark.django_db


def propose(desk):
    """Report a trade of one side that either of two trades of the other may be."""
    left = desk.left()
    desk.right(price="187.51")
    desk.right(price="187.49")
    return left


@pytest.fixture
def run(desk):
    """Return a function that runs the whole job; `meanwhile` is called before it writes."""

    def execute(meanwhile=None, day=factories.TRADE_DATE):
        asked = runs.request_run(
            reconciliation=desk.reconciliation, from_date=day, to_date=day, by=None, at=desk.later()
        )
        with pytest.MonkeyPatch.context() as patch:
            report = runs.report_progress

            def tell(run, step, done):
                if done == 70 and meanwhile:
                    meanwhile()
                report(run, step, done)

            patch.setattr(runs, "report_progress", tell)
            reconcile(run_id=asked.pk, at=desk.at)
        desk.check()

    return execute


def test_trades_of_a_match_taken_apart_are_missing(desk, run, other):
    desk.left()
    desk.right()
    run()
    match = Match.objects.get()
    assert match.status == MatchStatus.MATCHED

    run(lambda: pairing.unmatch(match_id=match.pk, reason="no", by=other, at=desk.later()))

    assert desk.positions().broken == 2


def test_a_proposal_turned_down_is_not_made_again(desk, run, other):
    propose(desk)
    run()
    match = Match.objects.get()
    assert match.status == MatchStatus.PROPOSED

    run(lambda: pairing.reject_match(match_id=match.pk, reason="no", by=other, at=desk.later()))

    assert Match.objects.live().count() == 0
    assert desk.positions().broken == 3


def test_a_proposal_turned_down_is_not_made_again_under_new_rules(desk, run, other):
    propose(desk)
    run()
    match = Match.objects.get()
    Match.objects.update(rule_set=factories.rule_set(version=99))

    run(lambda: pairing.reject_match(match_id=match.pk, reason="no", by=other, at=desk.later()))

    assert Match.objects.live().count() == 0
    assert desk.positions().broken == 3


def test_a_trade_whose_proposal_gave_way_to_a_pairing_by_hand_is_missing(desk, run, other):
    left = propose(desk)
    run()
    right = Match.objects.get().legs.get(side="right").trade
    rival = Trade.objects.filter(source__code="custodian").exclude(pk=right.pk).get()
    far = desk.right(isin="US5949181045", symbol="MSFT")

    run(
        lambda: pairing.pair_by_hand(
            reconciliation=desk.reconciliation, left_ids=[left.pk], right_ids=[far.pk],
            reason="told so", by=other, at=desk.later(),
        )
    )  # fmt: skip

    missing = TradeBreak.objects.live().filter(break_type="MISSING_LEFT")
    assert set(missing.values_list("right_trade", flat=True)) == {right.pk, rival.pk}


def test_a_missing_trade_that_is_dated_into_the_run_stays_missing(desk, run):
    away = factories.TRADE_DATE - timedelta(days=10)
    left = desk.left(trade_date=away)
    desk.right(trade_date=away, isin="US5949181045", symbol="MSFT")
    run(day=away)

    run(lambda: Trade.objects.filter(pk=left.pk).update(trade_date=factories.TRADE_DATE, version=2))

    assert TradeBreak.objects.live().get(left_trade=left).break_type == "MISSING_RIGHT"


def test_a_trade_that_an_amendment_dates_out_of_the_run_is_missing_there(desk, run):
    desk.left()
    right = desk.right()
    run()
    far = factories.TRADE_DATE + timedelta(days=9)
    Trade.objects.filter(pk=right.pk).update(trade_date=far, side="SELL", version=2)

    run()

    assert TradeBreak.objects.live().get(right_trade=right).break_type == "MISSING_LEFT"
