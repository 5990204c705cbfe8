"""A person's own views of the queue: shown above it, kept, renamed and forgotten from there."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from breaks.admin.choosing import choices_of
from breaks.services.saved_views import (
    ViewRefused,
    forget_view,
    plain_query,
    rename_view,
    save_view,
)

_QUEUE = "admin:breaks_tradebreak_changelist"


def saved_views(request: HttpRequest) -> dict[str, Any]:
    """Return what the head of the queue shows of the person's views."""
    query = plain_query(request.META.get("QUERY_STRING", ""))
    return {
        "desk_query": query,
        "desk_views": [
            {
                "name": choice.name,
                "link": f"?{choice.more}",
                "active": choice.more == query,
                "rename": reverse("admin:breaks_tradebreak_rename_view", args=[choice.key]),
                "forget": reverse("admin:breaks_tradebreak_forget_view", args=[choice.key]),
            }
            for choice in choices_of(request)["view"]
        ],
    }


def saved_view_urls(model_admin: Any) -> list[URLPattern]:
    """Return where views are kept, renamed and forgotten; `model_admin` is the queue's."""

    def checked(view: Any) -> Any:
        def looks_at_breaks(request: HttpRequest, **given: Any) -> HttpResponse:
            if not model_admin.has_view_permission(request):
                raise PermissionDenied
            answer: HttpResponse = view(request, **given)
            return answer

        return model_admin.admin_site.admin_view(require_POST(looks_at_breaks))

    return [
        path("views/", checked(_keep), name="breaks_tradebreak_keep_view"),
        path("views/<int:pk>/rename/", checked(_rename), name="breaks_tradebreak_rename_view"),
        path("views/<int:pk>/forget/", checked(_forget), name="breaks_tradebreak_forget_view"),
    ]


def _keep(request: HttpRequest) -> HttpResponse:
    query = request.POST.get("query", "")
    try:
        view = save_view(name=request.POST.get("name", ""), query=query, by=request.user)
    except ViewRefused as refusal:
        messages.error(request, str(refusal))
        return _back(plain_query(query))
    messages.success(request, f"The view {view} is kept.")
    return _back(view.query)


def _rename(request: HttpRequest, pk: int) -> HttpResponse:
    query = plain_query(request.POST.get("query", ""))
    try:
        view = rename_view(view_id=pk, name=request.POST.get("name", ""), by=request.user)
    except ViewRefused as refusal:
        messages.error(request, str(refusal))
        return _back(query)
    if view is None:
        raise Http404
    messages.success(request, f"The view is called {view} now.")
    return _back(query)


def _forget(request: HttpRequest, pk: int) -> HttpResponse:
    view = forget_view(view_id=pk, by=request.user)
    if view is None:
        raise Http404
    messages.success(request, f"The view {view} is forgotten.")
    return _back("")


def _back(query: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse(_QUEUE)}?{query}")
