import django_filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from matching.choices import RuleSetStatus
from matching.models import RuleSet
from matching.rules import InvalidRules, active_version, validated
from matching.rules_diff import KINDS, changes
from trades.api.base import ApiView
from trades.api.lists import ListView
from trades.api.serializing import Output


class RuleSetOutput(Output):
    """One version of the rules."""

    created_by = serializers.CharField(
        source="created_by.username", read_only=True, allow_null=True
    )
    activated_by = serializers.CharField(
        source="activated_by.username", read_only=True, allow_null=True
    )

    class Meta:
        model = RuleSet
        fields: tuple[str, ...] = (
            "id", "name", "version", "status", "note", "created_by", "created_at", "edits",
            "activated_by", "activated_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class RuleChangeOutput(serializers.Serializer):
    """One setting that is not what it is in the active version, in words."""

    part = serializers.CharField()
    setting = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)


class RuleSetDetailOutput(RuleSetOutput):
    """A version with its definition and what it changes against the active one."""

    definition = serializers.JSONField(read_only=True)
    changes = serializers.SerializerMethodField(
        help_text="Against the active version; empty for that itself, or where there is none."
    )

    class Meta(RuleSetOutput.Meta):
        fields: tuple[str, ...] = (*RuleSetOutput.Meta.fields, "definition", "changes")
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(RuleChangeOutput(many=True))
    def get_changes(self, rule_set: RuleSet) -> list[dict]:
        active = active_version(rule_set)
        if active is None:
            return []
        try:
            found = changes(validated(active.definition), validated(rule_set.definition))
        except InvalidRules:
            return []
        return [dict(RuleChangeOutput(one).data) for one in found]


class RuleSetFilters(django_filters.FilterSet):
    name = django_filters.CharFilter("name")
    status = django_filters.MultipleChoiceFilter(choices=RuleSetStatus.choices)

    class Meta:
        model = RuleSet
        fields: list[str] = []


class RuleSetList(ListView):
    """The versions of all rules, the newest first."""

    needs = {"GET": "matching.view_ruleset"}
    queryset = RuleSet.objects.select_related("created_by", "activated_by")
    serializer_class = RuleSetOutput
    filterset_class = RuleSetFilters
    ordering_columns = {name: name for name in ("id", "version", "created_at", "activated_at")}
    default_ordering = ("-created_at",)


class RuleSetDetail(ApiView):
    """One version: its definition, and what it changes."""

    needs = {"GET": "matching.view_ruleset"}
    queryset = RuleSetList.queryset
    serializer_class = RuleSetDetailOutput

    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)
