"""A search for causes that a person starts: who may, what its page tells, done once."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories
from workflows import tasks
from workflows.models import RootCauseAnalysis
from workflows.services import causes, recovering
from workflows.services.causes.analysing import WAITING

pytestmark = pytest.mark.django_db
NOW, DAY = factories.NOW, factories.TRADE_DATE
LOOK = reverse("admin:workflows_rootcausefinding_look")


@pytest.fixture
def sent(monkeypatch):
    """The messages that would reach a broker: the edge of the process."""
    messages = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda name, kwargs: messages.append((name, kwargs))
    )
    return messages


def request(**over):
    values = {"reconciliation": factories.reconciliation(), "from_date": DAY, "to_date": DAY,
              "at": NOW, "by": None}  # fmt: skip
    return causes.request_analysis(**values | over)


@pytest.mark.parametrize(
    ("role", "may"), [("analyst", False), ("auditor", False), ("supervisor", True)]
)
def test_only_supervisors_and_up_start_one(role, may, request, browser_as):
    browser = browser_as(request.getfixturevalue(role))

    shown = browser.get(reverse("admin:workflows_rootcausefinding_changelist")).content.decode()

    assert ("Look for causes now" in shown) is may
    assert browser.get(LOOK).status_code == (200 if may else 403)


def test_it_is_started_followed_and_ends(
    supervisor, browser_as, sent, django_capture_on_commit_callbacks
):
    between = factories.reconciliation()
    browser = browser_as(supervisor)
    given = {"reconciliation": between.pk, "from_date": DAY, "to_date": DAY}

    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(LOOK, given)

    row = RootCauseAnalysis.objects.get()
    assert answer.url == reverse("admin:workflows_rootcauseanalysis_change", args=[row.pk])
    assert sent == [("tasks.analyse_causes", {"analysis_id": row.pk})]
    assert (row.requested_by, row.step) == (supervisor, WAITING)
    page = browser.get(answer.url).content.decode()
    assert "Waiting for a worker" in page
    assert reverse("admin:workflows_rootcauseanalysis_live", args=[row.pk]) in page

    tasks.analyse_causes(analysis_id=row.pk)
    tasks.analyse_causes(analysis_id=row.pk)

    row.refresh_from_db()
    assert (row.status, row.progress_pct) == ("SUCCEEDED", 100)
    assert "stands out from chance" in browser.get(answer.url).content.decode()


def test_a_second_is_refused_in_the_form(supervisor, browser_as):
    row = request(at=timezone.now())
    given = {"reconciliation": row.reconciliation_id, "from_date": DAY, "to_date": DAY}

    shown = browser_as(supervisor).post(LOOK, given).content.decode()

    assert "wait until it ends" in shown
    assert RootCauseAnalysis.objects.count() == 1


def test_dates_in_the_wrong_order_are_told(supervisor, browser_as):
    given = {"reconciliation": factories.reconciliation().pk, "from_date": DAY,
             "to_date": DAY - timedelta(days=1)}  # fmt: skip

    assert "is before the first" in browser_as(supervisor).post(LOOK, given).content.decode()


def test_only_one_worker_has_it():
    row = request()
    causes.run_analysis(analysis_id=row.pk, at=NOW)

    with pytest.raises(causes.AnalysisBusy, match="taken already"):
        causes.run_analysis(analysis_id=row.pk, at=NOW)


def test_a_lost_message_is_sent_again(sent, django_capture_on_commit_callbacks):
    row = request()

    with django_capture_on_commit_callbacks(execute=True):
        recovering.wake_stale_work(at=NOW + timedelta(seconds=30))
    assert sent == []
    with django_capture_on_commit_callbacks(execute=True):
        recovering.wake_stale_work(at=NOW + timedelta(minutes=2))

    assert sent == [("tasks.analyse_causes", {"analysis_id": row.pk})]


def test_its_page_is_for_those_who_see_every_team(analyst, browser_as):
    row = request()

    page = reverse("admin:workflows_rootcauseanalysis_change", args=[row.pk])

    assert browser_as(analyst).get(page).status_code == 403
