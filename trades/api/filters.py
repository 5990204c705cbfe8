from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db.models import Q, QuerySet

from trades.api.serializing import LARGEST_KEY
from trades.choices import AssetClass, Side, TradeState
from trades.models import Trade


class DayFilter(django_filters.DateFilter):
    """A date as ISO 8601 has it: 04/03/2026 is March to some and April to others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, input_formats=["%Y-%m-%d"])


class KeyFilter(django_filters.NumberFilter):
    """The id of a row here: a whole number, and none that no database holds."""

    field_class = forms.IntegerField

    def get_max_validator(self) -> MaxValueValidator:
        return MaxValueValidator(LARGEST_KEY)


class _MomentField(django_filters.fields.IsoDateTimeField):
    def clean(self, value: Any) -> datetime | None:
        found: datetime | None = super().clean(value)
        try:
            return found and found.astimezone(UTC)
        except OverflowError as problem:
            raise ValidationError("Enter a valid date/time.", code="invalid") from problem


class MomentFilter(django_filters.IsoDateTimeFilter):
    """A time as ISO 8601 has it, that is one in UTC too."""

    field_class = _MomentField


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
    instrument = KeyFilter("instrument_id")
    currency = django_filters.CharFilter("currency")
    counterparty = django_filters.CharFilter(method="filter_counterparty")
    account = django_filters.CharFilter(method="filter_account")
    order_ref = django_filters.CharFilter("order_ref")
    delivery = KeyFilter("delivery_id")
    changed_since = MomentFilter("changed_at", "gte")
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
