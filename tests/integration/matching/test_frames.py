from decimal import Decimal

import pytest

from matching.frames import trades_frame
from tests import factories
from trades.models import Trade

pytestmark = pytest.mark.django_db


def frame_of(*trades):
    return trades_frame(Trade.objects.filter(pk__in=[trade.pk for trade in trades]))


class TestTradesFrame:
    def test_money_crosses_to_the_digit(self):
        amount = Decimal("123456789012345678.0123456789")
        trade = factories.trade(net_amount=amount)

        assert frame_of(trade).loc[trade.pk, "net_amount"] == amount

    def test_what_is_empty_is_unknown(self):
        trade = factories.trade(counterparty_name="", account_code="", price=None, sedol="")

        row = frame_of(trade).isna().loc[trade.pk]

        assert row[["counterparty", "account", "price", "sedol", "executed_at"]].all()

    def test_an_identifier_comes_from_the_instrument_where_the_report_lacks_it(self):
        trade = factories.trade()
        trade.instrument.identifiers.create(scheme="CUSIP", value="037833100")

        assert frame_of(trade).loc[trade.pk, "cusip"] == "037833100"

    def test_an_instrument_with_two_values_of_a_scheme_fills_in_neither(self):
        trade = factories.trade()
        for value in ("037833100", "594918104"):
            trade.instrument.identifiers.create(scheme="CUSIP", value=value)

        assert frame_of(trade).isna().loc[trade.pk, "cusip"]

    def test_the_report_wins_over_the_reference_data(self):
        trade = factories.trade(cusip="594918104")
        trade.instrument.identifiers.create(scheme="CUSIP", value="037833100")

        assert frame_of(trade).loc[trade.pk, "cusip"] == "594918104"

    def test_parties_carry_the_name_the_reference_data_gives_them(self):
        trade = factories.trade(
            counterparty_name="GS INTL", counterparty=factories.counterparty("Goldman Sachs")
        )

        assert frame_of(trade).loc[trade.pk, "counterparty"] == "Goldman Sachs"

    def test_no_trades_is_an_empty_frame_with_every_column(self):
        empty = trades_frame(Trade.objects.none())

        assert empty.empty
        assert {"trade_id", "quantity", "trade_date", "executed_at", "version"} <= set(empty)

    def test_the_number_of_queries_does_not_grow(self, django_assert_num_queries):
        few = [factories.trade() for _ in range(2)]
        many = [factories.trade() for _ in range(30)]

        for trades in (few, many):
            # The trades, and each table of the reference data once.
            with django_assert_num_queries(6):
                frame_of(*trades)
