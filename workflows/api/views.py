from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from matching.api.outputs import RunSummaryOutput
from matching.choices import RunStatus
from matching.models import Reconciliation
from matching.rules import NoActiveRules
from matching.selectors import UnknownReconciliation, reconciliation_named
from matching.services.claims import ScopeBusy
from trades.api.base import ApiView
from trades.api.preferences import APPLIED, PREFER, wants_to_wait
from trades.api.problems import Conflict
from workflows.api.inputs import StartReconciliationInput
from workflows.services.starting import (
    REFUSALS,
    SourcesNotComparable,
    reconciliation_between,
    start_reconciliation,
)


class QueuedRunOutput(serializers.Serializer):
    run_id = serializers.IntegerField()
    status = serializers.ChoiceField(RunStatus.choices)


class StartReconciliation(ApiView):
    """Reconcile what two sources report for a range of trade dates."""

    needs = {"POST": "matching.start_run"}
    serializer_class = RunSummaryOutput
    input_class = StartReconciliationInput
    header_parameters = [PREFER]

    @extend_schema(
        responses={
            200: OpenApiResponse(RunSummaryOutput, "It ran inline: its figures."),
            202: OpenApiResponse(QueuedRunOutput, "Queued for a worker; Location tells of it."),
        },
    )
    def post(self, request: Request) -> Response:
        given = self.given(request)
        given["reconciliation"] = _reconciliation(given)
        inline = wants_to_wait(request)
        try:
            run = start_reconciliation(**given, by=self.caller, at=timezone.now(), inline=inline)
        except ScopeBusy as busy:
            extensions: dict[str, Any] = {"run_id": busy.run.pk} if busy.run else {}
            raise Conflict(str(busy), code="scope_busy", **extensions) from busy
        except NoActiveRules as refusal:
            raise Conflict(str(refusal), code="no_active_rules") from refusal
        except REFUSALS as refusal:
            raise Conflict(str(refusal), code="run_failed") from refusal
        location = {"Location": reverse("run", args=[run.pk])}
        if inline:
            return Response(self.get_serializer(run).data, headers=APPLIED | location)
        return Response(
            {"run_id": run.pk, "status": run.status}, status.HTTP_202_ACCEPTED, headers=location
        )


def _reconciliation(given: dict[str, Any]) -> Reconciliation:
    """
    Take what names the reconciliation out of the request and return the row.

    :raises ValidationError: if nothing answers to it.
    """
    code = given.pop("reconciliation", None)
    source1, source2 = given.pop("source1", ""), given.pop("source2", "")
    try:
        if code is not None:
            return reconciliation_named(code)
        return reconciliation_between(source1=source1, source2=source2)
    except UnknownReconciliation as unknown:
        raise serializers.ValidationError({"reconciliation": str(unknown)}) from unknown
    except SourcesNotComparable as refusal:
        raise serializers.ValidationError({"source2": str(refusal)}) from refusal
