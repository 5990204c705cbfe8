"""What puts one break right: done where a policy lets it, else asked for."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api.acts import refusals
from breaks.api.inputs import ReasonInput
from breaks.api.views import SeenBreaks
from breaks.models import TradeBreak
from trades.api.lists import ListView
from trades.api.preconditions import IF_MATCH, etag, version_named
from trades.api.serializing import Input
from workflows.choices import RemedyAction, Risk, SuggestionStatus
from workflows.models import RemediationSuggestion
from workflows.services import remediation


class AutoRemediateInput(Input):
    dry_run = serializers.BooleanField(
        required=False, default=False, help_text="Say what would be done, and write nothing."
    )


class SuggestionOutput(serializers.Serializer):
    """What would put the break right, and whether a policy lets it apply itself."""

    action = serializers.ChoiceField(RemedyAction.choices)
    auto_executable = serializers.BooleanField(source="applies_itself")
    reason = serializers.CharField()
    expected_effect = serializers.CharField(source="effect")
    risk = serializers.ChoiceField(Risk.choices)
    policy = serializers.CharField(source="policy.name", default=None, allow_null=True)
    verdict = serializers.CharField(help_text="Why the policy lets it apply itself, or not.")


class RemediationOutput(SuggestionOutput):
    """A suggestion that was written down, and how far it has come."""

    id = serializers.IntegerField()
    break_id = serializers.IntegerField(source="trade_break_id")
    status = serializers.ChoiceField(SuggestionStatus.choices)
    made_at = serializers.DateTimeField()
    applied_at = serializers.DateTimeField(allow_null=True)
    applied_by = serializers.CharField(
        allow_null=True, default=None, help_text="Null is a policy, or not yet."
    )
    reversed_at = serializers.DateTimeField(allow_null=True)
    reversed_by = serializers.CharField(allow_null=True, default=None)


class AutoRemediateOutput(serializers.Serializer):
    break_id = serializers.IntegerField()
    suggestion = SuggestionOutput(
        allow_null=True, help_text="Null where nothing is known that would put it right."
    )
    applied = serializers.BooleanField()
    approval_request_id = serializers.IntegerField(
        required=False, help_text="Of the request that waits for a second person."
    )


class AutoRemediate(SeenBreaks):
    """
    Put a break right as far as a policy lets it.

    What no policy lets apply itself is asked for, and waits for a second person. With `dry_run`
    nothing is written, and no If-Match is needed.
    """

    needs = {"POST": "breaks.work_tradebreak"}
    queryset = TradeBreak.objects.all()
    serializer_class = AutoRemediateOutput
    input_class = AutoRemediateInput
    header_parameters = [IF_MATCH]

    def get_queryset(self) -> QuerySet:
        return self.seen(TradeBreak.objects.all())

    @extend_schema(responses={200: AutoRemediateOutput})
    def post(self, request: Request, pk: int) -> Response:
        row = self.get_object()
        dry_run = self.given(request)["dry_run"]
        version = version_named(request, required=not dry_run)
        with refusals():
            tried = remediation.auto_remediate(
                break_id=row.pk,
                version=version,
                by=self.caller,
                at=timezone.now(),
                dry_run=dry_run,
            )
        shown: dict[str, Any] = {
            "break_id": row.pk,
            "suggestion": _shown(tried.suggestion),
            "applied": tried.applied,
        }
        if tried.request is not None:
            shown["approval_request_id"] = tried.request.pk
        row.refresh_from_db(fields=["version"])
        return Response(shown, headers={"ETag": etag(row.version)})


class RemediationList(SeenBreaks, ListView):
    """What was suggested for a break, the last first, and what became of it."""

    needs = {"GET": "breaks.view_tradebreak"}
    queryset = RemediationSuggestion.objects.all()
    serializer_class = RemediationOutput
    ordering_columns = {"id": "id"}

    def get_queryset(self) -> QuerySet:
        row = get_object_or_404(self.seen(TradeBreak.objects.all()), pk=self.kwargs["pk"])
        made = RemediationSuggestion.objects.filter(trade_break=row)
        return made.select_related("policy", "applied_by", "reversed_by")


class ReverseRemediation(SeenBreaks):
    """
    Take back what an applied suggestion did; its breaks are as they were before.

    Whoever applied it may, and supervisors; If-Match names the version of its break.
    """

    needs = {"POST": "breaks.work_tradebreak"}
    queryset = RemediationSuggestion.objects.all()
    serializer_class = RemediationOutput
    input_class = ReasonInput
    header_parameters = [IF_MATCH]

    def get_queryset(self) -> QuerySet:
        seen = self.seen(TradeBreak.objects.all())
        return RemediationSuggestion.objects.filter(trade_break__in=seen)

    @extend_schema(responses={200: RemediationOutput})
    def post(self, request: Request, pk: int) -> Response:
        suggestion = self.get_object()
        reason = self.given(request)["reason"]
        with refusals():
            done = remediation.reverse(
                suggestion_id=suggestion.pk,
                version=version_named(request, required=True),
                by=self.caller,
                at=timezone.now(),
                reason=reason,
            )
        now = TradeBreak.objects.only("version").get(pk=done.trade_break_id)
        return Response(RemediationOutput(done).data, headers={"ETag": etag(now.version)})


def _shown(suggestion: RemediationSuggestion | None) -> dict[str, Any] | None:
    return None if suggestion is None else dict(SuggestionOutput(suggestion).data)
