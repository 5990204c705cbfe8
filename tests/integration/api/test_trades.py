import logging
from datetime import timedelta

import pytest

from tests import factories
from trades.models import TradeVersion

MONEY = ("quantity", "price", "gross_amount", "commission", "fees", "net_amount")


@pytest.fixture
def client(api_as, analyst):
    return api_as(analyst)


class TestTrades:
    def test_money_is_text_to_the_digit(self, client, db):
        factories.trade(
            quantity="123456789012.0000000001", price="0.0015", net_amount="185185183518.5"
        )
        (row,) = client.get("/api/v1/trades").json()["results"]

        assert all(isinstance(row[name], str) for name in MONEY)
        assert row["quantity"] == "123456789012.0000000001"
        assert row["price"] == "0.0015"
        assert row["accrued_interest"] is None

    def test_names_are_as_reported_and_as_resolved(self, client, db):
        trade = factories.trade(
            counterparty_name="GS INTL",
            counterparty=factories.counterparty("Goldman Sachs International"),
            account=None,
            account_code="F-1",
        )
        (row,) = client.get("/api/v1/trades").json()["results"]

        assert (row["counterparty"], row["counterparty_name"]) == (
            "Goldman Sachs International",
            "GS INTL",
        )
        assert (row["account"], row["account_code"]) == (None, "F-1")
        assert (row["source"], row["instrument"]) == ("oms", trade.instrument_id)
        assert "raw" not in row

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("source=oms", {"A"}),
            ("source=custodian", {"B"}),
            ("side=SELL", {"B"}),
            ("state=CANCELLED", {"B"}),
            ("source_trade_id=A", {"A"}),
            ("trade_date=2026-03-04", {"A"}),
            ("from_date=2026-03-05", {"B"}),
            ("to_date=2026-03-04", {"A"}),
            ("symbol=brk.b", {"B"}),
            ("isin=US0378331005", {"A"}),
            ("counterparty=goldman", {"A"}),
            ("account=FUND2", {"B"}),
            ("order_ref=ORD-9", {"B"}),
            ("delivery=12", {"B"}),
            ("search=ord-", {"B"}),
            ("changed_since=2026-03-06T00:00:00Z", {"B"}),
        ],
    )
    def test_filters_keep_what_is_asked(self, client, db, query, found):
        factories.trade(source_trade_id="A")
        factories.trade(
            source="custodian",
            source_trade_id="B",
            side="SELL",
            state="CANCELLED",
            trade_date=factories.TRADE_DATE + timedelta(days=1),
            symbol="BRK.B",
            isin="",
            instrument=None,
            counterparty_name="Barclays",
            account_code="FUND2",
            order_ref="ORD-9",
            delivery_id=12,
            changed_at=factories.NOW + timedelta(days=1),
        )
        rows = client.get(f"/api/v1/trades?{query}").json()["results"]

        assert {row["source_trade_id"] for row in rows} == found

    def test_quantities_are_ordered_as_numbers(self, client, db):
        for quantity in ("9", "10", "0.5"):
            factories.trade(quantity=quantity)
        rows = client.get("/api/v1/trades?ordering=quantity").json()["results"]

        assert [row["quantity"] for row in rows] == ["0.5", "9", "10"]


class TestOneTrade:
    @pytest.fixture
    def trade(self, db):
        trade = factories.trade(version=2, raw={"TradeID": "T1", "ClientName": "secret"})
        TradeVersion.objects.create(
            trade=trade,
            version=1,
            values={"price": "187.40", "raw": {"ClientName": "secret"}},
            digest="d",
            valid_from=factories.NOW,
            replaced_at=factories.NOW,
        )
        return trade

    def test_shows_what_it_was_before(self, client, trade):
        shown = client.get(f"/api/v1/trades/{trade.pk}").json()

        (before,) = shown["versions"]
        assert (before["version"], before["values"]) == (1, {"price": "187.40"})

    def test_the_report_as_sent_is_shown_to_who_may_see_it_and_that_is_logged(
        self, client, analyst, trade, caplog
    ):
        with caplog.at_level(logging.INFO, "trades.access"):
            shown = client.get(f"/api/v1/trades/{trade.pk}").json()

        assert shown["raw"]["ClientName"] == "secret"
        assert f"{analyst} read the raw report of trade {trade.pk}" in caplog.text

    def test_nobody_else_sees_any_of_it(self, api_as, integration, trade, caplog):
        with caplog.at_level(logging.INFO, "trades.access"):
            answer = api_as(integration).get(f"/api/v1/trades/{trade.pk}")

        assert answer.status_code == 200
        assert "raw" not in answer.json()
        assert b"secret" not in answer.content
        assert not caplog.records
