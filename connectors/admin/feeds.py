"""Feeds. Registered by `workflows.admin`, which knows who is told of a late file."""

import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedCheckboxFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from connectors import registry
from connectors.models import Delivery, Feed
from trades.admin.cells import NOTHING, badge, moment
from trades.admin.desk import DeskAdmin, JsonText, ReadableJson

_SECRET = re.compile(
    r"(^|_)(key|secret|token|password|passphrase|pkey|credentials?|connection_string)($|_)"
)


class FeedForm(forms.ModelForm):
    settings = ReadableJson(
        required=False,
        widget=JsonText(rows=10),
        help_text="The connector's settings as JSON. A secret is named by the environment variable "
        "that holds it, never written here.",
    )

    due_time = forms.TimeField(
        required=False,
        widget=UnfoldAdminTextInputWidget({"type": "time"}),
        help_text=Feed._meta.get_field("due_time").help_text,
    )

    class Meta:
        model = Feed
        fields = ("code", "name", "source", "connector", "layout", "is_enabled", "settings",
                  "due_time", "due_days", "grace_minutes")  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "connector" in self.fields:
            names = [(name, name) for name in registry.names()]
            self.fields["connector"] = forms.ChoiceField(
                choices=names,
                widget=UnfoldAdminSelectWidget(choices=names),
                help_text="How the reports are fetched.",
            )

    def clean_settings(self) -> Any:
        given = self.cleaned_data["settings"] or {}
        if not isinstance(given, dict):
            raise forms.ValidationError(
                'The settings are a JSON object, such as {"pair": "XBTUSD"}.'
            )
        if secret := next(_secrets(given), ""):
            raise forms.ValidationError(
                f"{secret!r} looks like a secret, and the database keeps none. Name the variable "
                'that holds it: "key_env" and the like, or "options_env" for a file system.'
            )
        return given


def _secrets(settings: dict[str, Any]) -> Iterator[str]:
    """Yield the names of settings that would hold a secret itself rather than name one."""
    for name, value in settings.items():
        if name.endswith("_env") or name == "columns":
            continue
        if isinstance(value, dict):
            yield from _secrets(value)
        elif _SECRET.search(name):
            yield name


class FeedAdmin(DeskAdmin):
    form = FeedForm
    list_display = ("code", "name", "source_code", "connector", "enabled", "due", "last_arrival")
    list_filter = (("source", RelatedCheckboxFilter), "is_enabled")
    list_select_related = ("source",)
    search_fields = ("code", "name", "connector")
    fieldsets = (
        (None, {"fields": (("code", "name"), ("source", "connector"), ("layout", "is_enabled"))}),
        ("When its reports are due", {"fields": ("due_time", ("due_days", "grace_minutes"))}),
        ("Settings", {"fields": ("settings",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        newest = Delivery.objects.filter(feed=OuterRef("pk")).order_by("-received_at")
        last = Subquery(newest.values("received_at")[:1], output_field=DateTimeField())
        return super().get_queryset(request).annotate(last_received=last)

    @display(description="Source", ordering="source__code")
    def source_code(self, feed: Feed) -> str:
        return feed.source.code

    @display(description="Enabled", ordering="is_enabled")
    def enabled(self, feed: Feed) -> SafeString:
        return badge("ACTIVE", "on") if feed.is_enabled else badge("RETIRED", "off")

    @display(description="Due", ordering="due_time")
    def due(self, feed: Feed) -> SafeString:
        if feed.due_time is None:
            return NOTHING
        return format_html(
            "T+{} {} {}, {} min grace",
            feed.due_days, f"{feed.due_time:%H:%M}", feed.source.timezone, feed.grace_minutes,
        )  # fmt: skip

    @display(description="Last delivery", ordering="last_received")
    def last_arrival(self, feed: Any) -> SafeString:
        return moment(feed.last_received)
