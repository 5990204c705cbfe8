"""The merge in SQL says of each report what planning it row by row in Python says."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from tests import factories
from tests.versions import KnownTrade, plan_versions
from trades.models import Instrument, Source, Trade, TradeVersion
from trades.reports import TradeReport
from trades.services import load_reports
from trades.services.merging import reported_values

BASE = TradeReport(
    source_trade_id="T1",
    trade_date=date(2026, 3, 4),
    side="BUY",
    quantity=Decimal(100),
    executed_at=datetime(2026, 3, 4, 15, 0, 0, 250_000, tzinfo=UTC),
    price=Decimal(1),
    isin="US0378331005",
)
REPORTS = st.builds(
    lambda trade_id, price, state: replace(
        BASE, source_trade_id=trade_id, price=Decimal(price), state=state
    ),
    st.sampled_from(["T1", "T2", "T3"]),
    st.sampled_from(["1", "2", "3.50"]),
    st.sampled_from(["NEW", "AMENDED", "CANCELLED"]),
)
DELIVERIES = st.lists(st.lists(REPORTS, max_size=7), min_size=1, max_size=4)


class Ledger:
    """What the trades should be, kept in Python from delivery to delivery."""

    def __init__(self):
        self.trades: dict[str, KnownTrade] = {}
        self.rows: dict[str, list[dict]] = {}

    def take(self, reports):
        digests = [report.digest() for report in reports]
        plan = plan_versions(reports, self.trades, digests, range(1, len(reports) + 1))
        for trade_id, steps in plan.steps.items():
            before = self.trades.get(trade_id)
            known = before.digests if before else frozenset()
            self.trades[trade_id] = KnownTrade(
                0, steps[-1].version, steps[-1].state, known | {step.digest for step in steps}
            )
            self.rows.setdefault(trade_id, []).extend(
                reported_values(reports[step.position]) | {"state": step.state} for step in steps
            )
        versions = sum(map(len, plan.steps.values()))
        loaded = sum(steps[0].version == 1 for steps in plan.steps.values())
        return loaded, versions - loaded, plan.duplicates, sorted(plan.conflicts)


def stored():
    """Return every version of every trade, oldest first, as it was reported."""
    found = {}
    for trade in Trade.objects.order_by("source_trade_id").prefetch_related("versions"):
        history = sorted(trade.versions.all(), key=lambda one: one.version)
        assert [one.version for one in history] == list(range(1, trade.version))
        found[trade.source_trade_id] = [
            *(one.values for one in history), reported_values(trade)
        ]  # fmt: skip
        digests = [*(one.digest for one in history), trade.digest]
        assert len(set(digests)) == len(digests)
    return found


def assert_agrees(deliveries):
    source, ledger = factories.source(), Ledger()
    for turn, reports in enumerate(deliveries):
        at = factories.NOW + timedelta(hours=turn)
        expected = ledger.take(reports)
        got = load_reports(source=source, reports=reports, delivery_id=turn, at=at)
        assert (got.loaded, got.amended, got.duplicates, got.conflicts) == expected
        parts = got.loaded + got.amended + got.duplicates + len(got.conflicts)
        assert parts == len(reports)
    assert stored() == ledger.rows


@pytest.mark.django_db
@limits(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries=DELIVERIES)
def test_on_sqlite(deliveries):
    Trade.objects.all().delete()
    assert_agrees(deliveries)


@pytest.mark.postgres
def test_on_postgres(on_postgres):
    chance = random.Random(7)  # noqa: S311  no secret
    for _ in range(25):
        Trade.objects.all().delete()
        TradeVersion.objects.all().delete()
        assert_agrees(
            [
                [
                    replace(
                        BASE,
                        source_trade_id=f"T{chance.randrange(3)}",
                        price=Decimal(chance.choice(["1", "2", "3.50"])),
                        state=chance.choice(["NEW", "AMENDED", "CANCELLED"]),
                    )
                    for _ in range(chance.randrange(8))
                ]
                for _ in range(3)
            ]
        )


@pytest.mark.django_db
def test_more_than_ten_lines_in_conflict_are_counted_in_the_reason():
    reports = [replace(BASE, price=Decimal(n)) for n in range(1, 15)]

    outcome = load_reports(
        source=factories.source(), reports=reports, delivery_id=None, at=factories.NOW
    )

    assert len(outcome.conflicts) == 14
    assert "lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 4 more," in outcome.conflicts[0][1]


@pytest.mark.django_db
def test_refused_and_repeated_rows_make_no_reference_rows():
    source = Source.objects.get(code="oms")
    one = replace(BASE, isin="", symbol="ONE")
    load_reports(source=source, reports=[one], delivery_id=None, at=factories.NOW)

    other = [replace(one, source_trade_id="T2", symbol=symbol) for symbol in ("TWO", "THREE")]
    load_reports(source=source, reports=[one, *other], delivery_id=None, at=factories.NOW)

    assert list(Instrument.objects.values_list("name", flat=True)) == ["ONE"]
