"""Every type of break, from what matching left behind."""

from datetime import timedelta
from decimal import Decimal

import pytest

from breaks.choices import CATEGORY, BreakType
from breaks.models import ExposureThreshold, TradeBreak
from breaks.services.wanted import UnknownBreakType
from tests import factories
from tests.integration.breaks.conftest import PRICE
from trades.models import FxRate

PAIRED = [kind for kind in BreakType if kind.value[:7] not in ("MISSING", "TIMING", "DUPLICA")]


def difference(kind, field="", **over):
    values = {"left_value": "1", "right_value": "2", "difference": Decimal(-1)}
    return {"kind": kind, "field": field or kind.lower()} | values | over


@pytest.mark.parametrize("kind", PAIRED)
def test_a_difference_of_paired_trades_is_a_break_of_its_type(desk, kind):
    match = desk.pair(difference(kind, left_value="x", right_value="y", tolerance="1%"))

    assert desk.run() == 1

    row = desk.only()
    assert (row.break_type, row.category, row.field) == (kind, CATEGORY[kind], kind.lower())
    assert (row.left_value, row.right_value, row.tolerance) == ("x", "y", "1%")
    assert (row.match, row.difference) == (match, -1)
    assert {row.left_trade.source.code, row.right_trade.source.code} == {"oms", "custodian"}
    assert (row.opened_at, row.last_seen_at, row.times_seen) == (desk.at, desk.at, 1)
    assert row.first_run == row.last_run
    assert row.first_run is not None


def test_each_field_that_differs_is_a_break_of_its_own(desk):
    desk.pair(PRICE, difference("QUANTITY"), difference("FEES", "commission"))

    assert desk.run() == 3
    assert desk.positions().broken == 2


def test_trades_that_agree_are_no_break(desk):
    desk.pair()

    assert desk.run() == 0
    assert not TradeBreak.objects.exists()
    assert desk.positions().matched == 2


def test_a_trade_only_one_side_reports_is_missing_on_the_other(desk):
    left, right = desk.left(quantity="10"), desk.right(price=None)

    assert desk.run() == 2

    on_right = TradeBreak.objects.get(break_type="MISSING_RIGHT")
    assert (on_right.left_trade, on_right.right_trade, on_right.match) == (left, None, None)
    assert on_right.left_value == "BUY 10 AAPL at 187.5 USD"
    assert (on_right.exposure, on_right.currency) == (1875, "USD")
    on_left = TradeBreak.objects.get(break_type="MISSING_LEFT")
    assert (on_left.left_trade, on_left.right_trade) == (None, right)
    assert on_left.exposure is None
    assert "No price" in on_left.exposure_note


def test_a_group_names_its_match_and_the_side_that_is_one_trade(desk):
    block = desk.left(quantity="1000")
    fills = [desk.right(quantity="600"), desk.right(quantity="300")]
    residual = difference("QUANTITY", left_value="1000", right_value="900", difference="100")
    match = desk.pair(residual, left=[block], right=fills)

    desk.run()

    row = desk.only()
    assert (row.left_trade, row.right_trade, row.match) == (block, None, match)
    assert row.exposure == 18750
    assert desk.positions().broken == 3


def test_many_against_many_name_their_match_only(desk):
    match = desk.pair(
        difference("NET_AMOUNT"),
        left=[desk.left(), desk.left()],
        right=[desk.right(), desk.right()],
    )

    desk.run()
    desk.run()

    row = desk.only()
    assert (row.left_trade, row.right_trade, row.match) == (None, None, match)
    assert row.times_seen == 2
    assert desk.positions().broken == 4


class TestDuplicates:
    def test_a_second_id_for_a_paired_execution(self, desk):
        first = desk.left(execution_ref="E1")
        desk.pair(left=[first])
        again = desk.left(execution_ref="E1")

        desk.run()

        row = desk.only()
        assert (row.break_type, row.left_trade) == ("DUPLICATE", again)
        assert row.left_value == f"E1, also reported as {first.source_trade_id}"

    def test_of_two_that_are_both_unpaired_one_is_missing(self, desk):
        first, again = desk.right(execution_ref="E1"), desk.right(execution_ref="E1")

        desk.run()

        found = {row.right_trade: row.break_type for row in TradeBreak.objects.all()}
        assert found == {first: "MISSING_LEFT", again: "DUPLICATE"}

    def test_loaded_first_yet_unpaired_is_still_the_duplicate(self, desk):
        stray = desk.left(execution_ref="E1")
        desk.pair(left=[desk.left(execution_ref="E1")])

        desk.run()

        assert (desk.only().break_type, desk.only().left_trade) == ("DUPLICATE", stray)

    @pytest.mark.parametrize(
        "unlike",
        [
            {"execution_ref": ""},
            {"execution_ref": "E2"},
            {"side": "SELL"},
            {"isin": "US5949181045"},
            {"state": "CANCELLED"},
            {"source": "custodian"},
        ],
    )
    def test_not_alike_is_missing(self, desk, unlike):
        given = {"source": "oms", "execution_ref": "E1"} | unlike
        desk.left(execution_ref="E1" if given["execution_ref"] else "")
        factories.trade(**given)

        desk.run()

        assert not TradeBreak.objects.filter(break_type="DUPLICATE").exists()

    def test_unresolved_instruments_are_compared_as_reported(self, desk):
        for isin in ("US0378331005", "US5949181045", "US0378331005"):
            desk.left(execution_ref="E1", instrument=None, isin=isin)

        desk.run()

        found = [row.break_type for row in TradeBreak.objects.order_by("left_trade_id")]
        assert found == ["MISSING_RIGHT", "MISSING_RIGHT", "DUPLICATE"]


class TestCancelled:
    def test_without_a_counterpart_it_is_out_of_scope(self, desk):
        desk.left(state="CANCELLED")

        assert desk.run() == 0
        assert desk.positions().broken == 0

    def test_a_missing_trade_that_is_cancelled_clears(self, desk):
        trade = desk.left()
        desk.run()
        trade.state = "CANCELLED"
        trade.save()

        assert desk.run() == 0
        assert desk.only().reason_code == "AUTO_CLEARED"


class TestScope:
    def test_trades_of_other_days_are_left_alone(self, desk):
        other_day = desk.left(trade_date=factories.TRADE_DATE - timedelta(days=5))
        desk.left()
        run = factories.run(reconciliation=desk.reconciliation)

        with pytest.raises(AssertionError, match=str(other_day.pk)):
            desk.run(run)  # the check looks at all days, and finds the trade nowhere

        assert TradeBreak.objects.count() == 1

    def test_a_match_across_midnight_is_in_scope_of_both_days(self, desk):
        day_after = factories.TRADE_DATE + timedelta(days=1)
        desk.pair(PRICE, right=[desk.right(trade_date=day_after)])
        desk.run()

        desk.run(from_date=day_after)

        assert desk.only().times_seen == 2

    def test_what_a_match_let_go_is_looked_at_though_of_another_day(self, desk):
        day_after = factories.TRADE_DATE + timedelta(days=1)
        match = desk.pair(PRICE, right=[desk.right(trade_date=day_after)])
        desk.run()
        desk.part(match)

        assert desk.run() == 2
        assert TradeBreak.objects.live().filter(trade_date=day_after).count() == 1

    def test_only_trades_of_the_asset_class_compared(self, desk):
        desk.reconciliation.asset_class = "CRYPTO"
        desk.reconciliation.save()
        desk.left()
        coin = desk.left(asset_class="CRYPTO")
        told = factories.instrument("", asset_class="CRYPTO")
        by_instrument = desk.left(asset_class="", instrument=told)

        assert desk.run() == 2
        assert set(TradeBreak.objects.values_list("left_trade", flat=True)) == {
            coin.pk,
            by_instrument.pk,
        }

    def test_other_reconciliations_are_left_alone(self, desk):
        desk.pair(PRICE)
        desk.run()
        elsewhere = factories.reconciliation("oms-pb", right_source="prime_broker")
        factories.match(
            left=[desk.left()],
            right=[factories.trade(source="prime_broker")],
            reconciliation=elsewhere,
        )

        desk.run()

        assert TradeBreak.objects.filter(reconciliation=elsewhere).count() == 0
        assert TradeBreak.objects.get(break_type="PRICE").status == "OPEN"


def test_severity_follows_the_thresholds_as_they_are_edited(desk):
    ExposureThreshold.objects.all().delete()
    desk.pair(difference("ACCRUED_INTEREST", difference="500"))
    desk.run()
    assert desk.only().severity == "MEDIUM"

    ExposureThreshold.objects.create(severity="CRITICAL", at_least=Decimal(500))
    desk.run()

    assert desk.only().severity == "CRITICAL"
    assert desk.kinds() == ["OPENED", "VALUES_CHANGED"]


def test_the_migration_gives_default_thresholds(db):
    found = dict(ExposureThreshold.objects.values_list("severity", "at_least"))
    assert found == {"CRITICAL": 1_000_000, "HIGH": 100_000, "MEDIUM": 10_000}


def test_an_unknown_rate_is_said_and_filled_in_once_known(desk):
    desk.left(currency="EUR")
    desk.run()
    row = desk.only()
    assert row.exposure is None
    assert row.exposure_note.startswith("No FX rate from EUR to USD")
    assert row.severity == "HIGH"

    for days, rate in ((30, "3"), (2, "100"), (-1, "7")):
        on = factories.TRADE_DATE - timedelta(days=days)
        FxRate.objects.create(currency="EUR", base="USD", as_of_date=on, rate=Decimal(rate))
    desk.run()

    row = desk.only()
    assert (row.exposure, row.exposure_note, row.severity) == (1_875_000, "", "CRITICAL")


def test_a_difference_of_no_known_type_stops_with_a_sentence(desk):
    desk.pair(difference("COLOUR"))

    with pytest.raises(UnknownBreakType, match="'COLOUR', which is no type of break"):
        desk.run()
    assert not TradeBreak.objects.exists()
