"""What the schedule asks for, the command that runs a date, and the sweep for lost messages."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django_celery_beat.models import PeriodicTask

from breaks.models import TradeBreak
from connectors.models import Feed
from matching.models import Reconciliation
from tests import factories
from tests.integration.workflows.days import DAY, MORNING_AFTER, steps
from trades.models import Source
from workflows import tasks
from workflows.models import PipelineRun
from workflows.services import daily, recovering, waking
from workflows.services.daily.places import last_ended

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
]


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(
        waking.current_app, "send_task", lambda name, kwargs: messages.append((name, kwargs))
    )
    return messages


def run_all(at):
    queued = daily.queue_due_pipelines(at=at)
    return [daily.run_pipeline(pipeline_id=run.pk, at=at) for run in queued]


# In 2026: New York, London, Sydney.
CLOCKS_CHANGE = [
    datetime(2026, month, day, 7, tzinfo=UTC)
    for month, day in ((3, 8), (3, 29), (4, 4), (10, 3), (10, 25), (11, 1))
]


class TestDates:
    def test_a_date_is_run_once_it_has_ended_at_every_source(self, desk):
        """Midnight in New York is five in the morning, UTC."""
        before, after = datetime(2026, 3, 5, 4, 59, tzinfo=UTC), datetime(2026, 3, 5, 5, tzinfo=UTC)

        assert last_ended(before) == date(2026, 3, 3)
        assert last_ended(after) == DAY

    def test_the_farthest_west_of_what_is_enabled_counts(self, desk):
        factories.source("exchange", timezone="Pacific/Honolulu")
        at = datetime(2026, 3, 5, 9, tzinfo=UTC)
        assert last_ended(at) == DAY

        Feed.objects.filter(source__code="exchange").update(is_enabled=True)

        assert last_ended(at) == DAY - timedelta(days=1)

    @pytest.mark.thorough
    @pytest.mark.parametrize(
        "places", [("America/New_York", "Europe/London"), ("Australia/Sydney", "Asia/Tokyo")]
    )
    def test_no_date_is_skipped_or_doubled_where_the_clocks_change(self, desk, places):
        """A year in which the clocks of three of the four change twice: every hour around it."""
        for code, place in zip(("oms", "custodian"), places, strict=True):
            Source.objects.filter(code=code).update(timezone=place)
        Feed.objects.update(is_enabled=False)
        asked: Counter[date] = Counter()
        at = datetime(2026, 1, 1, 0, 25, tzinfo=UTC)
        while at.year == 2026:
            for run in daily.queue_due_pipelines(at=at):
                asked[run.business_date] += 1
                PipelineRun.objects.filter(pk=run.pk).update(status="SUCCEEDED")
            changing = any(abs(at - moment) < timedelta(days=2) for moment in CLOCKS_CHANGE)
            at += timedelta(hours=1 if changing else 8)

        first = min(asked)
        assert set(asked.values()) == {1}
        assert sorted(asked) == [first + timedelta(days=n) for n in range(len(asked))]
        assert asked[date(2026, 3, 8)] == asked[date(2026, 11, 1)] == 1  # New York
        assert len(asked) == 366  # with the day before the year

    def test_days_that_the_desk_was_down_are_caught_up(self, desk):
        run_all(MORNING_AFTER)

        runs = run_all(MORNING_AFTER + timedelta(days=3))

        assert [run.business_date.day for run in runs] == [5, 6, 7]
        assert set(steps(runs[-1]).values()) == {"SKIPPED"}

    def test_after_a_long_time_the_last_week_is(self, desk):
        run_all(MORNING_AFTER)

        runs = daily.queue_due_pipelines(at=MORNING_AFTER + timedelta(days=90))

        assert len(runs) == 7


class TestAgain:
    def test_a_second_scheduler_and_a_second_look_ask_for_nothing(self, desk):
        first = daily.queue_due_pipelines(at=MORNING_AFTER)
        assert [run.business_date for run in first] == [DAY]
        assert daily.queue_due_pipelines(at=MORNING_AFTER) == []
        daily.run_pipeline(pipeline_id=first[0].pk, at=MORNING_AFTER)

        # The custodian's file is late, and has not come meanwhile either.
        assert daily.queue_due_pipelines(at=MORNING_AFTER + timedelta(hours=1)) == []

    def test_a_late_file_that_has_come_is_worth_another(self, desk):
        desk.put("oms", "1 10", "2 20")
        run_all(MORNING_AFTER)
        assert TradeBreak.objects.live().get().break_type == "TIMING"
        desk.put("custodian", "1 10", "2 20")
        tasks_at = MORNING_AFTER + timedelta(days=1)
        factories.trade(source="custodian", trade_date=DAY)  # ingested by the quarter-hourly look

        [again] = [run for run in run_all(tasks_at) if run.business_date == DAY]

        assert set(steps(again).values()) == {"SUCCEEDED"}
        assert "TIMING" not in TradeBreak.objects.live().values_list("break_type", flat=True)

    def test_what_was_not_due_is_looked_at_again_when_it_is(self, desk):
        run = desk.run(at=datetime(2026, 3, 4, 20, tzinfo=UTC))
        assert "NOT_DUE" in steps(run).values()

        again = [one for one in run_all(MORNING_AFTER) if one.business_date == DAY]

        assert ["LATE" in steps(one).values() for one in again] == [True]

    def test_a_broken_feed_waits_for_a_person(self, desk):
        desk.write("custodian", "no,such\n1,2\n", "bad.csv")
        [run] = run_all(MORNING_AFTER)
        assert run.status == "FAILED"

        assert daily.queue_due_pipelines(at=MORNING_AFTER + timedelta(hours=1)) == []


class TestTasks:
    def test_the_schedule_has_a_row_for_it(self):
        row = PeriodicTask.objects.get(task="tasks.daily_pipeline")

        assert row.enabled
        assert row.crontab.minute == "25"

    def test_the_task_queues_what_is_due_and_wakes_a_worker_for_each(
        self, desk, sent, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            tasks.daily_pipeline()
            tasks.daily_pipeline()

        run = PipelineRun.objects.get()
        assert sent == [("tasks.daily_pipeline", {"pipeline_id": run.pk})]
        tasks.daily_pipeline(pipeline_id=run.pk)
        tasks.daily_pipeline(pipeline_id=run.pk)
        run.refresh_from_db()
        assert (run.status, run.fencing_token) == ("SUCCEEDED", 1)

    def test_the_task_takes_a_date(self, desk, sent):
        tasks.daily_pipeline(business_date="2026-03-04")

        assert PipelineRun.objects.get().business_date == DAY

    def test_one_whose_message_or_worker_was_lost_is_woken(
        self, desk, sent, django_capture_on_commit_callbacks
    ):
        run = daily.request_pipeline(business_date=DAY, by=None, at=MORNING_AFTER)

        def woken(**after):
            sent.clear()
            with django_capture_on_commit_callbacks(execute=True):
                recovering.wake_stale_work(at=MORNING_AFTER + timedelta(**after))
            return sent

        assert woken(seconds=30) == []
        assert woken(minutes=2) == [("tasks.daily_pipeline", {"pipeline_id": run.pk})]
        lease = MORNING_AFTER + timedelta(minutes=4)
        PipelineRun.objects.update(status="RUNNING", lease_expires_at=lease)
        assert woken(minutes=3) == []
        assert woken(minutes=5) == [("tasks.daily_pipeline", {"pipeline_id": run.pk})]


class TestTheCommand:
    def call(self, *arguments):
        out = StringIO()
        call_command("run_pipeline", *arguments, stdout=out)
        return out.getvalue()

    def test_tells_each_step_as_it_ends(self, desk):
        desk.put("oms", "1 10")
        desk.put("custodian", "1 10", "2 20")

        said = self.call("--date", str(DAY)).splitlines()

        assert said[0].startswith(
            "ingest custodian-inbox               Done          1 files, 2 rows"
        )
        assert "1 matched, 1 breaks, 1 opened" in said[3]
        assert said[-1].endswith("of 2026-03-04 has ended well.")

    def test_says_of_a_holiday_that_nothing_is_due(self, desk):
        said = self.call("--date", "2026-03-07")

        assert said.count("Saturday, 2026-03-07, is no business day of XNYS.") == 3

    def test_json_has_the_steps(self, desk):
        desk.put("oms", "1 10")

        answer = json.loads(self.call("--date", str(DAY), "--json"))

        assert (answer["business_date"], answer["status"]) == ("2026-03-04", "SUCCEEDED")
        assert [step["status"] for step in answer["steps"]][:4] == [
            "LATE",
            "SUCCEEDED",
            "SKIPPED",
            "SUCCEEDED",
        ]
        assert answer["steps"][1]["counts"]["loaded"] == 1

    def test_a_failure_is_one_sentence_that_says_how_to_go_on(self, desk):
        bad = desk.write("custodian", "no,such\n1,2\n", "bad.csv")

        with pytest.raises(CommandError, match=r"ingest custodian-inbox.*--resume"):
            self.call("--date", str(DAY))
        bad.unlink()
        desk.put("custodian", "1 10")

        assert "ingest oms-inbox" not in self.call("--date", str(DAY), "--resume")
        assert PipelineRun.objects.get().status == "SUCCEEDED"

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--date", "2126-03-04"], "has not begun"),
            (["--date", "2026-02-30"], "2026-02-30"),
            (["--date", "2026-03-04", "--resume"], "no pipeline of 2026-03-04 yet"),
            ([], "--date"),
        ],
    )
    def test_a_persons_error_is_one_sentence(self, arguments, sentence):
        with pytest.raises(CommandError, match=sentence):
            self.call(*arguments)

        assert not PipelineRun.objects.exists()
        assert not Reconciliation.objects.exists()
