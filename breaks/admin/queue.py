"""The queue: live breaks, worst first, everything an analyst scans on one line."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, QuerySet, prefetch_related_objects
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesCheckboxFilter,
    RangeDateFilter,
    RangeNumericFilter,
)
from unfold.decorators import display

from breaks.admin.bench import WorkbenchAdmin
from breaks.admin.bulk_breaks import BulkBreaks
from breaks.admin.choosing import side_names
from breaks.admin.exchange import ExchangeAdmin
from breaks.admin.filters import (
    AgeFilter,
    AssetClassFilter,
    AssigneeFilter,
    CounterpartyFilter,
    DueFilter,
    EndedFilter,
    PartyFilter,
    ReconciliationFilter,
    SourceFilter,
    TeamFilter,
    TypeFilter,
    keep,
)
from breaks.admin.listing import QueueList, totals
from breaks.admin.peek import BothTrades, peek_urls
from breaks.admin.saved_views import saved_view_urls, saved_views
from breaks.admin.tabs import ALL, QueueFilter, default_view
from breaks.admin.words import (
    age_cell,
    counterparty_words,
    difference_words,
    due_cell,
    exposure_cell,
    instrument_words,
    person,
    said_cell,
    severity_cell,
    status_cell,
    type_words,
)
from breaks.models import TradeBreak
from breaks.querysets import SEVERITY_RANK
from breaks.search import by_term
from matching.admin.comparison import MIXED
from trades.admin.cells import number, short

_SIDES = ("left", "right")
# What the search over all of the desk shows of breaks.
MOST_FOUND = 20


@admin.register(TradeBreak)
class TradeBreakAdmin(ExchangeAdmin, BulkBreaks, WorkbenchAdmin):
    list_filter = (
        QueueFilter,
        ("severity", ChoicesCheckboxFilter),
        ("break_type", TypeFilter),
        ("status", ChoicesCheckboxFilter),
        DueFilter,
        AgeFilter,
        EndedFilter,
        CounterpartyFilter,
        PartyFilter,
        AssigneeFilter,
        TeamFilter,
        ReconciliationFilter,
        SourceFilter,
        ("category", ChoicesCheckboxFilter),
        AssetClassFilter,
        ("trade_date", RangeDateFilter),
        ("exposure", RangeNumericFilter),
    )
    # They only tell that there is a search; what it looks at is `breaks.search`.
    search_fields = ("pk",)
    search_help_text = "Break, trade, reference or name"
    list_display_links = ("number",)
    list_sections = (BothTrades,)
    # Counts beside every choice of every filter would look at every break.
    show_facets = admin.ShowFacets.NEVER

    def get_urls(self) -> list[URLPattern]:
        return [*saved_view_urls(self), *peek_urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the breaks this person may see, in every page and search of the admin."""
        if request.user.is_authenticated:
            prefetch_related_objects([request.user], "teams")
        seen = super().get_queryset(request).visible_to(request.user)  # type: ignore[attr-defined]
        return seen.with_trades().without_reports()  # type: ignore[no-any-return]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return QueueList

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Put first what is dearest to leave; where ended ones are shown too, the newest."""
        shown = request.GET.get(QueueFilter.parameter_name, default_view(request.GET))
        return ("-pk",) if shown == ALL else ("-rank", "-pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if not search_term.strip():
            return queryset, False
        found = keep(request, queryset, by_term(search_term))
        if request.resolver_match and request.resolver_match.url_name == "search":
            found = found.order_by(*self.get_ordering(request))[:MOST_FOUND]
        return found, False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Head the two values with the sources' names, or say in each cell whose it is."""
        names = side_names(request)
        whose = names == MIXED
        said = [
            _value_column(side, name, whose=whose) for side, name in zip(_SIDES, names, strict=True)
        ]
        return ["number", "severity_word", "kind", *said, "gap", "at_risk", "counterparty",
                "instrument", "age", "due", "status_word", "assignee", "team_name"]  # fmt: skip

    def list_head(self, request: HttpRequest, changelist: Any) -> dict[str, Any]:
        head = super().list_head(request, changelist) | {
            "desk_totals": totals(changelist.tally),
            **saved_views(request),
        }
        if not changelist.tally.is_whole:
            head["selection_note_all"] = f"All of more than {changelist.tally.most - 1:,} selected"
        return head

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
        return age_cell(row, now=timezone.now())

    @display(description="Due in", ordering="due_at")
    def due(self, row: TradeBreak) -> SafeString:
        return due_cell(row, now=timezone.now())

    @display(description="Severity", ordering=SEVERITY_RANK.desc())
    def severity_word(self, row: TradeBreak) -> SafeString:
        return severity_cell(row)

    @display(description="Status", ordering="status")
    def status_word(self, row: TradeBreak) -> SafeString:
        return status_cell(row, brief=True)

    @display(description="Assignee", ordering="assigned_to__username")
    def assignee(self, row: TradeBreak) -> SafeString:
        return person(row.assigned_to)

    @display(description="Team", ordering="team__name")
    def team_name(self, row: TradeBreak) -> SafeString:
        return short(row.team.name if row.team else "", width="narrow")


def _value_column(side: str, name: str, *, whose: bool) -> Callable[[TradeBreak], SafeString]:
    def column(row: TradeBreak) -> SafeString:
        return said_cell(row, side, whose=whose)

    column.__name__ = f"{side}_said"
    column.short_description = name  # type: ignore[attr-defined]
    return column
