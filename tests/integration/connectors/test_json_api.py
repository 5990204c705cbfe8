from datetime import date
from zoneinfo import ZoneInfo

import pytest

from connectors.habits import Habits
from connectors.json_api import JsonApiConnector
from connectors.protocol import Order, Unreadable
from connectors.rows import report_of
from tests.integration.connectors.conftest import Reply

NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2026, 3, 4)


@pytest.fixture
def oms(outside, monkeypatch):
    monkeypatch.setenv("OMS_API_URL", f"{outside.url}/trades")
    monkeypatch.setenv("OMS_API_KEY", "the-key")
    return outside


def order(quick, **over):
    settings = quick | {"url_env": "OMS_API_URL", "key_env": "OMS_API_KEY"} | over
    return Order(settings=settings, from_date=DAY, to_date=DAY, timezone=NEW_YORK)


def ids(order):
    (arrival,) = JsonApiConnector().fetch(order)
    return [record.values.get("trade_id") for record in arrival.records]


def trade(number, **over):
    return {"trade_id": f"T{number}", "trade_date": "2026-03-04", "symbol": "AAPL", "side": "BUY",
            "quantity": 100, "price": 187.5} | over  # fmt: skip


def test_asks_for_the_window_with_the_key(oms, quick):
    oms.answers("/trades", [trade(1), trade(2)])

    assert ids(order(quick)) == ["T1", "T2"]
    assert oms.asked[0].params == {"from_date": "2026-03-04", "to_date": "2026-03-04"}
    assert oms.asked[0].headers["authorization"] == "Bearer the-key"


def test_maps_nested_names_and_keeps_numbers_exact(oms, quick):
    native = {
        "tradeId": 7,
        "instrument": {"isin": "US0378331005"},
        "exec": {"ts": "2026-03-05T03:30:00Z", "px": "PX"},
        "dir": "SELL",
        "amount": 100,
        "note": None,
    }
    body = (
        __import__("json")
        .dumps({"data": {"rows": [native]}})
        .replace('"PX"', "12345678901234.0123456789")
    )
    oms.answers("/trades", Reply(body.encode()))
    columns = {"tradeId": "trade_id", "instrument.isin": "isin", "exec.ts": "executed_at",
               "exec.px": "price", "dir": "side", "amount": "quantity"}  # fmt: skip

    (arrival,) = JsonApiConnector().fetch(order(quick, records="data.rows", columns=columns))
    report = report_of(arrival.records[0], Habits(timezone=NEW_YORK))

    assert (report.source_trade_id, report.isin, report.side) == ("7", "US0378331005", "SELL")
    assert f"{report.price:f}" == "12345678901234.0123456789"
    assert report.trade_date == DAY, "the date in New York, where it was still the 4th"
    assert report.raw["instrument"] == {"isin": "US0378331005"}


def test_follows_the_next_link_wherever_it_is(oms, quick):
    oms.answers(
        "/trades",
        {"trades": [trade(1)], "links": {"next": f"{oms.url}/trades?cursor=a"}},
        {"trades": [trade(2)], "links": {"next": "/trades?cursor=b"}},
        {"trades": [trade(3)], "links": {"next": None}},
    )

    assert ids(order(quick)) == ["T1", "T2", "T3"]
    assert [asked.params.get("cursor") for asked in oms.asked] == [None, "a", "b"]


def test_a_next_link_to_another_host_gets_no_key(oms, quick):
    oms.answers("/trades", {"trades": [trade(1)], "next": "https://evil.example.com/trades"})

    with pytest.raises(Unreadable, match="another host"):
        ids(order(quick))


def test_counts_pages_until_one_is_empty(oms, quick):
    oms.answers("/trades", {"items": [trade(1)]}, {"items": [trade(2)]}, {"items": []})

    assert ids(order(quick, page_param="page")) == ["T1", "T2"]
    assert [asked.params["page"] for asked in oms.asked] == ["1", "2", "3"]


def test_a_source_that_ignores_the_page_number_loads_nothing(oms, quick):
    oms.answers("/trades", {"items": [trade(1)]})

    with pytest.raises(Unreadable, match="same page"):
        ids(order(quick, page_param="page"))


@pytest.mark.parametrize("answer", [{"message": "hello"}, {"data": {}}, "trades"])
def test_an_answer_without_records_is_unreadable(oms, quick, answer):
    oms.answers("/trades", answer)

    with pytest.raises(Unreadable, match="no list of records"):
        ids(order(quick))


def test_what_is_no_record_is_a_problem_of_its_own(oms, quick):
    oms.answers("/trades", [trade(1), "T2", 3, None])

    (arrival,) = JsonApiConnector().fetch(order(quick))

    assert [bool(record.problem) for record in arrival.records] == [False, True, True, True]


def test_a_url_that_is_not_set_is_named(oms, quick, monkeypatch):
    monkeypatch.delenv("OMS_API_URL")

    with pytest.raises(Unreadable, match="OMS_API_URL is not set"):
        ids(order(quick))


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "POSTGRES_PASSWORD"])
@pytest.mark.parametrize("setting", ["url_env", "key_env"])
def test_the_desks_own_secrets_are_not_for_feeds(oms, quick, monkeypatch, name, setting):
    monkeypatch.setenv(name, "postgres://desk:hush@db/recon")

    with pytest.raises(Unreadable, match=f"{name} is the desk's own") as refusal:
        ids(order(quick, **{setting: name}))

    assert "hush" not in str(refusal.value)


def test_the_content_of_a_variable_that_holds_no_url_is_not_told(oms, quick, monkeypatch):
    monkeypatch.setenv("ANOTHER_KEY", "hush")

    with pytest.raises(Unreadable, match="no URL") as refusal:
        ids(order(quick, url_env="ANOTHER_KEY"))

    assert "hush" not in str(refusal.value)
