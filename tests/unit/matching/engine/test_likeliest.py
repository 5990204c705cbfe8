"""The likeliest of all pairs, without any pass."""

import pandas as pd
import pytest

from matching.engine import RuleSet, explain, likeliest

RULES = RuleSet.from_dict(
    {
        "name": "two fields",
        "fields": [
            {"name": "side", "compare": "exact", "kind": "SIDE", "weight": 0.5},
            {"name": "quantity", "compare": "number", "kind": "QUANTITY", "weight": 0.5,
             "zero_at": 0.5},
        ],
        "passes": [{"name": "side", "blocks": [{"equal": ["side"]}]}],
    }
)  # fmt: skip


def frame(*rows, start=0):
    columns = pd.DataFrame(list(rows), columns=["side", "quantity"], dtype=object)
    columns.index = pd.RangeIndex(start, start + len(rows))
    return columns


def test_ranks_and_names_by_label():
    left = frame(("BUY", "100"), start=70)
    right = frame(("SELL", "100"), ("BUY", "100"), ("BUY", "90"), start=900)

    best = likeliest(left, right, RULES, most=2)

    assert [(one.left, one.right) for one in best] == [(70, 901), (70, 902)]
    assert best[0].score == 1.0


def test_says_of_each_what_explain_says_of_it():
    left = frame(("BUY", "100"))
    right = frame(("BUY", "90"), ("SELL", "100"), (None, "95"), start=5)

    for one in likeliest(left, right, RULES, most=9):
        alone = explain(left.loc[[one.left]], right.loc[[one.right]], RULES)
        assert one.fields == alone
        assert sum(field.contribution for field in alone) == pytest.approx(one.score)


def test_a_pair_of_which_nothing_is_known_is_none():
    assert likeliest(frame(("BUY", None)), frame((None, "5")), RULES, most=5) == []


def test_of_nothing_nothing():
    assert likeliest(frame(("BUY", "1")), frame(), RULES, most=5) == []
