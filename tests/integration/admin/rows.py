"""Rows for every list of the admin, a few or many of each."""

from datetime import timedelta

from axes.models import AccessAttempt
from django.contrib.auth.models import Group, User
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_results.models import TaskResult
from knox.models import AuthToken

from breaks.models import (
    ActBatch,
    ApprovalRequest,
    ExposureThreshold,
    HistoryRoot,
    PendingTrade,
)
from recon_project.models import WorkerPulse
from reporting.models import DailyReport, ReportSubscription, SignOff
from tests import factories
from tests.integration.admin.workflow_rows import add_workflow_rows
from trades.models import FxRate, InstrumentIdentifier


def add_rows(count: int) -> None:
    """Add `count` rows to every list, each with related rows of its own."""
    between = factories.reconciliation()
    for _ in range(count):
        n = factories.number()
        person = factories.user("Analyst")
        instrument = factories.instrument("", name=f"Instrument {n}")
        InstrumentIdentifier.objects.create(instrument=instrument, scheme="TICKER", value=f"T{n}")
        party = factories.counterparty(f"Party {n}")
        party.aliases.create(spelling=f"Pty {n}", key=f"pty {n}")
        account = factories.account(f"ACC{n}")
        own = {"instrument": instrument, "counterparty": party, "account": account}
        left = factories.trade(**own)
        right = factories.trade(source="custodian", price="188", **own)
        delivery = factories.delivery(rejected=1, requested_by=person)
        factories.rejected_row(delivery=delivery)
        feed = factories.feed(layout=factories.layout())
        factories.delivery(feed=feed)
        run = factories.run(requested_by=person, timings={"read": 0.1})
        factories.run(status="QUEUED", from_date=factories.TRADE_DATE + timedelta(days=n))
        factories.delivery(feed=feed, status="RUNNING", started_at=factories.NOW, loaded=0)
        difference = {"field": "price", "kind": "PRICE", "left_value": "1", "right_value": "2"}
        match = factories.match(
            left=[left], right=[right], differences=[difference], run=run, alternatives=[left],
            status="PROPOSED", reason="score", score=0.9,
        )  # fmt: skip
        factories.qa_samples(between, [match])
        factories.calibration(status="QUEUED" if n % 2 else "SUCCEEDED", requested_by=person)
        row = factories.trade_break(
            match=match, left_trade=left, right_trade=right, assigned_to=person, exposure="10",
            difference="1", left_value="188", right_value="187",
        )  # fmt: skip
        ApprovalRequest.objects.create(
            act="ACCEPT", trade_break=row, given={"comment": "small", "version": 1},
            summary=f"Accept {row}", exposure="10", reason="small", made_by=person,
            made_at=factories.NOW,
        )  # fmt: skip
        ApprovalRequest.objects.create(
            act="IMPORT", summary="Import a file", reason="month end", made_by=person,
            given={"file_name": "a.csv", "asked": [[row.pk, 1, "claim", {}]]},
            made_at=factories.NOW,
        )  # fmt: skip
        add_workflow_rows(n, feed=feed, left=left, right=right, person=person)
        ActBatch.objects.create(
            act="claim", by=person, at=factories.NOW, undone_by=person, undone_at=factories.NOW,
            rows=[{"break": n, "act": "claim", "version": None, "said": f"There is no break {n}."}],
        )  # fmt: skip
        PendingTrade.objects.create(
            reconciliation=between, trade=factories.trade(**own), reason="GRACE"
        )
        draft = factories.rule_set(
            status="DRAFT", definition={}, created_by=person, created_at=factories.NOW
        )
        factories.back_test(rule_set=draft, run=run, by=person)
        factories.reconciliation(f"pair-{n}")
        factories.source(f"source-{n}")
        day = factories.TRADE_DATE + timedelta(days=n)
        FxRate.objects.create(currency="EUR", as_of_date=day, rate=1)
        HistoryRoot.objects.create(
            day=day, breaks=1, events=1, last_event=n, digest=f"{n:064x}", at=factories.NOW,
            previous_digest=f"{n - 1:064x}",
        )  # fmt: skip
        Group.objects.create(name=f"Group {n}")
        AccessAttempt.objects.create(
            username=f"u{n}", ip_address="10.0.0.1", user_agent=f"agent {n}", path_info="/",
            http_accept="*", failures_since_start=5, get_data="", post_data="",
        )  # fmt: skip
        AuthToken.objects.create(user=person)
        crontab = CrontabSchedule.objects.create(minute=str(n % 60), hour=str(n // 60 % 24))
        IntervalSchedule.objects.create(every=n, period="minutes")
        PeriodicTask.objects.create(name=f"Task {n}", task="tasks.x", crontab=crontab)
        TaskResult.objects.create(task_id=f"id-{n}", task_name="tasks.x", status="SUCCESS")
        WorkerPulse.objects.create(name=f"worker-{n}", seen_at=factories.NOW)
        SignOff.objects.create(
            reconciliation=between, business_date=day, status="PREPARED", prepared_by=person,
            prepared_at=factories.NOW, trades=3, matched=2, broken=1, pending=0, unresolved=1,
        )  # fmt: skip
        ReportSubscription.objects.create(person=person)
        for one in User.objects.filter(is_superuser=True):
            DailyReport.objects.create(
                person=one, business_date=day, made_at=factories.NOW, formats=["pdf"],
                content={"title": "", "subtitle": "", "name": "", "sections": []},
            )  # fmt: skip


def add_thresholds() -> None:
    for rank, severity in enumerate(("LOW", "MEDIUM", "HIGH", "CRITICAL"), start=1):
        ExposureThreshold.objects.get_or_create(severity=severity, defaults={"at_least": rank})
