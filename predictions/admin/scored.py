"""What was foreseen of a trade, on the trade's page and on the page of its break."""

from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from breaks.admin.queue import TradeBreakAdmin
from breaks.admin.trades import PlacedTradeAdmin
from predictions.admin.cells import score_panel
from predictions.selectors import last_score, score_of_break
from trades.admin.page import Page, Panel
from trades.models import Trade

admin.site.unregister(Trade)


@admin.register(Trade)
class ScoredTradeAdmin(PlacedTradeAdmin):
    """A trade with how likely it was to break, before its other side came."""

    class Media:
        css = {"all": ("desk/predictions.css",)}

    def part_of(self, request: HttpRequest, trade: Trade) -> list[Panel]:
        return [*score_panel(last_score([trade.pk])), *super().part_of(request, trade)]


class ScoredBreaks(TradeBreakAdmin):
    """Breaks, each with how likely it was, where one of its trades was scored."""

    def page(self, request: HttpRequest, row: Any) -> Page:
        page = super().page(request, row)
        return replace(page, side=[*page.side, *score_panel(score_of_break(row), title="Foreseen")])
