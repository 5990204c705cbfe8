from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from breaks.models import BreakEvent, TradeBreak
from breaks.terms import Clocks, business_age_hours
from matching.api.outputs import FieldScoreOutput, explained
from matching.choices import LegSide
from trades.api.outputs import TradeOutput
from trades.api.serializing import Output
from trades.models import Trade

_ID_OR_NULL = {"type": "string", "nullable": True}


def trades_of(trade_break: TradeBreak, side: LegSide) -> list[Trade]:
    """
    Return the trades of one side; those of a group are the legs of its match.

    Costs no query on a queryset of `breaks.api.views.breaks_to_show`.
    """
    one = trade_break.left_trade if side == LegSide.LEFT else trade_break.right_trade
    if one is not None:
        return [one]
    if trade_break.match is None:
        return []
    return [leg.trade for leg in trade_break.match.legs.all() if leg.side == side]


class BreakOutput(Output):
    """
    A disagreement between two sources; source1 is the left side, source2 the right.

    The trade ids are each source's own, those of a group joined by ";". An exposure of null is
    unknown, and `exposure_note` says why.
    """

    trade_id = serializers.SerializerMethodField(
        help_text="The source's own id of the trade, of source1 where both report it."
    )
    reconciliation = serializers.CharField(source="reconciliation.code", read_only=True)
    source1 = serializers.CharField(source="reconciliation.left_source.code", read_only=True)
    source2 = serializers.CharField(source="reconciliation.right_source.code", read_only=True)
    source1_trade_id = serializers.SerializerMethodField()
    source2_trade_id = serializers.SerializerMethodField()
    source1_trade = serializers.IntegerField(
        source="left_trade_id", read_only=True, allow_null=True, help_text="For trades/{id}."
    )
    source2_trade = serializers.IntegerField(
        source="right_trade_id", read_only=True, allow_null=True, help_text="For trades/{id}."
    )
    assigned_to = serializers.CharField(
        source="assigned_to.username", read_only=True, allow_null=True
    )
    resolved_by = serializers.CharField(
        source="resolved_by.username", read_only=True, allow_null=True
    )
    created_at = serializers.DateTimeField(
        source="opened_at", read_only=True, help_text="When it was first found."
    )
    team = serializers.CharField(source="team.code", read_only=True, allow_null=True)
    sla_policy = serializers.CharField(
        read_only=True, allow_null=True, help_text="The version its due time follows."
    )
    business_age_hours = serializers.SerializerMethodField(
        help_text="Hours since it was found, or until it ended, in its team's business hours."
    )

    class Meta:
        model = TradeBreak
        fields: tuple[str, ...] = (
            "id", "trade_id", "break_type", "category", "field", "severity", "status",
            "assigned_to", "team", "created_at", "last_seen_at", "times_seen",
            "due_at", "paused_at", "sla_policy", "business_age_hours",
            "reconciliation", "source1", "source2",
            "source1_trade_id", "source2_trade_id", "source1_trade", "source2_trade",
            "match", "trade_date",
            "left_value", "right_value", "difference", "tolerance",
            "exposure", "currency", "exposure_note",
            "resolved_at", "resolved_by", "reason_code", "version",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields

    def get_business_age_hours(self, trade_break: TradeBreak) -> float:
        # One reading of the hours for all rows of an answer.
        context: dict[str, Any] = self.context  # type: ignore[assignment]
        terms = context.setdefault("clocks", Clocks())
        now = context.setdefault("now", timezone.now())
        return business_age_hours(trade_break, terms, now=now)

    def _ids(self, trade_break: TradeBreak, side: LegSide) -> str | None:
        ids = [trade.source_trade_id for trade in trades_of(trade_break, side)]
        return ";".join(sorted(ids)) or None

    @extend_schema_field(_ID_OR_NULL)
    def get_source1_trade_id(self, trade_break: TradeBreak) -> str | None:
        return self._ids(trade_break, LegSide.LEFT)

    @extend_schema_field(_ID_OR_NULL)
    def get_source2_trade_id(self, trade_break: TradeBreak) -> str | None:
        return self._ids(trade_break, LegSide.RIGHT)

    @extend_schema_field(_ID_OR_NULL)
    def get_trade_id(self, trade_break: TradeBreak) -> str | None:
        return self._ids(trade_break, LegSide.LEFT) or self._ids(trade_break, LegSide.RIGHT)


class BreakEventOutput(Output):
    """One entry of a break's history; `by` is null where the system acted."""

    by = serializers.CharField(source="by.username", read_only=True, allow_null=True)
    detail = serializers.SerializerMethodField()

    class Meta:
        model = BreakEvent
        fields: tuple[str, ...] = (
            "sequence", "kind", "from_status", "to_status", "by", "at", "reason", "detail",
            "digest", "previous_digest",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_detail(self, event: BreakEvent) -> dict[str, Any]:
        return event.detail


class SidesOutput(serializers.Serializer):
    """The trades of a break as their sources report them now."""

    source1 = TradeOutput(many=True)
    source2 = TradeOutput(many=True)


class BreakDetailOutput(BreakOutput):
    """A break with its trades, why they were paired, and all that happened to it."""

    trades = serializers.SerializerMethodField()
    explanation = serializers.SerializerMethodField(
        help_text="Why the trades were paired, field by field; empty without a pair."
    )
    timeline = BreakEventOutput(source="events", many=True, read_only=True)

    class Meta(BreakOutput.Meta):
        fields: tuple[str, ...] = (*BreakOutput.Meta.fields, "trades", "explanation", "timeline")
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(SidesOutput)
    def get_trades(self, trade_break: TradeBreak) -> dict[str, Any]:
        return SidesOutput(
            {
                "source1": trades_of(trade_break, LegSide.LEFT),
                "source2": trades_of(trade_break, LegSide.RIGHT),
            }
        ).data

    @extend_schema_field(FieldScoreOutput(many=True))
    def get_explanation(self, trade_break: TradeBreak) -> list[dict[str, Any]]:
        return explained(trade_break.match) if trade_break.match else []
