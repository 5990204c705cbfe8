"""Export of a list as it shows now: its filters, search, tab and order, all of its rows."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from import_export.admin import ExportMixin
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldBooleanWidget

from trades.raw import may_see_raw
from trades.spreadsheet import Mode, Table

_MODES = (
    (Mode.SAFE.value, "For a spreadsheet: nothing runs as a formula, no digit is rounded"),
    (Mode.EXACT.value, "Exact: every value as it is, for programs"),
)


class ExportForm(forms.Form):
    mode = forms.ChoiceField(
        label="How cells are written",
        choices=_MODES,
        initial=Mode.SAFE.value,
        widget=UnfoldAdminRadioSelectWidget(),
        help_text="For a spreadsheet, what it would run or change has an apostrophe before it.",
    )
    with_raw = forms.BooleanField(
        label="With the reports as they were sent",
        required=False,
        widget=UnfoldBooleanWidget(),
        help_text="Who takes them is recorded.",
    )


class ExportAdmin(ExportMixin):
    """Gives a list an Export button; a subclass says in `table` what a file of it holds."""

    change_list_template: Any = None
    export_form_class = ExportForm
    has_raw = False

    def table(self, *, mode: Mode, with_raw: bool) -> Table:
        raise NotImplementedError

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))  # type: ignore[attr-defined]

    def export_action(self, request: HttpRequest) -> HttpResponseBase:
        """Ask how to write the file, then stream it."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_export_queryset(request)
        except IncorrectLookupParameters:
            messages.warning(request, "The list has no such filter; nothing was exported.")
            return HttpResponseRedirect(self._export_list())
        form = self._export_form(request)
        if request.method == "POST" and form.is_valid():
            return self._export_file(request, rows, form.cleaned_data)
        return TemplateResponse(
            request, "desk/export.html", self._export_context(request, rows, form)
        )

    def _export_form(self, request: HttpRequest) -> forms.Form:
        form = self.export_form_class(request.POST or None)
        if not (self.has_raw and may_see_raw(request.user)):
            del form.fields["with_raw"]
        return form

    def _export_file(
        self, request: HttpRequest, rows: QuerySet, given: dict[str, Any]
    ) -> StreamingHttpResponse:
        from trades.services.exports import export

        mode, at = Mode(given["mode"]), timezone.now()
        table = self.table(mode=mode, with_raw=given.get("with_raw", False))
        by: Any = request.user
        pieces = export(
            table=table, rows=rows, mode=mode, query=request.GET.urlencode(), by=by, at=at
        )
        return csv_response(pieces, name=table.name, mode=mode)

    def _export_context(
        self, request: HttpRequest, rows: QuerySet, form: forms.Form
    ) -> dict[str, Any]:
        query = request.GET.urlencode()
        return {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": self.opts,  # type: ignore[attr-defined]
            "title": f"Export {self.opts.verbose_name_plural}",  # type: ignore[attr-defined]
            "form": form,
            "count": rows.order_by().count(),
            "is_filtered": bool(query),
            "back": f"{self._export_list()}?{query}" if query else self._export_list(),
        }

    def _export_list(self) -> str:
        app, model = self.get_model_info()
        return reverse(f"admin:{app}_{model}_changelist")


def csv_response(pieces: Any, *, name: str, mode: Mode) -> StreamingHttpResponse:
    """Answer with a file of CSV, named for what it holds, when it was made and its mode."""
    stamp = f"{timezone.now():%Y%m%d-%H%M%S}"
    file_name = f"{name.replace(' ', '-')}-{stamp}-{mode.value}.csv"
    return StreamingHttpResponse(
        pieces,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )
