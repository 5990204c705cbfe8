import math

import pytest

from predictions.factors import Factor
from predictions.features import FEATURES
from predictions.words import WATCHED_FEATURES, factor_row, value_words, words_of


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("quantity", 1_628_000.0, "1,628,000"),
        ("quantity", 0.5, "0.5"),
        ("price", 187.25, "187.25"),
        ("price", 0.00001234, "0.00001234"),
        ("price", math.nan, "unknown"),
        ("notional", 187_500.00000000003, "187,500.00"),
        ("counterparty_rate", 0.11394, "11.4%"),
        ("hour", 16.75, "16:45"),
        ("weekday", 4.0, "Friday"),
        ("price_off_range_pct", 3.21, "3.2%"),
        ("settlement_days", -1.0, "-1"),
        ("source", "oms", "oms"),
        ("account", "", "unknown"),
    ],
)
def test_values_are_written_as_an_analyst_reads_them(name, value, words):
    assert value_words(name, value) == words


def test_a_factor_says_what_is_typical_beside_its_own_value():
    row = factor_row(Factor("counterparty_rate", 0.114, 1.62034), {"counterparty_rate": 0.019})

    assert row == {
        "feature": "counterparty_rate",
        "words": "Past break rate of the counterparty (typically 1.9%)",
        "short": "Past break rate of the counterparty",
        "value": "11.4%",
        "effect": 1.6203,
    }


def test_every_feature_has_words_and_the_calendar_alone_is_not_watched():
    names = {one.name for one in FEATURES}

    assert all(words_of(name) != name for name in names)
    assert names - set(WATCHED_FEATURES) == {"weekday", "month_end", "quarter_end"}
