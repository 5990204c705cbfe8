from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from matching.choices import RuleSetStatus
from matching.models import RuleSet
from trades.admin.acts import Act, ActForm, ActingAdmin
from trades.admin.cells import badge, moment, readable_json, short
from trades.admin.desk import JsonText, ReadableJson, ViewFilter

CHANGE = "matching.change_ruleset"


class RuleSetForm(forms.ModelForm):
    """A draft: validated by the engine itself, whose sentence is shown."""

    definition = ReadableJson(
        widget=JsonText(rows=34),
        help_text="Fields with their weights and tolerances, passes in order, thresholds.",
    )
    note = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
        help_text="What this version changes, and why.",
    )

    class Meta:
        model = RuleSet
        fields = ("name", "note", "definition")

    def clean_definition(self) -> dict[str, Any]:
        from matching.rules import InvalidRules, validated

        given = self.cleaned_data["definition"]
        try:
            validated(given)
        except InvalidRules as problem:
            raise forms.ValidationError(str(problem)) from problem
        return given


class VersionFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("current", "Active and drafts"), ("all", "All versions"))

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        return queryset.filter(~Q(status=RuleSetStatus.RETIRED)) if value == "current" else queryset


def _copy(request: HttpRequest, row: RuleSet, _given: dict[str, Any]) -> str:
    from matching.services import rule_sets

    made = rule_sets.draft(
        name=row.name, definition=row.definition, note=f"From {row}.", by=request.user,
        at=timezone.now(),
    )  # fmt: skip
    return f"{made} is a draft with the rules of {row}; find it in the list and edit it."


def is_draft(row: RuleSet) -> bool:
    return row.status == RuleSetStatus.DRAFT


def _refusals() -> tuple[type[Exception], ...]:
    from matching.rules import InvalidRules

    return (InvalidRules,)


class RuleSetAdmin(ActingAdmin):
    """Versions of rules; a higher app registers it with the activation, which is guarded."""

    form = RuleSetForm
    change_form_before_template = "desk/acts_row.html"
    list_display = ("name", "version", "status_word", "said", "created_by", "created", "activated",
                    "activated_by")  # fmt: skip
    list_filter = (VersionFilter, ("status", ChoicesCheckboxFilter))
    list_select_related = ("created_by", "activated_by")
    search_fields = ("name", "note")
    acts: tuple[Act, ...] = (
        Act(
            name="copy", label="Copy to a draft", permission=CHANGE, run=_copy, refusals=_refusals,
            form=ActForm, description="An active or retired version never changes; its copy may.",
        ),
    )  # fmt: skip

    @display(description="Status", ordering="status")
    def status_word(self, row: RuleSet) -> SafeString:
        return badge(row.status, row.get_status_display())

    @display(description="Note")
    def said(self, row: RuleSet) -> SafeString:
        return short(row.note)

    @display(description="Written", ordering="created_at")
    def created(self, row: RuleSet) -> SafeString:
        return moment(row.created_at)

    @display(description="Activated", ordering="activated_at")
    def activated(self, row: RuleSet) -> SafeString:
        return moment(row.activated_at)

    @display(description="Rules")
    def rules(self, row: RuleSet) -> SafeString:
        return readable_json(row.definition)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (not isinstance(obj, RuleSet) or is_draft(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        facts = (
            ("status_word", "version"),
            ("created_by", "created"),
            ("activated_by", "activated"),
        )
        if obj is None:
            return ((None, {"fields": ("name", "note", "definition")}),)
        rules = "definition" if self.has_change_permission(request, obj) else "rules"
        return (
            (None, {"fields": ("name", *facts, "note")}),
            ("Rules", {"fields": (rules,)}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        facts = (
            "status_word",
            "version",
            "created_by",
            "created",
            "activated_by",
            "activated",
            "rules",
        )
        return facts if obj is None else ("name", *facts)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write through the service: it numbers versions and keeps what is not a draft."""
        from matching.services import rule_sets

        given = form.cleaned_data
        if change:
            try:
                rule_sets.edit_draft(
                    rule_set_id=obj.pk, definition=given["definition"], note=given["note"]
                )
            except rule_sets.RuleSetNotDraft as refusal:
                raise PermissionDenied(str(refusal)) from refusal
            return
        made = rule_sets.draft(
            name=given["name"], definition=given["definition"], note=given["note"],
            by=request.user, at=timezone.now(),
        )  # fmt: skip
        obj.pk, obj.version, obj.status = made.pk, made.version, made.status
        obj.created_at, obj.created_by = made.created_at, made.created_by

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
        extra_context: Any = None,
    ) -> Any:  # fmt: skip
        row = self.get_object(request, object_id) if object_id else None
        acts = self.acts_for(request, row) if row else []
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), "acts": acts}
        )

    def after_act(self, row: Any) -> str:
        return reverse("admin:matching_ruleset_changelist")
