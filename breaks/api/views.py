from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from breaks.api.filters import BreakFilters
from breaks.api.outputs import BreakDetailOutput, BreakEventOutput, BreakOutput
from breaks.models import BreakEvent, TradeBreak
from breaks.querysets import SEVERITY_RANK, TradeBreakQuerySet
from matching.models import MatchLeg
from trades.api.base import ApiView
from trades.api.lists import ListView
from trades.api.preconditions import etag


def breaks_to_show() -> TradeBreakQuerySet:
    """Return breaks with all that a list shows, in a fixed number of queries."""
    legs = MatchLeg.objects.select_related("trade").defer("trade__raw")
    return (
        TradeBreak.objects.with_trades()
        .select_related("match", "resolved_by", "sla_policy")
        .defer("left_trade__raw", "right_trade__raw")
        .prefetch_related(Prefetch("match__legs", legs))
        .annotate(severity_rank=SEVERITY_RANK)
    )


def breaks_in_full() -> TradeBreakQuerySet:
    """Return breaks with their trades whole and their history."""
    joined = [f"trade__{name}" for name in ("source", "counterparty", "account")]
    both = [f"{side}_trade__{name}" for side in ("left", "right") for name in ("source", "account")]
    legs = MatchLeg.objects.select_related(*joined).defer("trade__raw")
    return (
        TradeBreak.objects.with_trades()
        .select_related(
            "match__rule_set", "match__reconciliation", "resolved_by", "sla_policy", *both
        )
        .defer("left_trade__raw", "right_trade__raw")
        .prefetch_related(
            Prefetch("match__legs", legs),
            Prefetch("events", BreakEvent.objects.select_related("by")),
        )
    )


class SeenBreaks(ApiView):
    """A view of breaks, each of which is only there for whoever may see it."""

    def seen(self, breaks: TradeBreakQuerySet) -> TradeBreakQuerySet:
        return breaks.visible_to(self.request.user)


class BreakList(SeenBreaks, ListView):
    """All breaks, the newest first."""

    needs = {"GET": "breaks.view_tradebreak"}
    queryset = TradeBreak.objects.all()
    serializer_class = BreakOutput
    filterset_class = BreakFilters
    ordering_columns = {
        name: name
        for name in (
            "id", "trade_date", "status", "break_type", "exposure", "difference",
            "last_seen_at", "times_seen", "due_at", "resolved_at",
        )
    } | {"created_at": "opened_at", "severity": "severity_rank"}  # fmt: skip
    default_ordering = ("-created_at",)

    def get_queryset(self) -> QuerySet:
        return self.seen(breaks_to_show())


class OpenBreakList(BreakList):
    """The breaks somebody still has to work, the newest first."""

    def get_queryset(self) -> QuerySet:
        return self.seen(breaks_to_show()).live()


class BreakDetail(SeenBreaks):
    """One break: its trades, why they were paired, its history; the ETag is its version."""

    needs = {"GET": "breaks.view_tradebreak"}
    queryset = TradeBreak.objects.all()
    serializer_class = BreakDetailOutput

    def get_queryset(self) -> QuerySet:
        return self.seen(breaks_in_full())

    def get(self, request: Request, pk: int) -> Response:
        trade_break = self.get_object()
        shown = self.get_serializer(trade_break).data
        return Response(shown, headers={"ETag": etag(trade_break.version)})


class BreakHistory(SeenBreaks, ListView):
    """What happened to a break, in order; each entry's digest covers the one before it."""

    needs = {"GET": "breaks.view_breakevent"}
    queryset = BreakEvent.objects.select_related("by")
    serializer_class = BreakEventOutput
    filterset_class = None
    ordering_columns = {"sequence": "sequence"}
    default_ordering = ("sequence",)

    def narrow(self, rows: QuerySet) -> QuerySet:
        trade_break = get_object_or_404(self.seen(TradeBreak.objects.all()), pk=self.kwargs["pk"])
        return rows.filter(trade_break=trade_break)
