from datetime import timedelta

import pytest
import time_machine

from connectors.choices import DeliveryStatus, RejectStatus
from connectors.models import Delivery, Feed
from tests import factories
from trades.models import Trade

HEADER = "trade_id,trade_date,symbol,isin,side,quantity,price,currency\n"
ROWS = (
    "T1,2026-03-04,AAPL,US0378331005,BUY,100,187.50,USD\n"
    "T2,2026-03-04,AAPL,US0378331005,SELL,50,187.60,USD\n"
    "T3,2026-03-04,AAPL,US0378331005,BUY,lots,187.60,USD\n"
)


@pytest.fixture
def client(api_as, analyst):
    return api_as(analyst)


@pytest.fixture(autouse=True)
def woken(monkeypatch, db) -> list[list[int]]:
    """Return the deliveries a worker was woken for; no broker is touched, no feed is set up."""
    Feed.objects.update(is_enabled=False)
    sent: list[list[int]] = []
    monkeypatch.setattr(
        "connectors.api.views.run_ingestion.delay",
        lambda *, delivery_ids: sent.append(delivery_ids),
    )
    return sent


@pytest.fixture
def inbox(settings, tmp_path):
    settings.FEED_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def file_feed(inbox):
    settings = {"pattern": "oms-{date:%Y-%m-%d}.csv"}
    return factories.feed("oms-files", connector="files", settings=settings)


def start(client, body=None, **headers):
    return client.post("/api/v1/ingestion/run", body or {}, format="json", headers=headers)


class TestStarting:
    def test_queues_every_enabled_feed_for_yesterday_and_today(
        self, client, analyst, woken, django_capture_on_commit_callbacks
    ):
        factories.feed("oms-a")
        factories.feed("bank", source="custodian")
        factories.feed("off", is_enabled=False)
        with (
            time_machine.travel(factories.NOW, tick=False),
            django_capture_on_commit_callbacks(execute=True),
        ):
            answer = start(client)

        assert answer.status_code == 202, answer.content
        rows = answer.json()["deliveries"]
        assert {row["feed"] for row in rows} == {"oms-a", "bank"}
        assert {(row["from_date"], row["to_date"]) for row in rows} == {
            ("2026-03-04", "2026-03-05")
        }
        assert {row["status"] for row in rows} == {"QUEUED"}
        assert (answer.json()["oms"], answer.json()["custodian"]) == (0, 0)
        assert sorted(woken[0]) == sorted(row["id"] for row in rows)
        assert {delivery.requested_by for delivery in Delivery.objects.all()} == {analyst}

    def test_today_is_the_day_at_the_source(self, client):
        factories.feed("tokyo", source=factories.source("exchange", timezone="Asia/Tokyo"))
        with time_machine.travel(factories.NOW.replace(hour=22), tick=False):
            (row,) = start(client).json()["deliveries"]

        assert (row["from_date"], row["to_date"]) == ("2026-03-05", "2026-03-06")

    def test_takes_the_feeds_and_dates_it_is_given(self, client):
        factories.feed("oms-a")
        factories.feed("oms-b")
        body = {"feeds": ["oms-b"], "from_date": "2026-03-02", "to_date": "2026-03-03"}

        (row,) = start(client, body).json()["deliveries"]

        assert (row["feed"], row["from_date"], row["to_date"]) == (
            "oms-b",
            "2026-03-02",
            "2026-03-03",
        )

    def test_runs_inline_for_who_waits(self, client, file_feed, inbox, woken):
        (inbox / "oms-2026-03-04.csv").write_text(HEADER + ROWS)
        body = {"from_date": "2026-03-04", "to_date": "2026-03-04"}

        answer = start(client, body, Prefer="wait")

        assert answer.status_code == 200, answer.content
        (row,) = answer.json()["deliveries"]
        assert row["status"] == "LOADED", row
        assert (row["rows_in"], row["loaded"], row["rejected"]) == (3, 2, 1)
        assert (answer.json()["oms"], answer.json()["custodian"]) == (2, 0)
        assert Trade.objects.count() == 2
        assert woken == []

    def test_a_feed_that_fails_says_so_in_its_row(self, client, inbox):
        settings = {"pattern": "x-{date:%Y-%m-%d}.csv"}
        factories.feed("bad", connector="files", settings=settings)
        (inbox / "x-2026-03-04.csv").write_bytes(b"\x00\x01\x02nothing to read")
        body = {"from_date": "2026-03-04", "to_date": "2026-03-04"}

        answer = start(client, body, Prefer="wait")

        assert answer.status_code == 200
        (row,) = answer.json()["deliveries"]
        assert (row["status"], row["rows_in"]) == ("FAILED", 0)
        assert row["error"]

    def test_without_a_feed_nothing_is_to_do(self, client, woken):
        answer = start(client)

        assert answer.status_code == 200
        assert answer.json() == {"deliveries": [], "oms": 0, "custodian": 0}
        assert woken == []

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"feeds": ["nope"]}, "feeds"),
            ({"feeds": ["off"]}, "feeds"),
            ({"feeds": []}, "feeds"),
            ({"feeds": "oms"}, "feeds"),
            ({"from_date": "2026-03-05", "to_date": "2026-03-04"}, "to_date"),
            ({"to_date": "yesterday"}, "to_date"),
            ({"feed": "oms-a"}, "feed"),
        ],
    )
    def test_a_wrong_body_is_400_and_queues_nothing(self, client, body, field):
        factories.feed("off", is_enabled=False)
        answer = start(client, body)

        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert not Delivery.objects.exists()


class TestReading:
    def test_counts_add_up(self, client, analyst):
        made = factories.delivery(
            loaded=5, amended=2, duplicates=1, rejected=1, requested_by=analyst
        )
        shown = client.get(f"/api/v1/deliveries/{made.pk}").json()

        parts = ("loaded", "amended", "duplicates", "rejected")
        assert shown["rows_in"] == sum(shown[name] for name in parts) == 9
        assert (shown["source"], shown["requested_by"]) == ("oms", analyst.username)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["bank", "oms"]),
            ("?source=custodian", ["bank"]),
            ("?status=FAILED", ["bank"]),
            ("?has_rejects=true", ["oms"]),
            ("?has_rejects=false", ["bank"]),
            ("?name=oms", ["oms"]),
            ("?feed=nope", []),
            ("?received_since=2026-03-05T13:00:00Z", ["bank"]),
            ("?received_before=2026-03-05T13:00:00Z", ["oms"]),
            ("?ordering=received_at", ["oms", "bank"]),
        ],
    )
    def test_the_list_is_the_newest_first(self, client, query, found):
        factories.delivery(name="oms", rejected=1)
        factories.delivery(
            name="bank",
            source="custodian",
            status=DeliveryStatus.FAILED,
            error="Not a CSV file.",
            received_at=factories.NOW + timedelta(hours=2),
        )
        rows = client.get(f"/api/v1/deliveries{query}").json()["results"]

        assert [row["name"] for row in rows] == found


class TestRejectedRows:
    @pytest.fixture
    def delivery(self, db):
        delivery = factories.delivery(rejected=2)
        factories.rejected_row(delivery=delivery, line_number=9, raw="T9,secret", reason="no side")
        factories.rejected_row(delivery=delivery, line_number=2, raw="T2,secret", reason="no date")
        factories.rejected_row(line_number=1)
        return delivery

    def test_are_in_the_order_of_the_file(self, client, delivery):
        rows = client.get(f"/api/v1/deliveries/{delivery.pk}/rejected").json()["results"]

        assert [(row["line_number"], row["reason"], row["raw"]) for row in rows] == [
            (2, "no date", "T2,secret"),
            (9, "no side", "T9,secret"),
        ]
        assert {row["status"] for row in rows} == {RejectStatus.OPEN}

    def test_what_was_sent_is_for_who_may_see_it(self, api_as, integration, delivery):
        answer = api_as(integration).get(f"/api/v1/deliveries/{delivery.pk}/rejected")

        assert b"secret" not in answer.content
        assert [row["reason"] for row in answer.json()["results"]] == ["no date", "no side"]

    def test_search_and_status(self, client, delivery):
        path = f"/api/v1/deliveries/{delivery.pk}/rejected"

        assert len(client.get(f"{path}?search=side").json()["results"]) == 1
        assert client.get(f"{path}?status=REPLAYED").json()["results"] == []

    def test_of_no_delivery_is_404(self, client):
        assert client.get("/api/v1/deliveries/77/rejected").status_code == 404
