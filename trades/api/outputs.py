from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from trades.api.serializing import Output
from trades.models import Trade, TradeVersion


class TradeOutput(Output):
    """One source's view of one execution; `instrument`, `counterparty`, `account` as resolved."""

    source = serializers.CharField(source="source.code", read_only=True)  # type: ignore[assignment]
    instrument = serializers.IntegerField(source="instrument_id", read_only=True, allow_null=True)
    counterparty = serializers.CharField(
        source="counterparty.name", read_only=True, allow_null=True
    )
    account = serializers.CharField(source="account.code", read_only=True, allow_null=True)

    class Meta:
        model = Trade
        fields: tuple[str, ...] = (
            "id", "source", "source_trade_id", "version", "state",
            "trade_date", "settlement_date", "executed_at",
            "side", "quantity", "price", "currency",
            "gross_amount", "commission", "fees", "accrued_interest", "net_amount",
            "instrument", "symbol", "isin", "cusip", "sedol", "figi",
            "security_name", "asset_class",
            "counterparty", "counterparty_name", "counterparty_lei", "counterparty_bic",
            "account", "account_code", "venue",
            "order_ref", "block_ref", "execution_ref",
            "delivery_id", "received_at", "changed_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class TradeVersionOutput(Output):
    """A trade as it was reported before, without the report as it was sent."""

    values = serializers.SerializerMethodField()

    class Meta:
        model = TradeVersion
        fields: tuple[str, ...] = ("version", "values", "delivery_id", "valid_from", "replaced_at")
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_values(self, version: TradeVersion) -> dict[str, Any]:
        return {name: value for name, value in version.values.items() if name != "raw"}


class TradeDetailOutput(TradeOutput):
    """A trade with what it was before, and the report as sent for who may see it."""

    versions = TradeVersionOutput(many=True, read_only=True)
    raw = serializers.JSONField(
        read_only=True, help_text="Absent unless the caller may see reports as they were sent."
    )

    class Meta(TradeOutput.Meta):
        fields: tuple[str, ...] = (*TradeOutput.Meta.fields, "versions", "raw")
        read_only_fields: tuple[str, ...] = fields

    def to_representation(self, instance: Trade) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not self.context["may_see_raw"]:
            del shown["raw"]
        return shown
