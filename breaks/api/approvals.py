"""What waits for a second person, and what that person says."""

from collections.abc import Callable
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api.acts import refusals
from breaks.api.inputs import Text
from breaks.choices import ApprovalStatus, GuardedAct
from breaks.models import ApprovalRequest
from breaks.selectors import approvals_to_decide, approvals_visible_to
from breaks.services import approvals
from trades.api.base import ApiView
from trades.api.filters import KeyFilter
from trades.api.lists import ListView
from trades.api.problems import Conflict
from trades.api.serializing import Input, Output


class NoteInput(Input):
    note = Text(required=False, default="")


class WhyInput(Input):
    note = Text(help_text="Why; whoever asked reads it.")


class ApprovalOutput(Output):
    """An act that was asked for; `given` is what the act is called with once it is approved."""

    reconciliation = serializers.CharField(
        source="reconciliation.code", read_only=True, allow_null=True
    )
    made_by = serializers.CharField(source="made_by.username", read_only=True)
    decided_by = serializers.CharField(
        source="decided_by.username", read_only=True, allow_null=True
    )
    trade_break = serializers.IntegerField(
        source="trade_break_id", read_only=True, allow_null=True, help_text="For breaks/{id}."
    )
    given = serializers.SerializerMethodField()

    class Meta:
        model = ApprovalRequest
        fields: tuple[str, ...] = (
            "id", "act", "status", "summary", "reason", "exposure", "trade_break", "match",
            "reconciliation", "rule_set", "made_by", "made_at", "decided_by", "decided_at",
            "decision_note", "given",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_given(self, request: ApprovalRequest) -> dict[str, Any]:
        return request.given


class ApprovalDetailOutput(ApprovalOutput):
    """A request, and while it waits what overtook it: then it cannot be approved any more."""

    overtaken_by = serializers.SerializerMethodField(help_text="A sentence; empty if nothing did.")

    class Meta(ApprovalOutput.Meta):
        fields: tuple[str, ...] = (*ApprovalOutput.Meta.fields, "overtaken_by")
        read_only_fields: tuple[str, ...] = fields

    def get_overtaken_by(self, request: ApprovalRequest) -> str:
        return approvals.overtaken_by(request)


class ApprovalFilters(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(choices=ApprovalStatus.choices)
    act = django_filters.MultipleChoiceFilter(choices=GuardedAct.choices)
    made_by = django_filters.CharFilter("made_by__username", help_text="A user's name.")
    trade_break = KeyFilter("trade_break_id")
    match = KeyFilter("match_id")
    for_me = django_filters.BooleanFilter(
        method="filter_for_me", help_text="true: those that the caller may decide on."
    )

    class Meta:
        model = ApprovalRequest
        fields: list[str] = []

    def filter_for_me(self, requests: QuerySet, name: str, value: bool) -> QuerySet:
        mine = approvals_to_decide(self.request.user)
        return requests.filter(pk__in=mine.values("pk")) if value else requests


class _Approvals(ApiView):
    queryset = ApprovalRequest.objects.all()

    def narrow(self, rows: QuerySet) -> QuerySet:
        return approvals_visible_to(self.caller)


class ApprovalList(_Approvals, ListView):
    """Requests, the newest first."""

    needs = {"GET": "breaks.view_approvalrequest"}
    serializer_class = ApprovalOutput
    filterset_class = ApprovalFilters
    ordering_columns = {name: name for name in ("id", "made_at", "decided_at", "exposure")}
    default_ordering = ("-made_at",)


class ApprovalDetail(_Approvals):
    """One request."""

    needs = {"GET": "breaks.view_approvalrequest"}
    serializer_class = ApprovalDetailOutput

    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


class _Decision(_Approvals):
    needs = {"POST": "breaks.decide_approvalrequest"}
    serializer_class = ApprovalOutput
    input_class: ClassVar[type[Input]] = NoteInput
    service: ClassVar[Callable[..., ApprovalRequest]]

    @extend_schema(responses={200: ApprovalOutput})
    def post(self, request: Request, pk: int) -> Response:
        asked, given = self.get_object(), self.given(request)
        with refusals():
            decided = type(self).service(
                request_id=asked.pk, by=self.caller, at=timezone.now(), **given
            )
        if decided.status == ApprovalStatus.STALE:
            raise Conflict(decided.decision_note, code="overtaken")
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data)


class Approve(_Decision):
    """Let happen what was asked for, at once; 409 if it was overtaken, and then nothing happens."""

    service = staticmethod(approvals.approve)


class Reject(_Decision):
    """Turn a request down."""

    input_class = WhyInput
    service = staticmethod(approvals.turn_down)


class Withdraw(_Decision):
    """Take back what the caller asked for."""

    needs = {"POST": "breaks.work_tradebreak"}
    service = staticmethod(approvals.withdraw)
