"""Comparators: missing is unknown; exact numbers; names; moments."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import ColumnError, explain, reconcile
from matching.engine.columns import read_numbers, read_texts
from matching.engine.comparators import name_similarity
from matching.engine.exact import to_decimal, to_text
from matching.engine.normalise import account, name
from matching.engine.table import build
from matching.engine.times import read_dates, read_moments
from tests.unit.matching.engine.trades import PLAIN, RULES, frame, trade

EMPTY = pd.DataFrame(index=range(1))


def one(column, *values):
    return pd.DataFrame({column: pd.Series(values, dtype=object)})


@pytest.mark.parametrize("missing", [None, np.nan, pd.NaT, pd.NA, "", "  "])
@pytest.mark.parametrize("column", sorted(set(PLAIN) - {"security_name", "symbol", "isin"}))
def test_missing_is_unknown_and_never_differs(column, missing):
    table = build(frame(trade("L1")), frame(trade("R7", **{column: missing})), RULES)
    a, b = np.array([0]), np.array([1])

    for comparator in table.fields.values():
        assert comparator.similarity(a, b)[0] == 1.0 or np.isnan(comparator.similarity(a, b)[0])
        assert not comparator.differs(a, b)[0]


@given(
    st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=10), min_size=1, max_size=5)
)
def test_numbers_are_read_to_the_digit(values):
    numbers = read_numbers(one("price", *values), EMPTY.iloc[:0], "price")

    assert [to_decimal(int(unit), numbers.scale) for unit in numbers.units] == values


@pytest.mark.parametrize(
    "series",
    [
        pd.Series(["1.50", "2"]),
        pd.Series([Decimal("1.50"), Decimal(2)]),
        pd.Series([Decimal("1.50"), "2"], dtype=object),
        pd.Series([Decimal("1.50"), 2], dtype=object),
        pd.Series([Decimal("1.50"), Decimal(2)], dtype=pd.ArrowDtype(pa.decimal128(38, 10))),
        pd.Series([" 1.5 ", "2e0"]),
    ],
)
def test_numbers_are_read_however_stored(series):
    numbers = read_numbers(pd.DataFrame({"price": series}), EMPTY, "price")

    texts = [to_text(int(unit), numbers.scale) for unit in numbers.units]
    assert texts[:2] == ["1.5", "2"]
    assert numbers.known.tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([1.5], "price holds floats"),
        ([1.5, "x"], "price holds the float 1.5"),
        (["twelve"], "price holds 'twelve', which is no number"),
        (["1,234.56"], "price holds '1,234.56', which is no number"),
        (["NaN"], "price holds 'NaN', which is no finite number"),
    ],
)
def test_what_is_no_exact_number_is_refused_with_a_sentence(values, sentence):
    left = pd.DataFrame({"price": values})

    with pytest.raises(ColumnError, match=sentence):
        read_numbers(left, EMPTY, "price")


@pytest.mark.parametrize(
    "series",
    [
        pd.Series(["2026-11-16", None]),
        pd.Series([pd.Timestamp("2026-11-16").date(), None]),
        pd.Series(pd.to_datetime(["2026-11-16", None])),
        pd.Series([pd.Timestamp("2026-11-16").date(), None], dtype=pd.ArrowDtype(pa.date32())),
    ],
)
def test_dates_are_read_however_stored(series):
    dates = read_dates(pd.DataFrame({"day": series}), EMPTY, "day")

    assert dates.ticks.astype("datetime64[D]").astype(str)[0] == "2026-11-16"
    assert dates.known.tolist() == [True, False, False]


@pytest.mark.parametrize(
    "series",
    [
        pd.Series(["2026-11-16T10:00:00+02:00"]),
        pd.Series(["2026-11-16 08:00:00Z"]),
        pd.Series(pd.to_datetime(["2026-11-16T10:00:00+02:00"])),
        pd.Series([pd.Timestamp("2026-11-16T08:00:00Z").to_pydatetime()], dtype=object),
        pd.Series(
            [pd.Timestamp("2026-11-16T08:00:00Z")], dtype=pd.ArrowDtype(pa.timestamp("us", "UTC"))
        ),
    ],
)
def test_moments_are_read_however_stored(series):
    moments = read_moments(pd.DataFrame({"at": series}), EMPTY, "at")

    assert moments.ticks.tolist() == [pd.Timestamp("2026-11-16T08:00:00Z").value, 0]


def test_a_naive_time_is_refused():
    with pytest.raises(ColumnError, match="which is no time with its zone"):
        read_moments(one("at", "2026-11-16T10:00:00"), EMPTY, "at")


def test_texts_are_trimmed_and_blanks_unknown():
    texts = read_texts(one("venue", " XNAS ", "", 7), EMPTY, "venue")

    assert [texts.values[code] if code >= 0 else None for code in texts.codes] == [
        "XNAS",
        None,
        "7",
        None,
    ]


@pytest.mark.parametrize(
    ("left", "right"),
    [("ACC-0012", "acc12"), ("ACC0012", "ACC/12"), ("00-7", "0-07"), ("A 1-12", "A1-12")],
)
def test_accounts_spelled_apart_are_one(left, right):
    assert account(left) == account(right)


def test_accounts_of_other_numbers_stay_apart():
    assert account("1-12") != account("11-2")


def test_a_name_of_legal_forms_only_is_kept():
    assert name("AG", {"ag": ""}, legal_forms=True) == "ag"


def test_names_with_other_numerals_are_not_alike():
    alike, apart = name_similarity(
        ["alpha fund ii", "alpha fund i"], ["alpha fund ii", "alpha fund ii"], "names"
    )

    assert alike == 1
    assert apart < 0.6


def test_explain_adds_up_to_the_score():
    left, right = trade("L1"), trade("R7", price="100.94", counterparty=None)

    parts = {part.field: part for part in explain(left, right, RULES)}
    result = reconcile(frame(left), frame(right), RULES)

    assert sum(part.contribution for part in parts.values()) == pytest.approx(
        result.matches["score"][0]
    )
    assert parts["counterparty"].similarity is None
    assert parts["counterparty"].contribution == 0
    assert parts["price"].left == "100"
    assert parts["price"].right == "100.94"


def test_labels_that_occur_twice_are_refused():
    twice = pd.concat([frame(trade("L1"))] * 2)

    with pytest.raises(ValueError, match="the index of the left frame has the same label twice"):
        reconcile(twice, frame(trade("R7")), RULES)


def test_empty_frames_reconcile_to_nothing():
    seen = []
    empty = frame(trade("L1")).iloc[:0]

    result = reconcile(empty, frame(trade("R7")), RULES, on_pass=seen.append)

    assert result.matches.empty
    assert list(result.unmatched_right) == ["R7"]
    assert len(seen) == len(RULES.passes) + sum(step.at_home for step in RULES.passes)
