"""The main job of a business date: what each step does, says and leaves to the next."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from breaks.models import PendingTrade, TradeBreak
from connectors.models import Delivery, Feed
from matching.models import ReconciliationRun
from matching.services import runs
from tests import factories
from tests.integration.workflows.days import (
    DAY,
    INGEST_CUSTODIAN,
    INGEST_OMS,
    MORNING_AFTER,
    RECONCILE,
    counts,
    live_types,
    says,
    standing,
    steps,
)
from workflows.models import PipelineRun
from workflows.services import daily

pytestmark = [
    pytest.mark.django_db,
    # exchange_calendars reads a column in a way that pandas means to change.
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
]


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
        assert said.startswith("Nothing has come. It was due 2026-03-04 18:00 America/New_York.")
        assert said.endswith("There is nobody to tell.")
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
        assert run.error == f"1 of {run.steps.count()} steps failed: ingest custodian-inbox."
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

    def test_a_date_the_desk_does_not_know_is_refused(self, desk):
        with pytest.raises(daily.NotAskable, match="0001-01-01 is before 1970-01-01"):
            desk.run(day=date(1, 1, 1))

        assert not PipelineRun.objects.exists()
