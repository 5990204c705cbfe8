"""The queue: live breaks, worst first, everything an analyst scans on one line."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Case, F, IntegerField, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesCheckboxFilter,
    RangeDateFilter,
    RangeNumericFilter,
    RelatedCheckboxFilter,
)
from unfold.decorators import display

from breaks.admin.acts import WORK
from breaks.admin.bench import WorkbenchAdmin
from breaks.admin.words import (
    counterparty_words,
    difference_words,
    exposure_cell,
    instrument_words,
    person,
    said_cell,
    severity_cell,
    status_cell,
    type_words,
)
from breaks.choices import Severity
from breaks.models import TradeBreak
from matching.admin.comparison import MIXED, side_names
from trades.admin.cells import digits, number, short, since
from trades.admin.desk import ViewFilter
from trades.fields import ExactSum

_SIDES = ("left", "right")

WORST_FIRST = Case(
    *(When(severity=severity, then=Value(rank)) for rank, severity in enumerate(Severity)),
    output_field=IntegerField(),
)


class QueueFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("open", "Open"), ("mine", "Mine"), ("unassigned", "Unassigned"), ("all", "All"))

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        # A status asked for by name may be an ended one, which the open view would hide.
        self._status_named = any(name.startswith("status") for name in request.GET)
        super().__init__(request, *args)

    def default(self) -> str:
        return "all" if self._status_named else "open"

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        if value == "all":
            return queryset
        live = queryset.live()  # type: ignore[attr-defined]
        if value == "mine":
            return live.filter(assigned_to=request.user)
        return live.filter(assigned_to=None) if value == "unassigned" else live


@admin.register(TradeBreak)
class TradeBreakAdmin(WorkbenchAdmin):
    list_filter = (
        QueueFilter,
        ("severity", ChoicesCheckboxFilter),
        ("break_type", ChoicesCheckboxFilter),
        ("status", ChoicesCheckboxFilter),
        ("reconciliation", RelatedCheckboxFilter),
        ("assigned_to", RelatedCheckboxFilter),
        ("trade_date", RangeDateFilter),
        ("exposure", RangeNumericFilter),
    )
    search_fields = (
        "left_trade__source_trade_id", "right_trade__source_trade_id",
        "left_trade__order_ref", "right_trade__order_ref",
        "left_trade__execution_ref", "right_trade__execution_ref",
        "left_trade__counterparty_name", "right_trade__counterparty_name",
        "left_trade__instrument__name", "right_trade__instrument__name",
        "left_trade__symbol", "right_trade__symbol",
    )  # fmt: skip
    search_help_text = "Trade, reference or name"
    ordering = ("-rank", "-id")
    list_display_links = ("number",)
    actions = ("claim_selected",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        seen = super().get_queryset(request).visible_to(request.user)  # type: ignore[attr-defined]
        return seen.with_trades()

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Head the two values with the sources' names, or say in each cell whose it is."""
        names = side_names()
        whose = names == MIXED
        said = [
            _value_column(side, name, whose=whose) for side, name in zip(_SIDES, names, strict=True)
        ]
        return ["number", "severity_word", "kind", *said, "gap", "at_risk",
                "counterparty", "instrument", "age", "status_word", "assignee"]  # fmt: skip

    def list_head(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        totals = (
            changelist.queryset.order_by()
            .values("currency")
            .annotate(total=ExactSum("exposure"))
            .values_list("currency", "total")
        )
        shown = [
            {"label": "Exposure", "value": f"{total:,.2f} {currency}"}
            for currency, total in totals
            if total is not None
        ]
        return super().list_head(request, changelist) | {"desk_totals": shown}

    @display(description="Break", ordering="pk")
    def number(self, row: TradeBreak) -> SafeString:
        return number(row.pk)

    @display(description="Type", ordering="break_type")
    def kind(self, row: TradeBreak) -> SafeString:
        return short(type_words(row))

    @display(description="Difference", ordering="difference")
    def gap(self, row: TradeBreak) -> SafeString:
        return short(difference_words(row))

    @display(description="Counterparty")
    def counterparty(self, row: TradeBreak) -> SafeString:
        return short(counterparty_words(row))

    @display(description="Instrument")
    def instrument(self, row: TradeBreak) -> SafeString:
        return short(instrument_words(row))

    @display(description="Exposure", ordering=F("exposure").asc(nulls_first=True))
    def at_risk(self, row: TradeBreak) -> SafeString:
        return exposure_cell(row, usual=settings.BASE_CURRENCY)

    @display(description="Age", ordering="-opened_at")
    def age(self, row: TradeBreak) -> SafeString:
        return since(row.opened_at, now=timezone.now())

    @display(description="Severity", ordering=WORST_FIRST.asc())
    def severity_word(self, row: TradeBreak) -> SafeString:
        return severity_cell(row)

    @display(description="Status", ordering="status")
    def status_word(self, row: TradeBreak) -> SafeString:
        return status_cell(row, brief=True)

    @display(description="Assignee", ordering="assigned_to__username")
    def assignee(self, row: TradeBreak) -> SafeString:
        return person(row.assigned_to)

    def has_work_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(WORK)

    @admin.action(description="Claim", permissions=["work"])
    def claim_selected(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Claim each selected break by itself, and say of each refused one why."""
        from breaks.services import work
        from breaks.services.lifecycle import WorkRefused

        by: Any = request.user
        claimed, refused = 0, []
        for pk in queryset.order_by("pk").values_list("pk", flat=True):
            try:
                work.claim(break_id=pk, version=None, by=by, at=timezone.now())
            except WorkRefused as refusal:
                refused.append(str(refusal))
            else:
                claimed += 1
        if claimed:
            self.message_user(request, f"{digits(claimed)} claimed.", messages.SUCCESS)
        for sentence in refused[:10]:
            self.message_user(request, sentence, messages.WARNING)
        if len(refused) > 10:
            self.message_user(request, f"{len(refused) - 10} more refused.", messages.WARNING)


def _value_column(side: str, name: str, *, whose: bool) -> Callable[[TradeBreak], SafeString]:
    def column(row: TradeBreak) -> SafeString:
        return said_cell(row, side, whose=whose)

    column.__name__ = f"{side}_said"
    column.short_description = name  # type: ignore[attr-defined]
    return column
