"""Channels: how what is told leaves the desk, and a test that shows what the receiver answers."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from trades.admin.cells import NOTHING, badge, moment, number, short
from trades.admin.desk import DeskAdmin
from workflows.choices import SUBJECTS, ChannelKind, NoticeKind, NoticeStatus
from workflows.models import Channel

CHANGE = "workflows.change_channel"


class ChannelForm(forms.ModelForm):
    kinds = forms.MultipleChoiceField(
        choices=[(kind.value, kind.label) for kind in SUBJECTS],
        required=False,
        label="Tells of",
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=Channel._meta.get_field("kinds").help_text,
    )

    addresses = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text=Channel._meta.get_field("addresses").help_text,
    )

    class Meta:
        model = Channel
        fields = ("name", "kind", "is_enabled", "kinds", "addresses", "url", "url_env",
                  "secret_env", "digest_above", "digest_minutes")  # fmt: skip


@admin.register(Channel)
class ChannelAdmin(DeskAdmin):
    form = ChannelForm
    list_display = ("name", "kind_word", "where", "tells", "enabled", "waiting", "dead",
                    "last_sent")  # fmt: skip
    search_fields = ("name", "addresses", "url")
    search_help_text = "Name or address"
    actions_detail = ("send_a_test",)
    fieldsets = (
        (None, {"fields": (("name", "kind"), "is_enabled", "kinds")}),
        ("Where to", {
            "fields": ("addresses", "url", ("url_env", "secret_env")),
            "description": "E-mail has addresses. A chat room has its URL in a variable. A signed "
            "webhook has a URL, here or in a variable, and its secret in a variable.",
        }),
        ("Digests instead of floods", {"fields": (("digest_above", "digest_minutes"),)}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        sent = Q(notices__status=NoticeStatus.SENT)
        return (
            super()
            .get_queryset(request)
            .annotate(
                queued=Count("notices", filter=Q(notices__status=NoticeStatus.QUEUED)),
                undelivered=Count("notices", filter=Q(notices__status=NoticeStatus.DEAD)),
                latest=Max("notices__sent_at", filter=sent),
            )
        )

    def has_send_a_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(CHANGE)

    @action(description="Send a test", url_path="test", permissions=["send_a_test"], icon="send")
    def send_a_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask first, for a page that is only looked at sends nothing; then show the answer."""
        channel = self.get_object(request, object_id)
        back = reverse("admin:workflows_channel_change", args=[object_id])
        if channel is None:
            return HttpResponseRedirect(reverse("admin:workflows_channel_changelist"))
        form = forms.Form(request.POST if request.method == "POST" else None)
        if form.is_valid():
            _test(request, channel, form)
            if form.is_valid():
                return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": channel,
            "title": f"Send a test: {channel.name}",
            "form": form,
            "submit": "Send it",
            "back": back,
            "intro": f"One message goes out at once, to {where_words(channel)}. What the receiver "
            "answers is shown here.",
        }
        return TemplateResponse(request, "desk/form.html", context)

    @display(description="Kind", ordering="kind")
    def kind_word(self, row: Channel) -> str:
        return row.get_kind_display()

    @display(description="Where to")
    def where(self, row: Channel) -> SafeString:
        return short(where_words(row))

    @display(description="Tells of")
    def tells(self, row: Channel) -> SafeString | str:
        if row.is_personal:
            return "what its person chose"
        labels = [NoticeKind(kind).label for kind in row.kinds if kind in NoticeKind]
        return short(", ".join(labels)) if labels else NOTHING

    @display(description="On", ordering="is_enabled")
    def enabled(self, row: Channel) -> SafeString:
        return badge("ACTIVE", "on") if row.is_enabled else badge("RETIRED", "off")

    @display(description="Queued", ordering="queued")
    def waiting(self, row: Any) -> SafeString:
        return number(row.queued or None)

    @display(description="Not delivered", ordering="undelivered")
    def dead(self, row: Any) -> SafeString:
        return number(row.undelivered or None)

    @display(description="Last sent", ordering="latest")
    def last_sent(self, row: Any) -> SafeString:
        return moment(row.latest)


def where_words(row: Channel) -> str:
    """Say where a channel leads; a URL in a variable by the variable's name."""
    if row.kind == ChannelKind.EMAIL:
        return ", ".join(row.recipients) or "each person's own address"
    return row.url or f"the URL in {row.url_env}"


def _test(request: HttpRequest, channel: Channel, form: forms.Form) -> None:
    from breaks.services.lifecycle import WorkRefused
    from workflows.outward.outcomes import NotDelivered
    from workflows.services.notifications import send_test

    by: Any = request.user
    try:
        answer = send_test(channel=channel, by=by, at=timezone.now())
    except (NotDelivered, WorkRefused) as refusal:
        form.add_error(None, f"It did not arrive. {refusal}")
    else:
        messages.success(request, f"It arrived: {answer}.")
