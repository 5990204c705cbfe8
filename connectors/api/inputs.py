from typing import Any

from rest_framework import serializers

from connectors.models import Feed
from trades.api.serializing import Input, TradeDate


class RunIngestionInput(Input):
    """Which feeds to ask, and for which trade dates; default: every enabled one, and two days."""

    from_date = TradeDate(required=False, help_text="Default: the day before to_date.")
    to_date = TradeDate(required=False, help_text="Default: today at the feed's source.")
    feeds = serializers.ListField(
        child=serializers.SlugField(), required=False, allow_empty=False, max_length=200,
        help_text="Codes of feeds; default: every enabled one.",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs.get("from_date"), attrs.get("to_date")
        if first and last and first > last:
            raise serializers.ValidationError({"to_date": f"{last} is before from_date, {first}."})
        return attrs

    def validate_feeds(self, codes: list[str]) -> list[Feed]:
        found = {feed.code: feed for feed in Feed.objects.select_related("source")}
        for code in codes:
            if code not in found:
                known = ", ".join(sorted(found)) or "none"
                raise serializers.ValidationError(f"There is no feed {code!r}; there is: {known}.")
            if not found[code].is_enabled:
                raise serializers.ValidationError(
                    f"Feed {code!r} is switched off; enable it in the admin first."
                )
        return [found[code] for code in dict.fromkeys(codes)]
