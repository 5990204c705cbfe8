"""Breaks past their due time; reading escalates nothing."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api.outputs import BreakOutput
from breaks.api.views import BreakList
from breaks.models import TradeBreak
from breaks.terms import Clocks
from workflows.models import Escalation


class OverdueBreakOutput(BreakOutput):
    """A break that is late, by how much, and how far it was escalated."""

    overdue_seconds = serializers.SerializerMethodField(
        help_text="Since it was due, by the calendar."
    )
    overdue_business_seconds = serializers.SerializerMethodField(
        help_text="The same in the business hours of its team."
    )
    escalation_level = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The highest that fired; null is none yet."
    )

    class Meta(BreakOutput.Meta):
        fields: tuple[str, ...] = (
            *BreakOutput.Meta.fields,
            "overdue_seconds", "overdue_business_seconds", "escalation_level",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields

    def get_overdue_seconds(self, row: TradeBreak) -> int:
        at: datetime = self.context["at"]
        return int(((row.paused_at or at) - row.due_at).total_seconds())

    def get_overdue_business_seconds(self, row: TradeBreak) -> int:
        clocks: Clocks = self.context["clocks"]
        late = clocks.hours(row.team_id).between(row.due_at, row.paused_at or self.context["at"])
        return int(late.total_seconds())


class OverdueBreakList(BreakList):
    """The breaks whose due time has come, the longest late first."""

    serializer_class = OverdueBreakOutput
    ordering_columns = BreakList.ordering_columns | {"escalation_level": "escalation_level"}
    default_ordering = ("due_at",)

    @cached_property
    def now(self) -> datetime:
        return timezone.now()

    def get_queryset(self) -> QuerySet:
        # Under the version that its due time follows now: an edit of the policy begins anew.
        fired = (
            Escalation.objects.filter(trade_break=OuterRef("pk"), policy=OuterRef("sla_policy"))
            .order_by()
            .values("trade_break")
            .annotate(highest=Max("level"))
            .values("highest")
        )
        late: Any = super().get_queryset()
        return late.overdue(self.now).annotate(escalation_level=Subquery(fired))

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "at": self.now, "clocks": Clocks()}

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)
