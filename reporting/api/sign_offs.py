"""Which dates are signed, and the sheet of one."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from reporting.choices import SignOffAct, SignOffStatus
from reporting.models import SignOff
from reporting.selectors.sign_off import changes, seen_by, sheet_of
from trades.api.base import ApiView
from trades.api.filters import DayFilter
from trades.api.lists import ListView
from trades.api.preconditions import etag


class SignOffFilters(django_filters.FilterSet):
    reconciliation = django_filters.CharFilter("reconciliation__code", help_text="Its code.")
    status = django_filters.MultipleChoiceFilter(choices=SignOffStatus.choices)
    business_date = DayFilter("business_date")
    from_date = DayFilter("business_date", "gte")
    to_date = DayFilter("business_date", "lte")

    class Meta:
        model = SignOff
        fields: list[str] = []


class SignOffOutput(serializers.ModelSerializer):
    """One date of one reconciliation; its counts are those that were kept when prepared."""

    reconciliation = serializers.CharField(source="reconciliation.code", read_only=True)
    prepared_by = serializers.CharField(
        source="prepared_by.username", default=None, allow_null=True, read_only=True
    )
    signed_by = serializers.CharField(
        source="signed_by.username", default=None, allow_null=True, read_only=True
    )

    class Meta:
        model = SignOff
        fields: tuple[str, ...] = (
            "id", "reconciliation", "business_date", "status", "prepared_by", "prepared_at",
            "signed_by", "signed_at", "note", "trades", "matched", "broken", "pending",
            "unresolved", "version",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class ChangeSinceOutput(serializers.Serializer):
    """One figure that is not what was kept."""

    figure = serializers.CharField(source="label")
    then = serializers.CharField(allow_blank=True)
    now = serializers.CharField(allow_blank=True)


class SignOffEventOutput(serializers.Serializer):
    """One act; its digest covers the act before it."""

    sequence = serializers.IntegerField()
    act = serializers.CharField(help_text=f"One of {', '.join(SignOffAct)}.")
    by = serializers.CharField(source="by.username")
    at = serializers.DateTimeField()
    note = serializers.CharField(allow_blank=True)
    digest = serializers.CharField()


class SignOffDetailOutput(SignOffOutput):
    """One date with its sheet, what has changed since that was kept, and who did what."""

    is_kept = serializers.BooleanField(
        help_text="Whether the sheet is that of preparing; else it is how things stand."
    )
    sheet = serializers.JSONField(help_text="Files, positions and the unresolved breaks you see.")
    changed_since = ChangeSinceOutput(many=True)
    events = SignOffEventOutput(many=True, source="acts")

    class Meta(SignOffOutput.Meta):
        fields: tuple[str, ...] = (
            *SignOffOutput.Meta.fields, "is_kept", "sheet", "changed_since", "events",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class SignOffList(ListView):
    """The dates of each reconciliation and whether they are signed, the newest first."""

    needs = {"GET": "reporting.view_signoff"}
    queryset = SignOff.objects.select_related("reconciliation", "prepared_by", "signed_by")
    serializer_class = SignOffOutput
    filterset_class = SignOffFilters
    ordering_columns = {name: name for name in ("id", "business_date", "status", "signed_at")}
    default_ordering = ("-business_date",)


class SignOffDetail(ApiView):
    """One date: the sheet as it was prepared, or as it stands while nothing is."""

    needs = {"GET": "reporting.view_signoff"}
    queryset = SignOff.objects.all()
    serializer_class = SignOffDetailOutput

    def get_queryset(self) -> QuerySet:
        joined = ("reconciliation__left_source", "reconciliation__right_source")
        return SignOff.objects.select_related(*joined, "prepared_by", "signed_by")

    @extend_schema(responses={200: SignOffDetailOutput})
    def get(self, request: Request, pk: int) -> Response:
        from reporting.services.signing import kept_sheet

        row: Any = self.get_object()
        now = seen_by(
            self.caller,
            sheet_of(
                reconciliation=row.reconciliation,
                business_date=row.business_date,
                at=timezone.now(),
            ),
        )
        kept = kept_sheet(row)
        row.is_kept = kept is not None
        row.sheet = now if kept is None else seen_by(self.caller, kept)
        row.changed_since = changes(row.sheet, now) if row.is_kept else []
        row.acts = row.events.select_related("by").defer("sheet")
        shown = self.get_serializer(row).data
        return Response(shown, headers={"ETag": etag(row.version)})
