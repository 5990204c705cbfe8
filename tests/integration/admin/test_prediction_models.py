"""Models and trainings as people see them: who may start, activate, and what is drawn."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from breaks.models import ApprovalRequest
from predictions import registry
from predictions.choices import ModelStatus, TrainingStatus
from predictions.models import TrainingRun
from tests import factories
from tests.predicting import model_version

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _models_of_its_own(settings, tmp_path):
    settings.ML_ARTIFACTS = tmp_path / "models"


def _at(name, *args):
    return reverse(f"admin:predictions_{name}", args=args)


def test_a_model_shows_its_curves_and_what_it_beat(browser_as, administrator):
    version = model_version(status=ModelStatus.ACTIVE)

    shown = browser_as(administrator).get(_at("modelversion_change", version.pk)).content.decode()

    assert shown.count('class="dk-draw dk-curve"') == 2
    assert shown.count("<circle") == 3
    assert "Against the simpler ones" in shown
    assert version.digest[:16] in shown
    assert "Put its file back" not in shown
    assert "<script>" not in shown.replace('<script src="', "")


def test_an_altered_file_is_said_and_put_back(
    browser_as, administrator, django_capture_on_commit_callbacks
):
    version = model_version(status=ModelStatus.ACTIVE)
    registry.path().write_bytes(b"other bytes")
    browser = browser_as(administrator)

    shown = browser.get(_at("modelversion_change", version.pk)).content.decode()
    assert "was altered, and is not loaded" in shown
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(_at("modelversion_restore", version.pk), {})

    assert registry.state() == "ok"


def test_whoever_decides_sees_it_beside_the_one_in_force(browser_as, administrator):
    now, wanted = model_version(status=ModelStatus.ACTIVE), model_version()
    browser = browser_as(administrator)
    browser.post(_at("modelversion_activate", wanted.pk), {"reason": "It is better."})
    request = ApprovalRequest.objects.get()

    second = browser_as(factories.user("Supervisor"))
    page = reverse("admin:breaks_approvalrequest_change", args=[request.pk])
    shown = second.get(page).content.decode()

    assert str(wanted) in shown
    assert str(now) in shown
    assert "How well each foresees" in shown


@pytest.mark.parametrize("group", ["Analyst", "Auditor"])
def test_others_look_and_do_not_act(browser_as, group):
    version = model_version()
    browser = browser_as(factories.user(group))

    shown = browser.get(_at("modelversion_change", version.pk))
    assert shown.status_code == 200
    assert "Activate</" not in shown.content.decode()
    given = {"reason": "It is better."}
    assert browser.post(_at("modelversion_activate", version.pk), given).status_code == 403
    assert browser.post(_at("modelversion_train"), {}).status_code == 403
    assert not ApprovalRequest.objects.exists()
    assert not TrainingRun.objects.exists()


def test_the_button_queues_a_training_and_leads_to_its_page(browser_as, administrator):
    browser = browser_as(administrator)
    assert browser.get(_at("modelversion_train")).status_code == 200
    assert not TrainingRun.objects.exists()

    answer = browser.post(_at("modelversion_train"), {})

    run = TrainingRun.objects.get()
    assert answer.url == _at("trainingrun_change", run.pk)
    assert run.requested_by == administrator
    assert "Waiting for a worker" in browser.get(answer.url).content.decode()


def test_a_training_is_followed_as_it_goes_on(browser_as, administrator):
    now = timezone.now()
    run = TrainingRun.objects.create(
        status=TrainingStatus.RUNNING, requested_at=now, started_at=now, step="Learning with trees",
        progress_pct=35, lease_expires_at=now + timedelta(minutes=5), fencing_token=1,
    )  # fmt: skip
    browser = browser_as(administrator)

    shown = browser.get(_at("trainingrun_live", run.pk)).content.decode()
    assert "Learning with trees" in shown
    assert "35%" in shown
    assert 'hx-trigger="every 2s"' in shown
    TrainingRun.objects.update(status=TrainingStatus.FAILED, error="Too few trades broke.")
    ended = browser.get(_at("trainingrun_live", run.pk)).content.decode()
    assert "Too few trades broke." in ended
    assert "hx-trigger" not in ended


@pytest.mark.parametrize("page", ["modelversion_changelist", "trainingrun_changelist"])
def test_lists_ask_the_same_whatever_they_hold(browser_as, administrator, page):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries():
        with CaptureQueriesContext(connection) as caught:
            assert browser.get(_at(page)).status_code == 200
        return len(caught)

    def fill(count):
        for _ in range(count):
            run = TrainingRun.objects.create(
                requested_at=timezone.now(), status=TrainingStatus.SUCCEEDED,
                requested_by=administrator,
            )  # fmt: skip
            model_version(training=run, kept=False)

    browser = browser_as(administrator)
    fill(2)
    browser.get(_at(page))
    few = queries()
    fill(10)

    assert queries() == few
