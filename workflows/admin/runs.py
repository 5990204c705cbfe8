from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from matching.admin.runs import RunAdmin
from matching.models import Reconciliation, ReconciliationRun

START = "matching.start_run"


def _day() -> UnfoldAdminTextInputWidget:
    # The browser's own date picker: it needs no script of ours.
    return UnfoldAdminTextInputWidget({"type": "date"})


class StartForm(forms.Form):
    reconciliation = forms.ModelChoiceField(
        Reconciliation.objects.filter(is_enabled=True),
        widget=UnfoldAdminSelectWidget(),
        empty_label="Select what to reconcile",
    )
    from_date = forms.DateField(label="Trade dates from", widget=_day())
    to_date = forms.DateField(label="Trade dates to", widget=_day())
    wait = forms.BooleanField(
        label="Run it now and wait for the result",
        required=False,
        widget=UnfoldBooleanWidget(),
        help_text="Otherwise a worker takes it, and its page shows the progress.",
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("from_date"), given.get("to_date")
        if first and last and last < first:
            self.add_error("to_date", f"The last trade date is before the first, {first}.")
        return given


@admin.register(ReconciliationRun)
class StartedRunAdmin(RunAdmin):
    """Runs, with the form that starts one."""

    actions_list = ("start",)

    def has_start_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(START)

    @action(description="Start a run", icon="play_arrow", permissions=["start"], url_path="start")
    def start(self, request: HttpRequest) -> HttpResponse:
        today = timezone.localdate()
        given = {"from_date": today - timedelta(days=1), "to_date": today}
        form = StartForm(request.POST or None, initial=given)
        if request.method == "POST" and form.is_valid():
            run = _start(form, request.user)
            if run is not None:
                messages.success(request, f"{run} is {run.get_status_display().lower()}.")
                address = reverse("admin:matching_reconciliationrun_change", args=[run.pk])
                return HttpResponseRedirect(address)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Start a run",
            "form": form,
            "submit": "Start",
            "back": reverse("admin:matching_reconciliationrun_changelist"),
            "intro": "Pairs and compares the trades of both sources, and opens, refreshes and "
            "clears breaks. Running the same dates again does no harm.",
        }
        return TemplateResponse(request, "desk/form.html", context)


def _start(form: StartForm, by: Any) -> ReconciliationRun | None:
    """Start the run the form asks for; a refusal becomes the form's error."""
    from workflows.services.starting import REFUSALS, start_reconciliation

    given = form.cleaned_data
    try:
        return start_reconciliation(
            reconciliation=given["reconciliation"],
            from_date=given["from_date"],
            to_date=given["to_date"],
            by=by,
            at=timezone.now(),
            inline=given["wait"],
        )
    except REFUSALS as refusal:
        form.add_error(None, str(refusal))
    return None
