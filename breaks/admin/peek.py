"""A look at the two trades of a break without leaving the queue: its row opens under itself."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.sections import BaseSection

from breaks.models import TradeBreak
from matching.admin.comparison import FIELDS, compared
from matching.admin.legs import legs_panel
from matching.models import MatchDifference, MatchLeg
from trades.admin.page import Panel

_NAME = "breaks_tradebreak_peek"
# Of the fields that agree, those that tell which trade it is.
_TELLING = ("side", "quantity", "price", "currency", "net_amount", "instrument", "trade_date",
            "settlement_date", "counterparty", "account", "order_ref")  # fmt: skip
_LABELS = {FIELDS[name][0] for name in _TELLING}


class BothTrades(BaseSection):
    """What opens under a row; it is read when it comes into sight, so a list costs no more."""

    def render(self) -> str:
        address = reverse(f"admin:{_NAME}", args=[self.instance.pk])
        return format_html(
            '<div class="dk-peek" hx-get="{}" hx-trigger="intersect once">'
            '<p class="dk-none">Reading the trades</p></div>',
            address,
        )


def peek_urls(model_admin: Any) -> list[URLPattern]:
    """Return the address of the two trades of a break; `model_admin` is the queue's."""

    def view(request: HttpRequest, pk: int) -> HttpResponse:
        row = model_admin.get_object(request, pk)
        if row is None:
            raise Http404
        if not model_admin.has_view_permission(request, row):
            raise PermissionDenied
        return TemplateResponse(request, "desk/peek.html", {"original": row, **both_trades(row)})

    return [path("<int:pk>/peek/", model_admin.admin_site.admin_view(view), name=_NAME)]


def both_trades(row: TradeBreak) -> dict[str, Any]:
    """Compare the two trades of a break; those of a group are listed with their sum."""
    if row.left_trade is None and row.right_trade is None:
        legs = MatchLeg.objects.filter(match=row.match_id)
        joined = list(legs.select_related("trade__source", "trade__instrument", "trade__account"))
        none = Panel(title="Trades", none="No trade stands behind this break.")
        return {"panel": legs_panel(joined, ()) if joined else none}
    found = MatchDifference.objects.filter(match=row.match_id).values_list("field", flat=True)
    differing = {row.field, *found} - {""}
    sides = compared(row.reconciliation, row.left_trade, row.right_trade, differing)
    lines = [line for line in sides["lines"] if line.differs or line.label in _LABELS]
    return {"compared": sides | {"lines": lines}}
