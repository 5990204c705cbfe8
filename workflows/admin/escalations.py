"""Escalations that fired, the levels they come from, and the levels on their policy's page."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from breaks.admin.sla_policies import SlaPolicyAdmin
from breaks.admin.words import severity_cell, type_words
from breaks.models import SlaPolicy, TradeBreak
from breaks.models.sla import STANDARD
from trades.admin.cells import badge, link, moment, number, short
from trades.admin.changes import ChangesKeptAdmin
from trades.admin.desk import DeskAdmin, ReadOnly
from trades.admin.page import Page, Panel
from trades.admin.ranges import MomentRangeFilter
from workflows.models import Escalation, EscalationLevel

ADD, CHANGE = "workflows.add_escalationlevel", "workflows.change_escalationlevel"


@admin.register(Escalation)
class EscalationAdmin(ReadOnly, DeskAdmin):
    """What fired; there is nothing to open but the break."""

    list_display = (
        "when",
        "of_break",
        "kind",
        "severity",
        "level_words",
        "who",
        "under",
        "was_due",
    )
    list_filter = ("level", ("at", MomentRangeFilter))
    list_select_related = (
        "policy",
        "trade_break__reconciliation__left_source",
        "trade_break__reconciliation__right_source",
    )
    search_fields = ("=trade_break__pk", "told", "policy__name")
    search_help_text = "Break, whom was told, policy"
    ordering = ("-at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        seen = TradeBreak.objects.visible_to(request.user)
        return super().get_queryset(request).filter(trade_break__in=seen.values("pk"))

    @display(description="When", ordering="at")
    def when(self, row: Escalation) -> SafeString:
        return moment(row.at)

    @display(description="Break", ordering="trade_break")
    def of_break(self, row: Escalation) -> str:
        return str(row.trade_break_id)

    @display(description="Type", ordering="trade_break__break_type")
    def kind(self, row: Escalation) -> SafeString:
        return short(type_words(row.trade_break))

    @display(description="Severity")
    def severity(self, row: Escalation) -> SafeString:
        return severity_cell(row.trade_break)

    @display(description="Level", ordering="level")
    def level_words(self, row: Escalation) -> str:
        late = f"late by {row.after_pct}%" if row.after_pct else "due"
        return f"{row.level}, {late}"

    @display(description="Told")
    def who(self, row: Escalation) -> SafeString:
        return short(row.told)

    @display(description="Policy", ordering="policy__name")
    def under(self, row: Escalation) -> str:
        return str(row.policy)

    @display(description="Was due", ordering="due_at")
    def was_due(self, row: Escalation) -> SafeString:
        return moment(row.due_at)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request):
            return super().change_view(request, object_id, form_url, extra_context)
        address = reverse("admin:breaks_tradebreak_change", args=[row.trade_break_id])
        return HttpResponseRedirect(f"{address}#timeline")


class LevelForm(forms.ModelForm):
    class Meta:
        model = EscalationLevel
        fields = ("policy_code", "number", "after_pct", "is_enabled", "tells_assignee",
                  "tells_own_team", "team", "person", "channel", "sets_status")  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "policy_code" in self.fields:
            choices = [
                (policy.code, policy.name)
                for policy in SlaPolicy.objects.filter(retired_at=None).order_by("name")
            ]
            known = {code for code, _ in choices}
            if self.instance.policy_code and self.instance.policy_code not in known:
                choices.append(
                    (self.instance.policy_code, f"{self.instance.policy_code} (retired)")
                )
            self.fields["policy_code"] = forms.ChoiceField(
                label="Policy", choices=choices, widget=UnfoldAdminSelectWidget(choices=choices),
                help_text="A policy without levels of its own has those of the standard policy.",
            )  # fmt: skip
        if "person" in self.fields:
            person: Any = self.fields["person"]
            person.queryset = person.queryset.filter(is_active=True, is_staff=True)


@admin.register(EscalationLevel)
class EscalationLevelAdmin(ChangesKeptAdmin):
    form = LevelForm
    list_display = ("of_policy", "number", "begins", "tells", "status_too", "enabled")
    list_display_links = ("of_policy", "number")
    list_filter = ("policy_code",)
    list_select_related = ("team", "person", "channel")
    ordering = ("policy_code", "number")
    fieldsets = (
        (None, {"fields": (("policy_code", "number"), ("after_pct", "is_enabled"))}),
        ("Who is told", {
            "fields": (("tells_assignee", "tells_own_team"), ("team", "person"), "channel"),
            "description": "All that are named. If nobody is left of them, supervisors are told.",
        }),
        ("What else", {"fields": ("sets_status",)}),
    )  # fmt: skip

    @display(description="Policy", ordering="policy_code")
    def of_policy(self, row: EscalationLevel) -> str:
        return row.policy_code

    @display(description="Begins", ordering="after_pct")
    def begins(self, row: EscalationLevel) -> str:
        return row.when_words

    @display(description="Tells")
    def tells(self, row: EscalationLevel) -> str:
        return told_words(row)

    @display(description="Sets Escalated", ordering="sets_status")
    def status_too(self, row: EscalationLevel) -> str:
        return "yes" if row.sets_status else "no"

    @display(description="On", ordering="is_enabled")
    def enabled(self, row: EscalationLevel) -> SafeString:
        return badge("ACTIVE", "on") if row.is_enabled else badge("RETIRED", "off")


def told_words(row: EscalationLevel) -> str:
    """Name whom a level tells."""
    words = []
    if row.tells_assignee:
        words.append("the assignee")
    if row.tells_own_team:
        words.append("the break's team")
    words += [str(one) for one in (row.team, row.person, row.channel) if one]
    return ", ".join(words)


admin.site.unregister(SlaPolicy)


@admin.register(SlaPolicy)
class EscalatedPolicyAdmin(SlaPolicyAdmin):
    """A policy's page, with whom it tells when a break is late."""

    def page(self, request: HttpRequest, row: Any) -> Page:
        page = super().page(request, row)
        return replace(page, main=[*page.main, _levels(request, row)])


def _levels(request: HttpRequest, policy: SlaPolicy) -> Panel:
    levels = EscalationLevel.objects.select_related("team", "person", "channel")
    own = list(levels.filter(policy_code=policy.code).order_by("number"))
    shown = own or list(levels.filter(policy_code=STANDARD).order_by("number"))
    may_change = request.user.has_perm(CHANGE)  # type: ignore[union-attr]
    rows = [
        [
            link("workflows_escalationlevel", level.pk, level.number)
            if may_change
            else number(level.number),
            level.when_words,
            told_words(level),
            "sets Escalated" if level.sets_status else "",
            badge("ACTIVE", "on") if level.is_enabled else badge("RETIRED", "off"),
        ]
        for level in shown
    ]
    note: Any = "" if own else "those of the standard policy, for it has none of its own"
    if request.user.has_perm(ADD) and policy.is_current:  # type: ignore[union-attr]
        address = f"{reverse('admin:workflows_escalationlevel_add')}?policy_code={policy.code}"
        note = format_html('{} <a class="dk-link" href="{}">Add a level</a>', note, address)
    return Panel(
        title="Escalation levels",
        head=("Level", "Begins", "Tells", "", ""),
        rows=rows,
        none="Nobody is told when a break is late.",
        note=note,
    )
