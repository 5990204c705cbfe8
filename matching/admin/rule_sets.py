"""Versions of the rules: read, copied, edited. Registered by `breaks.admin`, which tries them."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from matching.choices import RuleSetStatus
from matching.models import RuleSet
from trades.admin.acts import Act, ActForm
from trades.admin.cells import NOTHING, badge, moment, readable_json, short
from trades.admin.desk import JsonText, ReadableJson, ViewFilter
from trades.admin.page import Page, PageAdmin, Panel

CHANGE = "matching.change_ruleset"


class RuleSetForm(forms.ModelForm):
    """The first version of new rules: validated by the engine itself, whose sentence is shown."""

    definition = ReadableJson(
        widget=JsonText(rows=34),
        help_text="Fields with their weights and tolerances, passes in order, thresholds.",
    )
    note = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
        help_text="What these rules are for.",
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


def is_draft(row: RuleSet) -> bool:
    return row.status == RuleSetStatus.DRAFT


def _copy(request: HttpRequest, row: RuleSet, _given: dict[str, Any]) -> str:
    from matching.services import rule_sets

    made = rule_sets.draft(
        name=row.name, definition=row.definition, note=f"From {row}.", by=request.user,
        at=timezone.now(), copy_of=row,
    )  # fmt: skip
    row.copied_to = made.pk  # type: ignore[attr-defined]
    return f"{made} is a draft with the rules of {row}."


def _unused(request: HttpRequest, row: RuleSet, _given: dict[str, Any]) -> str:
    raise NotImplementedError("The editor answers for itself.")


def refusals() -> tuple[type[Exception], ...]:
    from matching.rules import InvalidRules
    from matching.services import rule_sets

    return (InvalidRules, rule_sets.RuleSetNotDraft)


EDIT = Act(
    name="edit", label="Edit", permission=CHANGE, run=_unused, refusals=refusals, wide=True,
    offered=is_draft,
)  # fmt: skip
COPY = Act(
    name="copy", label="Copy to a draft", permission=CHANGE, run=_copy, refusals=refusals,
    form=ActForm, at_once=True,
)  # fmt: skip


class RuleSetAdmin(PageAdmin):
    """The versions of all rules; a page says what one changes and what it is."""

    form = RuleSetForm
    page_template = "desk/rule_set.html"
    list_display = ("named", "status_word", "said", "created_by", "created", "edited", "activated",
                    "activated_by")  # fmt: skip
    list_filter = (VersionFilter, ("status", ChoicesCheckboxFilter))
    search_fields = ("name", "note")
    acts: tuple[Act, ...] = (EDIT, COPY)
    break_types: tuple[str, ...] = ()

    @display(description="Version", ordering="name")
    def named(self, row: RuleSet) -> str:
        return str(row)

    @display(description="Status", ordering="status")
    def status_word(self, row: RuleSet) -> SafeString:
        return badge(row.status, row.get_status_display())

    @display(description="Note")
    def said(self, row: RuleSet) -> SafeString:
        return short(row.note)

    @display(description="Written", ordering="created_at")
    def created(self, row: RuleSet) -> SafeString:
        return moment(row.created_at)

    @display(description="Last saved", ordering="edited_at")
    def edited(self, row: RuleSet) -> SafeString:
        return moment(row.edited_at)

    @display(description="Activated", ordering="activated_at")
    def activated(self, row: RuleSet) -> SafeString:
        return moment(row.activated_at)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("matching.add_ruleset")  # type: ignore[union-attr]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        people = ("created_by", "edited_by", "activated_by")
        return super().get_queryset(request).select_related(*people)

    def page(self, request: HttpRequest, row: Any) -> Page:
        from matching.admin.rule_words import rules_panels, thresholds

        rules, problem = _read(row)
        return Page(
            headline=format_html("<b>{}</b> {}", row, self.status_word(row)),
            soft=row.note or "No note says what it changes.",
            figures=[*(thresholds(rules) if rules else []), *_who(row)],
            alert=problem,
            main=[
                *([] if rules is None else [self.changed(row), *rules_panels(rules)]),
            ],
            side=[*self.about(request, row), versions_panel(row)],
            extra={"definition": readable_json(row.definition)},
        )

    def about(self, request: HttpRequest, row: RuleSet) -> list[Panel]:
        """Return panels of what stands above rules; a higher app fills it in."""
        return []

    def changed(self, row: RuleSet) -> Panel:
        return changed_panel(row)

    def after_act(self, row: Any) -> str:
        # A copy is what whoever made it wants to see.
        pk = getattr(row, "copied_to", row.pk)
        return reverse("admin:matching_ruleset_change", args=[pk])

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write through the service, which numbers versions."""
        from matching.services import rule_sets

        given = form.cleaned_data
        made = rule_sets.draft(
            name=given["name"], definition=given["definition"], note=given["note"],
            by=request.user, at=timezone.now(),
        )  # fmt: skip
        obj.pk, obj.version, obj.status = made.pk, made.version, made.status
        obj.created_at, obj.created_by = made.created_at, made.created_by

    def check_definition(self, definition: Any) -> None:
        """
        Refuse what cannot run; a higher app checks what it knows more of.

        :raises InvalidRules: with a sentence that says where.
        """
        from matching.rules import validated

        validated(definition)

    def _answer(self, act: Act, request: HttpRequest, row: Any) -> HttpResponse:
        if act.name == EDIT.name:
            from matching.admin.rule_editor import editor

            return editor(self, request, row)
        return super()._answer(act, request, row)


def _read(row: RuleSet) -> tuple[Any, str]:
    from matching.rules import InvalidRules, validated

    try:
        return validated(row.definition), ""
    except InvalidRules as problem:
        return None, f"The engine cannot run these rules: {problem}"


def changed_panel(row: RuleSet) -> Panel:
    """Return what a version changes against the active one, or the active one against its last."""
    from matching.admin.rule_words import changes_panel
    from matching.rules import active_version
    from matching.rules_diff import changes

    rules, problem = _read(row)
    if rules is None:
        return Panel(title="What it changes", none=problem)
    other = active_version(row)
    if other is not None and other.pk == row.pk:
        before = RuleSet.objects.filter(name=row.name, version__lt=row.version)
        other = before.exclude(status=RuleSetStatus.DRAFT).order_by("-version").first()
    if other is None:
        return Panel(title="What it changes", none=f"It is the first version of {row.name}.")
    known, problem = _read(other)
    if known is None:
        return Panel(title=f"Against {other}", none=problem)
    return changes_panel(
        changes(known, rules), title=f"What it changes against {other}",
        none=f"Nothing: it says the same as {other}.",
    )  # fmt: skip


def _who(row: RuleSet) -> list[tuple[str, Any]]:
    figures = [("Written", format_html("{} {}", row.created_by or "", moment(row.created_at)))]
    if row.edited_at:
        figures.append(("Last saved", format_html("{} {}", row.edited_by, moment(row.edited_at))))
    if row.activated_at:
        by = format_html("{} {}", row.activated_by or "", moment(row.activated_at))
        figures.append(("Activated", by))
    return figures


def versions_panel(row: RuleSet) -> Panel:
    """Return the versions of the same rules, the newest first."""
    rows = RuleSet.objects.filter(name=row.name).select_related("created_by").order_by("-version")
    shown = rows.only("name", "version", "status", "note", "created_by__username")[:10]
    return Panel(
        title="Versions",
        head=("Version", "Status", "By", "Note"),
        rows=[
            [
                format_html("<b>{}</b>", one) if one.pk == row.pk else _link(one),
                badge(one.status, one.get_status_display()),
                one.created_by or NOTHING,
                short(one.note, width="medium"),
            ]
            for one in shown
        ],
    )


def _link(row: RuleSet) -> SafeString:
    address = reverse("admin:matching_ruleset_change", args=[row.pk])
    return format_html('<a class="dk-link" href="{}">{}</a>', address, row)
