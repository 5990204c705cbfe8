from datetime import date

import pytest
import time_machine

from connectors.choices import DeliveryStatus
from connectors.models import Delivery, Feed
from connectors.services import queue_deliveries
from connectors.tasks import run_ingestion
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 4)


@pytest.fixture
def folder(tmp_path, settings):
    settings.FEED_ROOT = tmp_path
    Feed.objects.all().delete()
    return factories.feed("folder", settings={"folder": "", "pattern": "*.csv"})


def test_its_name_is_fixed_and_it_acknowledges_late():
    assert run_ingestion.name == "tasks.run_ingestion"
    assert run_ingestion.acks_late


@time_machine.travel("2026-03-05T12:00:00Z", tick=False)
def test_without_ids_every_enabled_feed_is_fetched_for_yesterday_and_today(folder):
    factories.feed("off", is_enabled=False)

    done = run_ingestion()

    (delivery,) = Delivery.objects.all()
    assert done == [delivery.pk]
    assert (delivery.from_date, delivery.to_date) == (DAY, date(2026, 3, 5))
    assert delivery.status == DeliveryStatus.LOADED


def test_a_second_message_for_the_same_delivery_changes_nothing(folder):
    (queued,) = queue_deliveries(
        feeds=[folder], from_date=DAY, to_date=DAY, by=None, at=factories.NOW
    )

    assert run_ingestion([queued.pk]) == [queued.pk]
    assert run_ingestion([queued.pk]) == []
