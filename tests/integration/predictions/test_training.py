"""What there is to learn from, when there is too little, and who has the work."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from breaks.choices import BreakStatus, BreakType, ReasonCode
from matching.models import Reconciliation
from predictions import registry
from predictions.choices import TrainingStatus
from predictions.models import ModelVersion, TrainingRun
from predictions.services import training
from predictions.services.training import examples as examples_module
from predictions.services.training.examples import HORIZON, _sightings, examples
from tests import factories
from trades.models import Trade
from workflows.services.recovering import wake_stale_work

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def between():
    found = Reconciliation.objects.filter(left_source__code="oms").first()
    return found or factories.reconciliation()


def seen(at=NOW - 10 * DAY, **over):
    return factories.trade(received_at=at, changed_at=at, **over)


def breaks(trade, at, kind=BreakType.MISSING_RIGHT, **over):
    return factories.trade_break(
        kind, left_trade=trade, right_trade=None, opened_at=at, last_seen_at=at, **over
    )


def labels():
    rows = _sightings(NOW)
    return dict(zip(rows["trade"].tolist(), rows["broke"].tolist(), strict=True))


class TestWhatIsLearntFrom:
    def test_a_break_within_the_horizon_is_one_and_after_it_none(self):
        came = NOW - 20 * DAY
        last, after, never = seen(came), seen(came), seen(came)
        breaks(last, came + HORIZON)
        breaks(after, came + HORIZON + SECOND)

        assert labels() == {last.pk: True, after.pk: False, never.pk: False}

    def test_what_came_too_lately_is_left_out(self):
        old = seen(NOW - HORIZON)
        seen(NOW - HORIZON + SECOND)

        assert labels() == {old.pk: False}

    def test_a_late_file_and_what_a_person_found_to_be_none_are_no_breaks(self):
        late, none, both = seen(), seen(), seen()
        ended = {
            "status": BreakStatus.RESOLVED,
            "reason_code": ReasonCode.NOT_A_BREAK,
        }
        breaks(late, NOW - 9 * DAY, BreakType.TIMING)
        breaks(none, NOW - 9 * DAY, **ended)
        breaks(both, NOW - 9 * DAY, **ended)
        breaks(both, NOW - 8 * DAY, BreakType.SIDE)

        assert labels() == {late.pk: False, none.pk: False, both.pk: True}

    def test_what_was_loaded_after_the_other_side_or_the_break_is_left_out(self):
        early, late = seen(NOW - 10 * DAY), seen(NOW - 8 * DAY)
        for ours, at in ((early, NOW - 9 * DAY), (late, NOW - 9 * DAY)):
            theirs = seen(at, source="custodian")
            factories.match(left=[ours], right=[theirs])
        broken_before = seen(NOW - 8 * DAY)
        breaks(broken_before, NOW - 9 * DAY)

        found = labels()

        assert early.pk in found
        assert not {late.pk, broken_before.pk} & found.keys()

    def test_a_trade_of_no_reconciliation_is_left_out(self):
        seen(source="kraken")
        Reconciliation.objects.exclude(left_source__code="oms").update(is_enabled=False)
        ours = seen()

        assert labels() == {ours.pk: False}

    def test_the_parts_follow_each_other_and_no_moment_is_in_two(self, monkeypatch):
        monkeypatch.setattr(
            examples_module, "LEAST_BROKEN", {"train": 1, "calibration": 1, "test": 1}
        )
        for number in range(60):
            one = seen(NOW - 60 * DAY + (number // 6) * DAY)
            if number % 3 == 0:
                breaks(one, one.received_at + DAY)

        found = examples(at=NOW)

        spans = [found.spans[name] for name in ("train", "calibration", "test")]
        assert spans[0][1] < spans[1][0] <= spans[1][1] < spans[2][0]
        assert found.rows == 60
        assert all(part.broken * 3 == part.rows for part in found.parts.values())


class TestTooLittle:
    """A plain sentence, exit code 1, and no file."""

    def refused(self, words):
        with pytest.raises(CommandError, match=words) as said:
            call_command("train_break_model")
        assert said.value.returncode == 1
        assert not registry.path().parent.exists()
        assert not ModelVersion.objects.exists()
        run = TrainingRun.objects.get()
        assert (run.status, run.error) == (TrainingStatus.FAILED, str(said.value))
        assert run.finished_at is not None

    def test_no_history(self):
        self.refused("There is nothing to learn from")

    def test_nothing_broke(self):
        seen()
        self.refused("None of the 1 trades .* broke")

    def test_all_broke(self):
        one = seen()
        breaks(one, NOW - 9 * DAY)
        self.refused("All of the 1 trades .* broke")

    def test_too_little_broke(self):
        for number in range(20):
            one = seen(NOW - 40 * DAY + number * DAY)
            if number % 5 == 0:
                breaks(one, one.received_at + DAY)
        self.refused(r"Too few trades broke: 3 of the 14 it learns from, and 50 are needed")


class TestTheWork:
    def test_waits_once_however_often_it_is_asked_for(self, administrator):
        first = training.request_training(by=administrator, at=NOW)
        second = training.request_training(by=None, at=NOW + DAY)

        assert second == first
        assert TrainingRun.objects.count() == 1

    def test_is_done_by_one_worker_at_a_time(self):
        running = TrainingRun.objects.create(
            status=TrainingStatus.RUNNING, requested_at=NOW, started_at=NOW,
            lease_expires_at=NOW + DAY, fencing_token=1,
        )  # fmt: skip
        waiting = training.request_training(by=None, at=NOW)

        with pytest.raises(training.TrainingNotClaimable, match=f"{running} is at work"):
            training.train(run_id=waiting.pk, at=NOW)
        with pytest.raises(training.TrainingNotClaimable, match="is running"):
            training.train(run_id=running.pk, at=NOW)
        waiting.refresh_from_db()
        assert waiting.status == TrainingStatus.QUEUED

    def test_of_a_lost_worker_is_taken_over(self):
        lost = TrainingRun.objects.create(
            status=TrainingStatus.RUNNING, requested_at=NOW, started_at=NOW,
            lease_expires_at=NOW - SECOND, fencing_token=1,
        )  # fmt: skip

        with pytest.raises(training.NothingToLearn):
            training.train(run_id=lost.pk, at=NOW)

        lost.refresh_from_db()
        assert (lost.status, lost.fencing_token) == (TrainingStatus.FAILED, 2)

    def test_that_ended_is_not_done_again(self):
        run = training.request_training(by=None, at=NOW)
        with pytest.raises(training.NothingToLearn):
            training.train(run_id=run.pk, at=NOW)

        with pytest.raises(training.TrainingNotClaimable, match="is failed"):
            training.train(run_id=run.pk, at=NOW)

    def test_whose_message_was_lost_is_woken(self, django_capture_on_commit_callbacks):
        TrainingRun.objects.create(requested_at=NOW - DAY)

        with django_capture_on_commit_callbacks() as sent:
            assert wake_stale_work(at=NOW) >= 1
        assert len(sent) >= 1

    def test_two_that_run_at_once_cannot_be(self):
        TrainingRun.objects.create(requested_at=NOW, status=TrainingStatus.RUNNING)
        with pytest.raises(IntegrityError), transaction.atomic():
            TrainingRun.objects.create(requested_at=NOW, status=TrainingStatus.RUNNING)


def test_features_hold_floats_and_the_stored_money_stays_exact():
    one = seen(price="187.123456789", quantity="3")

    examples_module.features_of_sightings(_sightings(NOW))

    stored = Trade.objects.get(pk=one.pk)
    assert (stored.price, stored.quantity) == (Decimal("187.123456789"), Decimal(3))
