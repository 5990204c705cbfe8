"""The main job by business date: which steps it has, how each stands, and what may be done."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from matching.choices import RunStatus
from trades.admin.acts import Act
from trades.admin.cells import badge, day, moment, number, short
from trades.admin.desk import ViewFilter
from trades.admin.live import LiveAdmin, changing
from trades.admin.page import Page
from workflows.admin.pipeline_panels import asker, figures, length_of, panels, step_dots
from workflows.choices import OWING_STEPS, StepStatus
from workflows.models import PipelineRun, PipelineStep

START = "workflows.start_pipelinerun"
LIVE = (RunStatus.QUEUED, RunStatus.RUNNING)
RESUMABLE = (RunStatus.FAILED, RunStatus.CANCELLED)


class StartForm(forms.Form):
    business_date = forms.DateField(
        widget=UnfoldAdminTextInputWidget({"type": "date"}),
        help_text="The trade date, at each source's own place. A date that was run before does "
        "only what is new.",
    )


class PipelineFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("all", "All"), ("now", "Queued and running"), ("late", "With a late file"),
             ("failed", "Failed"))  # fmt: skip

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        late = PipelineStep.objects.filter(status=StepStatus.LATE).values("run")
        return queryset.filter(
            {
                "all": Q(),
                "now": Q(status__in=LIVE),
                "late": Q(pk__in=late),
                "failed": Q(status=RunStatus.FAILED),
            }[value]
        )


def _refusals() -> tuple[type[Exception], ...]:
    from workflows.services import daily

    return (daily.Busy, daily.NotAskable)


def _resume(request: HttpRequest, row: PipelineRun, _given: dict[str, Any]) -> str:
    from workflows.services import daily
    from workflows.services.waking import wake_pipeline

    run = daily.resume_pipeline(pipeline_id=row.pk, by=request.user, at=timezone.now())
    wake_pipeline(run.pk)
    return f"{run} goes on from the first step that is not done."


def _cancel(request: HttpRequest, row: PipelineRun, _given: dict[str, Any]) -> str:
    from workflows.services import daily

    run = daily.cancel_pipeline(pipeline_id=row.pk, by=request.user, at=timezone.now())
    return f"{run} is cancelled; a step that was running comes to its own end."


ACTS = (
    Act(
        name="resume", label="Resume", permission=START, run=_resume, refusals=_refusals,
        icon="resume", tone="primary", submit="Resume",
        description="Does again what failed or was late, and what ran without it. What is done "
        "is not done again.",
        offered=lambda row: row.status in RESUMABLE,
    ),
    Act(
        name="cancel", label="Cancel", permission=START, run=_cancel, refusals=_refusals,
        icon="cancel", submit="Cancel the pipeline",
        description="No further step begins. What is done stays, and the pipeline can be resumed.",
        offered=lambda row: row.status in LIVE,
    ),
)  # fmt: skip


@admin.register(PipelineRun)
class PipelineAdmin(LiveAdmin):
    list_display = ("business_day", "pipeline", "status_word", "steps_drawn", "done", "owed",
                    "began", "took", "asked_by", "sentence")  # fmt: skip
    list_filter = (PipelineFilter, ("business_date", RangeDateFilter))
    list_select_related = ("requested_by", "resumed_by")
    search_fields = ("error", "steps__subject", "steps__says")
    search_help_text = "Feed, reconciliation or error"
    actions_list = ("start",)
    acts = ACTS
    page_template = "desk/pipeline_page.html"

    class Media:
        css = {"all": ("desk/pipeline.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        steps = PipelineStep.objects.order_by("position")
        return super().get_queryset(request).prefetch_related(Prefetch("steps", steps))

    @display(description="Business date", ordering="business_date")
    def business_day(self, run: PipelineRun) -> SafeString:
        return day(run.business_date)

    @display(description="Pipeline", ordering="pk")
    def pipeline(self, run: PipelineRun) -> SafeString:
        return number(run.pk)

    @display(description="Status", ordering="status")
    @changing
    def status_word(self, run: PipelineRun) -> SafeString:
        return badge(run.status, run.get_status_display())

    @display(description="Steps")
    @changing
    def steps_drawn(self, run: Any) -> SafeString:
        return step_dots(run.steps.all())

    @display(description="Done")
    @changing
    def done(self, run: Any) -> SafeString:
        steps = [step for step in run.steps.all() if step.status != StepStatus.SKIPPED]
        if not any(step.subject for step in steps):
            return format_html('<span class="dk-soft">{}</span>', "nothing due")
        ended = sum(step.status == StepStatus.SUCCEEDED for step in steps)
        return format_html('<span class="dk-num">{} of {}</span>', ended, len(steps))

    @display(description="Late or not due")
    @changing
    def owed(self, run: Any) -> SafeString:
        owing = [step.subject for step in run.steps.all() if step.status in OWING_STEPS]
        return short(", ".join(owing), width="medium")

    @display(description="Started", ordering="started_at")
    @changing
    def began(self, run: PipelineRun) -> SafeString:
        return moment(run.started_at)

    @display(description="Took")
    @changing
    def took(self, run: PipelineRun) -> SafeString:
        return format_html('<span class="dk-num">{}</span>', length_of(run))

    @display(description="By", ordering="requested_by__username")
    def asked_by(self, run: PipelineRun) -> SafeString:
        return short(asker(run), width="narrow")

    @display(description="Says")
    @changing
    def sentence(self, run: PipelineRun) -> SafeString:
        return short(run.error)

    def is_live(self, row: PipelineRun) -> bool:
        return row.status in LIVE

    def has_start_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(START)

    @action(
        description="Start for a date", icon="play_arrow", permissions=["start"], url_path="start"
    )
    def start(self, request: HttpRequest) -> HttpResponse:
        form = StartForm(request.POST or None, initial={"business_date": _last_ended()})
        if request.method == "POST" and form.is_valid():
            run = _started(form, request.user)
            if run is not None:
                messages.success(request, f"{run} is {run.get_status_display().lower()}.")
                return HttpResponseRedirect(self.after_act(run))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Start a pipeline",
            "form": form,
            "submit": "Start",
            "back": reverse("admin:workflows_pipelinerun_changelist"),
            "intro": "Fetches what is due, reconciles every enabled reconciliation, opens and "
            "clears breaks and passes them on, step by step. Running a date again does no harm.",
        }
        return TemplateResponse(request, "desk/form.html", context)

    def page(self, request: HttpRequest, row: Any) -> Page:
        return Page(
            headline=format_html(
                "<b>{}</b> {}", f"{row.business_date:%A, %Y-%m-%d}",
                badge(row.status, row.get_status_display()),
            ),
            soft=f"pipeline {row.pk}",
            figures=figures(row),
            alert=row.error if row.status == RunStatus.FAILED else "",
            main=panels(row, live=self.is_live(row)),
        )  # fmt: skip


def _last_ended() -> Any:
    from workflows.services.daily.places import last_ended

    return last_ended(timezone.now())


def _started(form: StartForm, by: Any) -> PipelineRun | None:
    """Start what the form asks for; a refusal becomes the form's error."""
    from workflows.services import daily
    from workflows.services.waking import wake_pipeline

    try:
        run = daily.request_pipeline(
            business_date=form.cleaned_data["business_date"], by=by, at=timezone.now()
        )
    except _refusals() as refusal:
        form.add_error(None, str(refusal))
        return None
    wake_pipeline(run.pk)
    return run
