from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from trades.api.base import ApiView
from trades.api.filters import TradeFilters
from trades.api.lists import ListView
from trades.api.outputs import TradeDetailOutput, TradeOutput
from trades.models import Trade
from trades.raw import leave_trace, may_see_raw


class TradeList(ListView):
    """Trades as their sources report them."""

    needs = {"GET": "trades.view_trade"}
    queryset = Trade.objects.select_related("source", "counterparty", "account").defer("raw")
    serializer_class = TradeOutput
    filterset_class = TradeFilters
    ordering_columns = {
        name: name
        for name in (
            "id", "trade_date", "settlement_date", "executed_at", "changed_at",
            "source_trade_id", "symbol", "quantity", "price", "net_amount",
        )
    }  # fmt: skip
    default_ordering = ("-trade_date",)


class TradeDetail(ApiView):
    """One trade with its earlier versions; the report as sent for who may see it."""

    needs = {"GET": "trades.view_trade"}
    queryset = Trade.objects.select_related("source", "counterparty", "account").prefetch_related(
        "versions"
    )
    serializer_class = TradeDetailOutput

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        return {**context, "may_see_raw": may_see_raw(self.caller)}

    def get(self, request: Request, pk: int) -> Response:
        trade = self.get_object()
        shown = self.get_serializer(trade).data
        if "raw" in shown:
            leave_trace(self.caller, f"the raw report of trade {trade.pk}")
        return Response(shown)
