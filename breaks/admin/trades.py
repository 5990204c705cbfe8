from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html

from breaks.admin.matches import breaks_panel
from breaks.models import PendingTrade, TradeBreak
from connectors.models import Delivery
from matching.models import MatchLeg
from trades.admin.cells import NOTHING, badge, link, moment
from trades.admin.page import Panel
from trades.admin.trade import TradeAdmin
from trades.models import Trade


@admin.register(Trade)
class PlacedTradeAdmin(TradeAdmin):
    """A trade with the breaks, matches and delivery it is part of."""

    def part_of(self, request: HttpRequest, trade: Trade) -> list[Panel]:
        return [_breaks(trade, request), _matches(trade), *_pending(trade), _arrival(trade)]


def _breaks(trade: Trade, request: HttpRequest) -> Panel:
    live_match = Q(match__legs__trade=trade, match__legs__is_live=True)
    named = Q(left_trade=trade) | Q(right_trade=trade)
    keys = TradeBreak.objects.filter(named | live_match).values("pk")
    seen = TradeBreak.objects.visible_to(request.user)
    found = seen.filter(pk__in=keys).select_related(
        "reconciliation__left_source", "reconciliation__right_source"
    )
    return breaks_panel(list(found), "No break names this trade.")


def _matches(trade: Trade) -> Panel:
    legs = MatchLeg.objects.filter(trade=trade).select_related("match__reconciliation")
    rows = [
        [
            link("matching_match", leg.match_id, leg.match_id),
            leg.match.reconciliation.name,
            leg.match.kind,
            badge(leg.match.status, leg.match.get_status_display()),
            format_html("version {}", leg.trade_version),
        ]
        for leg in legs.order_by("-match__created_at", "-match")
    ]
    return Panel(
        title="Matches",
        count=len(rows),
        head=("Match", "Reconciliation", "Kind", "Status", "Compared"),
        rows=rows,
        none="No match holds this trade.",
    )


def _pending(trade: Trade) -> list[Panel]:
    waits = PendingTrade.objects.filter(trade=trade).select_related("reconciliation")
    rows = [
        [one.reconciliation.name, badge(one.reason, one.get_reason_display()), moment(one.until)]
        for one in waits
    ]
    head = ("Reconciliation", "Waits for", "Until")
    return [Panel(title="Pending", head=head, rows=rows)] if rows else []


def _arrival(trade: Trade) -> Panel:
    delivery = Delivery.objects.filter(pk=trade.delivery_id).first() if trade.delivery_id else None
    came_in = link("connectors_delivery", delivery.pk, delivery.name) if delivery else NOTHING
    return Panel(
        title="Arrival",
        facts=[
            ("Delivery", came_in),
            ("First received", moment(trade.received_at)),
            ("This version", moment(trade.changed_at)),
        ],
    )
