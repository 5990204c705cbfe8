import json
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from connectors.alpaca import AlpacaConnector
from connectors.habits import Habits
from connectors.protocol import Order, Unreadable
from connectors.rows import RowRefused, report_of

PATH = "/v2/account/activities/FILL"
NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2022, 3, 4)


@pytest.fixture
def alpaca(outside, monkeypatch):
    monkeypatch.setenv("ALPACA_API_KEY_ID", "key-id")
    monkeypatch.setenv("ALPACA_API_SECRET_KEY", "the-secret")
    return outside


def order(alpaca, quick, **over):
    settings = quick | {"base_url": alpaca.url} | over
    return Order(settings=settings, from_date=DAY, to_date=DAY, timezone=NEW_YORK)


def fetched(order):
    (arrival,) = AlpacaConnector().fetch(order)
    return arrival.records


def fill(number, **over):
    return {
        "id": f"20220304::{number}", "activity_type": "FILL", "type": "fill", "symbol": "AAPL",
        "transaction_time": "2022-03-04T15:00:00Z", "price": "163.1", "qty": "2", "side": "buy",
        "order_id": "o-1", "account_id": "a-1", "cum_qty": "7",
    } | over  # fmt: skip


def test_loads_the_recorded_fills_with_each_fills_own_quantity(alpaca, quick, recorded):
    alpaca.answers(PATH, recorded("alpaca/activities_FILL.json"))

    records = fetched(order(alpaca, quick))

    natives = json.loads(recorded("alpaca/activities_FILL.json"))
    reports = [report_of(record, Habits(timezone=NEW_YORK)) for record in records]
    assert len(reports) == len(natives)
    assert [f"{report.quantity:f}" for report in reports] == [one["qty"] for one in natives]
    assert {report.trade_date for report in reports} == {DAY}
    assert {report.order_ref for report in reports} == {one["order_id"] for one in natives}
    assert alpaca.asked[0].headers["apca-api-key-id"] == "key-id"


def test_recorded_orders_are_never_counted_as_executions(alpaca, quick, recorded):
    alpaca.answers(PATH, recorded("alpaca/orders.json"))

    records = fetched(order(alpaca, quick))

    assert records
    for record in records:
        with pytest.raises(RowRefused, match=r"no execution|no activity"):
            report_of(record, Habits(timezone=NEW_YORK))


def test_pages_by_the_last_id(alpaca, quick):
    pages = [[fill(1), fill(2)], [fill(3), fill(4)], [fill(5)]]
    alpaca.answers(PATH, *pages)

    records = fetched(order(alpaca, quick, page_size=2))

    assert [record.values["trade_id"][-1] for record in records] == list("12345")
    tokens = [asked.params.get("page_token") for asked in alpaca.asked]
    assert tokens == [None, "20220304::2", "20220304::4"]


def test_a_server_that_repeats_its_page_loads_nothing(alpaca, quick):
    alpaca.answers(PATH, [fill(1), fill(2)])

    with pytest.raises(Unreadable, match="do not lead on"):
        fetched(order(alpaca, quick, page_size=2))


def test_keeps_to_the_window_at_the_sources_place_and_to_fills(alpaca, quick):
    alpaca.answers(
        PATH,
        [
            fill(1),
            fill(2, transaction_time="2022-03-05T04:59:59Z"),
            fill(3, transaction_time="2022-03-05T05:00:00Z"),
            fill(4, activity_type="DIV"),
        ],
    )

    records = fetched(order(alpaca, quick))

    assert [record.values["trade_id"][-1] for record in records] == ["1", "2"]
    assert records[1].values["trade_date"] == "2022-03-04"


def test_credentials_that_are_not_set_are_named(alpaca, quick, monkeypatch):
    monkeypatch.delenv("ALPACA_API_SECRET_KEY")

    with pytest.raises(Unreadable, match="ALPACA_API_SECRET_KEY is not set"):
        fetched(order(alpaca, quick))


def test_a_refusal_names_the_credentials_and_not_their_value(alpaca, quick):
    from tests.integration.connectors.conftest import Reply

    alpaca.answers(PATH, Reply({"message": "forbidden."}, status=403))

    with pytest.raises(Unreadable, match="credentials") as refusal:
        fetched(order(alpaca, quick))
    assert "the-secret" not in str(refusal.value)


def test_an_answer_that_is_no_list_is_unreadable(alpaca, quick):
    alpaca.answers(PATH, {"code": 1})

    with pytest.raises(Unreadable, match="no list of activities"):
        fetched(order(alpaca, quick))
