from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from connectors.habits import Habits
from connectors.protocol import Record
from connectors.rows import RowRefused, report_of

HABITS = Habits(timezone=ZoneInfo("America/New_York"))
GOOD = {
    "trade_id": "T1",
    "trade_date": "2026-03-04",
    "symbol": "AAPL",
    "isin": "US0378331005",
    "side": "BUY",
    "quantity": "100",
    "price": "187.50",
    "currency": "USD",
}


def read(habits=HABITS, **over):
    values = {name: value for name, value in (GOOD | over).items() if value is not None}
    return report_of(Record(2, "raw", values, {"ID": "T1"}), habits)


def reason(habits=HABITS, **over):
    with pytest.raises(RowRefused) as refusal:
        read(habits, **over)
    return str(refusal.value)


def test_reads_a_row():
    report = read(executed_at="2026-03-04T23:30:00", counterparty="Goldman Sachs", account="A1")

    assert report.trade_date == date(2026, 3, 4)
    assert report.executed_at == datetime(2026, 3, 5, 4, 30, tzinfo=UTC)
    assert (report.quantity, report.price) == (Decimal(100), Decimal("187.50"))
    assert (report.counterparty_name, report.account_code) == ("Goldman Sachs", "A1")
    assert report.raw == {"ID": "T1"}


@pytest.mark.parametrize("name", ["trade_id", "trade_date", "side", "quantity"])
def test_says_which_required_value_is_missing(name):
    assert f"{name} is missing" in reason(**{name: " "})


def test_says_everything_that_is_wrong_at_once():
    said = reason(trade_date="soon", quantity="many", price="dear", side="up")

    assert all(word in said for word in ("'soon'", "'many'", "'dear'", "'up'"))


def test_an_identifier_that_fails_its_check_is_left_out_where_another_is_valid():
    report = read(isin="US0378331006", cusip="037833100")

    assert (report.isin, report.cusip) == ("", "037833100")


def test_a_row_with_no_valid_identifier_is_refused_with_what_was_sent():
    assert "'US0378331006' fails its check" in reason(isin="US0378331006", symbol=None)
    assert "no identifier" in reason(isin=None, symbol=None)


def test_identifiers_are_stored_without_spaces_and_in_capitals():
    assert read(isin="us 037833 1005").isin == "US0378331005"


def test_pence_keeps_its_own_code():
    assert read(currency="GBp").currency == "GBp"
    assert read(currency="usd").currency == "USD"
    assert "currency" in reason(currency="US$")


class TestSide:
    def test_a_negative_sale_is_a_sale(self):
        report = read(side="SELL", quantity="-100")

        assert (report.side, report.quantity) == ("SELL", Decimal(100))

    def test_a_negative_purchase_contradicts_itself(self):
        assert "negative" in reason(side="BUY", quantity="-100")

    def test_the_sign_alone_decides_where_the_layout_says_so(self):
        signed = Habits(timezone=HABITS.timezone, signed_quantity=True)

        assert read(signed, side=None, quantity="-100").side == "SELL"
        assert read(signed, side=None, quantity="100").side == "BUY"

    def test_zero_is_no_trade(self):
        assert "zero" in reason(quantity="0.00")


def test_text_that_does_not_fit_is_refused_and_never_cut():
    assert "at most 128" in reason(order_ref="x" * 129)


def test_a_character_that_no_database_stores_is_refused():
    assert "character" in reason(counterparty="Gold\x00man")
    assert "character" in reason(counterparty="Gold\ud800man")


def test_a_code_that_is_no_lei_or_bic_is_unknown():
    report = read(counterparty_lei="W22LROWP2IHZNBB6K529", counterparty_bic="nope")

    assert (report.counterparty_lei, report.counterparty_bic) == ("", "")
    assert read(counterparty_lei="W22LROWP2IHZNBB6K528").counterparty_lei
    assert read(counterparty_bic="GOLDUS33XXX").counterparty_bic == "GOLDUS33XXX"


def test_case_17_amounts_of_24_digits_survive_to_the_digit():
    report = read(gross_amount="12345678901234.0123456789", quantity="99999999999999.9999999999")

    assert report.gross_amount == Decimal("12345678901234.0123456789")
    assert report.quantity == Decimal("99999999999999.9999999999")
