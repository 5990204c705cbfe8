from typing import Any

from rest_framework import serializers

from trades.api.serializing import Input, TradeDate

DAYS = "Give trade_date, or from_date and to_date."
WHAT = "Give reconciliation, or source1 and source2."


class StartReconciliationInput(Input):
    """One day or a range of trade dates, and a reconciliation by its code or its two sources."""

    trade_date = TradeDate(required=False)
    from_date = TradeDate(required=False)
    to_date = TradeDate(required=False)
    reconciliation = serializers.SlugField(required=False)
    source1 = serializers.SlugField(required=False)
    source2 = serializers.SlugField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return from_date and to_date, whichever way given, and what names the sources."""
        self._one_way(attrs, "trade_date", ("from_date", "to_date"), DAYS)
        self._one_way(attrs, "reconciliation", ("source1", "source2"), WHAT)
        first = attrs.get("trade_date") or attrs["from_date"]
        last = attrs.get("trade_date") or attrs["to_date"]
        if first > last:
            raise serializers.ValidationError({"to_date": f"{last} is before from_date, {first}."})
        named = {key: attrs[key] for key in attrs if not key.endswith("_date")}
        return named | {"from_date": first, "to_date": last}

    def _one_way(
        self, attrs: dict[str, Any], single: str, pair: tuple[str, str], sentence: str
    ) -> None:
        """Refuse both ways at once, neither, and half a pair."""
        both = [name for name in pair if name in attrs]
        if single in attrs and both:
            raise serializers.ValidationError({both[0]: f"{sentence} Not both."})
        if single not in attrs and len(both) < 2:
            missing = next(name for name in (*pair, single) if name not in attrs)
            raise serializers.ValidationError({missing if both else single: sentence}, "required")
