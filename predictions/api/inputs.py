from typing import Any

from rest_framework import serializers

from predictions.services.describing import TAKES
from trades.api.serializing import LARGEST_KEY, Input

MOST_IDS = 10_000
WHICH = "Give trade, or trade_ids."


class ScoreInput(Input):
    """One trade as a row of a file has it, or the keys of trades that are in the desk."""

    trade = serializers.DictField(
        child=serializers.JSONField(), required=False, allow_empty=False,
        help_text="Canonical columns as text, money too: " + ", ".join(TAKES) + ". source is the "
        "code of the source that reports it; it, trade_id, trade_date, side, quantity and an "
        "identifier of the instrument are needed.",
    )  # fmt: skip
    trade_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_KEY),
        required=False, allow_empty=False,
        help_text=f"Up to {MOST_IDS:,} a call, as GET trades gives them.",
    )  # fmt: skip

    def validate_trade_ids(self, keys: list[int]) -> list[int]:
        return list(dict.fromkeys(keys))

    def to_internal_value(self, data: Any) -> Any:
        """Refuse too many before each of them is looked at."""
        keys = data.get("trade_ids") if isinstance(data, dict) else None
        if isinstance(keys, list) and len(keys) > MOST_IDS:
            raise serializers.ValidationError(
                {
                    "trade_ids": f"{len(keys):,} ids; at most {MOST_IDS:,} are taken a call. "
                    "Ask in several."
                },
                code="too_many",
            )
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "trade" in attrs and "trade_ids" in attrs:
            raise serializers.ValidationError({"trade_ids": f"{WHICH} Not both."})
        if not attrs:
            raise serializers.ValidationError({"trade": WHICH}, code="required")
        return attrs
