from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from connectors import services
from connectors.api.filters import DeliveryFilters, RejectedRowFilters
from connectors.api.inputs import RunIngestionInput
from connectors.api.outputs import DeliveryOutput, IngestionOutput, RejectedRowOutput
from connectors.models import Delivery, Feed, RejectedRow
from connectors.tasks import run_ingestion
from trades.api.base import ApiView
from trades.api.lists import ListView
from trades.api.preferences import APPLIED, PREFER, wants_to_wait
from trades.choices import SourceKind
from trades.raw import leave_trace, may_see_raw


class StartIngestion(ApiView):
    """Ask feeds for their reports."""

    needs = {"POST": "connectors.start_ingestion"}
    serializer_class = IngestionOutput
    input_class = RunIngestionInput
    header_parameters = [PREFER]

    @extend_schema(
        responses={
            200: OpenApiResponse(IngestionOutput, "It ran inline: the deliveries as they ended."),
            202: OpenApiResponse(IngestionOutput, "Queued for a worker: the counts are still 0."),
        },
    )
    def post(self, request: Request) -> Response:
        given = self.given(request)
        feeds = given.pop("feeds", None)
        if feeds is None:
            feeds = list(Feed.objects.filter(is_enabled=True).select_related("source"))
        queued = services.queue_deliveries(feeds=feeds, by=self.caller, at=timezone.now(), **given)
        if queued and not wants_to_wait(request):
            ids = [delivery.pk for delivery in queued]
            # The rows are the queue: a broker that is down loses only the message.
            transaction.on_commit(lambda: run_ingestion.delay(delivery_ids=ids), robust=True)
            return Response(self._answer(queued), status.HTTP_202_ACCEPTED)
        ended = [delivery for waiting in queued for delivery in _execute(waiting)]
        return Response(self._answer(ended), status.HTTP_200_OK, headers=APPLIED)

    def _answer(self, deliveries: list[Delivery]) -> dict[str, Any]:
        def new(kind: SourceKind) -> int:
            return sum(
                delivery.loaded + delivery.amended
                for delivery in deliveries
                if delivery.source.kind == kind
            )

        oms, custodian = new(SourceKind.OMS), new(SourceKind.CUSTODIAN)
        answer = {"deliveries": deliveries, "oms": oms, "custodian": custodian}
        return self.get_serializer(answer).data


def _execute(queued: Delivery) -> list[Delivery]:
    """Execute a queued delivery; one a worker took already is shown as it stands."""
    try:
        return services.execute_delivery(delivery_id=queued.pk, at=timezone.now())
    except services.NotClaimable:
        return [DeliveryList.queryset.get(pk=queued.pk)]


class DeliveryList(ListView):
    """Deliveries, the newest first."""

    needs = {"GET": "connectors.view_delivery"}
    queryset = Delivery.objects.select_related("feed", "source", "layout", "requested_by")
    serializer_class = DeliveryOutput
    filterset_class = DeliveryFilters
    ordering_columns = {
        name: name for name in ("id", "received_at", "finished_at", "rows_in", "rejected")
    }
    default_ordering = ("-received_at",)


class DeliveryDetail(ApiView):
    """One delivery with its counts."""

    needs = {"GET": "connectors.view_delivery"}
    queryset = DeliveryList.queryset
    serializer_class = DeliveryOutput

    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


class RejectedRowList(ListView):
    """The rows of a delivery that are in quarantine, in the order of the file."""

    needs = {"GET": "connectors.view_rejectedrow"}
    queryset = RejectedRow.objects.select_related("decided_by")
    serializer_class = RejectedRowOutput
    filterset_class = RejectedRowFilters
    ordering_columns = {name: name for name in ("id", "line_number", "decided_at")}
    default_ordering = ("line_number",)

    def narrow(self, rows: Any) -> Any:
        delivery = get_object_or_404(Delivery, pk=self.kwargs["pk"])
        return rows.filter(delivery=delivery)

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        return {**context, "may_see_raw": may_see_raw(self.caller)}

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if may_see_raw(self.caller):
            leave_trace(self.caller, f"rejected rows of delivery {kwargs['pk']}")
        return super().get(request, *args, **kwargs)
