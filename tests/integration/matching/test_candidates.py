"""Which trades of the other side might be the missing one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching import candidates as module
from matching.candidates import candidates
from matching.rules import NoActiveRules
from tests import factories

DAY = timedelta(days=1)


@pytest.fixture
def between(db):
    return factories.reconciliation()


@pytest.fixture
def ours(between):
    return factories.trade(order_ref="ORD-1")


def theirs(**over):
    return factories.trade(source="custodian", **over)


def found(between, trade):
    return [one.trade for one in candidates(between, trade)]


def test_the_likeliest_comes_first_with_why(between, ours):
    far = theirs(quantity=900, price="150", trade_date=ours.trade_date + DAY)
    near = theirs(quantity=99)

    first, second = candidates(between, ours)

    assert (first.trade, second.trade) == (near, far)
    assert 1 > first.score > second.score > 0
    assert sum(field.contribution for field in first.fields) == pytest.approx(first.score)
    unlike = {field.field for field in first.fields if field.weight and field.similarity < 1}
    assert unlike == {"quantity"}


def test_looks_from_either_side(between):
    mine, other = theirs(), factories.trade()

    assert found(between, mine) == [other]


def test_only_free_trades_near_in_time_and_of_the_instrument_or_reference(between, ours):
    near = theirs(trade_date=ours.trade_date - 3 * DAY)
    quoting = theirs(
        order_ref="ORD-1", isin="", symbol="ZZZ", instrument=factories.instrument("", name="Other")
    )
    theirs(trade_date=ours.trade_date + 4 * DAY)
    theirs(state="CANCELLED")
    theirs(isin="US5949181045", symbol="MSFT")
    factories.trade()
    factories.trade(source="prime_broker")
    factories.match(left=[factories.trade()], right=[theirs()])

    assert set(found(between, ours)) == {near, quoting}


def test_one_that_is_only_proposed_elsewhere_is_free_and_says_so(between, ours):
    held = theirs()
    factories.match(left=[factories.trade()], right=[held], status="PROPOSED")

    (one,) = candidates(between, ours)

    assert (one.trade, one.in_proposal, one.turned_down) == (held, True, False)


def test_one_that_was_turned_down_says_so(between, ours):
    refused = theirs()
    factories.match(left=[ours], right=[refused], status="REJECTED")

    (one,) = candidates(between, ours)

    assert (one.turned_down, one.in_proposal) == (True, False)


def test_says_which_references_are_shared(between, ours):
    theirs(order_ref="ORD-1", block_ref="")

    (one,) = candidates(between, ours)

    assert one.shared == ("order_ref",)


def test_no_more_are_read_or_shown_than_can_be_looked_at(between, ours, monkeypatch):
    monkeypatch.setattr(module, "MOST_READ", 8)
    for n in range(12):
        theirs(trade_date=ours.trade_date + DAY * (n % 3), quantity=500 + n)
    exact = theirs(quantity=100)

    best = found(between, ours)

    assert len(best) == 5
    assert best[0] == exact
    # The eight nearest in date were read: all of the first two days.
    assert {trade.trade_date for trade in best} <= {ours.trade_date, ours.trade_date + DAY}


def test_costs_the_same_whatever_there_is(between, ours):
    theirs()
    candidates(between, ours)

    def count():
        with CaptureQueriesContext(connection) as captured:
            candidates(between, ours)
        return len(captured)

    few = count()
    for _ in range(20):
        theirs()

    assert count() == few


def test_without_active_rules_says_so(between, ours):
    theirs()
    between.rule_set_name = "none-such"

    with pytest.raises(NoActiveRules, match="no active version"):
        candidates(between, ours)
