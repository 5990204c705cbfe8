"""Changes of due times: what was edited, and how far the live breaks have followed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from breaks.choices import WorkStatus
from breaks.models import ClockChange
from trades.admin.cells import badge, bar, moment, number
from trades.admin.page import Page, PageAdmin, Panel

# The colours of the runs, which go through the same states.
_LOOK = {WorkStatus.QUEUED: "QUEUED", WorkStatus.RUNNING: "RUNNING", WorkStatus.DONE: "SUCCEEDED"}


@admin.register(ClockChange)
class ClockChangeAdmin(PageAdmin):
    list_display = ("what", "state", "progress", "of", "how_many", "who", "when")
    list_select_related = ("by",)
    search_fields = ("reason",)
    search_help_text = "What was edited"

    @display(description="Edited", ordering="pk")
    def what(self, row: ClockChange) -> str:
        return row.reason

    @display(description="State", ordering="status")
    def state(self, row: ClockChange) -> SafeString:
        return badge(_LOOK[WorkStatus(row.status)], row.get_status_display())

    @display(description="Progress")
    def progress(self, row: ClockChange) -> SafeString:
        return bar(progress_pct(row))

    @display(description="Live breaks", ordering="to_look_at")
    def of(self, row: ClockChange) -> SafeString:
        return number(row.to_look_at)

    @display(description="Due at another time", ordering="moved")
    def how_many(self, row: ClockChange) -> SafeString:
        return number(row.moved)

    @display(description="By")
    def who(self, row: ClockChange) -> str:
        return str(row.by or "the schedule")

    @display(description="Made", ordering="made_at")
    def when(self, row: ClockChange) -> SafeString:
        return moment(row.made_at)

    def page(self, request: HttpRequest, row: Any) -> Page:
        return Page(
            headline=format_html("<b>{}</b> {}", row.reason, self.state(row)),
            soft="due times follow an edit",
            figures=[
                ("Live breaks", number(row.to_look_at)),
                ("Looked at", number(row.looked_at)),
                ("Due at another time", number(row.moved)),
                ("Progress", bar(progress_pct(row))),
            ],
            main=[
                Panel(
                    title="About this change",
                    facts=[
                        ("Made", moment(row.made_at)),
                        ("By", row.by or "the schedule"),
                        ("Finished", moment(row.finished_at)),
                        ("Breaks", "of some teams" if row.team_ids is not None else "all live"),
                    ],
                )
            ],
        )


def progress_pct(row: ClockChange) -> float:
    if row.status == WorkStatus.DONE:
        return 100.0
    return min(99.0, 100 * row.looked_at / row.to_look_at) if row.to_look_at else 0.0
