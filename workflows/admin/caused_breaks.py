"""A break's page with its likely cause, and the queue by cause."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter

from breaks.admin.queue import TradeBreakAdmin
from breaks.models import TradeBreak
from trades.admin.cells import digits
from trades.admin.page import Page, Panel
from workflows.models import RootCauseFinding
from workflows.selectors import causes_of


class CauseFilter(DropdownFilter):
    """
    The breaks that a root cause rests on: the cause's page leads here.

    Not offered otherwise, so that the queue reads nothing for it.
    """

    title, parameter_name = "root cause", "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        named = request.GET.get(self.parameter_name, "")
        return [(named, f"Root cause {named}")] if named.isdecimal() else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value() or ""
        if not value.isdecimal() or len(value) > 18:
            return queryset
        return queryset.filter(cause_links__finding=int(value))


class CausedBreaks(TradeBreakAdmin):
    """Breaks, each with what likely caused it."""

    def page(self, request: HttpRequest, row: Any) -> Page:
        page = super().page(request, row)
        return replace(page, side=[*cause_panels(row), *page.side])


def cause_panels(row: TradeBreak) -> list[Panel]:
    """Return the panel of what likely caused a break; none where nothing was found."""
    found = list(causes_of(row).select_related("beneath")[:3])
    if not found:
        return []
    return [Panel(title="Likely cause", body=_words(found))]


def _words(found: Sequence[RootCauseFinding]) -> SafeString:
    best = found[0].beneath or found[0]
    cleared = ""
    if best.would_clear:
        cleared = (
            f"Its fix would clear {digits(best.would_clear)} of {digits(best.break_count)} breaks."
        )
    return format_html(
        '<div class="dk-say"><p><a class="dk-link" href="{}"><b>{}</b></a></p><p>{}</p>'
        '<p class="dk-soft">{} {}</p></div>',
        reverse("admin:workflows_rootcausefinding_change", args=[best.pk]),
        best.headline,
        best.fix_in_words,
        cleared,
        f"One of {digits(best.break_count)} breaks that share it.",
    )
