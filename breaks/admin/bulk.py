"""
Acts done to many rows of a list: a preview of what each becomes, then the act, then its results.

The action of the list leads to the preview. Its form carries the rows with the versions they had,
so what somebody changed in between is refused in its row.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from breaks.models import ActBatch
from trades.admin.acts import Act, ActForm, ActingAdmin
from trades.admin.cells import digits
from trades.admin.page import Panel

# As many rows are done at once; the preview shows fewer.
LARGEST, SHOWN = 5_000, 200

_SELECTED = re.compile(r"(?:\d{1,18}:\d{0,9})(?:,\d{1,18}:\d{0,9})*")

# A row's key and the version it had, where rows of its kind have versions.
Selection = dict[int, int | None]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """
    What an act would do to a selection: the rows that it can be done to, and those it cannot.

    `figures` add up what would be done; `panels` show the rows, no more than `SHOWN` of each.
    """

    able: Selection
    unable: int
    figures: Sequence[tuple[str, Any]]
    panels: Sequence[Panel]


class BulkActs(ActingAdmin):
    """
    An admin of which the acts named in `bulk_acts` are done in bulk too.

    A subclass says what an act would do (`preview`) and does it (`do_in_bulk`).
    """

    bulk_acts: tuple[str, ...] = ()
    bulk_noun = ("row", "rows")
    bulk_largest = LARGEST

    def preview(self, request: HttpRequest, act: Act, selection: Selection) -> Preview:
        raise NotImplementedError

    def do_in_bulk(
        self, request: HttpRequest, act: Act, selection: Selection, given: Mapping[str, Any]
    ) -> ActBatch:
        raise NotImplementedError

    def selected(self, queryset: QuerySet) -> QuerySet:
        """Return keys and versions of what was ticked, in the order of the list."""
        return queryset.values_list("pk", "version")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self._bulk_view)
        return [
            path("bulk/<slug:name>/", view, name=self._bulk_name()),
            *super().get_urls(),
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if self.actions is None or IS_POPUP_VAR in request.GET:
            return actions
        for act in self._offered(request):
            name = f"bulk_{act.name}"
            actions[name] = (self._action(act), name, f"{act.label}…")
        return actions

    def _offered(self, request: HttpRequest) -> list[Act]:
        may = request.user.has_perm  # type: ignore[union-attr]
        return [act for act in self.acts if act.name in self.bulk_acts and may(act.permission)]

    def _action(self, act: Act) -> Any:
        def show(_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
            found = list(self.selected(queryset)[: self.bulk_largest + 1])
            if len(found) > self.bulk_largest:
                most = digits(self.bulk_largest)
                messages.error(request, f"No more than {most} are done at once: narrow the view.")
                return None
            form = self._form(act, request)
            return self._show_preview(request, act, dict(found), form, request.get_full_path())

        return show

    def _bulk_view(self, request: HttpRequest, name: str) -> HttpResponse:
        act = next((one for one in self.acts if one.name == name), None)
        if act is None or name not in self.bulk_acts:
            raise Http404
        if not request.user.has_perm(act.permission):  # type: ignore[union-attr]
            raise PermissionDenied
        back = self._back(request)
        if request.method != "POST":
            return HttpResponseRedirect(back)
        selection = read_selection(request.POST.get("selection", ""))
        form = self._form(act, request, filled=True)
        if not form.is_valid():
            return self._show_preview(request, act, selection, form, back)
        batch = self.do_in_bulk(request, act, selection, form.cleaned_data)
        page = reverse("admin:breaks_actbatch_change", args=[batch.pk])
        return HttpResponseRedirect(f"{page}?{urlencode({'back': back})}")

    def _form(self, act: Act, request: HttpRequest, *, filled: bool = False) -> ActForm:
        form = act.form(request.POST) if filled else act.form()
        # Fitted to no row in particular: what does not fit one of them its service refuses.
        form.about(request, self.model())
        del form.fields["version"]
        return form

    def _back(self, request: HttpRequest) -> str:
        """Return the list as it was filtered, and nothing that is not the list."""
        opts = self.opts
        to = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
        asked = request.POST.get("back", "")
        return asked if asked.partition("?")[0] == to else to

    def _bulk_name(self) -> str:
        opts = self.opts
        return f"{opts.app_label}_{opts.model_name}_bulk"

    def _show_preview(
        self, request: HttpRequest, act: Act, selection: Selection, form: ActForm, back: str
    ) -> HttpResponse:
        preview = self.preview(request, act, selection)
        able = len(preview.able)
        noun = self.bulk_noun[able != 1]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{act.label} {digits(able)} {noun}",
            "is_fullwidth": "1",
            "act": act,
            "form": form,
            "preview": preview,
            "submit": f"{act.submit or act.label} ({digits(able)})",
            "selection": write_selection(preview.able),
            "do_it_at": reverse(f"admin:{self._bulk_name()}", args=[act.name]),
            "back": back,
        }
        return TemplateResponse(request, "desk/bulk_preview.html", context)


def write_selection(selection: Selection) -> str:
    """Write rows with their versions as one word: a field a row would be too many fields."""
    return ",".join(
        f"{pk}:{'' if version is None else version}" for pk, version in selection.items()
    )


def read_selection(text: str) -> Selection:
    """
    Read what `write_selection` wrote.

    :raises BadRequest: if it is anything else.
    """
    if not text:
        return {}
    if len(text) > LARGEST * 30 or not _SELECTED.fullmatch(text):
        raise BadRequest("The selection is not as the preview wrote it.")
    pairs = (pair.split(":") for pair in text.split(","))
    selection = {int(pk): int(version) if version else None for pk, version in pairs}
    if len(selection) > LARGEST:
        raise BadRequest("The selection holds too many rows.")
    return selection


def shown(rows: Sequence[Any], verb: str) -> str:
    """Say how many rows are beyond those shown, and that they count."""
    more = len(rows) - SHOWN
    return f"the first {SHOWN}; {digits(more)} more {verb}" if more > 0 else ""
