"""The benchmarks' generator: the same from the same seed, and its truth is what it wrote."""

import pandas as pd
import pyarrow as pa
import pytest

from benchmarks import feeds
from benchmarks.deals import SHAPES, securities
from connectors.rows import CANONICAL
from trades.identifiers import is_valid

ROWS = 4_000
BOTH = pytest.mark.parametrize("shape", SHAPES)


@pytest.fixture(scope="module", params=SHAPES)
def made(request):
    return feeds.generate(ROWS, request.param)


@pytest.fixture(scope="module")
def deals(made):
    """Both reports of each deal beside its fault, the custodian's columns behind `right_`."""
    left, right = (table.to_pandas() for table in (made.left, made.right))
    joined = made.truth.to_pandas().merge(left, left_on="left_id", right_on="trade_id", how="left")
    right = right.add_prefix("right_")
    return joined.merge(right, left_on="right_id", right_on="right_trade_id", how="left")


@BOTH
def test_the_same_seed_writes_the_same_bytes(shape, tmp_path):
    for folder in ("one", "two"):
        feeds.generate(500, shape).write(tmp_path / folder)

    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_another_seed_makes_other_feeds():
    assert feeds.generate(500, seed=1).left != feeds.generate(500, seed=2).left


def test_columns_have_canonical_names(made):
    assert set(made.left.column_names) | set(made.right.column_names) <= set(CANONICAL)


def test_every_trade_belongs_to_exactly_one_deal(made):
    for side in ("left", "right"):
        told = made.truth[f"{side}_id"].drop_null().to_pylist()
        reported = getattr(made, side)["trade_id"].to_pylist()
        assert sorted(told) == sorted(reported)
        assert len(set(reported)) == len(reported)


def test_faults_are_about_as_frequent_as_told(made):
    shares = made.truth.to_pandas()["fault"].value_counts(normalize=True)

    assert shares.to_dict() == pytest.approx(feeds.FAULTS, abs=0.006)


class TestFaults:
    def test_missing_deals_are_on_one_side_only(self, deals):
        for fault, column in (("MISSING_LEFT", "left_id"), ("MISSING_RIGHT", "right_id")):
            assert deals[column].isna().equals(deals["fault"] == fault)

    @pytest.mark.parametrize(
        ("fault", "column"),
        [("PRICE", "price"), ("QUANTITY", "quantity"), ("SETTLEMENT_DATE", "settlement_date")],
    )
    def test_a_planted_difference_is_there_and_no_other(self, deals, fault, column):
        both = deals.dropna(subset=["left_id", "right_id"])
        differs = both[column] != both[f"right_{column}"]

        assert differs.any()
        assert differs.equals(both["fault"] == fault)

    def test_a_wrong_price_is_beyond_the_tolerance(self, deals):
        wrong = deals[deals["fault"] == "PRICE"]
        cents = 100 * (wrong["price"] - wrong["right_price"]).abs()

        assert (cents >= 5).all()

    def test_amounts_follow_from_price_and_quantity(self, deals):
        agreed = deals[deals["fault"] == ""]

        for column in ("gross_amount", "commission", "fees", "net_amount"):
            assert agreed[column].equals(agreed[f"right_{column}"])
        costs = agreed["commission"] + agreed["fees"]
        signed = costs.where(agreed["side"] == "BUY", -costs)
        assert (agreed["net_amount"] == agreed["gross_amount"] + signed).all()

    def test_half_of_the_custodians_references_are_missing(self, deals):
        quoted = deals.dropna(subset=["right_id"])["right_execution_ref"]
        digits = quoted.dropna().str.extract(r"0*([1-9]\d*)$")[0]

        assert quoted.isna().mean() == pytest.approx(0.5, abs=0.03)
        assert (digits == deals["reference"].str.removeprefix("EX-")[digits.index]).all()


class TestFrames:
    def test_types_are_those_that_trades_come_with(self, made):
        left, right = made.frames()

        for name in ("quantity", "price", "net_amount"):
            assert left[name].dtype == pd.ArrowDtype(pa.decimal128(38, 10))
        assert left["trade_date"].dtype == pd.ArrowDtype(pa.date32())
        assert left["account"].dtype == pd.ArrowDtype(pa.string())
        assert str(left["executed_at"].dtype) == "datetime64[us, UTC]"
        assert left.index.intersection(right.index).empty

    def test_a_file_reads_back_as_the_same_frame(self, made, tmp_path):
        made.write(tmp_path)
        read = feeds.engine_frame(feeds.read_csv(tmp_path / "right.csv"), first=1 + len(made.left))

        pd.testing.assert_frame_equal(read, made.frames()[1])

    def test_clean_references_join_every_true_pair(self, made):
        clean = made.with_clean_references()
        joined = clean.left.to_pandas().merge(clean.right.to_pandas(), on="execution_ref")
        pairs = made.truth.to_pandas().dropna(subset=["left_id", "right_id"])

        assert set(zip(joined["trade_id_x"], joined["trade_id_y"], strict=True)) == set(
            zip(pairs["left_id"], pairs["right_id"], strict=True)
        )


def test_identifiers_pass_their_checks():
    listed = securities()

    assert all(is_valid("ISIN", code) for code in listed["isin"].to_pylist())
    assert all(is_valid("CUSIP", code) for code in listed["cusip"].to_pylist())
    for name in listed.column_names:
        assert len(listed[name].unique()) == SHAPES["many"].instruments
