from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api.acts import refusals
from breaks.api.inputs import NothingInput
from breaks.api.views import SeenBreaks
from breaks.models import TradeBreak
from trades.api.preconditions import IF_MATCH_OPTIONAL, etag, version_named
from workflows.services.routing import route_one


class RoutedOutput(serializers.Serializer):
    """Where the rules sent a break, by which of them and why."""

    break_id = serializers.IntegerField(source="pk")
    assigned_to = serializers.CharField(source="assigned_to.username", default=None)
    team = serializers.CharField(
        source="team.code", default=None, help_text="null: it is everybody's; why says so."
    )
    rule = serializers.CharField(
        source="routing.rule_name", help_text="The first that fits; empty if none does."
    )
    why = serializers.CharField(source="routing.why")
    escalation_time = serializers.DateTimeField(
        source="due_at", help_text="When it is due: nobody is told that it is late before."
    )


class RouteByRules(SeenBreaks):
    """
    Send a break where the routing rules say.

    It overrules where somebody placed it by hand; whoever works on it keeps it.
    """

    needs = {"POST": "breaks.work_tradebreak"}
    queryset = TradeBreak.objects.all()
    serializer_class = RoutedOutput
    input_class = NothingInput
    header_parameters = [IF_MATCH_OPTIONAL]

    def get_queryset(self) -> QuerySet:
        return self.seen(TradeBreak.objects.all())

    @extend_schema(responses={200: RoutedOutput})
    def post(self, request: Request, pk: int) -> Response:
        trade_break = self.get_object()
        version = version_named(request, required=False)
        self.given(request)
        with refusals():
            route_one(break_id=trade_break.pk, version=version, by=self.caller, at=timezone.now())
        routed = TradeBreak.objects.select_related("assigned_to", "team", "routing").get(pk=pk)
        shown = self.get_serializer(routed).data
        return Response(shown, headers={"ETag": etag(routed.version)})
