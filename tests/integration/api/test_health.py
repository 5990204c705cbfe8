import socket
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from predictions.choices import ModelStatus
from recon_project import pulse
from recon_project.health import health
from recon_project.models import WorkerPulse
from tests.predicting import model_version


@pytest.fixture
def beating(db):
    pulse.write_pulse(name="host:1", at=timezone.now())


def checks(**over: str) -> dict[str, str]:
    return {"database": "ok", "broker": "ok", "worker": "ok", "model": "absent"} | over


class TestHealth:
    def test_needs_no_caller_and_tells_no_secret(self, api, beating, settings):
        answer = api.get("/api/v1/health")

        assert answer.status_code == 200
        shown = answer.json()
        assert shown.keys() == {"status", "timestamp", "environment", "version", "checks"}
        assert (shown["status"], shown["checks"]) == ("ok", checks())
        assert (shown["environment"], shown["version"]) == ("test", settings.VERSION)
        assert answer["Cache-Control"] == "no-store"
        for secret in (settings.SECRET_KEY, str(settings.VAR_DIR), "sqlite", "filesystem"):
            assert secret not in answer.content.decode()

    def test_a_token_that_expired_does_not_matter(self, api, beating):
        api.credentials(HTTP_AUTHORIZATION="Token gone")

        assert api.get("/api/v1/health").status_code == 200

    def test_answers_a_head(self, api, beating):
        assert api.head("/api/v1/health").status_code == 200

    def test_reads_the_database_at_most_twice(self, api, beating, django_assert_max_num_queries):
        with django_assert_max_num_queries(2):
            api.get("/api/v1/health")


class TestWorker:
    def test_that_never_was_is_down(self, db):
        assert health()["checks"] == checks(worker="down")
        assert health()["status"] == "degraded"

    def test_that_fell_silent_is_down(self, db):
        pulse.write_pulse(name="host:1", at=timezone.now() - timedelta(minutes=2))

        assert health()["checks"]["worker"] == "down"

    def test_beats_in_one_row_and_forgets_the_long_dead(self, db):
        now = timezone.now()
        pulse.write_pulse(name="dead", at=now - timedelta(days=2))
        for second in (0, 10):
            pulse.write_pulse(name="host:1", at=now + timedelta(seconds=second))

        (row,) = WorkerPulse.objects.all()
        assert (row.name, row.seen_at) == ("host:1", now + timedelta(seconds=10))

    def test_that_stops_in_order_is_gone(self, beating):
        pulse.forget_pulse(name="host:1")

        assert health()["checks"]["worker"] == "down"


class TestBroker:
    def test_a_spool_that_is_gone_is_down(self, beating, settings, tmp_path):
        settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(tmp_path / "gone")}

        assert health()["checks"] == checks(broker="down")

    def test_a_redis_that_refuses_is_down_at_once(self, beating, settings):
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{_free_port()}/0"
        health()  # imports the client

        began = time.monotonic()
        found = health()

        assert (found["status"], found["checks"]["broker"]) == ("degraded", "down")
        assert time.monotonic() - began < 1

    def test_a_redis_that_does_not_answer_is_down_within_a_second(self, beating, settings):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"

            began = time.monotonic()
            found = health()

        assert found["checks"]["broker"] == "down"
        assert time.monotonic() - began < 1.5

    def test_any_other_broker_is_asked_too(self, beating, settings):
        settings.CELERY_BROKER_URL = f"amqp://127.0.0.1:{_free_port()}//"

        assert health()["checks"]["broker"] == "down"


def test_the_file_of_the_model_in_force_is_seen(beating, settings, tmp_path):
    settings.ML_ARTIFACTS = tmp_path
    model_version(status=ModelStatus.ACTIVE)

    assert health()["checks"] == checks(model="ok")


def test_another_file_in_its_place_is_seen_too(beating, settings, tmp_path):
    settings.ML_ARTIFACTS = tmp_path
    (tmp_path / settings.BREAK_PREDICTION_MODEL).write_bytes(b"model")

    found = health()

    assert found["checks"] == checks(model="altered")
    assert found["status"] == "degraded"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
