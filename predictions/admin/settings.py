"""The one row of prediction settings; every change is kept with who made it."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from predictions.choices import RiskBand
from predictions.models import ScoringSettings
from trades.admin.cells import badge
from trades.admin.changes import ChangesKeptAdmin


@admin.register(ScoringSettings)
class ScoringSettingsAdmin(ChangesKeptAdmin):
    list_display = ("bands", "back", "told_past", "changed", "changed_by")
    fieldsets = (
        (
            "Risk bands",
            {
                "fields": ("medium_from", "high_from", "critical_from", "predicted_from"),
                "description": "Probabilities from 0 to 1. What is listed moves into its new band "
                "at once; what ended keeps the band it was given.",
            },
        ),
        ("Likely to break", {"fields": ("look_back_days",)}),
        (
            "Watch",
            {
                "fields": ("drift_limit", "calibration_limit", "least_trades"),
                "description": "When the active model is past one of these, whoever may change "
                "this page is told, once until it is back within.",
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="Risk bands")
    def bands(self, row: ScoringSettings) -> SafeString:
        return format_html_join(
            " ",
            "{}",
            (
                (badge(band.value, f"{band.label.lower()} from {limit:g}"),)
                for band, limit in zip(list(RiskBand)[1:], row.limits, strict=True)
            ),
        )

    @display(description="Scored and listed")
    def back(self, row: ScoringSettings) -> str:
        return f"{row.look_back_days} days back"

    @display(description="People are told past")
    def told_past(self, row: ScoringSettings) -> str:
        return (
            f"drift {row.drift_limit:g} or calibration error {row.calibration_limit:g}, in a week "
            f"of {row.least_trades:,} trades"
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        from predictions.services.scoring import edit_settings

        if moved := edit_settings(settings=obj, at=timezone.now()):
            trades = "trade is" if moved == 1 else "trades are"
            messages.info(request, f"{moved:,} {trades} in another band now.")
