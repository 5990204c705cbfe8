from datetime import UTC, date, datetime, timedelta

import pytest

from connectors import registry
from connectors.choices import DeliveryStatus
from connectors.models import Delivery
from connectors.protocol import Record, RecordArrival, Unreadable
from connectors.services import NotClaimable, execute_delivery, queue_deliveries
from connectors.services.deliveries import MAX_ATTEMPTS
from connectors.tasks import run_ingestion
from tests import factories
from trades.leases import LEASE
from trades.models import Trade

pytestmark = pytest.mark.django_db

NOW = factories.NOW
DAY = date(2026, 3, 4)
GOOD = {"trade_id": "T1", "trade_date": "2026-03-04", "isin": "US0378331005", "side": "BUY",
        "quantity": "100"}  # fmt: skip


class Scripted:
    """A connector that does what the test says."""

    def __init__(self):
        self.fetches = 0

    def fetch(self, order):
        self.fetches += 1
        yield from self.script(order)

    def script(self, _order):
        yield RecordArrival("reply", "1" * 64, [Record(1, "{}", GOOD, {})])


@pytest.fixture
def connector(monkeypatch):
    made = Scripted()
    monkeypatch.setattr("connectors.services.deliveries.connector_named", lambda _: made)
    return made


def queue(feed=None, by=None):
    (delivery,) = queue_deliveries(
        feeds=[feed or factories.feed()], from_date=DAY, to_date=DAY, by=by, at=NOW
    )
    return delivery


class TestQueueing:
    def test_writes_one_row_a_feed(self):
        feeds = [factories.feed("one"), factories.feed("two", source="custodian")]

        queued = queue_deliveries(feeds=feeds, from_date=DAY, to_date=DAY, by=None, at=NOW)

        assert [(row.status, row.source.code) for row in queued] == [
            ("QUEUED", "oms"),
            ("QUEUED", "custodian"),
        ]

    def test_a_window_that_waits_already_is_not_queued_twice(self):
        feed = factories.feed()

        assert queue(feed) == queue(feed)
        assert Delivery.objects.count() == 1

    @pytest.mark.parametrize(
        ("given", "window"),
        [
            ({}, ("2026-03-03", "2026-03-04")),
            ({"from_date": date(2026, 3, 1)}, ("2026-03-01", "2026-03-04")),
            ({"to_date": date(2026, 3, 2)}, ("2026-03-01", "2026-03-02")),
        ],
    )
    def test_without_dates_it_is_yesterday_and_today_at_the_source(self, given, window):
        at = datetime(2026, 3, 5, 2, tzinfo=UTC)  # still the fourth in New York

        (queued,) = queue_deliveries(feeds=[factories.feed()], by=None, at=at, **given)

        assert (str(queued.from_date), str(queued.to_date)) == window

    def test_a_window_that_ends_before_it_begins_is_refused(self):
        with pytest.raises(Unreadable, match="before it begins"):
            queue_deliveries(
                feeds=[], from_date=DAY, to_date=DAY - timedelta(days=1), by=None, at=NOW
            )


class TestExecuting:
    @pytest.mark.usefixtures("connector")
    def test_loads_what_was_fetched(self):
        (done,) = execute_delivery(delivery_id=queue().pk, at=NOW)

        assert (done.status, done.rows_in, done.loaded, done.attempt) == ("LOADED", 1, 1, 1)
        assert done.lease_expires_at is None
        assert Trade.objects.get().delivery_id == done.pk

    def test_is_done_once_however_often_it_is_asked(self, connector):
        delivery = queue()
        execute_delivery(delivery_id=delivery.pk, at=NOW)

        with pytest.raises(NotClaimable):
            execute_delivery(delivery_id=delivery.pk, at=NOW)

        assert connector.fetches == 1

    def test_a_source_that_answers_nonsense_is_a_failed_delivery_with_its_sentence(self, connector):
        def script(order):
            raise Unreadable("The source sent no whole JSON.")
            yield

        connector.script = script
        (done,) = execute_delivery(delivery_id=queue().pk, at=NOW)

        assert (done.status, done.error) == (
            DeliveryStatus.FAILED,
            "The source sent no whole JSON.",
        )
        assert (done.rows_in, Trade.objects.count()) == (0, 0)

    def test_nonsense_after_a_good_page_loads_nothing_of_it(self, connector):
        def records():
            yield Record(1, "{}", GOOD, {})
            raise Unreadable("Page 2 was cut short.")

        connector.script = lambda _: iter([RecordArrival("reply", "1" * 64, records())])
        (done,) = execute_delivery(delivery_id=queue().pk, at=NOW)

        assert done.status == DeliveryStatus.FAILED
        assert not Trade.objects.exists()

    def test_an_unknown_connector_is_named(self):
        feed = factories.feed(connector="carrier-pigeon")

        (done,) = execute_delivery(delivery_id=queue(feed).pk, at=NOW)

        assert "no connector 'carrier-pigeon'" in done.error
        assert "kraken_public" in done.error


class TestLeases:
    @pytest.mark.usefixtures("connector")
    def test_a_running_delivery_is_left_alone_until_its_lease_ends(self):
        delivery = queue()
        Delivery.objects.update(status="RUNNING", attempt=1, lease_expires_at=NOW + LEASE)

        with pytest.raises(NotClaimable):
            execute_delivery(delivery_id=delivery.pk, at=NOW + LEASE)
        (done,) = execute_delivery(delivery_id=delivery.pk, at=NOW + LEASE + timedelta(seconds=1))

        assert (done.status, done.attempt) == ("LOADED", 2)

    def test_a_worker_that_lost_its_claim_writes_nothing(self, connector):
        def taken_over(order):
            Delivery.objects.update(attempt=2)
            yield RecordArrival("reply", "1" * 64, [Record(1, "{}", GOOD, {})])

        connector.script = taken_over
        delivery = queue()

        with pytest.raises(NotClaimable, match="taken over"):
            execute_delivery(delivery_id=delivery.pk, at=NOW)

        assert not Trade.objects.exists()
        assert Delivery.objects.get().status == DeliveryStatus.RUNNING

    def test_a_fault_of_ours_gives_it_back_and_after_some_it_is_given_up(self, connector):
        def broken(order):
            raise RuntimeError("disk on fire")
            yield

        connector.script = broken
        delivery = queue()
        for _ in range(MAX_ATTEMPTS):
            with pytest.raises(RuntimeError):
                execute_delivery(delivery_id=delivery.pk, at=NOW)
            delivery.refresh_from_db()
            assert delivery.status == DeliveryStatus.QUEUED

        with pytest.raises(NotClaimable):
            execute_delivery(delivery_id=delivery.pk, at=NOW)

        delivery.refresh_from_db()
        assert delivery.status == DeliveryStatus.FAILED
        assert "Given up after 5 attempts" in delivery.error
        assert "disk on fire" in delivery.error


class TestSchedule:
    @pytest.fixture
    def nothing_new(self, connector, monkeypatch):
        monkeypatch.setattr(connector, "script", lambda _order: iter(()))

    @pytest.mark.usefixtures("nothing_new")
    def test_a_look_that_found_nothing_leaves_no_row(self):
        factories.feed()

        run_ingestion()

        assert not Delivery.objects.exists()

    @pytest.mark.usefixtures("nothing_new")
    def test_a_person_who_asked_is_told_that_there_was_nothing(self, analyst):
        delivery = queue(by=analyst)

        run_ingestion([delivery.pk])

        assert Delivery.objects.get().name.endswith("nothing new")

    @pytest.mark.usefixtures("connector")
    def test_what_came_is_kept(self):
        feed = factories.feed()

        run_ingestion()

        assert Delivery.objects.filter(feed=feed, status=DeliveryStatus.LOADED).exists()


class TestRegistry:
    def test_another_package_adds_a_connector_by_entry_point(self, monkeypatch):
        from importlib.metadata import EntryPoint

        plugin = EntryPoint("bloomberg", f"{__name__}:Scripted", registry.GROUP)
        monkeypatch.setattr(registry, "entry_points", lambda **_: [plugin])
        monkeypatch.setattr(EntryPoint, "load", lambda _: Scripted)
        registry._known.cache_clear()
        try:
            assert "bloomberg" in registry.names()
            assert isinstance(registry.connector_named("bloomberg"), Scripted)
        finally:
            registry._known.cache_clear()

    @pytest.mark.parametrize("name", ["files", "kraken_public", "alpaca", "json_api"])
    def test_our_own_can_be_made(self, name):
        assert registry.connector_named(name).fetch
