"""The inbox of whoever is signed in: what they were told, and how they want to hear of it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminSelectWidget

from trades.admin.cells import moment, since
from workflows.choices import SUBJECTS, HowTold, NoticeKind, NoticeStatus
from workflows.inbox import inbox_of, unread_by
from workflows.models import NoticePreference, Notification

PER_PAGE = 50
_ICONS = {
    NoticeKind.ESCALATION: "priority_high",
    NoticeKind.ASSIGNMENT: "assignment_ind",
    NoticeKind.APPROVAL_ASKED: "approval_delegation",
    NoticeKind.APPROVAL_DECIDED: "task_alt",
    NoticeKind.LATE_FILE: "hourglass_disabled",
    NoticeKind.RUN_FAILED: "error",
    NoticeKind.DAILY_REPORT: "summarize",
    NoticeKind.MODEL_WATCH: "monitoring",
    NoticeKind.DIGEST: "stacks",
}


def inbox_urls(site: admin.AdminSite) -> list[URLPattern]:
    """Return the addresses of the inbox; everybody who may sign in has one."""
    name = "workflows_notification_inbox"
    return [
        path("inbox/", site.admin_view(inbox), name=name),
        path("inbox/preferences/", site.admin_view(preferences), name=f"{name}_preferences"),
        path("inbox/read/", site.admin_view(require_POST(read_all)), name=f"{name}_read_all"),
        path("inbox/<int:pk>/", site.admin_view(digest), name=f"{name}_digest"),
        path("inbox/<int:pk>/<str:do>/", site.admin_view(require_POST(one)), name=f"{name}_one"),
    ]


def inbox(request: HttpRequest) -> HttpResponse:
    view = "all" if request.GET.get("view") == "all" else "unread"
    rows = inbox_of(request.user) if view == "all" else unread_by(request.user)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))
    context = _context(request, "Inbox") | {
        "items": [_item(row) for row in page],
        "page_of": page,
        "view": view,
        "unread": unread_by(request.user).count(),
        "here": request.get_full_path(),
    }
    return TemplateResponse(request, "desk/inbox.html", context)


def digest(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was folded into a digest of one's own."""
    row = _mine(request, pk)
    members = Notification.objects.filter(digest=row, person=request.user.pk)
    page = Paginator(members.order_by("created_at", "pk"), PER_PAGE).get_page(request.GET.get("p"))
    context = _context(request, _words(row)) | {
        "items": [_item(member) for member in page],
        "page_of": page,
        "view": "digest",
        "digest": row,
        "here": request.get_full_path(),
    }
    return TemplateResponse(request, "desk/inbox.html", context)


def one(request: HttpRequest, pk: int, do: str) -> HttpResponse:
    """Open a notice, which reads it, or mark it read or unread."""
    from workflows.services.notifications import reading

    by: Any = request.user
    row = _mine(request, pk)
    if do == "unread":
        reading.mark_unread(by=by, pks=[pk])
    elif do in ("read", "open"):
        reading.mark_read(by=by, at=timezone.now(), pks=[pk])
    else:
        raise Http404
    return HttpResponseRedirect(_leads_to(row) if do == "open" else _back(request))


def read_all(request: HttpRequest) -> HttpResponse:
    from workflows.services.notifications import reading

    by: Any = request.user
    count = reading.mark_read(by=by, at=timezone.now())
    messages.success(request, f"{count} marked as read.")
    return HttpResponseRedirect(_back(request))


class PreferenceForm(forms.Form):
    """One choice a kind of notice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in SUBJECTS:
            self.fields[kind.value] = forms.ChoiceField(
                label=kind.label,
                choices=HowTold.choices,
                widget=UnfoldAdminSelectWidget(choices=HowTold.choices),
                help_text=f"Usually: {NoticePreference.DEFAULTS[kind].label.lower()}.",
            )


def preferences(request: HttpRequest) -> HttpResponse:
    from workflows.services.notifications import reading

    by: Any = request.user
    chosen = dict(NoticePreference.objects.filter(person=by).values_list("kind", "how"))
    now = {kind.value: chosen.get(kind, NoticePreference.DEFAULTS[kind]) for kind in SUBJECTS}
    form = PreferenceForm(request.POST or None, initial=now)
    back = reverse("admin:workflows_notification_inbox")
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        reading.prefer(by=by, how={kind: HowTold(given[kind.value]) for kind in SUBJECTS})
        messages.success(request, "Kept.")
        return HttpResponseRedirect(back)
    to = f"to {by.email}" if by.email else "once you have an address; ask an administrator for one"
    context = _context(request, "How you are told") | {
        "form": form,
        "submit": "Keep",
        "back": back,
        "intro": f"Everything stands in the inbox. E-mail goes {to}. More than a few of one kind "
        "within minutes become one.",
    }
    return TemplateResponse(request, "desk/form.html", context)


def _mine(request: HttpRequest, pk: int) -> Notification:
    row = Notification.objects.filter(pk=pk, person=request.user.pk).first()
    if row is None:
        raise Http404
    return row


def _item(row: Notification) -> dict[str, Any]:
    kind = NoticeKind(row.kind)
    return {
        "row": row,
        "icon": _ICONS[kind],
        "kind": kind.label,
        "subject": _words(row),
        "when": moment(row.created_at),
        "ago": since(row.created_at, now=timezone.now()),
        "leads": bool(row.link) or kind == NoticeKind.DIGEST,
    }


def _words(row: Notification) -> str:
    if row.status != NoticeStatus.COLLECTING:
        return row.subject
    kind = NoticeKind(row.digest_of).label.lower()
    return f"{row.folded} more: {kind}" if row.folded > 1 else f"1 more: {kind}"


def _leads_to(row: Notification) -> str:
    if row.kind == NoticeKind.DIGEST and row.folded != 1:
        return reverse("admin:workflows_notification_inbox_digest", args=[row.pk])
    return row.link or reverse("admin:workflows_notification_inbox")


def _back(request: HttpRequest) -> str:
    asked = request.POST.get("back", "")
    here = url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if here else reverse("admin:workflows_notification_inbox")


def _context(request: HttpRequest, title: str) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "title": title,
        "is_fullwidth": "1",
    }
