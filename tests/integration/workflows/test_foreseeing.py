"""The pipeline's step that scores, and the schedules of scoring and watching."""

from datetime import timedelta

import pytest

from predictions import registry
from predictions.models import TradeScore, WatchedWeek
from predictions.tasks import score_trades
from tests.foresight import model_in_force
from tests.integration.workflows.days import MORNING_AFTER, RECONCILE, steps
from workflows.tasks import watch_predictions

pytestmark = [
    pytest.mark.django_db,
    # exchange_calendars reads a column in a way that pandas means to change.
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
]


@pytest.fixture
def model(settings, tmp_path):
    return model_in_force(settings, tmp_path / "models")


def score_step(run):
    return run.steps.get(kind="score")


class TestTheStep:
    def test_scores_what_came_before_anything_is_compared(self, desk, model):
        desk.put("oms", "1 10", "2 20")
        desk.put("custodian", "1 10")

        run = desk.run()

        step = score_step(run)
        reconciled = run.steps.get(kind="reconcile")
        assert (step.status, step.figures["scored"]) == ("SUCCEEDED", 3)
        assert step.position < reconciled.position
        assert TradeScore.objects.filter(before_run=True, model_version=model).count() == 3

    def test_a_date_run_once_more_scores_only_what_is_new(self, desk, model):
        desk.put("oms", "1 10")
        desk.run()
        desk.put("oms", "1 10", "2 20")

        again = desk.run(at=MORNING_AFTER + timedelta(hours=1))

        assert score_step(again).figures["scored"] == 1
        assert TradeScore.objects.count() == 2

    def test_without_a_model_says_so_and_is_skipped(self, desk, settings, tmp_path):
        settings.ML_ARTIFACTS = tmp_path / "none"
        desk.put("oms", "1 10")
        desk.put("custodian", "1 10")

        run = desk.run()

        step = score_step(run)
        assert (step.status, run.status) == ("SKIPPED", "SUCCEEDED")
        assert "There is no break-prediction model yet" in step.says
        assert steps(run)[RECONCILE] == "SUCCEEDED"

    def test_an_altered_model_fails_the_step_and_holds_up_no_other(self, desk, model):
        registry.path().write_bytes(b"something else")
        desk.put("oms", "1 10")
        desk.put("custodian", "1 10")

        run = desk.run()

        assert score_step(run).status == "FAILED"
        assert "is not the file that was registered" in score_step(run).says
        assert steps(run)[RECONCILE] == "SUCCEEDED"
        assert run.status == "FAILED"


class TestTheSchedules:
    def test_do_nothing_without_a_model(self, settings, tmp_path):
        settings.ML_ARTIFACTS = tmp_path / "none"

        score_trades()
        watch_predictions()

        assert not TradeScore.objects.exists()
        assert not WatchedWeek.objects.exists()

    def test_do_nothing_with_a_file_that_was_altered(self, model):
        registry.path().write_bytes(b"something else")

        score_trades()
        watch_predictions()

        assert not WatchedWeek.objects.exists()

    def test_watch_what_was_scored(self, desk, model):
        desk.put("oms", "1 10", "2 20")
        desk.run()

        watch_predictions()

        assert WatchedWeek.objects.get().scored == 2
