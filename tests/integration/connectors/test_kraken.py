import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from connectors.choices import DeliveryStatus
from connectors.kraken import KrakenPublicConnector
from connectors.protocol import Order, Unreadable
from connectors.services import execute_delivery, queue_deliveries
from tests import factories
from trades.models import Trade

DAY = date(2013, 11, 27)
NAMES = {"error": [], "result": {"XXBTZUSD": {"altname": "XBTUSD", "wsname": "XBT/USD",
                                              "base": "XXBT", "quote": "ZUSD"}}}  # fmt: skip
NOON = 1385553600  # 2013-11-27 12:00 UTC


def order(outside, quick, day=DAY, **over):
    settings = quick | {"base_url": outside.url, "pair": "XBTUSD"} | over
    return Order(settings=settings, from_date=day, to_date=day, timezone=ZoneInfo("UTC"))


def fetched(order):
    (arrival,) = KrakenPublicConnector().fetch(order)
    return arrival


def row(second, price="1000.0", volume="1.0", side="b", trade_id=None):
    fields = [price, volume, NOON + second, side, "l", ""]
    return fields if trade_id is None else [*fields, trade_id]


def page(rows, last_second):
    return {"error": [], "result": {"XXBTZUSD": rows, "last": str((NOON + last_second) * 10**9)}}


@pytest.fixture
def kraken(outside):
    outside.answers("/0/public/AssetPairs", NAMES)
    return outside


def test_loads_the_recorded_reply_with_the_names_of_its_pair(kraken, quick, recorded):
    kraken.answers("/0/public/AssetPairs", recorded("kraken/AssetPairs.json"))
    kraken.answers("/0/public/Trades", recorded("kraken/Trades.json"))

    arrival = fetched(order(kraken, quick))

    rows = json.loads(recorded("kraken/Trades.json"))["result"]["XXBTZUSD"]
    assert len(arrival.records) == len(rows)
    first = arrival.records[0].values
    assert (first["symbol"], first["currency"], first["side"]) == ("BTC/USD", "USD", "s")
    assert (first["price"], first["quantity"]) == ("1023.82219", "0.00435995")
    assert first["executed_at"] == "2013-11-27T19:17:21.777400+00:00"
    assert len({record.values["trade_id"] for record in arrival.records}) == len(rows)


def test_pages_by_since_up_to_the_end_of_the_window(kraken, quick):
    kraken.answers(
        "/0/public/Trades",
        page([row(0, trade_id=1), row(1, trade_id=2)], 1),
        page([row(2, trade_id=3)], 2),
        page([row(12 * 3600 + 5, trade_id=4)], 12 * 3600 + 5),
    )

    arrival = fetched(order(kraken, quick))

    ids = [record.values["trade_id"] for record in arrival.records]
    assert ids == ["XXBTZUSD-1", "XXBTZUSD-2", "XXBTZUSD-3"]
    since = [asked.params["since"] for asked in kraken.asked if asked.path.endswith("Trades")]
    midnight = int(datetime(2013, 11, 27, tzinfo=UTC).timestamp()) * 10**9
    assert since == [str(midnight - 1), str((NOON + 1) * 10**9), str((NOON + 2) * 10**9)]


def test_identical_fills_without_an_id_stay_two_and_are_known_again(kraken, quick):
    kraken.answers("/0/public/Trades", page([row(0), row(0), row(1)], 1))

    once = [record.values["trade_id"] for record in fetched(order(kraken, quick)).records]
    again = [record.values["trade_id"] for record in fetched(order(kraken, quick)).records]

    assert len(set(once)) == 3
    assert once == again


def test_a_rate_limit_is_waited_out(kraken, quick):
    kraken.answers(
        "/0/public/Trades",
        {"error": ["EAPI:Rate limit exceeded"]},
        {"error": ["EService:Unavailable"]},
        page([row(0, trade_id=1)], 0),
        page([], 0),
    )

    assert len(fetched(order(kraken, quick)).records) == 1


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        ({"error": ["EQuery:Unknown asset pair"]}, "Unknown asset pair"),
        ({"error": ["EAPI:Rate limit exceeded"]}, "Rate limit"),
        ({"error": [], "result": {"XXBTZUSD": []}}, "'last'"),
        ({"error": []}, "no result"),
        ([], "no JSON object"),
    ],
)
def test_an_answer_that_is_no_page_of_trades_is_unreadable(kraken, quick, reply, word):
    kraken.answers("/0/public/Trades", reply)

    with pytest.raises(Unreadable, match=word):
        fetched(order(kraken, quick))


def test_a_row_that_cannot_be_read_is_a_problem_and_not_lost(kraken, quick):
    broken = [["1000.0", "1.0", "noon", "b", "l", ""], ["1", "2", NOON], "row"]
    kraken.answers("/0/public/Trades", page([row(0, trade_id=1), *broken], 0), page([], 0))

    records = fetched(order(kraken, quick)).records

    assert len(records) == 4
    assert [bool(record.problem) for record in records] == [False, True, True, True]


def test_the_environment_names_the_pair(kraken, quick, monkeypatch):
    monkeypatch.setenv("KRAKEN_PAIR", "ETHUSD")
    kraken.answers("/0/public/Trades", page([], 0))

    fetched(order(kraken, quick, pair_env="KRAKEN_PAIR"))

    assert {asked.params["pair"] for asked in kraken.asked} == {"ETHUSD"}


@pytest.mark.django_db
def test_a_fetched_window_is_loaded_and_the_same_again_changes_nothing(kraken, quick, recorded):
    kraken.answers("/0/public/Trades", recorded("kraken/Trades.json"))
    feed = factories.feed(
        "kraken", source="exchange", connector="kraken_public",
        settings=quick | {"base_url": kraken.url, "pair": "XBTUSD"},
    )  # fmt: skip

    def fetch():
        (queued,) = queue_deliveries(
            feeds=[feed], from_date=DAY, to_date=DAY, by=None, at=factories.NOW
        )
        (done,) = execute_delivery(delivery_id=queued.pk, at=factories.NOW)
        return done

    first, again = fetch(), fetch()

    assert (first.status, first.rejected) == (DeliveryStatus.LOADED, 0)
    assert first.loaded == first.rows_in == Trade.objects.count() > 0
    assert (again.loaded, again.amended, again.duplicates) == (0, 0, first.loaded)
    trade = Trade.objects.order_by("executed_at").first()
    assert (trade.price, trade.quantity) == (Decimal("1023.82219"), Decimal("0.00435995"))
    assert (trade.symbol, trade.asset_class, trade.trade_date) == ("BTC/USD", "CRYPTO", DAY)
    assert [str(one) for one in trade.instrument.identifiers.all()] == ["PAIR BTC/USD"]
