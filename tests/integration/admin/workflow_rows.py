"""Rows for the lists of who works what, by when, and of what puts it right."""

from datetime import timedelta
from uuid import uuid4

from breaks.models import ClockChange, HolidayCalendar, SlaPolicy, TradeBreak
from tests import factories
from tests.causes import root_cause
from workflows.models import (
    Absence,
    Channel,
    Escalation,
    EscalationLevel,
    FeedContact,
    Notification,
    PipelineRun,
    RemediationPolicy,
    RemediationSuggestion,
    RoutingRule,
    WorkPattern,
)


def add_workflow_rows(n, *, feed, left, right, person) -> None:
    """Add one row, the n-th, to each of these lists, each with related rows of its own."""
    calendar = HolidayCalendar.objects.create(code=f"c-{n}", name=f"Calendar {n}")
    calendar.days.create(day=factories.TRADE_DATE)
    factories.team(calendar=calendar)
    SlaPolicy.objects.create(code=f"p-{n}", name=f"Policy {n}", team=factories.team())
    ClockChange.objects.create(reason="An edit", by=person, made_at=factories.NOW)
    fixed = factories.trade_break("PRICE", left_trade=left, right_trade=right)
    RemediationSuggestion.objects.create(
        trade_break=fixed, break_version=1, action="CORRECT_FIELD", status="APPLIED",
        risk="MEDIUM", reason="wrong", effect="asks", made_at=factories.NOW,
        does={"to": "Custodian", "text": "Please look."}, policy=RemediationPolicy.objects.
        create(name=f"Policy {n}", action="CORRECT_FIELD", break_types=["PRICE"]),
        outcome={"cleared": [{"break": fixed.pk}]}, applied_by=person,
        applied_at=factories.NOW,
    )  # fmt: skip
    channel = Channel.objects.create(name=f"Room {n}", kind="SLACK", url_env="X")
    EscalationLevel.objects.create(
        policy_code=f"policy-{n}", number=1, person=person, team=factories.team(),
        channel=channel,
    )  # fmt: skip
    Escalation.objects.create(
        trade_break=TradeBreak.objects.latest("pk"), level=1, after_pct=0, told="x",
        policy=SlaPolicy.objects.create(code=f"policy-{n}", retired_at=factories.NOW),
        due_at=factories.NOW, at=factories.NOW, tick=uuid4(),
    )  # fmt: skip
    for status in ("QUEUED", "INBOX"):
        Notification.objects.create(
            kind="ESCALATION", key=f"{status}{n}", person=person, channel=channel,
            status=status, created_at=factories.NOW, subject="Late", send_after=factories.NOW,
        )  # fmt: skip
    team = factories.team(f"team-{n}", person)
    RoutingRule.objects.create(
        name=f"Rule {n}", team=team, counterparties=[f"Party {n}"], accounts=[f"ACC{n}"],
    )  # fmt: skip
    WorkPattern.objects.create(team=team, user=person, weekdays=[0])
    Absence.objects.create(
        user=person, first_date=factories.TRADE_DATE, last_date=factories.TRADE_DATE
    )
    day = factories.TRADE_DATE + timedelta(days=n)
    pipeline = PipelineRun.objects.create(
        business_date=day, requested_by=person, resumed_by=person, requested_at=factories.NOW,
        started_at=factories.NOW,
    )  # fmt: skip
    for position in (1, 2, 3):
        pipeline.steps.create(
            position=position, kind="ingest", subject=f"{n}-{position}", status="LATE",
            feed=feed,
        )  # fmt: skip
    FeedContact.objects.create(feed=feed, team=factories.team())
    root_cause()
