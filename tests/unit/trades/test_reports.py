from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from trades.reports import TradeReport, plain

REPORT = TradeReport(
    source_trade_id="T1",
    trade_date=date(2026, 3, 4),
    side="BUY",
    quantity=Decimal(100),
    price=Decimal("187.50"),
    executed_at=datetime(2026, 3, 4, 15, tzinfo=UTC),
    symbol="AAPL",
)


def test_digest_is_of_the_content_and_not_of_its_spelling():
    same = replace(
        REPORT,
        price=Decimal("187.5000000000"),
        quantity=Decimal("1E+2"),
        executed_at=datetime(2026, 3, 4, 10, tzinfo=timezone(-timedelta(hours=5))),
        raw={"anything": "else"},
    )

    assert same.digest() == REPORT.digest()


@pytest.mark.parametrize(
    "change",
    [
        {"price": Decimal("187.5000000001")},
        {"price": None},
        {"symbol": "", "security_name": "AAPL"},
        {"state": "CANCELLED"},
        {"executed_at": datetime(2026, 3, 4, 15, 0, 0, 1, tzinfo=UTC)},
    ],
)
def test_digest_changes_with_any_value(change):
    assert replace(REPORT, **change).digest() != REPORT.digest()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"quantity": Decimal(0)}, "quantity"),
        ({"quantity": 100.0}, "quantity"),
        ({"side": "buy"}, "side"),
        ({"source_trade_id": ""}, "trade id"),
        ({"executed_at": datetime(2026, 3, 4, 15)}, "timezone"),
    ],
)
def test_refuses_what_no_report_can_say(change, word):
    with pytest.raises(ValueError, match=word):
        replace(REPORT, **change)


@pytest.mark.parametrize(
    ("value", "text"),
    [("100.00", "100"), ("1E+3", "1000"), ("-0.0", "0"), ("0.0000000001", "0.0000000001"),
     ("123456789012345678.0123456789", "123456789012345678.0123456789")],
)  # fmt: skip
def test_plain_writes_every_digit_and_no_exponent(value, text):
    assert plain(Decimal(value)) == text
