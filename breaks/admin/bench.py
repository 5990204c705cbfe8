"""The admin of one break: its page, the acts on it, and the way to those beside it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from breaks.admin.acts import ACTS, since_version
from breaks.admin.candidates import candidates_panel
from breaks.admin.files import VIEW, download
from breaks.admin.neighbours import FILTERS, View
from breaks.admin.pairing import DECIDE, may_pair
from breaks.admin.workbench import workbench
from breaks.models import TradeBreak
from trades.admin.acts import Act
from trades.admin.page import Page, PageAdmin

_NAMED = "breaks_tradebreak"


class WorkbenchAdmin(PageAdmin):
    """A break is looked at, acted on, and left for the next one of the view one came from."""

    page_template = "desk/workbench.html"
    acts: tuple[Act, ...] = ACTS

    def get_urls(self) -> list[URLPattern]:
        views = {
            "next": ("<path:object_id>/next/", self._next),
            "previous": ("<path:object_id>/previous/", self._previous),
            "candidates": ("<path:object_id>/candidates/", self._candidates),
            "file": ("<path:object_id>/files/<int:key>/", self._file),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"{_NAMED}_{name}")
            for name, (route, view) in views.items()
        ]
        return own + super().get_urls()

    def page(self, request: HttpRequest, row: Any) -> Page:
        return workbench(
            row,
            by=request.user,
            navigation=self._navigation(request, row),
            query=self._query(request),
        )

    def carried(self, request: HttpRequest) -> dict[str, str]:
        return {FILTERS: query} if (query := request.GET.get(FILTERS)) else {}

    def onward(self, request: HttpRequest, row: Any) -> str:
        if self.get_queryset(request).filter(pk=row.pk).exists():
            return self._at(request, row.pk)
        # It was handed to a team whose breaks this person does not see.
        return self._queue(request)

    def following(self, request: HttpRequest, row: Any) -> str:
        beside = View(self, request).beside(row)
        return self._at(request, beside) if beside else ""

    def explain_refusal(self, request: HttpRequest, row: Any, refusal: Exception) -> Any:
        return since_version(request, row, refusal, self._at(request, row.pk))

    def _navigation(self, request: HttpRequest, row: TradeBreak) -> dict[str, Any]:
        """
        Return the links to the queue and to the breaks beside this one.

        Where it would take long to know which they are, the links look once they are followed.
        """
        view = View(self, request)
        shown: dict[str, Any] = {"queue": self._queue(request), "position": "", "left": False}
        if not view.is_quick:
            steps = {
                name: self._at(request, row.pk, f"{_NAMED}_{name}") for name in ("previous", "next")
            }
            return shown | steps
        place = view.place_of(row)
        return shown | {
            "previous": self._at(request, place.previous) if place.previous else "",
            "next": self._at(request, place.following) if place.following else "",
            "position": place.words,
            "left": not place.is_in_view,
        }

    def _next(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._step(request, object_id, back=False)

    def _previous(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._step(request, object_id, back=True)

    def _step(self, request: HttpRequest, object_id: str, *, back: bool) -> HttpResponse:
        row = self._seen(request, object_id)
        beside = View(self, request).beside(row, back=back)
        if beside is None:
            messages.info(request, f"This is the {'first' if back else 'last'} of the view.")
        return HttpResponseRedirect(self._at(request, beside or row.pk))

    def _candidates(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show who else the trade might be: for the page to take in, or by itself."""
        row = self._seen(request, object_id)
        may = request.user.has_perm(DECIDE) and may_pair(row)  # type: ignore[union-attr]
        panel = candidates_panel(row, query=self._query(request), may_pair=may)
        context: dict[str, Any] = {"panel": panel}
        if request.headers.get("HX-Request"):
            return TemplateResponse(request, "desk/panel.html", context)
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": panel.title,
            "back": self._at(request, row.pk),
        }
        return TemplateResponse(request, "desk/candidates.html", context)

    def _file(self, request: HttpRequest, object_id: str, key: int) -> Any:
        if not request.user.has_perm(VIEW):  # type: ignore[union-attr]
            raise PermissionDenied
        return download(request, self._seen(request, object_id), key)

    def _seen(self, request: HttpRequest, object_id: str) -> TradeBreak:
        """
        Return a break this person may look at.

        :raises Http404: if there is none.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row  # type: ignore[return-value]

    def _query(self, request: HttpRequest) -> str:
        return urlencode(self.carried(request))

    def _at(self, request: HttpRequest, pk: int, name: str = f"{_NAMED}_change") -> str:
        query = self._query(request)
        return reverse(f"admin:{name}", args=[pk]) + (f"?{query}" if query else "")

    def _queue(self, request: HttpRequest) -> str:
        query = request.GET.get(FILTERS, "")
        return reverse(f"admin:{_NAMED}_changelist") + (f"?{query}" if query else "")
