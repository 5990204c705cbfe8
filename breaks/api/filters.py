from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet

from breaks.choices import BreakCategory, BreakStatus, BreakType, Severity
from breaks.models import TradeBreak
from matching.models import MatchLeg
from trades.api.filters import DayFilter, KeyFilter, MomentFilter

_SEARCHED = ("source_trade_id", "order_ref", "symbol", "isin", "security_name", "counterparty_name")


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
    search = django_filters.CharFilter(
        method="filter_search", help_text="In ids, references, identifiers and names of its trades."
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
        found = _in_group(trade__source_trade_id__icontains=value)
        for column in _SEARCHED:
            for side in ("left_trade", "right_trade"):
                found |= Q(**{f"{side}__{column}__icontains": value})
        return breaks.filter(found)


def _in_group(**conditions: object) -> Q:
    return Q(Exists(MatchLeg.objects.filter(match=OuterRef("match"), **conditions)))
