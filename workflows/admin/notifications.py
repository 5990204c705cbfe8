"""The outbox: what went out, what waits, what did not arrive and is sent again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, RelatedCheckboxFilter
from unfold.decorators import display

from breaks.models import TradeBreak
from breaks.services.lifecycle import WorkRefused
from trades.admin.acts import Act
from trades.admin.cells import NOTHING, badge, link, moment, number, short, since
from trades.admin.desk import ViewFilter
from trades.admin.page import Page, PageAdmin, Panel
from workflows.admin.inbox import inbox_urls
from workflows.choices import NoticeStatus
from workflows.models import Notification
from workflows.models.notification import WAITING

RESEND = "workflows.resend_notification"
SHOWN = 50


class OutboxFilter(ViewFilter):
    title, parameter_name = "view", "view"
    views = (("outbox", "Going out"), ("dead", "Not delivered"), ("sent", "Sent"), ("all", "All"))

    def narrow(self, queryset: QuerySet, value: str, request: HttpRequest) -> QuerySet:
        if value == "outbox":
            return queryset.filter(status__in=[*WAITING, NoticeStatus.COLLECTING])
        if value == "dead":
            return queryset.filter(status=NoticeStatus.DEAD)
        return queryset.filter(status=NoticeStatus.SENT) if value == "sent" else queryset

    def count(self, everything: QuerySet, value: str, request: HttpRequest) -> Any:
        # What was sent is never less; only what somebody has to look at is counted.
        if value not in ("outbox", "dead"):
            return None
        return super().count(everything, value, request)


def _resend(request: HttpRequest, row: Notification, _given: dict[str, Any]) -> str:
    from workflows.services.notifications import resend

    by: Any = request.user
    count = resend(pks=[row.pk], by=by, at=timezone.now())
    return "It is queued again, under the same id." if count else "It was queued by somebody else."


@admin.register(Notification)
class NotificationAdmin(PageAdmin):
    list_display = ("created", "about", "kind_word", "who", "by_way_of", "status_word", "tries",
                    "trouble")  # fmt: skip
    list_display_links = ("about",)
    list_filter = (
        OutboxFilter,
        ("kind", ChoicesCheckboxFilter),
        ("status", ChoicesCheckboxFilter),
        ("channel", RelatedCheckboxFilter),
    )
    list_select_related = ("person", "channel")
    search_fields = ("subject", "person__username", "=uid")
    search_help_text = "Words, a person, or the id a receiver knows it by"
    ordering = ("-created_at", "-pk")
    actions = ("send_again",)
    acts = (
        Act(
            name="resend", label="Send again", permission=RESEND, run=_resend, tone="primary",
            refusals=lambda: (WorkRefused,), offered=lambda row: row.status == NoticeStatus.DEAD,
            description="It goes out under the same id, so that a receiver that has it knows it.",
        ),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        return inbox_urls(self.admin_site) + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """All for whoever sees every team's breaks, which are named here; else one's own."""
        rows = super().get_queryset(request)
        if request.user.has_perm("breaks.view_every_team"):
            return rows
        return rows.filter(person=request.user.pk)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(RESEND)

    @admin.action(description="Send again", permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        from workflows.services.notifications import resend

        by: Any = request.user
        chosen = list(queryset.values_list("pk", flat=True))
        count = resend(pks=chosen, by=by, at=timezone.now())
        left = len(chosen) - count
        said = f"{count} queued again"
        if left:
            said += f"; {left} left as they are, for only what was not delivered is sent again"
        self.message_user(request, f"{said}.", messages.SUCCESS if count else messages.WARNING)

    @display(description="Made", ordering="created_at")
    def created(self, row: Notification) -> SafeString:
        return moment(row.created_at)

    @display(description="What", ordering="subject")
    def about(self, row: Notification) -> SafeString:
        return short(row.subject)

    @display(description="Kind", ordering="kind")
    def kind_word(self, row: Notification) -> str:
        return row.get_kind_display()

    @display(description="To", ordering="person__username")
    def who(self, row: Notification) -> SafeString:
        return short(row.person.get_username() if row.person else "")

    @display(description="By", ordering="channel__name")
    def by_way_of(self, row: Notification) -> SafeString | str:
        return row.channel.name if row.channel else NOTHING

    @display(description="Status", ordering="status")
    def status_word(self, row: Notification) -> SafeString:
        return badge(row.status, row.get_status_display())

    @display(description="Attempts", ordering="attempts")
    def tries(self, row: Notification) -> SafeString:
        return number(row.attempts or None)

    @display(description="Last error")
    def trouble(self, row: Notification) -> SafeString:
        return short(row.last_error)

    def page(self, request: HttpRequest, row: Any) -> Page:
        return Page(
            headline=format_html(
                "<b>{}</b> {}", row.subject, badge(row.status, row.get_status_display())
            ),
            soft=row.get_kind_display(),
            figures=[
                ("To", row.person or NOTHING),
                ("By", row.channel or "the inbox"),
                ("Attempts", number(row.attempts)),
                ("Next attempt", _next(row)),
            ],
            alert=row.last_error,
            main=[
                Panel(title="What it says", body=format_html('<p class="dk-say">{}</p>', row.text)
                      if row.text else "", none="Nothing but its subject."),
                *_folded(row),
            ],
            side=[
                Panel(
                    title="About this notification",
                    facts=[
                        ("Id at the receiver", short(str(row.uid), mono=True)),
                        ("Made", moment(row.created_at)),
                        ("Sent", moment(row.sent_at)),
                        ("Read", moment(row.read_at)),
                        ("Break", _break(request, row)),
                        ("In the digest", link("workflows_notification", row.digest_id,
                                               row.digest_id)),
                    ],
                )
            ],
        )  # fmt: skip


def _next(row: Notification) -> Any:
    if row.status == NoticeStatus.QUEUED:
        return moment(row.send_after)
    return moment(row.lease_expires_at) if row.status == NoticeStatus.SENDING else NOTHING


def _break(request: HttpRequest, row: Notification) -> Any:
    """Link to the break, for whoever may see it."""
    if row.trade_break_id is None:
        return NOTHING
    seen = TradeBreak.objects.visible_to(request.user).filter(pk=row.trade_break_id).exists()
    return link("breaks_tradebreak", row.trade_break_id, row.trade_break_id) if seen else NOTHING


def _folded(row: Notification) -> list[Panel]:
    members = list(row.members.order_by("created_at", "pk")[:SHOWN]) if row.digest_of else []
    if not members:
        return []
    now = timezone.now()
    rows = [[link("workflows_notification", one.pk, one.subject), since(one.created_at, now=now)]
            for one in members]  # fmt: skip
    return [
        Panel(title="In it", head=("What", "Ago"), rows=rows, numeric=frozenset({1}),
              count=row.folded)
    ]  # fmt: skip
