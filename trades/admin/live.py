"""
Work that a worker is at, shown as it goes on: its page, and of a list the rows that run.

htmx asks for the changing part again every two seconds and no longer than the work lasts. What
it asks for is a fragment; nothing else on the page is read again.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from trades.admin.asked import is_key
from trades.admin.page import PageAdmin

# What htmx takes for the end of asking again.
STOP_POLLING = 286
MOST_ROWS = 200

Column = Callable[[Any, Any], Any]


def changing(column: Column) -> Column:
    """Mark a column of a `LiveAdmin` whose cell is shown anew while its row is live."""

    @wraps(column)
    def cell(admin: Any, row: Any) -> Any:
        shown = column(admin, row)
        return _cell(column.__name__, row, shown) if admin.is_live(row) else shown

    cell.drawn = column  # type: ignore[attr-defined]
    return cell


def _cell(name: str, row: Any, shown: Any, *, instead: bool = False) -> SafeString:
    return format_html(
        '<span class="dk-live" id="live-{}-{}"{}>{}</span>',
        row.pk, name, SafeString(' hx-swap-oob="true"' if instead else ""), shown,
    )  # fmt: skip


class LiveAdmin(PageAdmin):
    """A row that services own and a worker works; a subclass tells when by `is_live`."""

    page_template = "desk/live.html"
    list_after_template = "desk/live_rows.html"
    gone = "It is no longer there."

    def is_live(self, row: Any) -> bool:
        """Tell whether the row is queued or running: it will change by itself."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("live/", self._asked(self.live_rows), name=f"{name}_live_rows"),
            path("<path:object_id>/live/", self._asked(self.live_page), name=f"{name}_live"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        response = super().change_view(request, object_id, form_url, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            response.context_data["live"] = self._address_of(response.context_data["original"])
        return response

    def live_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer with the changing part of a page, which asks again if the row is still live."""
        row = self.get_object(request, object_id)
        if row is None:
            gone = {"gone": self.gone}
            return TemplateResponse(request, "desk/live_gone.html", gone, status=STOP_POLLING)
        page = self.page(request, row)
        context = {
            "original": row,
            "page": page,
            "acts": self.acts_for(request, row),
            "live": self._address_of(row),
            **page.extra,
        }
        return TemplateResponse(request, "desk/live_body.html", context)

    def live_rows(self, request: HttpRequest) -> HttpResponse:
        """Answer with the cells of the rows asked for, to stand instead of those on the page."""
        named = request.GET.get("of", "").split(",")
        asked = [int(key) for key in named if is_key(key)]
        if not asked or len(asked) > MOST_ROWS:
            raise Http404
        rows = self.get_queryset(request).select_related(*self._joined()).filter(pk__in=asked)
        found = list(rows)
        cells = [cell for row in found for cell in self._cells(row)]
        context = {"live_rows": self._address_of_rows(found), "live_cells": cells}
        return TemplateResponse(request, "desk/live_rows.html", context)

    def list_head(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        head = super().list_head(request, changelist)
        return head | {"live_rows": self._address_of_rows(changelist.result_list)}

    def _asked(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """
        Let only those see a fragment who see the page.

        Whose session has ended is sent to the login by the page itself: a fragment would show
        the login inside it.
        """

        def checked(request: HttpRequest, **named: str) -> HttpResponse:
            if not self.admin_site.has_permission(request):
                return HttpResponse(headers={"HX-Refresh": "true"})
            if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
                raise PermissionDenied
            return view(request, **named)

        return checked

    def _joined(self) -> tuple[str, ...]:
        return tuple(self.list_select_related) if self.list_select_related else ()  # type: ignore[arg-type]

    def _cells(self, row: Any) -> Iterator[SafeString]:
        for name in self.list_display:
            column = getattr(type(self), str(name), None)
            if drawn := getattr(column, "drawn", None):
                yield _cell(str(name), row, drawn(self, row), instead=True)

    def _address_of(self, row: Any) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_live"
        return reverse(name, args=[row.pk]) if self.is_live(row) else ""

    def _address_of_rows(self, rows: Any) -> str:
        keys = ",".join(str(row.pk) for row in rows if self.is_live(row))
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_live_rows"
        return f"{reverse(name)}?of={keys}" if keys else ""
