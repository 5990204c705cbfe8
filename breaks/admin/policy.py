from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, RelatedCheckboxFilter
from unfold.decorators import display

from breaks.admin.words import severity_cell
from breaks.choices import PendingReason
from breaks.models import ApprovalPolicy, ExposureThreshold, PendingTrade
from trades.admin.cells import NOTHING, badge, day, digits, link, moment, number
from trades.admin.changes import ChangesKeptAdmin
from trades.admin.desk import DeskAdmin, ReadOnly

_UNTIL = {
    PendingReason.REVIEW: "a person decides",
    PendingReason.LATE_FEED: "the delivery comes",
}


@admin.register(ExposureThreshold)
class ExposureThresholdAdmin(DeskAdmin):
    list_display = ("severity_word", "from_exposure")
    fields = (("severity", "at_least"),)

    @display(description="At least", ordering="severity")
    def severity_word(self, row: ExposureThreshold) -> SafeString:
        return severity_cell(row)  # type: ignore[arg-type]

    @display(description="From an exposure of", ordering="at_least")
    def from_exposure(self, row: ExposureThreshold) -> SafeString:
        return number(row.at_least, places=2)


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(ChangesKeptAdmin):
    """One policy a guarded act; each change is kept with who made it, and can be looked up."""

    list_display = ("act_words", "in_words", "changed", "changed_by")
    fields = ("act_words", "is_enabled", "above")
    readonly_fields = ("act_words",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="Act", ordering="act")
    def act_words(self, row: ApprovalPolicy) -> str:
        return row.get_act_display()

    @display(description="Needs a second person", ordering="above")
    def in_words(self, row: ApprovalPolicy) -> SafeString:
        if not row.is_enabled:
            return badge("RETIRED", "never")
        if not row.above:
            return badge("ACTIVE", "always")
        said = f"above {digits(row.above, places=2)} {settings.BASE_CURRENCY}, or unknown"
        return badge("ACTIVE", said)


@admin.register(PendingTrade)
class PendingTradeAdmin(ReadOnly, DeskAdmin):
    """Trades that are neither agreed nor broken yet; there is nothing to open but the trade."""

    list_display = ("trade_id", "source", "traded", "instrument", "quantity", "reconciliation_code",
                    "reason_word", "until_when")  # fmt: skip
    list_display_links = None
    list_filter = (
        ("reason", ChoicesCheckboxFilter),
        ("reconciliation", RelatedCheckboxFilter),
        ("trade__source", RelatedCheckboxFilter),
    )
    list_select_related = ("trade__source", "trade__instrument", "reconciliation")
    search_fields = ("trade__source_trade_id", "trade__counterparty_name", "trade__symbol")
    search_help_text = "Trade id, counterparty or symbol"
    ordering = ("until", "pk")

    @display(description="Trade", ordering="trade__source_trade_id")
    def trade_id(self, row: PendingTrade) -> SafeString:
        return link("trades_trade", row.trade_id, row.trade.source_trade_id)

    @display(description="Source", ordering="trade__source__code")
    def source(self, row: PendingTrade) -> str:
        return row.trade.source.code

    @display(description="Trade date", ordering="trade__trade_date")
    def traded(self, row: PendingTrade) -> SafeString:
        return day(row.trade.trade_date)

    @display(description="Instrument")
    def instrument(self, row: PendingTrade) -> str:
        return str(row.trade.instrument or row.trade.symbol)

    @display(description="Quantity", ordering="trade__quantity")
    def quantity(self, row: PendingTrade) -> SafeString:
        return number(row.trade.quantity)

    @display(description="Reconciliation", ordering="reconciliation__code")
    def reconciliation_code(self, row: PendingTrade) -> str:
        return row.reconciliation.code

    @display(description="Waits for", ordering="reason")
    def reason_word(self, row: PendingTrade) -> SafeString:
        return badge(row.reason, row.get_reason_display())

    @display(description="Until", ordering="until")
    def until_when(self, row: PendingTrade) -> SafeString | str:
        if row.until is None:
            return _UNTIL.get(PendingReason(row.reason), NOTHING)
        return moment(row.until)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the trade: there is no more to say of its waiting than the list does."""
        waiting = self.get_object(request, object_id)
        if waiting is None or not self.has_view_permission(request):
            return super().change_view(request, object_id, form_url, extra_context)
        return HttpResponseRedirect(reverse("admin:trades_trade_change", args=[waiting.trade_id]))
