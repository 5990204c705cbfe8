from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest

from trades.models import Instrument, InstrumentIdentifier
from trades.reports import TradeReport
from trades.services.instruments import identity, resolve_instruments

pytestmark = pytest.mark.django_db

BARE = TradeReport(
    source_trade_id="T1",
    trade_date=date(2026, 3, 4),
    side="BUY",
    quantity=Decimal(1),
    currency="USD",
)
APPLE_ISIN, APPLE_CUSIP, APPLE_SEDOL = "US0378331005", "037833100", "2046251"
MICROSOFT_ISIN, MICROSOFT_CUSIP = "US5949181045", "594918104"


def report(**identifiers):
    return replace(BARE, **identifiers)


def resolve(*reports):
    found = resolve_instruments(reports)
    return [found.get(identity(one)) for one in reports]


def test_a_cusip_meets_the_isin_that_contains_it_in_either_order():
    for first, second in permutations([report(isin=APPLE_ISIN), report(cusip=APPLE_CUSIP)]):
        InstrumentIdentifier.objects.all().delete()
        (one,), (other,) = resolve(first), resolve(second)
        assert one == other


def test_what_one_report_knows_helps_the_next():
    resolve(report(isin=APPLE_ISIN, sedol=APPLE_SEDOL))

    by_sedol, by_isin = resolve(report(sedol=APPLE_SEDOL), report(isin=APPLE_ISIN))

    assert by_sedol == by_isin


def test_one_call_links_reports_whatever_their_order():
    reports = [
        report(sedol=APPLE_SEDOL),
        report(cusip=APPLE_CUSIP),
        report(isin=APPLE_ISIN, sedol=APPLE_SEDOL),
    ]

    for order in permutations(reports):
        InstrumentIdentifier.objects.all().delete()
        assert len(set(resolve(*order))) == 1


def test_a_contradicting_isin_makes_another_instrument_and_moves_no_identifier():
    (apple,) = resolve(report(isin=APPLE_ISIN, sedol=APPLE_SEDOL))

    (other,) = resolve(report(isin=MICROSOFT_ISIN, sedol=APPLE_SEDOL))

    assert other != apple
    assert InstrumentIdentifier.objects.get(scheme="SEDOL").instrument_id == apple
    assert resolve(report(isin=MICROSOFT_ISIN)) == [other]


def test_where_isin_and_cusip_of_one_row_disagree_the_isin_speaks():
    (microsoft,) = resolve(report(isin=MICROSOFT_ISIN, cusip=APPLE_CUSIP))

    assert resolve(report(cusip=MICROSOFT_CUSIP)) == [microsoft]
    assert resolve(report(cusip=APPLE_CUSIP)) != [microsoft]


def test_case_4_share_classes_are_two_instruments_in_every_spelling():
    a = [report(symbol=s, venue="XNYS") for s in ("BRK.A", "BRK/A", "BRK A", "brk-a")]
    b = [report(symbol=s, venue="XNYS") for s in ("BRK.B", "BRK/B")]

    found_a, found_b = set(resolve(*a)), set(resolve(*b))

    assert len(found_a) == len(found_b) == 1
    assert found_a != found_b


@pytest.mark.parametrize("symbol", ["XBTUSD", "BTC/USD", "XXBTZUSD", "BTC-USD", "xbt/usd"])
def test_every_spelling_of_a_currency_pair_is_one_instrument(symbol):
    expected = resolve(report(symbol="BTCUSD"))

    assert resolve(report(symbol=symbol)) == expected
    assert Instrument.objects.get().name == "BTC/USD"


def test_a_ticker_is_another_instrument_on_another_market():
    one, other = resolve(report(symbol="ABC", venue="XNYS"), report(symbol="ABC", venue="XLON"))

    assert one != other


def test_a_ticker_without_a_market_ties_nothing_together():
    """Two securities of one ticker must not be merged by it."""
    apple, microsoft, bare = resolve(
        report(symbol="ABC", isin=APPLE_ISIN),
        report(symbol="ABC", isin=MICROSOFT_ISIN),
        report(symbol="ABC"),
    )

    assert len({apple, microsoft, bare}) == 3
    assert resolve(report(symbol="ABC")) == [bare]


def test_a_known_identity_costs_no_write(django_assert_num_queries):
    reports = [report(isin=APPLE_ISIN, sedol=APPLE_SEDOL), report(cusip=APPLE_CUSIP)]
    resolve(*reports)

    with django_assert_num_queries(2):
        resolve(*reports)


def test_an_instrument_is_described_by_the_report_it_came_from():
    resolve(
        report(
            isin="GB0002634946", security_name="BAE Systems", asset_class="EQUITY", currency="GBX"
        )
    )

    found = Instrument.objects.get()
    assert (found.name, found.asset_class, found.currency) == ("BAE Systems", "EQUITY", "GBP")
