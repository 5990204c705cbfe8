"""Days on a command line."""

from argparse import ArgumentTypeError
from datetime import date

import pytest

from trades.dates import known_day


def test_a_day_is_read():
    assert known_day("2026-03-04") == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("4 March", "'4 March' is no date; write it as 2026-03-04"),
        ("2026-02-30", "is no date"),
        ("1960-01-01", "1960-01-01 is not from 1970-01-01 to 2199-12-31"),
        ("9999-12-31", "is not from"),
    ],
)
def test_what_is_none_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(ArgumentTypeError, match=sentence):
        known_day(text)
