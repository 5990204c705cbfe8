import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from matching.choices import RunStatus
from matching.models import Reconciliation, ReconciliationRun
from matching.services import claims
from tests import factories
from tests.factories import NOW, TRADE_DATE
from workflows import tasks
from workflows.services import recovering, starting, waking

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    """Collect the messages instead of sending them: (task, arguments)."""
    messages = []
    monkeypatch.setattr(
        waking.current_app,
        "send_task",
        lambda name, kwargs: messages.append((name, kwargs)),
    )
    return messages


def start(between, *, inline, **over):
    return starting.start_reconciliation(
        **{
            "reconciliation": between,
            "from_date": TRADE_DATE,
            "to_date": TRADE_DATE,
            "by": None,
            "at": NOW,
            "inline": inline,
        }
        | over
    )


class TestReconciliationBetween:
    def test_is_made_on_first_use_and_found_after(self):
        made = starting.reconciliation_between(source1="oms", source2="exchange")

        assert made.code == "oms-exchange"
        assert starting.reconciliation_between(source1="oms", source2="exchange") == made

    def test_the_other_way_round_is_the_same_comparison(self):
        made = starting.reconciliation_between(source1="oms", source2="custodian")

        assert starting.reconciliation_between(source1="custodian", source2="oms") == made

    @pytest.mark.parametrize(
        ("source1", "source2", "sentence"),
        [
            ("oms", "nowhere", "no source 'nowhere'; the sources are: .*custodian"),
            ("oms", "oms", "cannot be reconciled with itself"),
        ],
    )
    def test_refuses_what_cannot_be_compared(self, source1, source2, sentence):
        with pytest.raises(starting.SourcesNotComparable, match=sentence):
            starting.reconciliation_between(source1=source1, source2=source2)

    def test_asks_which_where_several_compare_the_two(self):
        factories.reconciliation()
        factories.reconciliation("oms-custodian-bonds", asset_class="FIXED_INCOME")

        with pytest.raises(starting.SourcesNotComparable, match="name one of them"):
            starting.reconciliation_between(source1="oms", source2="custodian")


class TestStartReconciliation:
    def test_inline_runs_to_its_end(self):
        run = start(factories.reconciliation(), inline=True)

        assert run.status == RunStatus.SUCCEEDED

    def test_otherwise_a_worker_is_woken_once_the_row_is_there(
        self, sent, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            run = start(factories.reconciliation(), inline=False)

        assert run.status == RunStatus.QUEUED
        assert sent == [("tasks.run_reconciliation", {"run_id": run.pk})]

    def test_a_broker_that_is_down_costs_no_row(
        self, monkeypatch, django_capture_on_commit_callbacks
    ):
        def refuse(*_arguments, **_keywords):
            raise ConnectionError("no broker")

        monkeypatch.setattr(waking.current_app, "send_task", refuse)
        with django_capture_on_commit_callbacks(execute=True):
            run = start(factories.reconciliation(), inline=False)

        assert ReconciliationRun.objects.get(pk=run.pk).status == RunStatus.QUEUED

    def test_inline_beside_a_running_one_is_refused_and_leaves_nothing_queued(self):
        between = factories.reconciliation()
        queued = start(between, inline=False)
        claims.claim_run(run_id=queued.pk, at=NOW)

        with pytest.raises(claims.ScopeBusy):
            start(between, inline=True, to_date=TRADE_DATE + timedelta(days=1))

        assert not ReconciliationRun.objects.filter(status=RunStatus.QUEUED).exists()


class TestTasks:
    def test_a_second_delivery_of_the_message_changes_nothing(self):
        run = start(factories.reconciliation(), inline=False)
        tasks.run_reconciliation(run_id=run.pk)
        finished = ReconciliationRun.objects.get(pk=run.pk)

        tasks.run_reconciliation(run_id=run.pk)

        assert finished.status == RunStatus.SUCCEEDED
        assert ReconciliationRun.objects.get(pk=run.pk).finished_at == finished.finished_at

    @pytest.mark.usefixtures("sent")
    def test_without_a_run_it_queues_every_enabled_reconciliation_once(self):
        factories.reconciliation()
        factories.reconciliation("oms-exchange", right_source="exchange", is_enabled=False)

        for _beat in range(2):
            tasks.run_reconciliation()

        assert [run.reconciliation.code for run in ReconciliationRun.objects.all()] == [
            "oms-custodian"
        ]

    def test_what_waits_too_long_is_woken_again(self, sent, django_capture_on_commit_callbacks):
        run = start(factories.reconciliation(), inline=False)
        late = factories.delivery(status="QUEUED", loaded=0)
        sent.clear()

        with django_capture_on_commit_callbacks(execute=True):
            assert recovering.wake_stale_work(at=NOW + timedelta(minutes=2)) == 2

        assert sent == [
            ("tasks.run_ingestion", {"delivery_ids": [late.pk]}),
            ("tasks.run_reconciliation", {"run_id": run.pk}),
        ]


class TestReconcileCommand:
    def call(self, *arguments):
        out = StringIO()
        call_command("reconcile", *arguments, stdout=out)
        return out.getvalue()

    def test_answers_with_the_figures_of_the_api(self):
        factories.trade(source="oms", trade_date=TRADE_DATE)
        factories.trade(source="custodian", trade_date=TRADE_DATE)

        answer = json.loads(
            self.call(
                *("--source1", "oms", "--source2", "custodian"),
                *("--trade-date", str(TRADE_DATE), "--json"),
            )
        )

        assert answer["status"] == "SUCCEEDED"
        assert (answer["auto_matched"], answer["match_rate"]) == (1, 1.0)

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--source1", "oms", "--source2", "nowhere", "--trade-date", "2026-03-04"], "nowhere"),
            (["--source1", "oms", "--source2", "custodian"], "Give --trade-date"),
            (
                ["--source1", "oms", "--source2", "custodian", "--trade-date", "9999-12-31"],
                "9999-12-31 is not from 1970-01-01",
            ),
            (
                [
                    "--source1",
                    "oms",
                    "--source2",
                    "custodian",
                    "--from-date",
                    "2026-03-05",
                    "--to-date",
                    "2026-03-04",
                ],
                "is after",
            ),
        ],
    )
    def test_a_persons_error_is_one_sentence(self, arguments, sentence):
        with pytest.raises(CommandError, match=sentence):
            self.call(*arguments)

        assert not Reconciliation.objects.exists()
