"""The one row of prediction settings; every change is kept with who made it."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from predictions.models import ScoringSettings
from trades.admin.changes import ChangesKeptAdmin


@admin.register(ScoringSettings)
class ScoringSettingsAdmin(ChangesKeptAdmin):
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

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the one row there is."""
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        row, _ = ScoringSettings.objects.get_or_create(pk=1)
        return HttpResponseRedirect(
            reverse("admin:predictions_scoringsettings_change", args=[row.pk])
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        from predictions.services.scoring import edit_settings

        if moved := edit_settings(settings=obj, at=timezone.now()):
            trades = "trade is" if moved == 1 else "trades are"
            messages.info(request, f"{moved:,} {trades} in another band now.")
