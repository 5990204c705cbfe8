"""The order of the queue: dear and soon first, whenever one looks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from breaks.deadlines import DOUBLES_EVERY, due_after, rank_of

DUE = datetime(2026, 3, 5, 12, tzinfo=UTC)
MONEY = st.decimals(0, Decimal(10) ** 18, places=2)


def rank(exposure, *, due=DUE, severity="HIGH"):
    return rank_of(exposure=exposure, severity=severity, due_at=due)


def test_a_severe_break_found_at_noon_is_due_soon():
    assert due_after("CRITICAL", DUE) - DUE == timedelta(minutes=30)
    assert due_after("LOW", DUE) == datetime(2026, 3, 6, 10, tzinfo=UTC)


@given(MONEY, MONEY)
def test_more_at_risk_is_never_later(one, other):
    assert (rank(one) >= rank(other)) or one < other


@given(MONEY, st.timedeltas(timedelta(minutes=1), timedelta(days=900)))
def test_sooner_due_is_earlier(exposure, sooner):
    assert rank(exposure, due=DUE - sooner) > rank(exposure)


def test_twice_the_exposure_is_worth_the_time_in_which_cost_doubles():
    # 2^k - 1 is where the line between powers of two has its knots.
    assert rank(Decimal(2**20 - 1)) == rank(Decimal(2**21 - 1), due=DUE + DOUBLES_EVERY)


def test_an_unknown_exposure_counts_by_its_severity():
    assert rank(None, severity="CRITICAL") == rank(Decimal(1_000_000), severity="CRITICAL")
    assert (
        rank(None, severity="CRITICAL") > rank(None, severity="HIGH") > rank(None, severity="LOW")
    )


def test_the_sign_of_an_exposure_does_not_matter():
    assert rank(Decimal(-5_000)) == rank(Decimal(5_000))
