from datetime import date

import pytest
import time_machine

from connectors.choices import DeliveryStatus
from connectors.models import Delivery, Feed
from connectors.registry import connector_named
from connectors.services import queue_deliveries
from connectors.tasks import run_ingestion
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 4)
FILE = "trade_id,trade_date,isin,side,quantity\nT1,2026-03-04,US0378331005,BUY,100\n"


@pytest.fixture
def folder(tmp_path, settings):
    settings.FEED_ROOT = tmp_path
    Feed.objects.all().delete()
    return factories.feed("folder", settings={"folder": "", "pattern": "*.csv"})


def test_its_name_is_fixed_and_it_acknowledges_late():
    assert run_ingestion.name == "tasks.run_ingestion"
    assert run_ingestion.acks_late


@time_machine.travel("2026-03-05T12:00:00Z", tick=False)
def test_without_ids_every_enabled_feed_is_fetched(folder, settings):
    factories.feed("off", is_enabled=False)
    (settings.FEED_ROOT / "oms.csv").write_text(FILE)

    done = run_ingestion()

    (delivery,) = Delivery.objects.all()
    assert done == [delivery.pk]
    assert (delivery.status, delivery.loaded) == (DeliveryStatus.LOADED, 1)


@pytest.mark.usefixtures("folder")
def test_a_look_that_found_nothing_leaves_no_row():
    run_ingestion()

    assert not Delivery.objects.exists()


def test_a_second_message_for_the_same_delivery_changes_nothing(folder):
    (queued,) = queue_deliveries(
        feeds=[folder], from_date=DAY, to_date=DAY, by=None, at=factories.NOW
    )

    assert run_ingestion([queued.pk]) == [queued.pk]
    assert run_ingestion([queued.pk]) == []


def test_a_fault_in_one_delivery_holds_up_no_other_and_it_can_be_tried_again(folder, monkeypatch):
    class Broken:
        def fetch(self, _order):
            raise RuntimeError("a fault of ours")

    monkeypatch.setattr(
        "connectors.services.deliveries.connector_named",
        lambda name: Broken() if name == "broken" else connector_named(name),
    )
    broken = factories.feed("broken", connector="broken")
    first, second = queue_deliveries(
        feeds=[broken, folder], from_date=DAY, to_date=DAY, by=None, at=factories.NOW
    )

    assert run_ingestion([first.pk, second.pk]) == [second.pk]
    first.refresh_from_db()
    assert (first.status, first.error) == (DeliveryStatus.QUEUED, "RuntimeError: a fault of ours")


def test_the_sweeps_message_ends_a_file_whose_process_died():
    """The sweep wakes every delivery whose lease ran out; a file cannot be fetched again."""
    left = Delivery.objects.create(
        source=factories.source(), name="t.csv", status=DeliveryStatus.RUNNING, attempt=1,
        received_at=factories.NOW, lease_expires_at=factories.NOW,
    )  # fmt: skip

    assert run_ingestion([left.pk]) == []

    left.refresh_from_db()
    assert left.status == DeliveryStatus.FAILED
    assert "nothing of it was loaded" in left.error
