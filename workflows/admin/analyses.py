"""Searches for root causes: started for a range of dates, and followed while they run."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from matching.models import Reconciliation
from trades.admin.cells import badge, link, moment, number, short
from trades.admin.live import LiveAdmin, changing
from trades.admin.page import Page, Panel
from trades.admin.progress import NOBODY_CAME, progress_panel
from workflows.choices import AnalysisStatus
from workflows.models import RootCauseAnalysis, RootCauseFinding

START = "workflows.start_rootcauseanalysis"
FINDINGS = 50
LOST = "Its worker was lost. Look again: a new search takes its place."


def _day() -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget({"type": "date"})


class LookForm(forms.Form):
    reconciliation = forms.ModelChoiceField(
        Reconciliation.objects.all(),
        widget=UnfoldAdminSelectWidget(),
        empty_label="Select whose breaks",
    )
    from_date = forms.DateField(label="Trade dates from", widget=_day())
    to_date = forms.DateField(label="Trade dates to", widget=_day())

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("from_date"), given.get("to_date")
        if first and last and last < first:
            self.add_error("to_date", f"The last trade date is before the first, {first}.")
        return given


def look_for_causes(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Ask what to look through, start it, and go to the page that follows it."""
    today = timezone.localdate()
    given = {"from_date": today - timedelta(days=7), "to_date": today}
    form = LookForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        row = _started(form, request.user)
        if row is not None:
            messages.success(request, f"{row} is started.")
            address = reverse("admin:workflows_rootcauseanalysis_change", args=[row.pk])
            return HttpResponseRedirect(address)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "Look for causes now",
        "form": form,
        "submit": "Look",
        "back": reverse("admin:workflows_rootcausefinding_changelist"),
        "intro": "Looks for what the live breaks of these trade dates have in common. It changes "
        "no break; findings that are there already are refreshed.",
    }
    return TemplateResponse(request, "desk/form.html", context)


def _started(form: LookForm, by: Any) -> RootCauseAnalysis | None:
    """Start what the form asks for; a refusal becomes the form's error."""
    from workflows.services import causes
    from workflows.services.waking import wake_analysis

    try:
        row = causes.request_analysis(**form.cleaned_data, by=by, at=timezone.now())
    except causes.AnalysisBusy as busy:
        form.add_error(None, str(busy))
        return None
    wake_analysis(row.pk)
    return row


@admin.register(RootCauseAnalysis)
class AnalysisAdmin(LiveAdmin):
    """Of all teams' breaks, so for those who may start one."""

    list_display = ("search", "between", "status_word", "dates", "explained", "began", "asked_by")
    list_select_related = ("reconciliation", "requested_by")
    ordering = ("-started_at", "-pk")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(START)

    @display(description="Search", ordering="pk")
    def search(self, row: RootCauseAnalysis) -> SafeString:
        return number(row.pk)

    @display(description="Between", ordering="reconciliation__code")
    def between(self, row: RootCauseAnalysis) -> SafeString:
        return short(row.reconciliation.name, width="medium")

    @display(description="Status", ordering="status")
    @changing
    def status_word(self, row: RootCauseAnalysis) -> SafeString:
        return badge(row.status, row.get_status_display())

    @display(description="Trade dates", ordering="from_date")
    def dates(self, row: RootCauseAnalysis) -> str:
        return f"{row.from_date} to {row.to_date}"

    @display(description="Explained")
    @changing
    def explained(self, row: RootCauseAnalysis) -> SafeString:
        return format_html(
            '<span class="dk-num">{} of {}</span>',
            f"{row.breaks_explained:,}", f"{row.breaks_read:,}",
        )  # fmt: skip

    @display(description="Started", ordering="started_at")
    def began(self, row: RootCauseAnalysis) -> SafeString:
        return moment(row.started_at)

    @display(description="By", ordering="requested_by__username")
    def asked_by(self, row: RootCauseAnalysis) -> str:
        return str(row.requested_by or "the schedule")

    def is_live(self, row: RootCauseAnalysis) -> bool:
        return row.status == AnalysisStatus.RUNNING

    def page(self, request: HttpRequest, row: Any) -> Page:
        live = self.is_live(row)
        return Page(
            headline=format_html(
                "<b>Search {}</b> {}", row.pk, badge(row.status, row.get_status_display())
            ),
            soft=f"{row.reconciliation.name}, {self.dates(row)}",
            figures=[] if live else _figures(row),
            alert=row.error,
            main=[_progress(row)] if live else [_findings(row)],
        )


def _figures(row: RootCauseAnalysis) -> list[tuple[str, Any]]:
    return [
        ("Breaks looked at", number(row.breaks_read)),
        ("Explained", number(row.breaks_explained)),
        ("Trades read", number(row.trades_read)),
        ("Hypotheses tried", number(row.hypotheses)),
    ]


def _progress(row: RootCauseAnalysis) -> Panel:
    from workflows.services.causes.analysing import ABANDONED_AFTER, STALE_AFTER, WAITING

    passed = timezone.now() - row.started_at
    if row.step == WAITING:
        return progress_panel(WAITING, hint=NOBODY_CAME if passed > STALE_AFTER else "")
    return progress_panel(
        row.step or "Beginning",
        percent=row.progress_pct,
        hint=LOST if passed > ABANDONED_AFTER else "",
    )


def _findings(row: RootCauseAnalysis) -> Panel:
    found = RootCauseFinding.objects.filter(analysis=row, beneath=None).order_by("place")[:FINDINGS]
    return Panel(
        title="What was found",
        note="the best first",
        head=("Cause", "Breaks", "Status"),
        numeric=frozenset({1}),
        rows=[
            [
                link("workflows_rootcausefinding", one.pk, one.headline),
                number(one.break_count),
                badge(one.status, one.get_status_display()),
            ]
            for one in found
        ],
        none="Nothing that the breaks have in common stands out from chance.",
    )
