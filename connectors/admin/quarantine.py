import csv
from io import StringIO
from itertools import zip_longest
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedCheckboxFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from connectors.choices import RejectStatus
from connectors.models import RejectedRow
from connectors.tables import rejects_table
from trades.admin.acts import Act, ActForm, ReasonForm
from trades.admin.cells import NOTHING, badge, link, moment, number, short
from trades.admin.desk import ViewFilter
from trades.admin.exporting import ExportAdmin
from trades.admin.page import Page, PageAdmin, Panel
from trades.raw import leave_trace, may_see_raw
from trades.spreadsheet import Mode, Table

WORK = "connectors.change_rejectedrow"
MOST_SAID = 10


class FixForm(ActForm):
    fixed = forms.CharField(
        label="The row as it should be",
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            {"rows": 4, "class": "dk-json-input", "spellcheck": "false", "autofocus": True}
        ),
        help_text="In the file's own columns and separators; only this row is read again.",
    )


def _replay(request: HttpRequest, row: RejectedRow, given: dict[str, Any]) -> str:
    from connectors import services

    by: Any = request.user
    services.replay(reject_id=row.pk, fixed=given["fixed"], by=by, at=timezone.now())
    return f"Line {row.line_number} was loaded{_what_is_left(row)}."


def _discard(request: HttpRequest, row: RejectedRow, given: dict[str, Any]) -> str:
    from connectors import services

    by: Any = request.user
    services.discard(reject_id=row.pk, reason=given["reason"], by=by, at=timezone.now())
    return f"Line {row.line_number} was discarded{_what_is_left(row)}."


def _what_is_left(row: RejectedRow) -> str:
    left = _still_open(row).count()
    return f"; {left} of its file still to be fixed" if left else ", the last of its file"


def _still_open(row: RejectedRow) -> QuerySet[RejectedRow]:
    """Return the other rows of the same delivery that wait, in the order of the file."""
    waiting = RejectedRow.objects.filter(delivery=row.delivery_id, status=RejectStatus.OPEN)
    return waiting.exclude(pk=row.pk).order_by("line_number", "pk")


def _refusals() -> tuple[type[Exception], ...]:
    from connectors import services

    return services.REFUSALS


def _is_open(row: RejectedRow) -> bool:
    return row.status == RejectStatus.OPEN


class QuarantineFilter(ViewFilter):
    title = "view"
    parameter_name = "view"
    views = (("open", "To be fixed"), ("done", "Decided"), ("all", "All"))

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        if value == "all":
            return queryset
        still_open = queryset.filter(status=RejectStatus.OPEN)
        return still_open if value == "open" else queryset.exclude(status=RejectStatus.OPEN)


@admin.register(RejectedRow)
class RejectedRowAdmin(ExportAdmin, PageAdmin):
    has_raw = True
    list_display = ("line", "file_name", "source_code", "why", "sent", "status_word",
                    "decided_by", "decided")  # fmt: skip
    list_filter = (QuarantineFilter, ("delivery__source", RelatedCheckboxFilter))
    list_select_related = ("delivery__source", "delivery__layout", "decided_by")
    search_fields = ("raw", "reason", "delivery__name")
    search_help_text = "Raw text, reason or file name"
    ordering = ("-delivery", "line_number", "pk")
    actions = ("replay_selected",)
    acts = (
        Act(
            name="replay", label="Fix and replay", permission=WORK, form=FixForm, run=_replay,
            refusals=_refusals, tone="primary", wide=True, offered=_is_open,
            submit="Replay this row",
        ),
        Act(
            name="discard", label="Discard", permission=WORK, form=ReasonForm, run=_discard,
            refusals=_refusals, offered=_is_open,
            description="The row is not loaded. What was sent, and why it was left out, is kept.",
        ),
    )  # fmt: skip

    def table(self, *, mode: Mode, with_raw: bool) -> Table:
        return rejects_table(with_raw=with_raw)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        shows_raw = may_see_raw(request.user)
        return [name for name in self.list_display if name != "sent" or shows_raw]

    @display(description="Line", ordering="line_number")
    def line(self, row: RejectedRow) -> SafeString:
        return number(row.line_number)

    @display(description="Delivery", ordering="delivery__name")
    def file_name(self, row: RejectedRow) -> SafeString:
        return short(row.delivery.name)

    @display(description="Source", ordering="delivery__source__code")
    def source_code(self, row: RejectedRow) -> str:
        return row.delivery.source.code

    @display(description="Why", ordering="reason")
    def why(self, row: RejectedRow) -> SafeString:
        return short(row.reason)

    @display(description="As sent")
    def sent(self, row: RejectedRow) -> SafeString:
        return short(row.raw, mono=True)

    @display(description="Status", ordering="status")
    def status_word(self, row: RejectedRow) -> SafeString:
        return badge(row.status, row.get_status_display())

    @display(description="Decided", ordering="decided_at")
    def decided(self, row: RejectedRow) -> SafeString:
        return moment(row.decided_at)

    def has_fix_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(WORK)

    @admin.action(description="Replay as they were sent", permissions=["fix"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Read each selected row again as it is: after its layout or reference data was mended."""
        from connectors import services

        by: Any = request.user
        loaded, refused = 0, []
        for row in queryset.select_related("delivery").order_by("delivery", "line_number", "pk"):
            try:
                services.replay(reject_id=row.pk, fixed=row.raw, by=by, at=timezone.now())
            except services.REFUSALS as refusal:
                refused.append(f"Line {row.line_number} of {row.delivery.name}: {refusal}")
            else:
                loaded += 1
        if loaded:
            self.message_user(request, f"{loaded} replayed.", messages.SUCCESS)
        for sentence in refused[:MOST_SAID]:
            self.message_user(request, sentence, messages.WARNING)
        if len(refused) > MOST_SAID:
            left = len(refused) - MOST_SAID
            self.message_user(request, f"{left} more could not be loaded.", messages.WARNING)

    def after_act(self, row: Any) -> str:
        """Lead on to the next row of the same file, and from the last to the delivery."""
        row.refresh_from_db(fields=["status"])
        if _is_open(row):
            return super().after_act(row)
        following = _still_open(row)
        onward = following.filter(line_number__gte=row.line_number).first() or following.first()
        if onward is not None:
            return super().after_act(onward)
        return reverse("admin:connectors_delivery_change", args=[row.delivery_id])

    def act_initial(self, act: Act, row: Any) -> dict[str, Any]:
        return {"fixed": row.raw} if act.name == "replay" else {}

    def act_panels(self, act: Act, row: Any) -> list[Panel]:
        if act.name != "replay":
            return []
        header = row.delivery.header
        columns = [Panel(title="The file's columns", body=_pre(header))] if header else []
        return [self._reason(row), *(_by_column(row) or columns)]

    def page(self, request: HttpRequest, row: Any) -> Page:
        main = [self._reason(row)]
        if may_see_raw(request.user):
            leave_trace(request.user, f"rejected row {row.pk} of delivery {row.delivery_id}")
            main += [Panel(title="As it was sent", body=_pre(row.raw)), *_by_column(row)]
            if row.fixed:
                main.append(Panel(title="As corrected", body=_pre(row.fixed)))
        return Page(
            headline=format_html(
                "<b>Line {}</b> {}", row.line_number, badge(row.status, row.get_status_display())
            ),
            soft=f"of {row.delivery.name}, from {row.delivery.source.name}",
            main=main,
            side=[
                Panel(
                    title="Where it came from",
                    facts=[
                        (
                            "Delivery",
                            link("connectors_delivery", row.delivery_id, row.delivery.name),
                        ),
                        ("Received", moment(row.delivery.received_at)),
                        ("Decided by", row.decided_by or NOTHING),
                        ("Decided", moment(row.decided_at)),
                        ("Because", row.decision or NOTHING),
                    ],
                ),
                *_others(row),
            ],
        )

    def _reason(self, row: RejectedRow) -> Panel:
        return Panel(
            title="Why it was rejected", body=format_html('<p class="dk-say">{}</p>', row.reason)
        )


def _by_column(row: RejectedRow) -> list[Panel]:
    """Show each value of a line under its column's name, where the file has columns."""
    delivery = row.delivery
    if not delivery.header or delivery.layout is None:
        return []
    try:
        names, *_ = csv.reader(StringIO(delivery.header), delimiter=delivery.layout.delimiter)
        values, *_ = csv.reader(StringIO(row.raw), delimiter=delivery.layout.delimiter)
    except (csv.Error, ValueError):
        return []
    pairs = format_html_join(
        "",
        "<div><dt>{}</dt><dd>{}</dd></div>",
        (
            ("no column" if name is None else name, NOTHING if value in (None, "") else value)
            for name, value in zip_longest(names, values)
        ),
    )
    body = format_html('<dl class="dk-values">{}</dl>', pairs)
    note = f"{len(values)} of {len(names)} columns" if len(values) != len(names) else ""
    return [Panel(title="Value by value", note=note, body=body)]


def _others(row: RejectedRow) -> list[Panel]:
    rows = [
        [link("connectors_rejectedrow", one.pk, one.line_number), short(one.reason)]
        for one in _still_open(row)[:MOST_SAID]
    ]
    panel = Panel(title="Also to be fixed in this file", head=("Line", "Why"), rows=rows)
    return [panel] if rows else []


def _pre(text: str) -> SafeString:
    return format_html('<pre class="dk-json">{}</pre>', text)
