"""A page that shows one row in panels, with the acts the person may do on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from trades.admin.acts import ActingAdmin
from trades.admin.desk import ReadOnly


@dataclass(frozen=True, kw_only=True)
class Panel:
    """
    One box of a page: facts as ``(label, value)``, or a table, or ready HTML.

    `numeric` are the positions of right-aligned columns; `none` is said when there is nothing.
    """

    title: str
    facts: Sequence[tuple[str, Any]] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    numeric: frozenset[int] = frozenset()
    body: str = ""
    none: str = ""
    note: str = ""
    count: int | None = None

    @property
    def columns(self) -> list[tuple[str, bool]]:
        return [(name, at in self.numeric) for at, name in enumerate(self.head)]

    @property
    def cells(self) -> list[list[tuple[Any, bool]]]:
        return [[(cell, at in self.numeric) for at, cell in enumerate(row)] for row in self.rows]


@dataclass(frozen=True, kw_only=True)
class Page:
    """
    What a page shows: a headline, figures in a strip, and panels in two columns.

    `extra` is context for a template of one's own.
    """

    headline: Any
    soft: Any = ""
    figures: Sequence[tuple[str, Any]] = ()
    alert: str = ""
    main: Sequence[Panel] = ()
    side: Sequence[Panel] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


class PageAdmin(ReadOnly, ActingAdmin):
    """A row that services own: it is looked at and acted on, never edited in a form."""

    page_template = "desk/page.html"

    def page(self, request: HttpRequest, row: Any) -> Page:
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request, row):
            raise PermissionDenied
        page = self.page(request, row)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": str(row),
            "is_fullwidth": "1",
            "page": page,
            "acts": self.acts_for(request, row),
            **page.extra,
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.page_template, context)
