from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from trades.choices import AssetClass, Side, TradeState
from trades.models import Trade


class DayFilter(django_filters.DateFilter):
    """A date as ISO 8601 has it: 04/03/2026 is March to some and April to others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, input_formats=["%Y-%m-%d"])


class TradeFilters(django_filters.FilterSet):
    source = django_filters.CharFilter("source__code", help_text="Code of the source.")
    source_trade_id = django_filters.CharFilter("source_trade_id")
    state = django_filters.MultipleChoiceFilter(choices=TradeState.choices)
    side = django_filters.ChoiceFilter(choices=Side.choices)
    trade_date = DayFilter("trade_date")
    from_date = DayFilter("trade_date", "gte")
    to_date = DayFilter("trade_date", "lte")
    settlement_date = DayFilter("settlement_date")
    asset_class = django_filters.MultipleChoiceFilter(choices=AssetClass.choices)
    symbol = django_filters.CharFilter("symbol", "iexact")
    isin = django_filters.CharFilter("isin", "iexact")
    cusip = django_filters.CharFilter("cusip", "iexact")
    instrument = django_filters.NumberFilter("instrument_id")
    currency = django_filters.CharFilter("currency")
    counterparty = django_filters.CharFilter(method="filter_counterparty")
    account = django_filters.CharFilter(method="filter_account")
    order_ref = django_filters.CharFilter("order_ref")
    delivery = django_filters.NumberFilter("delivery_id")
    changed_since = django_filters.IsoDateTimeFilter("changed_at", "gte")
    search = django_filters.CharFilter(
        method="filter_search", help_text="In ids, references, identifiers and names."
    )

    class Meta:
        model = Trade
        fields: list[str] = []

    def filter_counterparty(self, trades: QuerySet, name: str, value: Any) -> QuerySet:
        return trades.filter(
            Q(counterparty__name__icontains=value) | Q(counterparty_name__icontains=value)
        )

    def filter_account(self, trades: QuerySet, name: str, value: Any) -> QuerySet:
        return trades.filter(Q(account__code=value) | Q(account_code=value))

    def filter_search(self, trades: QuerySet, name: str, value: Any) -> QuerySet:
        columns = (
            "source_trade_id", "order_ref", "block_ref", "execution_ref",
            "symbol", "isin", "cusip", "security_name", "counterparty_name",
        )  # fmt: skip
        found = Q()
        for column in columns:
            found |= Q(**{f"{column}__icontains": value})
        return trades.filter(found)
