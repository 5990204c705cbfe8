"""Whose turn a pipeline is: one worker a date, taken over, resumed, cancelled."""

from datetime import timedelta

import pytest

from connectors.models import Delivery, Feed
from matching.models import ReconciliationRun
from matching.services import claims, runs
from tests import factories
from tests.integration.workflows.days import (
    DAY,
    INGEST_CUSTODIAN,
    INGEST_OMS,
    MORNING_AFTER,
    RECONCILE,
    steps,
)
from workflows.models import PipelineRun, PipelineStep
from workflows.services import daily
from workflows.services.daily import running
from workflows.services.steps import passing_on

pytestmark = [
    pytest.mark.django_db,
    # exchange_calendars reads a column in a way that pandas means to change.
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
]


class TestWhoRunsIt:
    def test_one_of_a_date_at_a_time(self, desk):
        run = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)

        with pytest.raises(daily.Busy, match=f"Pipeline {run.pk} of 2026-03-04 is at it"):
            desk.run()

    def test_one_whose_worker_is_gone_is_taken_over_and_goes_on(self, desk):
        desk.put("oms", "1 10")
        desk.put("custodian", "1 10")
        asked = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)
        running._claim(asked.pk, MORNING_AFTER)
        asked.steps.filter(subject="custodian-inbox").update(
            status="SUCCEEDED", ended_at=MORNING_AFTER
        )
        later = MORNING_AFTER + timedelta(minutes=5)

        taken = daily.request_pipeline(business_date=DAY, by=None, at=later)
        ended = daily.run_pipeline(pipeline_id=taken.pk, at=later)

        assert taken.pk == asked.pk
        assert (ended.status, ended.fencing_token) == ("SUCCEEDED", 2)
        assert not Delivery.objects.filter(feed__code="custodian-inbox").exists()

    def test_the_worker_that_was_taken_for_dead_writes_nothing_more(self, desk):
        asked = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)
        dead = running.Work(running._claim(asked.pk, MORNING_AFTER), MORNING_AFTER)
        running._claim(asked.pk, MORNING_AFTER + timedelta(minutes=5))
        step = asked.steps.first()

        with pytest.raises(running.ClaimLost):
            running._end(step, running.Outcome(running.StepStatus.SUCCEEDED), dead)
        with pytest.raises(running.ClaimLost):
            dead.link(step, delivery=factories.delivery())

        step.refresh_from_db()
        assert (step.status, step.delivery) == ("QUEUED", None)

    @pytest.mark.parametrize("kind", ["remediate", "route", "escalate"])
    def test_its_lease_is_renewed_while_a_step_goes_through_its_breaks(self, desk, kind):
        asked = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)
        work = running.Work(running._claim(asked.pk, MORNING_AFTER), MORNING_AFTER)
        factories.trade_break(opened_at=MORNING_AFTER - timedelta(days=1))
        PipelineRun.objects.update(lease_expires_at=MORNING_AFTER)

        getattr(passing_on, kind)(asked.steps.get(kind=kind), work)

        asked.refresh_from_db()
        assert asked.lease_expires_at > MORNING_AFTER

    def test_five_lost_workers_are_enough(self, desk):
        asked = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)
        at = MORNING_AFTER
        for _ in range(5):
            running._claim(asked.pk, at)
            at += timedelta(minutes=5)

        with pytest.raises(daily.NotClaimable):
            daily.run_pipeline(pipeline_id=asked.pk, at=at)

        asked.refresh_from_db()
        assert asked.status == "FAILED"
        assert "Given up after 5 attempts" in asked.error
        daily.resume_pipeline(pipeline_id=asked.pk, by=None, at=at)
        assert daily.run_pipeline(pipeline_id=asked.pk, at=at).status == "SUCCEEDED"

    def test_it_waits_in_the_queue_for_a_run_of_somebody_else(self, desk):
        desk.put("oms", "1 10")
        between = factories.reconciliation()
        other = runs.request_run(
            reconciliation=between, from_date=DAY, to_date=DAY, by=None, at=MORNING_AFTER
        )
        claims.claim_run(run_id=other.pk, at=MORNING_AFTER)
        asked = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)

        for _ in range(7):  # waiting is no failed attempt
            with pytest.raises(daily.Busy, match="already being reconciled"):
                daily.run_pipeline(pipeline_id=asked.pk, at=MORNING_AFTER)
        asked.refresh_from_db()
        assert (asked.status, asked.attempt) == ("QUEUED", 0)
        assert "already being reconciled" in asked.error
        ReconciliationRun.objects.filter(pk=other.pk).update(status="CANCELLED")

        ended = daily.run_pipeline(pipeline_id=asked.pk, at=MORNING_AFTER)
        assert (ended.status, ended.error) == ("SUCCEEDED", "")

    def test_a_run_that_only_waits_for_a_worker_is_taken(self, desk):
        other = runs.request_run(
            reconciliation=factories.reconciliation(), from_date=DAY, to_date=DAY, by=None,
            at=MORNING_AFTER,
        )  # fmt: skip

        run = desk.run()

        assert run.steps.get(kind="reconcile").reconciliation_run == other


class TestCancelling:
    def test_one_that_waits_never_begins(self, desk, analyst):
        asked = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)

        run = daily.cancel_pipeline(pipeline_id=asked.pk, by=analyst, at=MORNING_AFTER)

        assert (run.status, run.error) == ("CANCELLED", f"Cancelled by {analyst}.")
        assert set(steps(run).values()) == {"CANCELLED"}
        with pytest.raises(daily.NotClaimable):
            daily.run_pipeline(pipeline_id=run.pk, at=MORNING_AFTER)

    def test_one_that_runs_begins_no_further_step(self, desk):
        asked = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)

        def cancel(step: PipelineStep) -> None:
            if step.status == "SUCCEEDED" and step.subject == "oms-inbox":
                daily.cancel_pipeline(pipeline_id=asked.pk, by=None, at=MORNING_AFTER)

        run = daily.run_pipeline(pipeline_id=asked.pk, at=MORNING_AFTER, watcher=cancel)

        assert run.status == "CANCELLED"
        assert steps(run)[RECONCILE] == "CANCELLED"
        assert steps(run)[INGEST_OMS] == "SUCCEEDED"
        assert not ReconciliationRun.objects.exists()

    def test_is_resumed_where_it_stopped(self, desk):
        asked = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)
        daily.cancel_pipeline(pipeline_id=asked.pk, by=None, at=MORNING_AFTER)

        daily.resume_pipeline(pipeline_id=asked.pk, by=None, at=MORNING_AFTER)

        assert daily.run_pipeline(pipeline_id=asked.pk, at=MORNING_AFTER).status == "SUCCEEDED"

    @pytest.mark.parametrize("act", [daily.cancel_pipeline, daily.resume_pipeline])
    def test_what_has_ended_well_is_left(self, desk, act):
        run = desk.run()
        before = PipelineRun.objects.values().get()

        with pytest.raises(daily.NotAskable):
            act(pipeline_id=run.pk, by=None, at=MORNING_AFTER)

        assert PipelineRun.objects.values().get() == before

    def test_an_old_one_is_not_resumed_where_a_later_one_did_its_work(self, desk):
        old = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)
        daily.cancel_pipeline(pipeline_id=old.pk, by=None, at=MORNING_AFTER)
        new = desk.run()

        with pytest.raises(daily.NotAskable, match=f"Pipeline {new.pk} .* came after it"):
            daily.resume_pipeline(pipeline_id=old.pk, by=None, at=MORNING_AFTER)

    def test_what_was_turned_on_or_off_since_joins_or_leaves_a_resumed_one(self, desk):
        asked = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)
        daily.cancel_pipeline(pipeline_id=asked.pk, by=None, at=MORNING_AFTER)
        factories.feed("amber", source="oms", settings={"folder": "oms"})
        Feed.objects.filter(code="oms-inbox").update(is_enabled=False)

        run = daily.resume_pipeline(pipeline_id=asked.pk, by=None, at=MORNING_AFTER)

        assert list(steps(run)) == ["ingest amber", INGEST_CUSTODIAN, RECONCILE]
        assert [step.position for step in run.steps.all()][:3] == [1, 2, 3]
