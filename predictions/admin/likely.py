"""The trades likely to break: scored, their other side not come yet, the likeliest first."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesCheckboxFilter,
    RangeDateFilter,
    RelatedCheckboxFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import action, display

from predictions.admin.cells import reasons, risk
from predictions.choices import RiskBand
from predictions.models import TradeScore
from predictions.selectors import active_version, waiting_trades
from trades.admin.cells import badge, day, link, number, share, short
from trades.admin.desk import DeskAdmin, ReadOnly, ViewFilter

REQUEST = "predictions.request_tradescore"


class RiskFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("all", "All that wait"), ("likely", "Medium risk and above"),
             ("high", "High and critical"))  # fmt: skip

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        if value == "all":
            return queryset
        least = [RiskBand.HIGH, RiskBand.CRITICAL]
        return queryset.filter(band__in=least + ([RiskBand.MEDIUM] if value == "likely" else []))


@admin.register(TradeScore)
class TradeScoreAdmin(ReadOnly, DeskAdmin):
    """Scores of the active model whose trades wait; there is nothing to open but the trade."""

    list_display = ("chance", "risk_word", "of_trade", "why", "counterparty", "instrument",
                    "quantity", "source", "traded")  # fmt: skip
    list_display_links = None
    list_before_template = "desk/likely_head.html"
    list_filter = (
        RiskFilter,
        ("band", ChoicesCheckboxFilter),
        ("trade__source", RelatedCheckboxFilter),
        ("trade__counterparty", RelatedDropdownFilter),
        ("trade__trade_date", RangeDateFilter),
    )
    list_select_related = ("trade__source", "trade__instrument", "trade__counterparty")
    search_fields = ("trade__source_trade_id", "trade__counterparty_name", "trade__symbol",
                     "trade__isin", "trade__account_code")  # fmt: skip
    search_help_text = "Trade id, counterparty, account, symbol or ISIN"
    ordering = ("-probability", "-pk")
    actions_list = ("score_now",)

    class Media:
        css = {"all": ("desk/predictions.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        waiting = waiting_trades(at=timezone.now())
        scores = super().get_queryset(request).filter(model_version=active_version())
        return scores.filter(trade__in=waiting.values("pk")).defer("trade__raw")

    @display(description="Probability", ordering="probability")
    def chance(self, row: TradeScore) -> SafeString:
        scored = f"scored {timezone.localtime(row.scored_at):%Y-%m-%d %H:%M %Z}"
        return format_html('<span title="{}">{}</span>', scored, share(row.probability))

    @display(description="Risk", ordering="probability")
    def risk_word(self, row: TradeScore) -> SafeString:
        return risk(row)

    @display(description="Trade", ordering="trade__source_trade_id")
    def of_trade(self, row: TradeScore) -> SafeString:
        return link("trades_trade", row.trade_id, row.trade.source_trade_id)

    @display(description="Source", ordering="trade__source__code")
    def source(self, row: TradeScore) -> str:
        return row.trade.source.code

    @display(description="Trade date", ordering="trade__trade_date")
    def traded(self, row: TradeScore) -> SafeString:
        return day(row.trade.trade_date)

    @display(description="Quantity", ordering="trade__quantity")
    def quantity(self, row: TradeScore) -> SafeString:
        side = badge(row.trade.side, row.trade.get_side_display())
        return format_html('<span class="dk-sided">{} {}</span>', side, number(row.trade.quantity))

    @display(description="Instrument", ordering="trade__instrument__name")
    def instrument(self, row: TradeScore) -> SafeString:
        trade = row.trade
        return short(str(trade.instrument or trade.security_name or trade.symbol), width="narrow")

    @display(description="Counterparty", ordering="trade__counterparty_name")
    def counterparty(self, row: TradeScore) -> SafeString:
        trade = row.trade
        return short(str(trade.counterparty or trade.counterparty_name), width="narrow")

    @display(description="Because of")
    def why(self, row: TradeScore) -> SafeString:
        return reasons(row.factors)

    def list_head(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        from predictions.registry import problem

        return super().list_head(request, changelist) | {"model_problem": problem()}

    def has_request_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(REQUEST)

    @action(
        description="Score now", icon="online_prediction", permissions=["request"],
        url_path="score-now",
    )  # fmt: skip
    def score_now(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            _scored(request)
            return HttpResponseRedirect(reverse("admin:predictions_tradescore_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Score now",
            "form": "",
            "submit": "Score now",
            "back": reverse("admin:predictions_tradescore_changelist"),
            "intro": "Scores the trades whose other side has not come and that have no score of "
            "the active model yet, or were amended since. It happens by itself every hour, and "
            "in the day's pipeline before anything is compared.",
        }
        return TemplateResponse(request, "desk/form.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the trade: its page shows the score and all its reasons."""
        score = self.get_object(request, object_id)
        if score is None or not self.has_view_permission(request):
            return super().change_view(request, object_id, form_url, extra_context)
        return HttpResponseRedirect(reverse("admin:trades_trade_change", args=[score.trade_id]))


def _scored(request: HttpRequest) -> None:
    from predictions.registry import ModelAbsent, ModelAltered
    from predictions.services.scoring import score_waiting

    try:
        kept = score_waiting(at=timezone.now())
    except (ModelAbsent, ModelAltered) as refusal:
        messages.error(request, str(refusal))
        return
    if kept.scored:
        trades = "trade was" if kept.scored == 1 else "trades were"
        messages.success(request, f"{kept.scored:,} {trades} scored by {kept.version}.")
    else:
        messages.info(request, "There is nothing new to score: every trade that waits has one.")
