import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from recon_project.celery import app

pytestmark = pytest.mark.django_db


def _rows() -> list[PeriodicTask]:
    return list(PeriodicTask.objects.exclude(task__startswith="celery."))


def test_the_fixed_tasks_have_a_row_each():
    assert {row.task for row in _rows()} == {
        "tasks.run_ingestion",
        "tasks.run_reconciliation",
        "tasks.recover_stale_work",
        "tasks.check_sla_breaches",
        "tasks.send_notifications",
        "tasks.route_breaks",
        "tasks.daily_pipeline",
        "tasks.find_causes",
        "tasks.score_trades",
        "tasks.train_break_model",
        "tasks.watch_predictions",
        "tasks.refresh_calendars",
        "tasks.write_history_root",
        "tasks.mail_daily_reports",
        "tasks.open_sign_offs",
    }


def test_every_row_names_a_task_that_exists():
    app.loader.import_default_modules()

    assert [row.task for row in _rows() if row.task not in app.tasks] == []


def test_every_row_falls_due_and_expires_before_the_next_is_sent():
    for row in _rows():
        remaining = row.schedule.remaining_estimate(timezone.now()).total_seconds()
        assert 0 < remaining <= row.expire_seconds
