"""The decisions on requests: one from a dialog, or many from a page that previews them."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextareaWidget

from breaks.choices import ApprovalStatus
from breaks.models import ApprovalRequest
from trades.admin.acts import Act, ActForm
from trades.admin.asked import is_key
from trades.admin.cells import badge, link, money
from trades.admin.page import Panel

DECIDE = "breaks.decide_approvalrequest"
ASK = "breaks.view_approvalrequest"
MOST = 200  # decided on one page; more than that nobody has looked at


class NoteForm(ActForm):
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget({"rows": 2, "autofocus": True}),
        help_text="May be left empty; it is kept in the history.",
    )


class WhyForm(ActForm):
    note = forms.CharField(
        label="Why",
        max_length=2000,
        widget=UnfoldAdminTextareaWidget({"rows": 3, "autofocus": True}),
        help_text="Whoever asked reads it.",
    )


class Overtaken(Exception):
    """The request was overtaken: it is closed, and nothing else happened."""


def _decide(name: str, row: ApprovalRequest, by: Any, note: str) -> ApprovalRequest:
    from breaks.services import approvals

    decided: ApprovalRequest = getattr(approvals, name)(
        request_id=row.pk, by=by, at=timezone.now(), note=note
    )
    return decided


def _run(name: str, said: str) -> Callable[[HttpRequest, Any, dict[str, Any]], str]:
    def run(request: HttpRequest, row: ApprovalRequest, given: dict[str, Any]) -> str:
        decided = _decide(name, row, request.user, given["note"])
        if decided.status == ApprovalStatus.STALE:
            raise Overtaken(f"Nothing was done: {decided.decision_note} The request is closed.")
        return said.format(row)

    return run


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.lifecycle import WorkRefused

    return (WorkRefused, Overtaken)


def _waits(row: ApprovalRequest) -> bool:
    return row.status == ApprovalStatus.PENDING


def _act(name: str, label: str, said: str, **more: Any) -> Act:
    more.setdefault("permission", DECIDE)
    return Act(
        name=name, label=label, run=_run(name, said), refusals=_refusals, offered=_waits, **more
    )


DECISIONS = (
    _act("approve", "Approve", "{} is approved and done.", form=NoteForm, tone="primary",
         description="It is done at once, as the act of whoever asked, with you as the checker."),
    _act("turn_down", "Turn down", "{} is turned down.", form=WhyForm,
         description="Nothing happens; whoever asked may ask anew."),
    _act("withdraw", "Withdraw", "{} is withdrawn.", form=NoteForm, permission=ASK,
         description="Take back what you asked for; nothing happens."),
)  # fmt: skip


def many_link(act: Act, keys: list[int]) -> str:
    address = reverse(f"admin:breaks_approvalrequest_{act.name}_many")
    return f"{address}?ids={','.join(map(str, keys))}"


def decide_many(model_admin: Any, act: Act) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view that shows the selected requests, takes one note and says what became."""

    def view(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(act.permission):  # type: ignore[union-attr]
            raise PermissionDenied
        given = (request.POST if request.method == "POST" else request.GET).get("ids", "")
        named = [key for key in given.split(",") if is_key(key)]
        keys = [int(key) for key in named[:MOST]]
        rows = model_admin.get_queryset(request).filter(pk__in=keys)
        form = act.form(request.POST if request.method == "POST" else None)
        results = None
        if request.method == "POST" and form.is_valid():
            results = _results(act, rows, request.user, form.cleaned_data["note"])
        context = {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": f"{act.label} {len(rows)}" if results is None else "What became of them",
            "act": act,
            "form": form,
            "keys": ",".join(map(str, keys)),
            "panel": _preview(act, rows, request) if results is None else results,
            "done": results is not None,
            "back": reverse("admin:breaks_approvalrequest_changelist"),
        }
        return TemplateResponse(request, "desk/decide_many.html", context)

    return view


def _preview(act: Act, rows: QuerySet, request: HttpRequest) -> Panel:
    return Panel(
        title=f"{act.label} these",
        count=len(rows),
        head=("Request", "Asked for", "Exposure", "By", "Why", "What will be"),
        numeric=frozenset({2}),
        rows=[[*_cells(row), row.reason, _foreseen(act, row, request)] for row in rows],
        none="None of them is there any more.",
    )


def _foreseen(act: Act, row: ApprovalRequest, request: HttpRequest) -> Any:
    """Say beforehand what is sure to be refused; what others do meanwhile shows afterwards."""
    from breaks.services.approvals import no_second

    if not _waits(row):
        return badge(row.status, f"{row.get_status_display()} already")
    mine = row.made_by_id == request.user.pk
    if act.name == "withdraw":
        return "withdrawn" if mine else badge("HIGH", "refused: not yours")
    if mine:
        return badge("HIGH", "refused: you asked for it")
    if act.name != "approve":
        return "nothing happens"
    by: Any = request.user
    return badge("HIGH", "refused: you had a hand in it") if no_second(row, by) else "done at once"


def _results(act: Act, rows: QuerySet, by: Any, note: str) -> Panel:
    """Decide on each by itself, so that one refusal keeps no other from being done."""
    from breaks.services.lifecycle import WorkRefused

    said = []
    for row in rows:
        try:
            decided = _decide(act.name, row, by, note)
        except WorkRefused as refusal:
            said.append([*_cells(row), badge("HIGH", "Refused"), str(refusal)])
        else:
            stale = decided.status == ApprovalStatus.STALE
            why = f"Nothing was done: {decided.decision_note}" if stale else ""
            status = badge(decided.status, decided.get_status_display())
            said.append([*_cells(row), status, why])
    return Panel(
        title="What became of them",
        count=len(said),
        head=("Request", "Asked for", "Exposure", "By", "Result", ""),
        numeric=frozenset({2}),
        rows=said,
        none="None of them is there any more.",
    )


def _cells(row: ApprovalRequest) -> list[Any]:
    unknown = "What it puts at risk is not known."
    return [
        link("breaks_approvalrequest", row.pk, row.pk),
        row.summary,
        money(row.exposure, unknown=unknown),
        row.made_by,
    ]
