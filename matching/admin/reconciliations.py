from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from matching.models import Reconciliation, ReconciliationRun
from trades.admin.cells import NOTHING, badge, moment
from trades.admin.desk import DeskAdmin
from trades.admin.reference import known_calendar


class ReconciliationForm(forms.ModelForm):
    class Meta:
        model = Reconciliation
        fields = ("code", "name", "left_source", "right_source", "rule_set_name", "asset_class",
                  "calendar", "base_currency", "is_enabled", "qa_share_pct",
                  "qa_most_a_run")  # fmt: skip

    def clean_calendar(self) -> str:
        return known_calendar(self.cleaned_data["calendar"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        left, right = data.get("left_source"), data.get("right_source")
        if left and left == right:
            self.add_error("right_source", f"{left} cannot be compared with itself; take another.")
        return data


@admin.register(Reconciliation)
class ReconciliationAdmin(DeskAdmin):
    form = ReconciliationForm
    list_display = ("code", "name", "compares", "rule_set_name", "asset_class", "calendar",
                    "enabled", "last_status", "last_run_at")  # fmt: skip
    list_select_related = ("left_source", "right_source")
    search_fields = ("code", "name")
    fieldsets = (
        (None, {"fields": (("code", "name"), ("left_source", "right_source"))}),
        ("Scope", {"fields": (("asset_class", "calendar"), ("base_currency", "is_enabled"))}),
        ("Rules", {"fields": ("rule_set_name",)}),
        ("Checking automatic matches", {"fields": (("qa_share_pct", "qa_most_a_run"),)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        newest = ReconciliationRun.objects.filter(reconciliation=OuterRef("pk")).order_by(
            "-requested_at", "-pk"
        )
        return (
            super()
            .get_queryset(request)
            .annotate(
                last_run_status=Subquery(newest.values("status")[:1]),
                last_run_requested=Subquery(newest.values("requested_at")[:1]),
            )
        )

    @display(description="Compares")
    def compares(self, row: Reconciliation) -> SafeString:
        return format_html("{} with {}", row.left_source.name, row.right_source.name)

    @display(description="Enabled", ordering="is_enabled")
    def enabled(self, row: Reconciliation) -> SafeString:
        return badge("ACTIVE", "on") if row.is_enabled else badge("RETIRED", "off")

    @display(description="Last run", ordering="last_run_status")
    def last_status(self, row: Any) -> SafeString:
        if not row.last_run_status:
            return NOTHING
        return badge(row.last_run_status, row.last_run_status.capitalize())

    @display(description="Asked for", ordering="last_run_requested")
    def last_run_at(self, row: Any) -> SafeString:
        return moment(row.last_run_requested)
