"""How the reports are told."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from breaks.choices import BreakType, Severity
from breaks.models import TradeBreak
from breaks.terms import Clocks, business_age_hours
from matching.choices import RunStatus
from matching.models import ReconciliationRun
from matching.selectors import run_summary
from reporting.selectors.summary import Summary
from trades.api.serializing import Amount, Output

HOUR = timedelta(hours=1)


class SummaryOutput(serializers.Serializer):
    """How the scope stands; `docs/reference/metrics.md` says what each figure is of."""

    timestamp = serializers.DateTimeField(help_text="When this was counted.")
    total_trades = serializers.IntegerField(help_text="In scope of the newest runs of each date.")
    total_breaks = serializers.IntegerField(help_text="Live and ended.")
    open_breaks = serializers.IntegerField(help_text="Live: neither resolved nor accepted.")
    resolved_breaks = serializers.IntegerField(help_text="Resolved or accepted.")
    match_rate = serializers.FloatField(
        allow_null=True, help_text="Share of the trades in a match, 0 to 1; null without a trade."
    )
    auto_match_rate = serializers.FloatField(
        allow_null=True,
        help_text="Share of the matches found that need no review, 0 to 1; null without one.",
    )
    overdue_breaks = serializers.IntegerField(help_text="Live and past their due time.")
    open_exposure = Amount(
        max_digits=None,
        decimal_places=None,
        allow_null=True,
        help_text="Of the live breaks whose exposure is known; null where currencies differ.",
    )
    open_exposure_by_currency = serializers.DictField(
        child=Amount(max_digits=None, decimal_places=None)
    )
    open_exposure_unknown = serializers.IntegerField(
        help_text="Live breaks whose exposure is unknown, and is in no sum."
    )
    mean_time_to_resolve_seconds = serializers.FloatField(
        allow_null=True, help_text="Of the ended breaks, by the calendar; null without one."
    )
    sla_met_pct = serializers.FloatField(
        allow_null=True, help_text="Of the ended breaks, 0 to 100; null without one."
    )

    def to_representation(self, instance: Summary) -> dict[str, Any]:
        paired, live, ended = instance.paired, instance.live, instance.ended
        return super().to_representation(
            {
                "timestamp": instance.at,
                "total_trades": paired.trades,
                "total_breaks": instance.total_breaks,
                "open_breaks": live.count(),
                "resolved_breaks": ended.count,
                "match_rate": _rounded(paired.match_rate, 4),
                "auto_match_rate": _rounded(paired.auto_match_rate, 4),
                "overdue_breaks": live.late(),
                "open_exposure": instance.open_exposure,
                "open_exposure_by_currency": live.exposure(),
                "open_exposure_unknown": live.unknown(),
                "mean_time_to_resolve_seconds": ended.took and round(ended.took.total_seconds(), 3),
                "sla_met_pct": _rounded(ended.met, 4, times=100),
            }
        )


class AgedBreakOutput(Output):
    """A live break and how old it is."""

    break_id = serializers.IntegerField(source="pk", read_only=True)
    assigned_to = serializers.CharField(
        source="assigned_to.username", read_only=True, allow_null=True
    )
    age_hours = serializers.SerializerMethodField(help_text="Since it was found, by the calendar.")
    business_age_hours = serializers.SerializerMethodField(
        help_text="The same in its team's business hours."
    )
    sla_deadline = serializers.DateTimeField(source="due_at", read_only=True)

    class Meta:
        model = TradeBreak
        fields: tuple[str, ...] = (
            "break_id", "break_type", "status", "severity", "assigned_to", "age_hours",
            "business_age_hours", "sla_deadline",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields

    def get_age_hours(self, row: TradeBreak) -> float:
        return round((self._at - row.opened_at) / HOUR, 2)

    def get_business_age_hours(self, row: TradeBreak) -> float:
        terms: Clocks = self.context["clocks"]
        return business_age_hours(row, terms, now=self._at)

    @property
    def _at(self) -> datetime:
        at: datetime = self.context["at"]
        return at


class BucketOutput(serializers.Serializer):
    """How many live breaks are so old, by the calendar; `to_days` of null is without end."""

    bucket = serializers.CharField()
    from_days = serializers.IntegerField()
    to_days = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField()
    by_severity = serializers.DictField(
        child=serializers.IntegerField(), help_text=f"Of {', '.join(Severity.values)}."
    )


class RunRowOutput(serializers.Serializer):
    """A run in a line of the report; its figures are those it kept when it ended."""

    id = serializers.IntegerField()
    run_date = serializers.DateField(help_text="The day in UTC on which it was asked for.")
    reconciliation = serializers.CharField()
    from_date = serializers.DateField(help_text="The first trade date it went over.")
    to_date = serializers.DateField()
    status = serializers.ChoiceField(RunStatus.choices)
    total_trades = serializers.IntegerField(help_text="In scope, of both sources.")
    matched_trades = serializers.IntegerField(help_text="Of these, in a match.")
    breaks_identified = serializers.IntegerField(help_text="Live of these trades as it ended.")
    match_rate = serializers.FloatField(allow_null=True, help_text="0 to 1; null over no trades.")
    duration_seconds = serializers.FloatField(allow_null=True)
    error_message = serializers.CharField(allow_blank=True)

    def to_representation(self, instance: ReconciliationRun) -> dict[str, Any]:
        told = run_summary(instance)
        return super().to_representation(
            told
            | {
                "id": instance.pk,
                "run_date": instance.requested_at.date(),
                "from_date": instance.from_date,
                "to_date": instance.to_date,
                "total_trades": instance.left_trades + instance.right_trades,
                "matched_trades": instance.matched_left + instance.matched_right,
                "error_message": instance.error,
            }
        )


class _Top(serializers.Serializer):
    breaks = serializers.IntegerField(help_text="Live and ended.")
    open_breaks = serializers.IntegerField()


class TopTypeOutput(_Top):
    break_type = serializers.ChoiceField(BreakType.choices)


class TopFieldOutput(_Top):
    field = serializers.CharField()


class TopAssigneeOutput(_Top):
    assigned_to = serializers.CharField()


class CauseOutput(serializers.Serializer):
    """A standing finding: its mechanism, what shows it, and what the fix would clear."""

    id = serializers.IntegerField()
    mechanism = serializers.CharField()
    headline = serializers.CharField()
    reconciliation = serializers.CharField()
    evidence = serializers.JSONField()
    breaks = serializers.IntegerField(help_text="Of those the caller may see.")
    exposure = serializers.SerializerMethodField(
        help_text="Of these, in the base currency; null is unknown."
    )
    currency = serializers.CharField(allow_blank=True)
    lift = serializers.FloatField(allow_null=True)
    p_value = serializers.FloatField(allow_null=True)
    proposed_fix = serializers.JSONField()
    would_clear = serializers.IntegerField(
        allow_null=True, help_text="Breaks the fix clears, tried without saving; null is untried."
    )
    from_date = serializers.DateField()
    to_date = serializers.DateField()
    status = serializers.CharField()

    @extend_schema_field({"type": "string", "format": "decimal", "nullable": True})
    def get_exposure(self, row: dict[str, Any]) -> str | None:
        exposure: Decimal | None = row["exposure"]
        return None if exposure is None else f"{exposure.normalize():f}"


class RootCauseOutput(serializers.Serializer):
    """What holds the most breaks, and why."""

    top_break_types = TopTypeOutput(many=True)
    top_fields = TopFieldOutput(many=True)
    top_assignees = TopAssigneeOutput(many=True)
    findings = CauseOutput(many=True)


def _rounded(share: float | None, places: int, *, times: int = 1) -> float | None:
    return None if share is None else round(share * times, places)
