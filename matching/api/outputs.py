import logging
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from matching.choices import LegSide, RunStatus
from matching.engine import ColumnError
from matching.models import Match, MatchAlternative, MatchDifference, MatchLeg, ReconciliationRun
from matching.rules import InvalidRules
from matching.selectors import explanation, run_summary
from trades.api.outputs import TradeOutput
from trades.api.serializing import Output

logger = logging.getLogger(__name__)

SIDES = {LegSide.LEFT: "source1", LegSide.RIGHT: "source2"}


class RunSummaryOutput(serializers.Serializer):
    """What a run says of itself; source1 is the left side, source2 the right."""

    run_id = serializers.IntegerField()
    status = serializers.ChoiceField(RunStatus.choices)
    reconciliation = serializers.CharField()
    source1 = serializers.CharField()
    source2 = serializers.CharField()
    from_date = serializers.DateField()
    to_date = serializers.DateField()
    rule_set = serializers.CharField()
    trades_source1 = serializers.IntegerField()
    trades_source2 = serializers.IntegerField()
    auto_matched = serializers.IntegerField(help_text="Matches made without a person.")
    manual_review = serializers.IntegerField(help_text="Matches proposed for review.")
    breaks_identified = serializers.IntegerField()
    unmatched_source1 = serializers.IntegerField()
    unmatched_source2 = serializers.IntegerField()
    match_rate = serializers.FloatField(
        allow_null=True, help_text="Share of in-scope trades in a match, 0 to 1."
    )
    candidates_cut = serializers.IntegerField()
    partitions = serializers.IntegerField()
    duration_seconds = serializers.FloatField(allow_null=True)
    step = serializers.CharField(help_text="What it is doing now.")
    progress_pct = serializers.IntegerField()
    error = serializers.CharField()

    def to_representation(self, instance: ReconciliationRun) -> dict[str, Any]:
        return super().to_representation(run_summary(instance))


class RunOutput(RunSummaryOutput):
    """A run, with who asked for it and when it began and ended."""

    requested_by = serializers.CharField(allow_null=True)
    requested_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    timings = serializers.DictField(child=serializers.FloatField(), help_text="Seconds by step.")

    def to_representation(self, instance: ReconciliationRun) -> dict[str, Any]:
        whole = run_summary(instance) | {
            "requested_by": instance.requested_by and instance.requested_by.get_username(),
            "requested_at": instance.requested_at,
            "started_at": instance.started_at,
            "finished_at": instance.finished_at,
            "timings": instance.timings,
        }
        return serializers.Serializer.to_representation(self, whole)


class _OfOneSide(Output):
    side = serializers.SerializerMethodField()

    @extend_schema_field({"type": "string", "enum": list(SIDES.values())})
    def get_side(self, row: Any) -> str:
        return SIDES[row.side]


class LegOutput(_OfOneSide):
    """A trade of a match, at the version that was compared."""

    source = serializers.CharField(source="trade.source.code", read_only=True)  # type: ignore[assignment]
    source_trade_id = serializers.CharField(source="trade.source_trade_id", read_only=True)

    class Meta:
        model = MatchLeg
        fields: tuple[str, ...] = (
            "side",
            "trade",
            "source",
            "source_trade_id",
            "trade_version",
            "is_live",
        )
        read_only_fields: tuple[str, ...] = fields


class LegWithTradeOutput(LegOutput):
    trade = TradeOutput(read_only=True)


class DifferenceOutput(Output):
    """A field on which the trades do not agree."""

    class Meta:
        model = MatchDifference
        fields: tuple[str, ...] = (
            "field",
            "kind",
            "left_value",
            "right_value",
            "difference",
            "tolerance",
        )
        read_only_fields: tuple[str, ...] = fields


class AlternativeOutput(_OfOneSide):
    """Another trade that would fit nearly as well."""

    trade = TradeOutput(read_only=True)

    class Meta:
        model = MatchAlternative
        fields: tuple[str, ...] = ("side", "score", "trade")
        read_only_fields: tuple[str, ...] = fields


class MatchOutput(Output):
    """Trades of two sources taken for the same business."""

    reconciliation = serializers.CharField(source="reconciliation.code", read_only=True)
    rule_set = serializers.CharField(read_only=True)
    decided_by = serializers.CharField(
        source="decided_by.username", read_only=True, allow_null=True
    )
    legs = LegOutput(many=True, read_only=True)

    class Meta:
        model = Match
        fields: tuple[str, ...] = (
            "id", "reconciliation", "run", "rule_set", "kind", "decision", "status", "pass_name",
            "score", "reason", "created_at", "decided_by", "decided_at", "decision_note", "legs",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class FieldScoreOutput(serializers.Serializer):
    """One field's part in the score of a pairing."""

    field = serializers.CharField()
    left = serializers.CharField()
    right = serializers.CharField()
    similarity = serializers.FloatField(allow_null=True, help_text="0 to 1; null is unknown.")
    weight = serializers.FloatField()
    contribution = serializers.FloatField()


class MatchDetailOutput(MatchOutput):
    """A match with its trades, what they disagree on, and why they were paired."""

    legs = LegWithTradeOutput(many=True, read_only=True)
    differences = DifferenceOutput(many=True, read_only=True)
    alternatives = AlternativeOutput(many=True, read_only=True)
    explanation = serializers.SerializerMethodField(
        help_text="Field by field, from the trades as they are now; empty for a group."
    )

    class Meta(MatchOutput.Meta):
        fields: tuple[str, ...] = (
            *MatchOutput.Meta.fields,
            "differences",
            "alternatives",
            "explanation",
        )
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(FieldScoreOutput(many=True))
    def get_explanation(self, match: Match) -> list[dict[str, Any]]:
        return explained(match)


def explained(match: Match) -> list[dict[str, Any]]:
    """Return `explanation` as rows; none where the rules of the time can no longer be run."""
    try:
        return [asdict(score) for score in explanation(match)]
    except (InvalidRules, ColumnError) as problem:
        logger.warning("match %s cannot be explained: %s", match.pk, problem)
        return []
