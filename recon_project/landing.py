"""The admin's first page and the counts beside its navigation."""

from typing import Any

from django.contrib import admin
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from breaks.models import TradeBreak
from breaks.selectors import approvals_to_decide
from connectors.choices import RejectStatus
from connectors.models import RejectedRow
from matching.models import Match
from reporting.admin.dashboard import dashboard
from reporting.selectors.sign_off import to_sign_by
from trades.admin.counting import ask_count, count_words, counted
from workflows.inbox import unread_by


def live_breaks(request: HttpRequest) -> str:
    return _badge(request, "breaks")


def to_decide(request: HttpRequest) -> str:
    """Count what waits for this very person."""
    return _badge(request, "approvals")


def unread(request: HttpRequest) -> str:
    """Count what this very person was told and has not read."""
    return _badge(request, "unread")


def to_sign(request: HttpRequest) -> str:
    """Count the sign-offs that wait for this very person's signature."""
    return _badge(request, "to_sign")


def proposals(request: HttpRequest) -> str:
    return _badge(request, "proposals")


def quarantined(request: HttpRequest) -> str:
    return _badge(request, "quarantined")


def _badge(request: HttpRequest, name: str) -> str:
    """Count what the navigation counts, once a page and in one query with what the page counts."""
    _ask_navigation(request)
    return count_words(counted(request)[name])


def _ask_navigation(request: HttpRequest) -> None:
    ask_count(
        request,
        {
            "breaks": _seen_by(request).live(),
            "approvals": approvals_to_decide(request.user),
            "proposals": Match.objects.to_review(),
            "quarantined": RejectedRow.objects.filter(status=RejectStatus.OPEN),
            "unread": unread_by(request.user),
            "to_sign": to_sign_by(request.user),
        },
    )


def _seen_by(request: HttpRequest) -> Any:
    if request.user.is_authenticated:
        prefetch_related_objects([request.user], "teams")
    return TradeBreak.objects.visible_to(request.user)


def landing(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the index what a person with these permissions may see; every figure is a link."""
    _ask_navigation(request)
    return context | dashboard(request)


def overview_part(request: HttpRequest) -> HttpResponse:
    """Answer with the index without its frame, which the page asks for again by itself."""
    if not admin.site.has_permission(request):
        # A fragment would show the login inside the page.
        return HttpResponse(headers={"HX-Refresh": "true"})
    return TemplateResponse(request, "desk/dashboard.html", dashboard(request))


def overview_print(request: HttpRequest) -> HttpResponse:
    """Answer with the index as it goes on paper."""
    context = dashboard(request) | {"back": reverse("admin:index")}
    return TemplateResponse(request, "desk/dashboard_print.html", context)
