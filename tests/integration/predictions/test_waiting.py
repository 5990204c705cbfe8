"""Which trades wait for their other side: those of whose end nothing is known."""

from datetime import timedelta

import pytest

from breaks.models import PendingTrade
from predictions.selectors import waiting_trades
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
LATELY = NOW.date() - timedelta(days=1)


@pytest.fixture(autouse=True)
def between():
    return factories.reconciliation()


def trade(**over):
    return factories.trade(**{"trade_date": LATELY} | over)


def waiting(**over) -> set[int]:
    return set(waiting_trades(at=NOW, **over).values_list("pk", flat=True))


def test_a_trade_nobody_has_compared_waits_on_either_side():
    left, right = trade(), trade(source="custodian")

    assert waiting() == {left.pk, right.pk}


def test_what_is_matched_broken_cancelled_or_elsewhere_does_not():
    left, right = trade(), trade(source="custodian")
    factories.match(left=[left], right=[right])
    missing = trade()
    factories.trade_break("MISSING_RIGHT", left_trade=missing)
    trade(state="CANCELLED")
    trade(source="kraken")

    assert waiting() == set()


def test_a_break_that_ended_is_an_end_too():
    factories.trade_break("MISSING_RIGHT", left_trade=trade(), status="RESOLVED")

    assert waiting() == set()


def test_a_pending_trade_waits_and_one_of_a_match_taken_apart_again():
    pending = trade()
    PendingTrade.objects.create(
        reconciliation=factories.reconciliation(), trade=pending, reason="GRACE"
    )
    alone = trade()
    factories.match(left=[alone], right=[trade(source="custodian")], status="UNMATCHED")

    assert {pending.pk, alone.pk} <= waiting()


def test_one_reconciliation_that_waits_is_enough():
    other = factories.reconciliation("oms-prime", left_source="oms", right_source="prime_broker")
    left = trade()
    factories.match(left=[left], right=[trade(source="custodian")])

    assert waiting() == {left.pk}
    other.is_enabled = False
    other.save(update_fields=["is_enabled"])
    assert waiting() == set()


def test_longer_ago_it_is_no_question_of_foresight():
    edge = trade(trade_date=NOW.date() - timedelta(days=9))
    trade(trade_date=NOW.date() - timedelta(days=10))

    assert waiting(days=10) == {edge.pk}


def test_nothing_is_compared_nothing_waits(between):
    trade()
    between.is_enabled = False
    between.save(update_fields=["is_enabled"])

    assert waiting() == set()
