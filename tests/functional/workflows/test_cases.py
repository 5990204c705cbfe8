"""Cases that other systems get wrong, each from two files of CSV to the breaks on the desk."""

from datetime import timedelta
from decimal import Decimal

import pytest

from breaks.choices import BreakStatus, ReasonCode, Severity
from breaks.models import PendingTrade, TradeBreak
from connectors.models import Delivery
from matching.models import Match, MatchLeg
from tests.functional.workflows.feeds import NOW, TwoFeeds, rows
from trades.models import Trade, TradeVersion

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def feeds(tmp_path) -> TwoFeeds:
    return TwoFeeds(tmp_path)


def test_01_a_price_0_94_percent_off_is_paired_with_a_price_break(feeds):
    feeds.report(
        oms="""
            trade_id price
            O1       100.00
        """,
        custodian="""
            trade_id price
            C1       100.94
        """,
    )

    feeds.reconcile()

    assert feeds.matches() == ["O1 = C1"]
    assert feeds.breaks() == ["PRICE O1 C1"]
    found = feeds.one_break("PRICE")
    assert found.difference == Decimal("-0.94")
    assert found.severity == Severity.MEDIUM
    assert found.exposure == Decimal(94)


@pytest.mark.parametrize("first_is_exact", [True, False])
def test_02_an_exact_quantity_wins_over_a_near_one_whatever_the_row_order(feeds, first_is_exact):
    exact, near = rows("trade_id quantity\nC1 100\nC2 101")
    feeds.report(oms="trade_id quantity\nO1 100")
    feeds.deliver("custodian", [exact, near] if first_is_exact else [near, exact])

    feeds.reconcile()

    assert feeds.matches() == ["O1 = C1"]
    assert feeds.breaks() == ["MISSING_LEFT C2"]


@pytest.mark.parametrize("reference", ["-", "EX-77012"])
def test_03_a_price_of_0_001_against_0_0015_is_a_break_never_rounding(feeds, reference):
    feeds.report(
        oms=f"trade_id price execution_ref\nO1 0.001 {reference}",
        custodian=f"trade_id price execution_ref\nC1 0.0015 {reference}",
    )

    feeds.reconcile()

    assert feeds.breaks() == ["PRICE O1 C1"]
    found = feeds.one_break("PRICE")
    assert (found.left_value, found.right_value) == ("0.001", "0.0015")
    assert found.difference == Decimal("-0.0005")


class TestShareClasses:
    """Case 4: BRK.A against BRK.B."""

    @pytest.mark.parametrize(
        ("left", "right"),
        [
            ("isin symbol\nUS0846701086 BRK.A", "isin symbol\nUS0846707026 BRK.B"),
            ("symbol\nBRK.A", "symbol\nBRK/B"),
            ("isin\nUS0846701086", "cusip isin symbol\n084670702 - BRK_B"),
        ],
    )
    def test_04_without_a_shared_reference_they_are_never_paired(self, feeds, left, right):
        feeds.report(oms=_with_id("O1", left), custodian=_with_id("C1", right))

        feeds.reconcile()

        assert feeds.matches() == []
        assert feeds.breaks() == ["MISSING_LEFT C1", "MISSING_RIGHT O1"]

    def test_04_with_a_shared_reference_they_are_an_instrument_break(self, feeds):
        feeds.report(
            oms="trade_id isin symbol execution_ref\nO1 US0846701086 BRK.A EX-55120",
            custodian="trade_id isin symbol execution_ref\nC1 US0846707026 BRK.B EX-55120",
        )

        feeds.reconcile()

        assert feeds.breaks() == ["INSTRUMENT O1 C1"]
        assert feeds.one_break("INSTRUMENT").severity == Severity.CRITICAL


def test_05_two_minutes_across_midnight_are_paired_without_a_break(feeds):
    feeds.report(
        oms="""
            trade_id trade_date executed_at          symbol
            O1       2026-03-03 2026-03-03T23:59:10Z BTC/USD
        """,
        custodian="""
            trade_id trade_date executed_at          symbol
            C1       2026-03-04 2026-03-04T00:01:05Z XBTUSD
        """,
    )

    feeds.reconcile()

    assert feeds.matches() == ["O1 = C1"]
    assert feeds.breaks() == []


class TestBlockAndFills:
    """Case 6: one trade on one side, its fills on the other."""

    @pytest.mark.parametrize("reference", ["-", "ORD-90417"])
    def test_06_a_block_of_1000_against_600_and_400_is_one_match(self, feeds, reference):
        feeds.report(
            oms=f"trade_id quantity order_ref\nO1 1000 {reference}",
            custodian=f"trade_id quantity order_ref\nC1 600 {reference}\nC2 400 {reference}",
        )

        feeds.reconcile()

        assert feeds.matches() == ["O1 = C1+C2"]
        assert feeds.breaks() == []

    def test_06_a_block_of_1000_against_600_and_300_is_one_match_with_a_residual(self, feeds):
        feeds.report(
            oms="trade_id quantity order_ref\nO1 1000 ORD-90417",
            custodian="trade_id quantity order_ref\nC1 600 ORD-90417\nC2 300 ORD-90417",
        )

        feeds.reconcile()

        assert Match.objects.live().count() == 1
        assert MatchLeg.objects.filter(is_live=True).count() == 3
        [found] = TradeBreak.objects.live()
        assert (found.break_type, found.difference) == ("QUANTITY", Decimal(100))
        assert found.severity == Severity.CRITICAL


class TestSides:
    """Case 7: BUY against SELL."""

    def test_07_with_a_shared_reference_they_are_paired_with_a_side_break(self, feeds):
        feeds.report(
            oms="trade_id side execution_ref\nO1 BUY EX-31007",
            custodian="trade_id side execution_ref\nC1 SELL EX-31007",
        )

        feeds.reconcile()

        assert feeds.breaks() == ["SIDE O1 C1"]
        assert feeds.one_break("SIDE").severity == Severity.CRITICAL

    def test_07_without_one_they_are_not_paired(self, feeds):
        feeds.report(oms="trade_id side\nO1 BUY", custodian="trade_id side\nC1 SELL")

        feeds.reconcile()

        assert feeds.matches() == []
        assert feeds.breaks() == ["MISSING_LEFT C1", "MISSING_RIGHT O1"]


def test_08_three_runs_over_an_unmatched_trade_are_one_break_seen_three_times(feeds):
    feeds.report(oms="trade_id\nO1")

    for hour in range(3):
        feeds.reconcile(at=NOW + timedelta(hours=hour))

    found = TradeBreak.objects.get()
    assert (found.break_type, found.status, found.times_seen) == ("MISSING_RIGHT", "OPEN", 3)
    assert found.opened_at == NOW
    assert found.last_seen_at == NOW + timedelta(hours=2)


class TestAllDifferent:
    """Case 9: settlement date, currency, account and ISIN all differ."""

    OMS = (
        "trade_id settlement_date currency account isin {}\nO1 2026-03-05 USD FUND1 US0378331005 {}"
    )
    OTHER = (
        "trade_id settlement_date currency account isin {}\nC1 2026-03-09 EUR FUND9 US5949181045 {}"
    )

    def test_09_with_a_reference_each_of_them_is_a_break(self, feeds):
        feeds.report(
            oms=self.OMS.format("execution_ref", "EX-8841"),
            custodian=self.OTHER.format("execution_ref", "EX-8841"),
        )

        feeds.reconcile()

        kinds = {one.partition(" ")[0] for one in feeds.breaks()}
        assert {"SETTLEMENT_DATE", "CURRENCY", "ACCOUNT", "INSTRUMENT"} <= kinds

    def test_09_without_one_both_are_missing(self, feeds):
        feeds.report(
            oms=self.OMS.format("state", "NEW"), custodian=self.OTHER.format("state", "NEW")
        )

        feeds.reconcile()

        assert feeds.matches() == []
        assert feeds.breaks() == ["MISSING_LEFT C1", "MISSING_RIGHT O1"]


class TestTwins:
    """Case 10: identical fills."""

    def test_10_two_identical_fills_a_side_are_two_matches(self, feeds):
        feeds.report(oms="trade_id\nO1\nO2", custodian="trade_id\nC1\nC2")

        feeds.reconcile()

        assert len(feeds.matches()) == 2
        assert all(" = " in one for one in feeds.matches())
        assert feeds.breaks() == []

    def test_10_three_against_two_leave_one_missing(self, feeds):
        feeds.report(oms="trade_id\nO1\nO2\nO3", custodian="trade_id\nC1\nC2")

        feeds.reconcile()

        assert len(feeds.matches()) == 2
        [missing] = feeds.breaks()
        assert missing.startswith("MISSING_RIGHT O")


@pytest.mark.parametrize("column", ["counterparty", "account"])
@pytest.mark.parametrize("silent", ["oms", "custodian"])
def test_11_a_missing_counterparty_or_account_still_pairs_and_is_no_break(feeds, column, silent):
    tables = {"oms": "trade_id\nO1", "custodian": "trade_id\nC1"}
    trade_id = tables[silent].splitlines()[1]
    tables[silent] = f"trade_id {column}\n{trade_id} -"
    feeds.report(**tables)

    feeds.reconcile()

    assert feeds.matches() == ["O1 = C1"]
    assert feeds.breaks() == []


def test_12_the_same_file_twice_reordered_and_split_changes_nothing(feeds):
    theirs = rows(
        """
        trade_id quantity price
        C1       100      187.50
        C2       250      187.55
        C3       990      188.10
        C4       400      186.00
        """
    )
    feeds.report(oms="trade_id quantity price\nO1 100 187.50\nO2 250 187.60\nO3 990 188.10")
    feeds.deliver("custodian", theirs)
    feeds.reconcile()
    before = _dump()

    theirs.reverse()
    again = [
        feeds.deliver("custodian", theirs, at=LATER),
        feeds.deliver("custodian", theirs[:1], at=LATER),
        feeds.deliver("custodian", theirs[1:], at=LATER),
    ]
    feeds.reconcile(at=LATER)

    assert [(one.rows_in, one.duplicates) for one in again] == [(4, 4), (1, 1), (3, 3)]
    assert _dump() == before
    assert feeds.breaks() == ["MISSING_LEFT C4", "PRICE O2 C2"]


def test_13_a_corrected_price_is_a_second_version_and_clears_its_break(feeds):
    feeds.report(oms="trade_id price\nO1 187.50", custodian="trade_id price\nC1 187.95")
    feeds.reconcile()
    assert feeds.breaks() == ["PRICE O1 C1"]

    [delivery] = feeds.report(custodian="trade_id price\nC1 187.50", at=LATER)
    assert (delivery.amended, feeds.trade("C1").version) == (1, 2)
    assert Match.objects.stale().count() == 1
    feeds.reconcile(at=LATER)

    found = TradeBreak.objects.get()
    assert (found.status, found.reason_code) == (BreakStatus.RESOLVED, ReasonCode.AUTO_CLEARED)
    assert found.resolved_at == LATER
    assert feeds.matches() == ["O1 = C1"]
    leg = MatchLeg.objects.get(is_live=True, trade__source_trade_id="C1")
    assert leg.trade_version == 2
    kept = TradeVersion.objects.get(trade__source_trade_id="C1")
    assert (kept.version, kept.values["price"]) == (1, "187.95")


@pytest.mark.parametrize("cancelled", ["oms", "custodian"])
@pytest.mark.parametrize("before_first_run", [True, False])
def test_14_a_trade_cancelled_on_one_side_is_a_state_break(feeds, cancelled, before_first_run):
    feeds.report(oms="trade_id\nO1", custodian="trade_id\nC1")
    if not before_first_run:
        feeds.reconcile()
        assert feeds.breaks() == []
    trade_id = {"oms": "O1", "custodian": "C1"}[cancelled]

    feeds.report(**{cancelled: f"trade_id state\n{trade_id} CANCELLED"}, at=LATER)
    feeds.reconcile(at=LATER)

    assert feeds.breaks() == ["STATE O1 C1"]
    assert feeds.one_break("STATE").severity == Severity.HIGH


def test_15_gbx_10050_against_gbp_100_50_is_no_break(feeds):
    feeds.report(
        oms="trade_id isin price currency\nO1 GB0002374006 10,050 GBX",
        custodian="trade_id isin price currency\nC1 GB0002374006 100.50 GBP",
    )

    feeds.reconcile()

    assert feeds.matches() == ["O1 = C1"]
    assert feeds.breaks() == []
    assert (feeds.trade("O1").price, feeds.trade("O1").currency) == (Decimal(10050), "GBX")


def test_16_a_near_tie_of_two_candidates_goes_to_review_with_both_shown(feeds):
    feeds.report(
        oms="trade_id price\nO1 187.50",
        custodian="trade_id price\nC1 187.40\nC2 187.60",
    )

    feeds.reconcile()

    match = Match.objects.live().get()
    assert (match.decision, match.status) == ("REVIEW", "PROPOSED")
    legs = set(match.legs.values_list("trade__source_trade_id", flat=True))
    others = set(match.alternatives.values_list("trade__source_trade_id", flat=True))
    assert legs | others == {"O1", "C1", "C2"}
    assert len(legs) == 2
    assert feeds.breaks() == []
    pending = PendingTrade.objects.values_list("trade__source_trade_id", "reason")
    assert set(pending) == {("O1", "REVIEW"), ("C1", "REVIEW"), ("C2", "REVIEW")}


def test_17_amounts_of_24_digits_survive_to_the_digit(feeds):
    exact = "12345678901234.0123456789"
    one_off = "12345678901234.0123456788"
    feeds.report(
        oms=f"trade_id quantity net_amount execution_ref\nO1 {exact} {exact} EX-1",
        custodian=f"trade_id quantity net_amount execution_ref\nC1 {one_off} {exact} EX-1",
    )

    feeds.reconcile()

    assert feeds.trade("O1").quantity == Decimal(exact)
    assert feeds.trade("C1").net_amount == Decimal(exact)
    assert feeds.breaks() == ["QUANTITY O1 C1"]
    found = feeds.one_break("QUANTITY")
    assert found.difference == Decimal("0.0000000001")
    assert (found.left_value, found.right_value) == (exact, one_off)


def _with_id(trade_id: str, table: str) -> str:
    header, line = table.splitlines()
    return f"trade_id {header}\n{trade_id} {line}"


def _dump() -> dict[str, list[tuple[object, ...]]]:
    """Return what a person would see of trades, matches and breaks, however often it was run."""
    return {
        "trades": list(
            Trade.objects.order_by("pk").values_list("pk", "version", "digest", "changed_at")
        ),
        "legs": sorted(
            MatchLeg.objects.filter(is_live=True).values_list(
                "trade__source_trade_id", "trade_version", "match__status", "match__kind"
            )
        ),
        "breaks": list(
            TradeBreak.objects.order_by("pk").values_list(
                "fingerprint", "status", "left_value", "right_value", "difference", "exposure"
            )
        ),
        "rejected": list(Delivery.objects.filter(rejected__gt=0).values_list("name")),
    }
