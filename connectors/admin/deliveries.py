from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedCheckboxFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from connectors.admin.delivery_panels import (
    LIVE,
    counted,
    counts_add_up,
    main_panels,
    parts_of,
    quarantine_link,
    status_words,
)
from connectors.choices import DeliveryStatus, RejectStatus
from connectors.models import Delivery, Layout
from trades.admin.cells import NOTHING, badge, day, link, moment, number, short, span
from trades.admin.desk import ViewFilter
from trades.admin.live import LiveAdmin, changing
from trades.admin.page import Page, Panel
from trades.admin.progress import split_bar
from trades.admin.ranges import MomentRangeFilter
from trades.models import Source
from trades.raw import leave_trace, may_see_raw

START = "connectors.start_ingestion"


class UploadForm(forms.Form):
    source = forms.ModelChoiceField(
        Source.objects.all(),
        widget=UnfoldAdminSelectWidget(),
        empty_label="Select the source",
        help_text="Whose reports the file holds.",
    )
    layout = forms.ModelChoiceField(
        Layout.objects.all(),
        required=False,
        widget=UnfoldAdminSelectWidget(),
        empty_label="By its header",
        help_text="How to read the file; left empty, the layout whose columns fit is taken.",
    )
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget(),
        help_text="The same file again changes nothing; rows that cannot be read go to quarantine.",
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if file.size and file.size > settings.MAX_UPLOAD_BYTES:
            raise forms.ValidationError(
                f"The file has {file.size:,} bytes and at most {settings.MAX_UPLOAD_BYTES:,} are "
                "taken; split it, or raise MAX_UPLOAD_BYTES."
            )
        return file


class ArrivalFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("all", "All"), ("failed", "Failed"), ("rejects", "With rejected rows"),
             ("waiting", "Queued and running"))  # fmt: skip

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        return queryset.filter(
            {
                "all": Q(),
                "failed": Q(status=DeliveryStatus.FAILED),
                "rejects": Q(rejected__gt=0),
                "waiting": Q(status__in=LIVE),
            }[value]
        )


@admin.register(Delivery)
class DeliveryAdmin(LiveAdmin):
    list_display = ("file_name", "source_code", "arrived", "status_word", "count_in",
                    "count_loaded", "count_amended", "count_duplicates", "count_rejected",
                    "adds_up", "took", "sentence", "requested_by")  # fmt: skip
    list_filter = (
        ArrivalFilter,
        ("source", RelatedCheckboxFilter),
        ("feed", RelatedCheckboxFilter),
        ("received_at", MomentRangeFilter),
    )
    list_select_related = ("source", "requested_by")
    search_fields = ("name", "digest", "error")
    search_help_text = "File name, digest or error"
    actions_list = ("upload",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        still_open = Count("rejects", filter=Q(rejects__status=RejectStatus.OPEN))
        return super().get_queryset(request).annotate(open_rejects=still_open)

    @display(description="Delivery", ordering="name")
    @changing
    def file_name(self, delivery: Delivery) -> SafeString:
        return short(delivery.name)

    @display(description="Source", ordering="source__code")
    def source_code(self, delivery: Delivery) -> str:
        return delivery.source.code

    @display(description="Received", ordering="received_at")
    def arrived(self, delivery: Delivery) -> SafeString:
        return moment(delivery.received_at)

    @display(description="Status", ordering="status")
    @changing
    def status_word(self, delivery: Delivery) -> SafeString:
        return badge(delivery.status, status_words(delivery))

    @display(description="Rows", ordering="rows_in")
    @changing
    def count_in(self, delivery: Delivery) -> SafeString:
        return counted(delivery, delivery.rows_in)

    @display(description="Loaded", ordering="loaded")
    @changing
    def count_loaded(self, delivery: Delivery) -> SafeString:
        return counted(delivery, delivery.loaded)

    @display(description="Amended", ordering="amended")
    @changing
    def count_amended(self, delivery: Delivery) -> SafeString:
        return counted(delivery, delivery.amended)

    @display(description="Duplicates", ordering="duplicates")
    @changing
    def count_duplicates(self, delivery: Delivery) -> SafeString:
        return counted(delivery, delivery.duplicates)

    @display(description="Rejected", ordering="rejected")
    @changing
    def count_rejected(self, delivery: Delivery) -> SafeString:
        if not delivery.rejected:
            return counted(delivery, 0)
        return format_html(
            '<a class="dk-num dk-link" href="{}" title="To the quarantine">{}</a>',
            quarantine_link(delivery),
            f"{delivery.rejected:,}",
        )

    @display(description="Adds up")
    @changing
    def adds_up(self, delivery: Delivery) -> SafeString:
        if delivery.status != DeliveryStatus.LOADED or not delivery.rows_in:
            return NOTHING
        if not counts_add_up(delivery):
            return badge("FAILED", "no")
        bar = split_bar([(tone, count) for tone, _, count in parts_of(delivery)])
        words = ", ".join(f"{count:,} {name.lower()}" for _, name, count in parts_of(delivery))
        return format_html('<span title="{} rows: {}">{}</span>', delivery.rows_in, words, bar)

    @display(description="Took")
    @changing
    def took(self, delivery: Delivery) -> SafeString:
        if not delivery.started_at or not delivery.finished_at:
            return number(None)
        length = span(delivery.finished_at - delivery.started_at)
        return format_html('<span class="dk-num">{}</span>', length)

    @display(description="Says")
    @changing
    def sentence(self, delivery: Delivery) -> SafeString:
        return short(delivery.error)

    gone = "It found nothing new and left no row. The list has what has arrived."

    def is_live(self, row: Delivery) -> bool:
        return row.status in LIVE

    def has_upload_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(START)

    @action(
        description="Upload a file", icon="upload_file", permissions=["upload"], url_path="upload"
    )
    def upload(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            delivery = _received(form.cleaned_data, request.user)
            _tell(request, delivery)
            return HttpResponseRedirect(
                reverse("admin:connectors_delivery_change", args=[delivery.pk])
            )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Upload a file",
            "form": form,
            "submit": "Load it",
            "back": reverse("admin:connectors_delivery_changelist"),
            "intro": "One file of one source's trades. It is read and loaded while you wait.",
        }
        return TemplateResponse(request, "desk/form.html", context)

    def page(self, request: HttpRequest, row: Any) -> Page:
        shows_raw = may_see_raw(request.user)
        if shows_raw and row.rejected:
            leave_trace(request.user, f"rejected rows of delivery {row.pk}")
        window = NOTHING
        if row.from_date:
            window = format_html("{} to {}", day(row.from_date), day(row.to_date))
        return Page(
            headline=format_html("<b>{}</b> {}", row.name, badge(row.status, status_words(row))),
            soft=f"from {row.source.name}",
            alert=row.error,
            main=main_panels(row, live=self.is_live(row), shows_raw=shows_raw),
            side=[
                Panel(
                    title="Arrival",
                    facts=[
                        ("Source", link("trades_source", row.source_id, row.source.name)),
                        ("Feed", link("connectors_feed", row.feed_id, row.feed)),
                        ("Layout", link("connectors_layout", row.layout_id, row.layout)),
                        ("Trade dates", window),
                        ("Received", moment(row.received_at)),
                        ("Started", moment(row.started_at)),
                        ("Finished", moment(row.finished_at)),
                        ("Attempts", row.attempt),
                        ("Asked for by", row.requested_by or NOTHING),
                        ("Replay of", link("connectors_delivery", row.replay_of_id, row.replay_of)),
                        (
                            "SHA-256",
                            format_html('<span class="dk-mono dk-wrap">{}</span>', row.digest)
                            if row.digest
                            else NOTHING,
                        ),
                    ],
                )
            ],
        )


def _received(given: dict[str, Any], by: Any) -> Delivery:
    from connectors import services

    file: UploadedFile = given["file"]
    with TemporaryDirectory() as folder:
        # The name is kept, for the feed's pattern and for people; its folders are not.
        path = Path(folder) / (Path(str(file.name).replace("\\", "/")).name or "upload")
        with path.open("wb") as out:
            for chunk in file.chunks():
                out.write(chunk)
        return services.receive_file(
            path=path, source=given["source"], layout=given["layout"], by=by, at=timezone.now()
        )


def _tell(request: HttpRequest, delivery: Delivery) -> None:
    if delivery.status == DeliveryStatus.FAILED:
        messages.error(request, f"Nothing was loaded: {delivery.error}")
        return
    said = (
        f"{delivery.rows_in:,} rows: {delivery.loaded:,} loaded, {delivery.amended:,} amended, "
        f"{delivery.duplicates:,} duplicates, {delivery.rejected:,} rejected."
    )
    messages.add_message(request, messages.WARNING if delivery.rejected else messages.SUCCESS, said)
