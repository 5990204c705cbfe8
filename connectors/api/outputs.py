from typing import Any

from rest_framework import serializers

from connectors.models import Delivery, RejectedRow
from trades.api.serializing import Output


class DeliveryOutput(Output):
    """One arrival; ``rows_in = loaded + amended + duplicates + rejected``."""

    feed = serializers.CharField(source="feed.code", read_only=True, allow_null=True)
    source = serializers.CharField(source="source.code", read_only=True)  # type: ignore[assignment]
    layout = serializers.CharField(source="layout.code", read_only=True, allow_null=True)
    requested_by = serializers.CharField(
        source="requested_by.username", read_only=True, allow_null=True
    )

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = (
            "id", "feed", "source", "layout", "name", "digest", "from_date", "to_date",
            "status", "step", "rows_read", "rows_in", "loaded", "amended", "duplicates", "rejected",
            "error", "requested_by", "received_at", "started_at", "finished_at", "attempt",
            "replay_of",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class RejectedRowOutput(Output):
    """A row in quarantine; `raw` and `fixed` only for who may see reports as they were sent."""

    decided_by = serializers.CharField(
        source="decided_by.username", read_only=True, allow_null=True
    )

    class Meta:
        model = RejectedRow
        fields: tuple[str, ...] = (
            "id", "line_number", "reason", "status", "decided_by", "decided_at", "raw", "fixed",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields

    def to_representation(self, instance: RejectedRow) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not self.context["may_see_raw"]:
            del shown["raw"], shown["fixed"]
        return shown


class IngestedDelivery(Output):
    """What an ingestion says of each delivery it made."""

    feed = serializers.CharField(source="feed.code", read_only=True, allow_null=True)
    source = serializers.CharField(source="source.code", read_only=True)  # type: ignore[assignment]

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = (
            "id", "feed", "source", "name", "from_date", "to_date", "status",
            "step", "rows_read", "rows_in", "loaded", "amended", "duplicates", "rejected", "error",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class IngestionOutput(serializers.Serializer):
    deliveries = IngestedDelivery(many=True)
    oms = serializers.IntegerField(help_text="Trades loaded or amended from sources of kind OMS.")
    custodian = serializers.IntegerField(help_text="The same from sources of kind CUSTODIAN.")
