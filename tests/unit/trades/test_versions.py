from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

from tests.versions import KnownTrade, plan_versions
from trades.reports import TradeReport

NEW = TradeReport(
    source_trade_id="T1",
    trade_date=date(2026, 3, 4),
    side="BUY",
    quantity=Decimal(100),
    price=Decimal("10.00"),
    symbol="AAPL",
)
AMENDED = replace(NEW, price=Decimal("10.50"), state="AMENDED")
CANCELLED = replace(AMENDED, state="CANCELLED")


def planned(reports, known=None, lines=None):
    digests = [report.digest() for report in reports]
    return plan_versions(reports, known or {}, digests, lines or range(1, len(reports) + 1))


def known(*reports, state="NEW"):
    digests = frozenset(report.digest() for report in reports)
    return {"T1": KnownTrade(1, len(reports), state, digests)}


def test_one_row_is_version_one():
    plan = planned([NEW])

    assert [(step.version, step.state) for step in plan.steps["T1"]] == [(1, "NEW")]


def test_states_order_the_versions_of_one_delivery_whatever_the_row_order():
    for rows in permutations([NEW, AMENDED, CANCELLED]):
        steps = planned(list(rows)).steps["T1"]
        assert [step.digest for step in steps] == [r.digest() for r in (NEW, AMENDED, CANCELLED)]
        assert [step.state for step in steps] == ["NEW", "AMENDED", "CANCELLED"]


def test_identical_rows_are_duplicates():
    plan = planned([NEW, replace(NEW, price=Decimal(10)), NEW])

    assert len(plan.steps["T1"]) == 1
    assert plan.duplicates == 2


def test_two_contents_of_one_state_conflict_on_both_lines_in_any_order():
    other = replace(NEW, price=Decimal(11))

    for rows in ([NEW, other, CANCELLED], [CANCELLED, other, NEW], [other, CANCELLED, NEW]):
        plan = planned(rows, lines=[3, 7, 9])
        assert not plan.steps
        assert [position for position, _ in plan.conflicts] == [0, 1, 2]
        assert "lines 3, 7 and 9" in plan.conflicts[0][1]


def test_content_that_any_version_had_is_a_duplicate():
    plan = planned([NEW, AMENDED], known(NEW, AMENDED, state="AMENDED"))

    assert not plan.steps
    assert plan.duplicates == 2


def test_new_content_of_a_known_trade_amends_it_even_where_the_source_says_new():
    corrected = replace(NEW, price=Decimal("10.75"))

    (step,) = planned([corrected], known(NEW)).steps["T1"]

    assert (step.version, step.state) == (2, "AMENDED")


def test_a_new_row_that_comes_after_its_own_cancellation_changes_nothing():
    plan = planned([replace(CANCELLED, state="NEW")], known(CANCELLED, state="CANCELLED"))

    assert not plan.steps
    assert plan.duplicates == 1


def test_a_rebooked_trade_lives_again():
    rebooked = replace(NEW, price=Decimal(99))

    (step,) = planned([rebooked], known(NEW, CANCELLED, state="CANCELLED")).steps["T1"]

    assert (step.version, step.state) == (3, "AMENDED")


def test_counts_add_up():
    rows = [NEW, NEW, AMENDED, replace(NEW, source_trade_id="T2"), *[
        replace(NEW, source_trade_id="T3", price=Decimal(price)) for price in (1, 2, 2)
    ]]  # fmt: skip

    plan = planned(rows)

    versions = sum(map(len, plan.steps.values()))
    assert versions + plan.duplicates + len(plan.conflicts) == len(rows)
    assert (versions, plan.duplicates, len(plan.conflicts)) == (3, 1, 3)
