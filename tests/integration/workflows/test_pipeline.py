"""The main job of a business date: what each step does, says and leaves to the next."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from breaks.models import PendingTrade, TradeBreak
from connectors.models import Delivery, Feed
from matching.models import ReconciliationRun
from matching.services import claims, runs
from tests import factories
from tests.integration.workflows.days import (
    DAY,
    MORNING_AFTER,
    Desk,
    counts,
    live_types,
    says,
    standing,
    steps,
)
from workflows.models import PipelineRun, PipelineStep
from workflows.services import daily
from workflows.services.daily import running

pytestmark = [
    pytest.mark.django_db,
    # exchange_calendars reads a column in a way that pandas means to change.
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
]

INGEST_OMS, INGEST_CUSTODIAN = "ingest oms-inbox", "ingest custodian-inbox"
RECONCILE = "reconcile oms-custodian"


@pytest.fixture
def desk(tmp_path, settings):
    settings.FEED_ROOT = tmp_path / "inbox"
    return Desk(settings.FEED_ROOT)


class TestTheWholeDay:
    def test_files_become_trades_matches_and_breaks(self, desk):
        desk.put("oms", "1 10", "2 20", "3 30")
        desk.put("custodian", "1 10", "2 21")

        run = desk.run()

        assert (run.status, run.error) == ("SUCCEEDED", "")
        assert steps(run) == dict.fromkeys([INGEST_CUSTODIAN, INGEST_OMS, RECONCILE], "SUCCEEDED")
        assert counts(run, INGEST_OMS) == {
            "files": 1, "rows": 3, "loaded": 3, "amended": 0, "duplicates": 0, "rejected": 0,
        }  # fmt: skip
        assert counts(run, RECONCILE) == {
            "trades": 5, "matched": 2, "review": 0, "breaks": 2, "opened": 2, "cleared": 0,
            "pending": 0,
        }  # fmt: skip
        assert live_types() == ["MISSING_RIGHT", "PRICE"]

    def test_again_it_changes_nothing_and_says_so(self, desk):
        desk.put("oms", "1 10", "2 20", "3 30")
        desk.put("custodian", "1 10", "2 21")
        first = desk.run()
        before = standing()
        deliveries = Delivery.objects.count()

        second = desk.run(at=MORNING_AFTER + timedelta(hours=1))

        assert second.pk != first.pk
        assert second.status == "SUCCEEDED"
        assert standing() == before
        assert Delivery.objects.count() == deliveries
        assert counts(second, INGEST_OMS)["rows"] == 0
        assert counts(second, RECONCILE)["opened"] == 0

    def test_again_it_does_only_what_is_new(self, desk):
        desk.put("oms", "1 10", "2 20")
        desk.put("custodian", "1 10")
        desk.run()
        desk.put("custodian", "1 10", "2 20")

        again = desk.run(at=MORNING_AFTER + timedelta(hours=1))

        assert counts(again, INGEST_CUSTODIAN)["loaded"] == 1
        assert counts(again, INGEST_CUSTODIAN)["duplicates"] == 1
        assert counts(again, RECONCILE)["cleared"] == 1
        assert live_types() == []

    def test_a_step_says_when_it_began_and_ended_and_what_it_is_done_by(self, desk):
        desk.put("oms", "1 10")
        desk.put("custodian", "1 10")

        run = desk.run()

        ingest, reconcile = run.steps.get(subject="oms-inbox"), run.steps.get(kind="reconcile")
        assert ingest.delivery.loaded == 1
        assert reconcile.reconciliation_run.auto_matched == 1
        assert all(step.started_at <= step.ended_at for step in (ingest, reconcile))
        assert ingest.ended_at <= reconcile.started_at

    def test_what_is_turned_off_is_no_step(self, desk):
        Feed.objects.filter(code="oms-inbox").update(is_enabled=False)
        factories.reconciliation("off", right_source="exchange", is_enabled=False)

        assert set(steps(desk.run())) == {INGEST_CUSTODIAN, RECONCILE}


class TestALateFile:
    def test_is_reported_as_late_and_not_as_missing_trades(self, desk):
        desk.put("oms", *[f"{n} 10" for n in range(1, 41)])

        run = desk.run()

        assert run.status == "SUCCEEDED"
        assert steps(run)[INGEST_CUSTODIAN] == "LATE"
        said = says(run, INGEST_CUSTODIAN)
        assert said == "Nothing has come. It was due 2026-03-04 18:00 America/New_York."
        assert "Custodian of 2026-03-04: not delivered" in says(run, RECONCILE)
        assert live_types() == ["TIMING"]
        assert PendingTrade.objects.filter(reason="LATE_FEED").count() == 40
        assert counts(run, RECONCILE)["pending"] == 40

    def test_is_looked_at_again_when_it_comes_and_its_break_clears_itself(self, desk):
        desk.put("oms", "1 10", "2 20")
        desk.run()
        desk.put("custodian", "1 10")

        again = desk.run(at=MORNING_AFTER + timedelta(hours=2))

        assert steps(again)[INGEST_CUSTODIAN] == "SUCCEEDED"
        timing = TradeBreak.objects.get(break_type="TIMING")
        assert (timing.status, timing.reason_code) == ("RESOLVED", "AUTO_CLEARED")
        assert live_types() == ["MISSING_RIGHT"]
        assert not PendingTrade.objects.exists()

    @pytest.mark.parametrize(
        ("at", "status", "said"),
        [
            ((4, 22, 59), "NOT_DUE", "is due 2026-03-04 18:00 America/New_York and late after"),
            ((4, 23, 0), "NOT_DUE", "late after 2026-03-04 19:00 America/New_York"),
            ((4, 23, 59), "NOT_DUE", "late after 2026-03-04 19:00"),
            ((5, 0, 0), "LATE", "Nothing has come"),
        ],
    )
    def test_is_not_late_before_its_grace_period_is_over(self, desk, at, status, said):
        run = desk.run(at=datetime(2026, 3, *at, tzinfo=UTC))

        assert steps(run)[INGEST_CUSTODIAN] == status
        assert said in says(run, INGEST_CUSTODIAN)

    def test_one_that_came_early_is_loaded_all_the_same(self, desk):
        desk.put("custodian", "1 10")

        run = desk.run(at=datetime(2026, 3, 4, 20, tzinfo=UTC))

        assert steps(run)[INGEST_CUSTODIAN] == "SUCCEEDED"
        assert "Came before it was due" in says(run, INGEST_CUSTODIAN)


class TestAFeedThatFails:
    BAD = "no,such,columns\n1,2,3\n"

    @pytest.mark.parametrize("due", [time(18), None])
    def test_holds_up_no_other_source_and_makes_no_trade_missing(self, desk, due):
        Feed.objects.filter(code="custodian-inbox").update(due_time=due)
        factories.reconciliation("oms-exchange", right_source="exchange")
        desk.put("oms", "1 10", "2 20")
        desk.write("custodian", self.BAD, "bad.csv")

        run = desk.run()

        assert run.status == "FAILED"
        assert run.error == "1 of 4 steps failed: ingest custodian-inbox."
        assert steps(run) == {
            INGEST_CUSTODIAN: "FAILED",
            INGEST_OMS: "SUCCEEDED",
            RECONCILE: "SUCCEEDED",
            "reconcile oms-exchange": "SUCCEEDED",
        }
        assert says(run, INGEST_CUSTODIAN).startswith("bad.csv: bad.csv lacks trade_id")
        # The exchange has no feed that is due: there the trades are missing indeed.
        assert live_types() == ["MISSING_RIGHT", "MISSING_RIGHT", "TIMING"]
        timing = TradeBreak.objects.get(break_type="TIMING")
        assert timing.right_value == "Could not be read"
        assert counts(run, RECONCILE)["pending"] == 2

    def test_fails_again_until_the_file_is_mended(self, desk):
        desk.put("oms", "1 10")
        desk.write("custodian", self.BAD, "bad.csv")
        desk.run()

        again = desk.run(at=MORNING_AFTER + timedelta(hours=1))

        assert steps(again)[INGEST_CUSTODIAN] == "FAILED"
        assert "What came before could not be read" in says(again, INGEST_CUSTODIAN)

    def test_resumed_only_what_failed_and_what_it_was_missing_in_run_again(self, desk, analyst):
        factories.reconciliation("oms-exchange", right_source="exchange")
        desk.put("oms", "1 10")
        bad = desk.write("custodian", self.BAD, "bad.csv")
        run = desk.run()
        done = {
            step.pk: step.ended_at
            for step in run.steps.filter(subject__in=["oms-inbox", "oms-exchange"])
        }
        bad.unlink()
        desk.put("custodian", "1 10")

        later = MORNING_AFTER + timedelta(hours=1)
        daily.resume_pipeline(pipeline_id=run.pk, by=analyst, at=later)
        resumed = daily.run_pipeline(pipeline_id=run.pk, at=later)

        assert (resumed.status, resumed.error) == ("SUCCEEDED", "")
        assert set(steps(resumed).values()) == {"SUCCEEDED"}
        assert resumed.resumed_by == analyst
        for step in run.steps.all():
            assert (done.get(step.pk) == step.ended_at) == (step.pk in done), step
        assert live_types() == ["MISSING_RIGHT"]  # at the exchange
        assert ReconciliationRun.objects.count() == 3

    def test_a_fault_of_ours_is_the_steps_sentence_too(self, desk, monkeypatch):
        desk.put("oms", "1 10")

        def burst(**_):
            raise RuntimeError("the disk is full")

        monkeypatch.setattr(runs, "pair_scope", burst)

        run = desk.run()

        assert steps(run)[RECONCILE] == "FAILED"
        assert says(run, RECONCILE) == "the disk is full"


class TestBusinessDates:
    @pytest.mark.parametrize(
        ("day", "name"), [(date(2026, 3, 7), "Saturday"), (date(2026, 4, 3), "Friday")]
    )
    def test_a_weekend_or_holiday_has_nothing_due_and_says_so(self, desk, day, name):
        desk.put("oms", "1 10", day=day)

        run = desk.run(day=day, at=datetime(2026, 4, 6, 12, tzinfo=UTC))

        assert run.status == "SUCCEEDED"
        assert set(steps(run).values()) == {"SKIPPED"}
        assert says(run, RECONCILE) == f"{name}, {day}, is no business day of XNYS."
        assert not Delivery.objects.exists()
        assert not ReconciliationRun.objects.exists()

    def test_each_place_has_holidays_of_its_own(self, desk):
        """Good Friday is no session in New York, and one in Shanghai."""
        factories.source("oms", calendar="XSHG", timezone="Asia/Shanghai")

        run = desk.run(day=date(2026, 4, 3), at=datetime(2026, 4, 6, 12, tzinfo=UTC))

        assert steps(run) == {
            INGEST_OMS: "SUCCEEDED",
            INGEST_CUSTODIAN: "SKIPPED",
            RECONCILE: "SKIPPED",
        }

    def test_monday_answers_for_the_weekend(self, desk):
        desk.put("oms", "1 10", day=date(2026, 3, 8))
        desk.put("custodian", "1 10", day=date(2026, 3, 8))

        run = desk.run(day=date(2026, 3, 9), at=datetime(2026, 3, 10, 12, tzinfo=UTC))

        assert counts(run, RECONCILE)["matched"] == 1
        scope = ReconciliationRun.objects.get()
        assert (scope.from_date, scope.to_date) == (date(2026, 3, 7), date(2026, 3, 9))

    def test_a_date_that_has_begun_nowhere_is_refused(self, desk):
        with pytest.raises(daily.NotAskable, match="has not begun at any source"):
            desk.run(day=DAY + timedelta(days=3))

        assert not PipelineRun.objects.exists()


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

        step.refresh_from_db()
        assert step.status == "QUEUED"

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

        assert [str(step) for step in run.steps.all()] == [
            "ingest amber", INGEST_CUSTODIAN, RECONCILE,
        ]  # fmt: skip
        assert [step.position for step in run.steps.all()] == [1, 2, 3]
