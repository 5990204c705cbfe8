"""Trainings of prediction models: started by a button, followed as they go on."""

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
from unfold.decorators import action, display

from predictions.choices import TrainingStatus
from predictions.models import ModelVersion, TrainingRun
from predictions.models.training_run import LIVE
from trades.admin.cells import NOTHING, badge, bar, link, moment, number, short, span
from trades.admin.desk import DeskAdmin
from trades.admin.live import LiveAdmin, changing
from trades.admin.page import Page, Panel
from trades.admin.progress import NOBODY_CAME, WORKER_LOST, progress_panel

START = "predictions.start_trainingrun"
STALE_AFTER = timedelta(minutes=1)
STEPS = {"read": "Reading trades and their ends", "learn": "Learning and judging"}


class TrainButton(DeskAdmin):
    """The button that starts a training, above the lists of models and of trainings."""

    def has_train_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(START)

    @action(
        description="Train a model", icon="model_training", permissions=["train"], url_path="train"
    )
    def train(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            from predictions.services.training import request_training

            run = request_training(by=request.user, at=timezone.now())
            messages.success(request, f"{run} is {run.get_status_display().lower()}.")
            address = reverse("admin:predictions_trainingrun_change", args=[run.pk])
            return HttpResponseRedirect(address)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Train a model",
            "form": forms.Form(),
            "submit": "Train",
            "back": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            "intro": "A worker learns from all trades whose end is known, the later ones kept "
            "apart to calibrate and to judge by. A model that is better than the simpler ones may "
            "then be activated; the first one there is comes into force by itself. It takes about "
            "a minute for a hundred thousand trades.",
        }
        return TemplateResponse(request, "desk/form.html", context)


@admin.register(TrainingRun)
class TrainingRunAdmin(TrainButton, LiveAdmin):
    list_display = ("named", "status_word", "became", "learnt_from", "took", "requested",
                    "asked_by", "says")  # fmt: skip
    list_select_related = ("requested_by", "version")
    ordering = ("-requested_at", "-pk")
    actions_list = ("train",)

    def is_live(self, row: TrainingRun) -> bool:
        return row.status in LIVE

    @display(description="Training", ordering="pk")
    def named(self, row: TrainingRun) -> str:
        return str(row)

    @display(description="Status", ordering="status")
    @changing
    def status_word(self, row: TrainingRun) -> SafeString:
        word = badge(row.status, row.get_status_display())
        if row.status != TrainingStatus.RUNNING:
            return word
        done = (word, bar(row.progress_pct), row.progress_pct)
        return format_html('<span class="dk-share">{}{}{}%</span>', *done)

    @display(description="Model")
    @changing
    def became(self, row: TrainingRun) -> SafeString:
        version = _version(row)
        return link("predictions_modelversion", version.pk, version) if version else NOTHING

    @display(description="Trades")
    @changing
    def learnt_from(self, row: TrainingRun) -> SafeString:
        return number(row.rows or None)

    @display(description="Took")
    @changing
    def took(self, row: TrainingRun) -> str:
        return _took(row)

    @display(description="Requested", ordering="requested_at")
    def requested(self, row: TrainingRun) -> SafeString:
        return moment(row.requested_at)

    @display(description="By", ordering="requested_by__username")
    def asked_by(self, row: TrainingRun) -> SafeString:
        return short(row.requested_by.get_username() if row.requested_by else "")

    @display(description="Says")
    @changing
    def says(self, row: TrainingRun) -> SafeString:
        return short(row.error or row.step, width="wide")

    def page(self, request: HttpRequest, row: Any) -> Page:
        version = _version(row)
        ended = Panel(
            title="What came of it",
            facts=[
                ("Model", link("predictions_modelversion", version.pk, version)),
                ("It is", badge(version.status, version.get_status_display())),
                ("Verdict", version.verdict),
            ]
            if version
            else (),
            none="No model came of it.",
        )
        return Page(
            headline=format_html("<b>{}</b> {}", row, badge(row.status, row.get_status_display())),
            soft="From all trades whose end is known",
            figures=[] if self.is_live(row) else [
                ("Trades", number(row.rows or None)), ("Took", _took(row)),
            ],
            alert=row.error,
            main=[_progress(row)] if self.is_live(row) else [ended, _timings(row)],
            side=[Panel(title="How it ran", facts=[
                ("Requested", moment(row.requested_at)),
                ("By", row.requested_by or "the schedule, or a command"),
                ("Started", moment(row.started_at)),
                ("Finished", moment(row.finished_at)),
                ("Taken by workers", number(row.fencing_token)),
            ])],
        )  # fmt: skip


def _version(row: TrainingRun) -> ModelVersion | None:
    return getattr(row, "version", None)


def _took(row: TrainingRun) -> str:
    if row.started_at is None:
        return NOTHING
    return span((row.finished_at or timezone.now()) - row.started_at)


def _progress(row: TrainingRun) -> Panel:
    """Show what a live training is at, or what it waits for."""
    now = timezone.now()
    if row.status == TrainingStatus.QUEUED:
        waited = now - row.requested_at
        hint = NOBODY_CAME if waited > STALE_AFTER else ""
        return progress_panel(f"Waiting for a worker, for {span(waited)}", hint=hint)
    overdue = row.lease_expires_at is not None and row.lease_expires_at < now
    return progress_panel(
        row.step or "Beginning", percent=row.progress_pct, beside=f"running for {_took(row)}",
        hint=WORKER_LOST if overdue else "",
    )  # fmt: skip


def _timings(row: TrainingRun) -> Panel:
    rows = [
        [words, format_html('<span class="dk-num">{} s</span>', f"{row.timings[name]:.1f}")]
        for name, words in STEPS.items()
        if name in row.timings
    ]
    return Panel(
        title="Where the time went", head=("Step", "Took"), rows=rows, numeric=frozenset({1}),
        none="It ended before its first step had.",
    )  # fmt: skip
