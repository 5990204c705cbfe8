from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.habits import Habits, NotReadable, asset_class, day, moment, number, side, state

NEW_YORK = ZoneInfo("America/New_York")
USUAL = Habits(timezone=NEW_YORK)


@pytest.mark.parametrize(
    ("text", "separator", "value"),
    [
        ("1,234.56", ".", "1234.56"),
        ("1.234,56", ",", "1234.56"),
        ("1 234,56", ",", "1234.56"),
        ("1\u202f234\u202f567,5", ",", "1234567.5"),
        ("1'234.5", ".", "1234.5"),
        ("12,34,567.89", ".", "1234567.89"),
        ("(12.50)", ".", "-12.50"),
        ("12.50-", ".", "-12.50"),
        ("+.5", ".", "0.5"),
        ("1.5E+3", ".", "1500"),
        ("1.000", ",", "1000"),
        ("123456789012345678.0123456789", ".", "123456789012345678.0123456789"),
        ("5.00000000000000", ".", "5"),
    ],
)
def test_number_reads_every_usual_form_exactly(text, separator, value):
    assert number(text, separator) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "separator"),
    [("1,23", "."), ("1.234.5", "."), ("1,234,5", ","), ("abc", "."), ("1.2.3", "."), ("", "."),
     ("NaN", "."), ("Infinity", "."), ("--5", "."), ("1e999", "."), ("0.12345678901", "."),
     ("1234567890123456789", "."), ("\u0663", "."), (".", ".")],
)  # fmt: skip
def test_number_refuses_what_it_cannot_read_exactly(text, separator):
    with pytest.raises(NotReadable):
        number(text, separator)


@given(st.decimals(min_value=-(10**17), max_value=10**17, places=10))
def test_number_is_the_inverse_of_writing_in_either_form(value):
    written = f"{value:,f}"

    assert number(written, ".") == value
    assert number(written.translate(str.maketrans(",.", ".,")), ",") == value


@pytest.mark.parametrize(
    "word", ["BUY", "b", "1", "RECEIVE", "bought", "Buy_To_Open", " BUY ", "RVP"]
)
def test_side_knows_the_words_for_a_purchase(word):
    assert side(word, USUAL) == "BUY"


@pytest.mark.parametrize("word", ["SELL", "s", "2", "DELIVER", "Sold", "sell_short", "SLD", "5"])
def test_side_knows_the_words_for_a_sale(word):
    assert side(word, USUAL) == "SELL"


def test_side_takes_the_layouts_word_before_the_usual_one():
    german = Habits(timezone=NEW_YORK, side_words={"k": "BUY", "b": "SELL"})

    assert side("K", german) == "BUY"
    assert side("b", german) == "SELL"
    with pytest.raises(NotReadable, match="side words"):
        side("K", USUAL)


@pytest.mark.parametrize(
    ("word", "found"),
    [("New", "NEW"), ("CANC", "CANCELLED"), ("canceled", "CANCELLED"), ("Correct", "AMENDED")],
)
def test_state_knows_the_usual_words(word, found):
    assert state(word) == found


def test_an_unknown_asset_class_is_unknown_and_no_error():
    assert asset_class("us_equity") == "EQUITY"
    assert asset_class("beanie babies") == ""


@pytest.mark.parametrize(
    ("text", "formats", "found"),
    [
        ("2026-03-04", ("ISO",), date(2026, 3, 4)),
        ("2026-03-04T23:59:59", ("ISO",), date(2026, 3, 4)),
        ("03/04/2026", ("%m/%d/%Y", "%d/%m/%Y"), date(2026, 3, 4)),
        ("25/04/2026", ("%m/%d/%Y", "%d/%m/%Y"), date(2026, 4, 25)),
        ("04-Mar-2026", ("%d-%b-%Y",), date(2026, 3, 4)),
        ("20260304", ("%Y%m%d",), date(2026, 3, 4)),
    ],
)
def test_day_tries_the_formats_in_order(text, formats, found):
    assert day(text, formats) == found


@pytest.mark.parametrize("text", ["2026115", "0026-03-04", "2026-02-30", "soon", "99999999"])
def test_day_refuses_what_is_no_believable_date(text):
    with pytest.raises(NotReadable):
        day(text, ("ISO", "%Y%m%d"))


@pytest.mark.parametrize(
    ("text", "formats", "found"),
    [
        ("2026-03-04T09:30:00Z", ("ISO",), datetime(2026, 3, 4, 9, 30, tzinfo=UTC)),
        ("2026-03-04T09:30:00+01:00", ("ISO",), datetime(2026, 3, 4, 8, 30, tzinfo=UTC)),
        ("2026-03-04 09:30:00", ("ISO",), datetime(2026, 3, 4, 14, 30, tzinfo=UTC)),
        ("2026-03-09 09:30:00", ("ISO",), datetime(2026, 3, 9, 13, 30, tzinfo=UTC)),
        ("09:30:00", ("%H:%M:%S",), datetime(2026, 3, 4, 14, 30, tzinfo=UTC)),
        ("09:30", ("ISO",), datetime(2026, 3, 4, 14, 30, tzinfo=UTC)),
        ("20260304-09:30:00.123", ("%Y%m%d-%H:%M:%S.%f",),
         datetime(2026, 3, 4, 14, 30, 0, 123000, tzinfo=UTC)),
        ("1385579841.7774", ("EPOCH",), datetime(2013, 11, 27, 19, 17, 21, 777400, tzinfo=UTC)),
        ("1385579841777", ("EPOCH_MS",), datetime(2013, 11, 27, 19, 17, 21, 777000, tzinfo=UTC)),
        ("2022-03-04T18:54:20.89822Z", ("ISO",),
         datetime(2022, 3, 4, 18, 54, 20, 898220, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_moment_is_utc_by_offset_or_by_the_sources_own_clock(text, formats, found):
    assert moment(text, formats, NEW_YORK, date(2026, 3, 4)) == found


def test_moment_without_a_date_needs_the_trade_date():
    with pytest.raises(NotReadable):
        moment("09:30:00", ("%H:%M:%S", "ISO"), NEW_YORK, None)
