"""What must hold of pipelines on SQLite and on Postgres alike, with real commits."""

from datetime import timedelta

from tests import factories
from tests.both_databases import on_both
from tests.concurrency import at_once
from tests.integration.workflows.days import DAY, MORNING_AFTER
from workflows.models import PipelineRun, PipelineStep
from workflows.services import daily

AT = {"business_date": DAY, "by": None, "at": MORNING_AFTER}


def of_twenty_who_ask_for_a_date_one_gets_it():
    factories.reconciliation()

    answers = at_once(*[lambda: daily.request_pipeline(**AT) for _ in range(20)])

    assert sum(isinstance(answer, PipelineRun) for answer in answers) == 1
    assert sum(isinstance(answer, daily.Busy) for answer in answers) == 19
    assert PipelineStep.objects.exclude(subject="").count() == 3


def of_twenty_workers_one_runs_it():
    factories.reconciliation()
    run = daily.request_pipeline(**AT)

    answers = at_once(
        *[lambda: daily.run_pipeline(pipeline_id=run.pk, at=MORNING_AFTER) for _ in range(20)]
    )

    assert sum(isinstance(answer, PipelineRun) for answer in answers) == 1
    assert sum(isinstance(answer, daily.NotClaimable) for answer in answers) == 19
    run.refresh_from_db()
    assert (run.status, run.fencing_token) == ("SUCCEEDED", 1)


def of_twenty_who_take_over_one_does():
    factories.reconciliation()
    run = daily.request_pipeline(**AT)
    PipelineRun.objects.update(status="RUNNING", lease_expires_at=MORNING_AFTER)
    later = MORNING_AFTER + timedelta(minutes=1)

    def take_over():
        left = daily.request_pipeline(**AT | {"at": later})
        return daily.run_pipeline(pipeline_id=left.pk, at=later)

    answers = at_once(*[take_over for _ in range(20)])

    won = [answer for answer in answers if isinstance(answer, PipelineRun)]
    # Whoever comes once it has ended asks for another, and that is theirs alone too.
    assert {answer.status for answer in won} == {"SUCCEEDED"}
    assert len({answer.pk for answer in won}) == len(won) == PipelineRun.objects.count()
    refused = [answer for answer in answers if answer not in won]
    assert {type(one) for one in refused} <= {daily.Busy, daily.NotClaimable}
    run.refresh_from_db()
    assert run.fencing_token == 1


def of_twenty_who_resume_it_one_does():
    factories.reconciliation()
    run = daily.request_pipeline(**AT)
    daily.cancel_pipeline(pipeline_id=run.pk, by=None, at=MORNING_AFTER)

    answers = at_once(
        *[
            lambda: daily.resume_pipeline(pipeline_id=run.pk, by=None, at=MORNING_AFTER)
            for _ in range(20)
        ]
    )

    assert sum(isinstance(answer, PipelineRun) for answer in answers) == 1
    assert sum(isinstance(answer, daily.NotAskable) for answer in answers) == 19


def the_figures_of_a_step_keep_the_order_they_are_counted_in():
    factories.reconciliation()
    run = daily.request_pipeline(**AT)
    daily.run_pipeline(pipeline_id=run.pk, at=MORNING_AFTER)

    (step,) = run.steps.filter(kind="reconcile")
    assert list(step.figures) == [
        "trades", "matched", "review", "breaks", "opened", "cleared", "pending",
    ]  # fmt: skip


test_on_sqlite, test_on_postgres = on_both(
    of_twenty_who_ask_for_a_date_one_gets_it,
    of_twenty_workers_one_runs_it,
    of_twenty_who_take_over_one_does,
    of_twenty_who_resume_it_one_does,
    the_figures_of_a_step_keep_the_order_they_are_counted_in,
)
