"""The daily roots of the history, for whoever has to prove that nothing was changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import display

from breaks.models import HistoryRoot
from trades.admin.cells import NOTHING, day, link, moment, number
from trades.admin.page import Page, PageAdmin, Panel

KEEP = (
    "Keep this digest where nobody who can write to this database can write: on paper, in a mail, "
    "in another system. It stands for every event up to its day and, through the root before it, "
    "for all days before. Later, "
)


@admin.register(HistoryRoot)
class HistoryRootAdmin(PageAdmin):
    list_display = ("of_day", "count_breaks", "count_events", "whole_digest", "written")
    list_filter = (("day", RangeDateFilter),)
    search_fields = ("digest",)
    search_help_text = "Digest"
    ordering = ("-day",)

    @display(description="Day", ordering="day")
    def of_day(self, root: HistoryRoot) -> SafeString:
        return day(root.day)

    @display(description="Breaks", ordering="breaks")
    def count_breaks(self, root: HistoryRoot) -> SafeString:
        return number(root.breaks)

    @display(description="Events", ordering="events")
    def count_events(self, root: HistoryRoot) -> SafeString:
        return number(root.events)

    @display(description="Digest")
    def whole_digest(self, root: HistoryRoot) -> SafeString:
        return _digest(root.digest)

    @display(description="Written", ordering="at")
    def written(self, root: HistoryRoot) -> SafeString:
        return moment(root.at)

    def page(self, request: HttpRequest, row: Any) -> Page:
        before = HistoryRoot.objects.filter(digest=row.previous_digest).first()
        return Page(
            headline=format_html("<b>Root of {}</b>", row.day),
            soft="one digest over the histories of all breaks",
            figures=[
                ("Breaks whose history had begun", number(row.breaks)),
                ("Events of all of them", number(row.events)),
            ],
            main=[
                Panel(
                    title="Digest",
                    body=format_html('<pre class="dk-json">{}</pre>', row.digest),
                ),
                Panel(title="What it is for", body=_how(row)),
            ],
            side=[
                Panel(
                    title="About this root",
                    facts=[
                        ("Written", moment(row.at)),
                        ("Last event covered", number(row.last_event)),
                        ("Root before", _before(before)),
                    ],
                )
            ],
        )


def _before(root: HistoryRoot | None) -> SafeString:
    return NOTHING if root is None else link("breaks_historyroot", root.pk, root.day)


def _digest(text: str) -> SafeString:
    return format_html('<span class="dk-mono dk-when">{}</span>', text)


def _how(root: HistoryRoot) -> SafeString:
    return format_html(
        '<p class="dk-say">{}</p><pre class="dk-json">manage.py verify_history --known {}</pre>'
        '<p class="dk-say">reads the whole history and says whether it still is what this root '
        "covered.</p>",
        KEEP, root.digest,
    )  # fmt: skip
