"""/metrics: who reads it, that it says what the rows say, and that Grafana asks for no more."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from knox.models import AuthToken
from prometheus_client.parser import text_string_to_metric_families

from recon_project.models import WorkerPulse
from tests import factories
from tests.predicting import model_version

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]
TOKEN = "a-token-of-twenty-characters"


@pytest.fixture
def scrape(client, settings):
    """Return a function that reads the page as Prometheus does: samples by name and labels."""
    settings.METRICS_TOKEN = TOKEN

    def read():
        answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(answer.content.decode())
            for sample in family.samples
        }

    return read


def add_rows(count):
    now = timezone.now()
    for _ in range(count):
        factories.trade_break(severity="HIGH", due_at=now - timedelta(hours=1))
        factories.trade_break(severity="CRITICAL", due_at=now + timedelta(hours=1))
        factories.trade_break(severity="CRITICAL", status="RESOLVED")
        factories.run(started_at=now, finished_at=now + timedelta(seconds=3))
        factories.delivery(started_at=now, finished_at=now + timedelta(minutes=2))
        factories.delivery(status="QUEUED", loaded=0, received_at=now - timedelta(minutes=5))
        factories.rejected_row()


class TestWhoReads:
    @pytest.mark.parametrize(
        "headers",
        [{}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer "},
         {"authorization": "Token wrong"}, {"authorization": "Basic YTpi"},
         {"authorization": f"Token {TOKEN}"}],
    )  # fmt: skip
    def test_nobody_without_the_token(self, client, settings, headers):
        settings.METRICS_TOKEN = TOKEN

        answer = client.get("/metrics", headers=headers)

        assert answer.status_code == 403
        assert "METRICS_TOKEN" in answer.content.decode()

    def test_no_token_set_lets_no_empty_one_in(self, client, settings):
        settings.METRICS_TOKEN = ""

        assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 403

    def test_an_api_token_of_whoever_may_see_the_workers(self, client, integration, analyst):
        for person, status in ((integration, 200), (analyst, 403)):
            _, token = AuthToken.objects.create(user=person)
            answer = client.get("/metrics", headers={"authorization": f"Token {token}"})
            assert answer.status_code == status

    def test_a_signed_in_administrator(self, browser_as, administrator, analyst):
        assert browser_as(administrator).get("/metrics").status_code == 200
        assert browser_as(analyst).get("/metrics").status_code == 403

    def test_it_is_only_read(self, browser_as, administrator):
        assert browser_as(administrator).post("/metrics").status_code == 405


class TestFigures:
    def test_breaks_by_severity(self, scrape):
        add_rows(2)

        found = scrape()

        assert found["desk_open_breaks", "critical"] == 2
        assert found["desk_open_breaks", "high"] == found["desk_overdue_breaks", "high"] == 2
        assert found["desk_overdue_breaks", "critical"] == found["desk_open_breaks", "low"] == 0

    def test_durations_and_queues(self, scrape):
        add_rows(2)

        found = scrape()

        assert found["desk_run_duration_seconds_bucket", "1.0", "oms-custodian"] == 0
        assert found["desk_run_duration_seconds_bucket", "5.0", "oms-custodian"] == 2
        assert found["desk_run_duration_seconds_sum", "oms-custodian"] == 6
        assert found["desk_delivery_duration_seconds_count", "oms"] == 2
        assert found["desk_delivery_duration_seconds_bucket", "60.0", "oms"] == 0
        assert found["desk_queue_depth", "delivery", "queued"] == 2
        assert 299 < found["desk_queue_oldest_seconds", "delivery"] < 400
        assert found["desk_queue_depth", "notification", "queued"] == 0
        assert found["desk_quarantined_rows",] == 2

    def test_the_newest_sign_of_life_counts(self, scrape):
        assert ("desk_worker_heartbeat_age_seconds",) not in scrape()
        WorkerPulse.objects.create(name="a", seen_at=timezone.now() - timedelta(seconds=40))
        WorkerPulse.objects.create(name="b", seen_at=timezone.now() - timedelta(seconds=5))

        found = scrape()

        assert found["desk_workers",] == 2
        assert 5 <= found["desk_worker_heartbeat_age_seconds",] < 30

    def test_the_age_of_the_model(self, scrape, settings, tmp_path):
        settings.ML_ARTIFACTS = tmp_path
        assert scrape()["desk_model_present",] == 0
        model_version(status="ACTIVE", made_at=timezone.now() - timedelta(days=2))

        found = scrape()

        assert found["desk_model_present",] == 1
        assert 172_800 <= found["desk_model_age_seconds",] < 172_900
        (tmp_path / settings.BREAK_PREDICTION_MODEL).write_bytes(b"another")
        assert scrape()["desk_model_present",] == 0

    def test_a_scrape_costs_the_same_with_many_rows(self, scrape):
        add_rows(1)
        counts = []
        for more in (0, 10):
            add_rows(more)
            with CaptureQueriesContext(connection) as captured:
                scrape()
            counts.append(len(captured))

        assert counts[0] == counts[1] <= 12


class TestGrafana:
    def test_every_metric_it_names_is_exported(self, scrape, settings, tmp_path):
        add_rows(1)
        settings.ML_ARTIFACTS = tmp_path
        model_version(status="ACTIVE")
        WorkerPulse.objects.create(name="a", seen_at=timezone.now())
        from workflows.models import PipelineRun

        PipelineRun.objects.create(
            business_date=factories.TRADE_DATE, status="SUCCEEDED", requested_at=factories.NOW,
            finished_at=factories.NOW,
        )  # fmt: skip
        text = (ROOT / "docs/grafana/recon-desk.json").read_text()
        asked = {
            name
            for panel in json.loads(text)["panels"]
            for target in panel["targets"]
            for name in re.findall(r"\bdesk_\w+", target["expr"])
        }

        assert asked
        assert asked <= {name for name, *_ in scrape()}

    def test_the_page_on_monitoring_names_what_there_is(self, scrape):
        add_rows(1)
        text = (ROOT / "docs/how-to/monitoring.md").read_text()
        named = set(re.findall(r"\bdesk_\w+", text))
        there = {re.sub("_(bucket|sum|count)$", "", name) for name, *_ in scrape()}

        assert there - named == set()


@pytest.mark.postgres
def test_on_postgres_it_says_the_same(on_postgres, client, settings):
    settings.METRICS_TOKEN = TOKEN
    add_rows(2)

    page = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).content.decode()

    assert 'desk_open_breaks{severity="critical"} 2.0' in page
    assert 'desk_run_duration_seconds_sum{reconciliation="oms-custodian"} 6.0' in page
    assert 'desk_queue_depth{kind="delivery",state="queued"} 2.0' in page
