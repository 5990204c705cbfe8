from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet

from breaks.choices import BreakCategory, BreakStatus, BreakType, Severity
from breaks.models import TradeBreak
from breaks.search import by_counterparty, by_term
from matching.models import MatchLeg
from trades.api.filters import DayFilter, KeyFilter, MomentFilter


class BreakFilters(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(choices=BreakStatus.choices)
    severity = django_filters.MultipleChoiceFilter(choices=Severity.choices)
    break_type = django_filters.MultipleChoiceFilter(choices=BreakType.choices)
    category = django_filters.MultipleChoiceFilter(choices=BreakCategory.choices)
    field = django_filters.CharFilter("field")
    reconciliation = django_filters.CharFilter("reconciliation__code", help_text="Its code.")
    source = django_filters.CharFilter(method="filter_source", help_text="Code of either source.")
    trade_date = DayFilter("trade_date")
    from_date = DayFilter("trade_date", "gte")
    to_date = DayFilter("trade_date", "lte")
    opened_since = MomentFilter("opened_at", "gte")
    opened_before = MomentFilter("opened_at", "lt")
    assigned_to = django_filters.CharFilter("assigned_to__username", help_text="A user's name.")
    is_assigned = django_filters.BooleanFilter("assigned_to", "isnull", exclude=True)
    min_exposure = django_filters.NumberFilter(
        "exposure", "gte", help_text="In the base currency; unknown exposures are left out."
    )
    match = KeyFilter("match_id")
    trade = KeyFilter(method="filter_trade", help_text="Id of a trade here.")
    run = KeyFilter("last_run_id", help_text="Last seen by this run.")
    team = django_filters.CharFilter("team__code", help_text="Its code.")
    due_before = MomentFilter("due_at", "lt")
    counterparty = django_filters.CharFilter(
        method="filter_counterparty", help_text="Part of its name, or of a spelling of it."
    )
    max_exposure = django_filters.NumberFilter(
        "exposure", "lte", help_text="In the base currency; unknown exposures are left out."
    )
    search = django_filters.CharFilter(
        method="filter_search",
        help_text="The beginning of an id or reference of its trades, part of a name, or its id.",
    )

    class Meta:
        model = TradeBreak
        fields: list[str] = []

    def filter_source(self, breaks: QuerySet, name: str, value: str) -> QuerySet:
        return breaks.filter(
            Q(reconciliation__left_source__code=value) | Q(reconciliation__right_source__code=value)
        )

    def filter_trade(self, breaks: QuerySet, name: str, value: Any) -> QuerySet:
        return breaks.filter(Q(left_trade=value) | Q(right_trade=value) | _in_group(trade=value))

    def filter_search(self, breaks: QuerySet, name: str, value: str) -> QuerySet:
        return breaks.filter(by_term(value).where)

    def filter_counterparty(self, breaks: QuerySet, name: str, value: str) -> QuerySet:
        return breaks.filter(by_counterparty(value).where)


def _in_group(**conditions: object) -> Q:
    return Q(Exists(MatchLeg.objects.filter(match=OuterRef("match"), **conditions)))
