"""Sign-offs: which dates are signed, the sheet of each, and the acts that prepare and sign it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateFilter, RelatedCheckboxFilter
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from matching.models import Reconciliation
from reporting.admin.sign_off_page import print_context, sign_off_page
from reporting.choices import SignOffStatus
from reporting.models import SignOff
from trades.admin.acts import Act, ActForm, ReasonForm
from trades.admin.cells import badge, day, moment, number, short
from trades.admin.desk import ViewFilter
from trades.admin.page import Page, PageAdmin

PREPARE, SIGN = "reporting.prepare_signoff", "reporting.sign_signoff"
REOPEN = "reporting.reopen_signoff"
TONES = {
    SignOffStatus.OPEN: "QUEUED",
    SignOffStatus.PREPARED: "PENDING",
    SignOffStatus.SIGNED: "APPROVED",
}


class NoteForm(ActForm):
    note = forms.CharField(
        max_length=2000,
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 3, "autofocus": True}),
        help_text="Needed where something is late, pending or unresolved: say why it is signed so.",
    )


class SheetForm(forms.Form):
    reconciliation = forms.ModelChoiceField(
        Reconciliation.objects.all(),
        widget=UnfoldAdminSelectWidget(),
        empty_label="Select what was reconciled",
    )
    business_date = forms.DateField(widget=UnfoldAdminTextInputWidget({"type": "date"}))


class SignOffFilter(ViewFilter):
    title, parameter_name = "view", "view"
    views = (("open", "Not signed"), ("prepared", "To sign"), ("signed", "Signed"), ("all", "All"))

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        wanted = {
            "open": [SignOffStatus.OPEN, SignOffStatus.PREPARED],
            "prepared": [SignOffStatus.PREPARED],
            "signed": [SignOffStatus.SIGNED],
            "all": SignOffStatus.values,
        }
        return queryset.filter(status__in=wanted[value])


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.lifecycle import WorkRefused

    return (WorkRefused,)


def _ask(request: HttpRequest, row: SignOff, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "sign_off_id": row.pk,
        "version": given["version"],
        "by": request.user,
        "at": timezone.now(),
    }


def _prepare(request: HttpRequest, row: SignOff, given: dict[str, Any]) -> str:
    from reporting.services import signing

    done = signing.prepare(**_ask(request, row, given), note=given["note"])
    return f"{done} is prepared; another person signs it."


def _sign(request: HttpRequest, row: SignOff, given: dict[str, Any]) -> str:
    from reporting.services import signing

    done = signing.sign(**_ask(request, row, given))
    return f"{done} is signed and locked."


def _send_back(request: HttpRequest, row: SignOff, given: dict[str, Any]) -> str:
    from reporting.services import signing

    done = signing.send_back(**_ask(request, row, given), reason=given["reason"])
    return f"{done} is sent back, to be prepared again."


def _reopen(request: HttpRequest, row: SignOff, given: dict[str, Any]) -> str:
    from reporting.services import signing

    done = signing.reopen(**_ask(request, row, given), reason=given["reason"])
    return f"{done} is re-opened; what was signed stays in its history."


ACTS = (
    Act(
        name="prepare", label="Prepare", permission=PREPARE, run=_prepare, refusals=_refusals,
        form=NoteForm, tone="primary", submit="Prepare", key="p",
        description="Keeps the figures as they stand now, for another person to sign.",
        offered=lambda row: row.status == SignOffStatus.OPEN,
    ),
    Act(
        name="sign", label="Sign", permission=SIGN, run=_sign, refusals=_refusals, tone="primary",
        submit="Sign and lock", key="s",
        description="Signs the figures as they were prepared and locks them. It is refused if "
        "anything has changed since.",
        offered=lambda row: row.status == SignOffStatus.PREPARED,
        offered_to=lambda user, row: row.prepared_by_id != user.pk,
    ),
    Act(
        name="send-back", label="Send back", permission=SIGN, run=_send_back, refusals=_refusals,
        form=ReasonForm, submit="Send back",
        description="Nothing is signed, and the sheet is prepared again.",
        offered=lambda row: row.status == SignOffStatus.PREPARED,
    ),
    Act(
        name="reopen", label="Re-open", permission=REOPEN, run=_reopen, refusals=_refusals,
        form=ReasonForm, submit="Re-open",
        description="Unlocks the date, to be prepared and signed anew. What was signed, by whom "
        "and this reason stay.",
        offered=lambda row: row.status == SignOffStatus.SIGNED,
    ),
)  # fmt: skip


@admin.register(SignOff)
class SignOffAdmin(PageAdmin):
    list_display = ("business_day", "reconciliation_name", "status_word", "trades_kept",
                    "matched_kept", "broken_kept", "pending_kept", "unresolved_kept", "prepared",
                    "signed", "said")  # fmt: skip
    list_filter = (
        SignOffFilter,
        ("reconciliation", RelatedCheckboxFilter),
        ("business_date", RangeDateFilter),
    )
    list_select_related = ("reconciliation", "prepared_by", "signed_by")
    search_fields = ("reconciliation__code", "reconciliation__name", "note")
    search_help_text = "Reconciliation or note"
    actions_list = ("open_one",)
    acts = ACTS

    class Media:
        css = {"all": ("desk/reports.css",)}

    def get_urls(self) -> list[URLPattern]:
        printed = self.admin_site.admin_view(self.print_view)
        name = "reporting_signoff_print"
        return [path("<path:object_id>/print/", printed, name=name), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        joined = ("reconciliation__left_source", "reconciliation__right_source",
                  "prepared_by", "signed_by")  # fmt: skip
        return super().get_queryset(request).select_related(*joined)

    @display(description="Business date", ordering="business_date")
    def business_day(self, row: SignOff) -> SafeString:
        return day(row.business_date)

    @display(description="Reconciliation", ordering="reconciliation__code")
    def reconciliation_name(self, row: SignOff) -> SafeString:
        return short(row.reconciliation.name)

    @display(description="Status", ordering="status")
    def status_word(self, row: SignOff) -> SafeString:
        return badge(TONES[SignOffStatus(row.status)], row.get_status_display())

    @display(description="Trades")
    def trades_kept(self, row: SignOff) -> SafeString:
        return number(row.trades)

    @display(description="Matched")
    def matched_kept(self, row: SignOff) -> SafeString:
        return number(row.matched)

    @display(description="Broken")
    def broken_kept(self, row: SignOff) -> SafeString:
        return number(row.broken)

    @display(description="Pending")
    def pending_kept(self, row: SignOff) -> SafeString:
        return number(row.pending)

    @display(description="Unresolved")
    def unresolved_kept(self, row: SignOff) -> SafeString:
        return number(row.unresolved)

    @display(description="Prepared by", ordering="prepared_at")
    def prepared(self, row: SignOff) -> SafeString:
        return short(row.prepared_by.get_username() if row.prepared_by else "")

    @display(description="Signed by", ordering="signed_at")
    def signed(self, row: SignOff) -> SafeString:
        return short(row.signed_by.get_username() if row.signed_by else "")

    @display(description="Signed", ordering="signed_at")
    def signed_when(self, row: SignOff) -> SafeString:
        return moment(row.signed_at)

    @display(description="Note")
    def said(self, row: SignOff) -> SafeString:
        return short(row.note)

    def page(self, request: HttpRequest, row: Any) -> Page:
        return sign_off_page(row, by=request.user, at=timezone.now())

    def print_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        context = print_context(row, by=request.user, at=timezone.now())
        return TemplateResponse(request, "desk/sign_off_print.html", context)

    def has_open_one_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PREPARE)

    @action(description="Open a sheet", icon="add", permissions=["open_one"], url_path="open-sheet")
    def open_one(self, request: HttpRequest) -> HttpResponse:
        form = SheetForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            made = _opened(form, request.user)
            if made is not None:
                messages.success(request, f"The sheet of {made} is open.")
                address = reverse("admin:reporting_signoff_change", args=[made.pk])
                return HttpResponseRedirect(address)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Open a sheet",
            "form": form,
            "submit": "Open",
            "back": reverse("admin:reporting_signoff_changelist"),
            "intro": "The sheets of the last seven days are there by themselves; an older date is "
            "opened here.",
        }
        return TemplateResponse(request, "desk/form.html", context)


def _opened(form: SheetForm, by: Any) -> SignOff | None:
    """Open the sheet that the form asks for; a refusal becomes the form's error."""
    from reporting.services import signing

    try:
        return signing.open_sheet(
            reconciliation_id=form.cleaned_data["reconciliation"].pk,
            business_date=form.cleaned_data["business_date"],
            by=by,
            at=timezone.now(),
        )
    except _refusals() as refusal:
        form.add_error(None, str(refusal))
        return None
