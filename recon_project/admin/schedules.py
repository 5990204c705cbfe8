"""Schedules and what came of them: django-celery-beat and django-celery-results."""

from typing import Any, ClassVar

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString
from django_celery_beat.admin import (
    ClockedScheduleAdmin,
    CrontabScheduleAdmin,
    PeriodicTaskAdmin,
    PeriodicTaskForm,
    TaskSelectWidget,
)
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from django_celery_results.admin import GroupResultAdmin, TaskResultAdmin
from django_celery_results.models import GroupResult, TaskResult
from unfold.contrib.filters.admin import ChoicesCheckboxFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from recon_project.models import WorkerPulse
from trades.admin.cells import badge, moment, short, since
from trades.admin.desk import DeskAdmin, ReadOnly
from trades.admin.ranges import MomentRangeFilter

for _model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule,
               GroupResult, TaskResult):  # fmt: skip
    admin.site.unregister(_model)


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The registered tasks, in the desk's own select box."""


class DeskTaskForm(PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "task" in self.fields:
            self.fields["task"].widget = UnfoldAdminTextInputWidget()
            self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class DeskPeriodicTaskAdmin(PeriodicTaskAdmin, DeskAdmin):  # type: ignore[misc]
    form = DeskTaskForm
    # Its own template holds an inline script, which the content policy refuses.
    change_form_template = None
    list_display = ("name", "on", "task", "when", "last_run")
    list_filter = ("enabled", "one_off")
    date_hierarchy = None
    fieldsets = (
        (None, {"fields": (("name", "enabled"), ("regtask", "task"), "description")}),
        ("When", {"fields": (("interval", "crontab"), ("solar", "clocked"), "crontab_translation",
                             "start_time", ("last_run_at", "one_off"))}),
        ("Arguments", {"fields": (("args", "kwargs"),)}),
        ("Options", {"fields": ("expires", ("expire_seconds", "priority"), ("queue", "exchange"),
                                ("routing_key", "headers")), "classes": ("collapse",)}),
    )  # fmt: skip

    @display(description="Enabled", ordering="enabled")
    def on(self, task: PeriodicTask) -> SafeString:
        return badge("ACTIVE", "on") if task.enabled else badge("RETIRED", "off")

    @display(description="When")
    def when(self, task: PeriodicTask) -> str:
        if task.crontab:
            return str(task.crontab.human_readable)
        return str(task.interval or task.solar or task.clocked or "")

    @display(description="Last run", ordering="last_run_at")
    def last_run(self, task: PeriodicTask) -> SafeString:
        return moment(task.last_run_at)

    def crontab_translation(self, obj: PeriodicTask) -> str:
        return str(obj.crontab.human_readable) if obj.crontab else ""


@admin.register(CrontabSchedule)
class DeskCrontabAdmin(CrontabScheduleAdmin, DeskAdmin):  # type: ignore[misc]
    inlines = ()
    fields = (("minute", "hour"), ("day_of_month", "month_of_year"), ("day_of_week", "timezone"))
    readonly_fields = ()


@admin.register(ClockedSchedule)
class DeskClockedAdmin(ClockedScheduleAdmin, DeskAdmin):  # type: ignore[misc]
    inlines = ()


@admin.register(IntervalSchedule, SolarSchedule)
class DeskScheduleAdmin(DeskAdmin):
    pass


@admin.register(TaskResult)
class DeskTaskResultAdmin(ReadOnly, TaskResultAdmin, DeskAdmin):  # type: ignore[misc]
    date_hierarchy: ClassVar[Any] = None
    list_display = ("task", "outcome", "done", "worker_name", "said", "task_id")
    list_filter: ClassVar[Any] = (
        ("status", ChoicesCheckboxFilter),
        ("date_done", MomentRangeFilter),
    )

    @display(description="Task", ordering="task_name")
    def task(self, result: Any) -> SafeString:
        return short(result.task_name or result.periodic_task_name or "(unnamed)")

    @display(description="Status", ordering="status")
    def outcome(self, result: Any) -> SafeString:
        tone = {"SUCCESS": "SUCCEEDED", "FAILURE": "FAILED"}.get(result.status, "RUNNING")
        return badge(tone, result.status.capitalize())

    @display(description="Done", ordering="date_done")
    def done(self, result: Any) -> SafeString:
        return moment(result.date_done)

    @display(description="Worker", ordering="worker")
    def worker_name(self, result: Any) -> SafeString:
        return short(result.worker or "")

    @display(description="Result")
    def said(self, result: Any) -> SafeString:
        return short(result.result or "", mono=True)


@admin.register(GroupResult)
class DeskGroupResultAdmin(ReadOnly, GroupResultAdmin, DeskAdmin):  # type: ignore[misc]
    date_hierarchy: ClassVar[Any] = None


@admin.register(WorkerPulse)
class WorkerPulseAdmin(ReadOnly, DeskAdmin):
    list_display = ("name", "seen")
    search_fields = ("name",)

    @display(description="Last seen", ordering="seen_at")
    def seen(self, pulse: WorkerPulse) -> SafeString:
        return since(pulse.seen_at, now=timezone.now())
