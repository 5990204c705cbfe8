"""The queue out as a file and in again: export, dry run with what would change, confirm."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget

from breaks.admin import exchange_pages as pages
from breaks.admin.acts import WORK
from breaks.models import ApprovalRequest
from breaks.spreadsheet import worked_table
from trades.admin.exporting import ExportAdmin
from trades.spreadsheet import Mode, Table

_SALT = "breaks.import"
_DRY_RUN_HOLDS = 24 * 60 * 60  # seconds
# A form that is larger Django does not take.
_LONGEST_PLAN = 2_000_000


class UploadForm(forms.Form):
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget(),
        help_text="CSV as exported here, edited. Nothing is changed before you have seen what "
        "would be.",
    )

    def clean_file(self) -> UploadedFile:
        from breaks.services.importing import MAX_BYTES

        file: UploadedFile = self.cleaned_data["file"]
        if file.size and file.size > MAX_BYTES:
            raise forms.ValidationError(
                f"The file has {file.size:,} bytes, and at most {MAX_BYTES:,} are taken. Split it."
            )
        return file


class ExchangeAdmin(ExportAdmin):
    """Mixed in before the queue's own base: its Export and Import."""

    import_export_change_list_template = "admin/import_export/change_list_import_export.html"

    def table(self, *, mode: Mode, with_raw: bool) -> Table:
        return worked_table(mode)

    def get_export_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_export_queryset(request).visible_to(request.user)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(WORK)

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> Any:
        more = {"has_import_permission": self.has_import_permission(request)}
        return super().changelist_view(request, (extra_context or {}) | more)

    def get_urls(self) -> list[URLPattern]:
        views = (
            ("import/", self.import_view, "import"),
            ("import/confirm/", self.confirm_view, "import_confirm"),
        )
        own = [
            path(
                where, self.admin_site.admin_view(view), name=f"breaks_tradebreak_{name}"
            )
            for where, view, name in views
        ]  # fmt: skip
        return own + super().get_urls()

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file, and show what it would change; nothing is written."""
        from breaks.services.importing import FileRefused, look_at, read_file

        self._check_import(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                review = look_at(read_file(file.read()), by=self._importer(request))
            except FileRefused as refusal:
                form.add_error("file", str(refusal))
            else:
                return self._import_review(request, review, file_name=str(file.name))
        context = {"title": "Import breaks", "form": form, "columns": pages.COLUMNS}
        return self._import_page(request, "desk/import.html", context)

    def confirm_view(self, request: HttpRequest) -> HttpResponse:
        """Do what the dry run showed."""
        from breaks.services.importing import apply, unpacked
        from breaks.services.lifecycle import WorkRefused

        self._check_import(request, posts=True)
        try:
            plan = signing.loads(request.POST.get("plan", ""), salt=_SALT, max_age=_DRY_RUN_HOLDS)
        except signing.BadSignature:
            messages.error(request, "The dry run is too old or not whole: hand the file in again.")
            return self._import_to("import")
        by = self._importer(request)
        if plan["by"] != by.pk:
            raise PermissionDenied
        try:
            made = apply(
                asked=unpacked(plan["asked"]), file_name=plan["file"], by=by, at=timezone.now(),
                reason=request.POST.get("reason", ""),
            )  # fmt: skip
        except WorkRefused as refusal:
            messages.error(request, f"Nothing was changed. {refusal}")
            return self._import_to("import")
        if isinstance(made, ApprovalRequest):
            messages.success(
                request, f"{made} waits for a second person; until then nothing is changed."
            )
            return self._import_to("changelist")
        return HttpResponseRedirect(reverse("admin:breaks_actbatch_change", args=[made.pk]))

    def _import_review(self, request: HttpRequest, review: Any, *, file_name: str) -> HttpResponse:
        from breaks.services.importing import packed

        by = self._importer(request)
        plan = signing.dumps(
            {"by": by.pk, "file": file_name, "asked": packed(review.asked)},
            salt=_SALT,
            compress=True,
        )
        context = pages.dry_run(review) | {"title": f"Dry run of {file_name}", "plan": plan}
        if len(plan) > _LONGEST_PLAN:
            context["too_much"] = "The file asks for more than one page can carry. Split it."
        return self._import_page(request, "desk/import_review.html", context)

    def _check_import(self, request: HttpRequest, *, posts: bool = False) -> None:
        if not self.has_import_permission(request) or (posts and request.method != "POST"):
            raise PermissionDenied

    def _importer(self, request: HttpRequest) -> Any:
        return request.user

    def _import_to(self, name: str) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"admin:breaks_tradebreak_{name}"))

    def _import_page(self, request: HttpRequest, template: str, context: dict) -> HttpResponse:
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "back": reverse("admin:breaks_tradebreak_changelist"),
            "again": reverse("admin:breaks_tradebreak_import"),
        }
        return TemplateResponse(request, template, shared | context)
