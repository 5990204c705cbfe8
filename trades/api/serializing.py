"""Strict input and exact output: what a caller may say, and money as text to the digit."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from rest_framework import serializers

from trades.dates import FIRST_DAY, LAST_DAY
from trades.fields import DIGITS, PLACES, ExactDecimalField


class Amount(serializers.DecimalField):
    """Money, a price or a quantity: a string without trailing zeros, never a JSON number."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", DIGITS)
        kwargs.setdefault("decimal_places", PLACES)
        super().__init__(**kwargs, coerce_to_string=True, normalize_output=True)


LARGEST_KEY = 2**63 - 1  # of a row on either database


class TradeDate(serializers.DateField):
    """A trade date the desk knows; beyond them the calendar itself comes to an end."""

    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise serializers.ValidationError(
                f"{day} is no trade date; give one from {FIRST_DAY} to {LAST_DAY}.",
                code="out_of_range",
            )
        return day


class Output(serializers.ModelSerializer):
    """The base of all answers; a subclass lists its fields."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        ExactDecimalField: Amount
    }


class Input(serializers.Serializer):
    """The base of all requests: a key it does not know is refused, by name."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [str(key) for key in data if key not in self.fields]
            if unknown:
                known = ", ".join(self.fields) or "no keys at all"
                sentence = f"Unknown key; this request takes {known}."
                raise serializers.ValidationError(
                    {key: [sentence] for key in unknown}, code="unknown"
                )
        return super().to_internal_value(data)
