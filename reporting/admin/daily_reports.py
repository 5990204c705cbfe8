"""One's own daily reports: each as a page and as files, and who is mailed one."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display

from reporting.formats import FORMATS, Report
from reporting.models import DailyReport, ReportSubscription
from reporting.selectors.daily import daily_report
from trades.admin.cells import day, moment
from trades.admin.desk import DeskAdmin, ReadOnly


@admin.register(DailyReport)
class DailyReportAdmin(ReadOnly, DeskAdmin):
    """The reports made for whoever is signed in; nobody sees another's."""

    list_display = ("business_day", "made", "files")
    list_filter = (("business_date", RangeDateFilter),)
    actions_list = ("now",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(person=request.user.pk)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("as-of-now/<str:name>/", wrap(self.file_of_now), name="reporting_report_now_file"),
            path(
                "<int:pk>/<str:name>/file/", wrap(self.file_of_kept), name="reporting_report_file"
            ),
            *super().get_urls(),
        ]

    @display(description="Business date", ordering="business_date")
    def business_day(self, row: DailyReport) -> SafeString:
        return day(row.business_date)

    @display(description="Made", ordering="made_at")
    def made(self, row: DailyReport) -> SafeString:
        return moment(row.made_at)

    @display(description="Mailed as")
    def files(self, row: DailyReport) -> str:
        return ", ".join(name.upper() for name in row.formats)

    def has_now_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    @action(description="As of now", icon="today", permissions=["now"], url_path="as-of-now")
    def now(self, request: HttpRequest) -> HttpResponse:
        """Show the report as it would be made now; nothing is kept or mailed."""
        links = [
            (name.upper(), reverse("admin:reporting_report_now_file", args=[name]))
            for name in FORMATS
        ]
        return self._page(request, _as_of_now(request), links, None)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        links = [
            (name.upper(), reverse("admin:reporting_report_file", args=[row.pk, name]))
            for name in FORMATS
        ]
        return self._page(request, Report.from_json(row.content), links, row)

    def file_of_now(self, request: HttpRequest, name: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise Http404
        return _file(_as_of_now(request), name)

    def file_of_kept(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        row = self.get_queryset(request).filter(pk=pk).first()
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        return _file(Report.from_json(row.content), name)

    def _page(
        self, request: HttpRequest, report: Report, links: Any, row: DailyReport | None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": report.title,
            "report": report,
            "links": links,
        }
        return TemplateResponse(request, "desk/report.html", context)


@admin.register(ReportSubscription)
class ReportSubscriptionAdmin(DeskAdmin):
    """Who is mailed the daily report; when is a schedule, under Administration, Schedules."""

    list_display = ("person", "is_enabled", "address", "files", "on_weekends")
    list_filter = ("is_enabled",)
    list_select_related = ("person",)
    search_fields = ("person__username", "person__email")
    search_help_text = "Name or address"
    autocomplete_fields = ("person",)
    fieldsets = (
        (None, {"fields": ("person", ("is_enabled", "on_weekends"))}),
        ("Files that go with it", {"fields": (("with_pdf", "with_xlsx", "with_csv"),)}),
    )

    @display(description="Mailed to", ordering="person__email")
    def address(self, row: ReportSubscription) -> str:
        return row.person.email or "no address: nothing is mailed"

    @display(description="As")
    def files(self, row: ReportSubscription) -> str:
        return ", ".join(name.upper() for name in row.formats)


def _as_of_now(request: HttpRequest) -> Report:
    from workflows.services.daily.places import last_ended

    at = timezone.now()
    return daily_report(user=request.user, business_date=last_ended(at), at=at)


def _file(report: Report, name: str) -> HttpResponse:
    if name not in FORMATS:
        raise Http404
    make, media_type = FORMATS[name]
    return HttpResponse(
        make(report),
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{report.name}.{name}"'},
    )
