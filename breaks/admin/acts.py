"""What a person does to a break, each through its service with the version they were looking at."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from breaks.admin.files import ATTACH
from breaks.admin.pairing import PAIRING_ACTS
from breaks.admin.words import asked_words
from breaks.choices import FOR_RESOLVING, LIVE, BreakStatus, EventKind, GuardedAct
from breaks.models import ApprovalRequest, Team, TradeBreak
from breaks.transitions import is_allowed
from trades.admin.acts import Act, ActForm, ReasonForm
from trades.admin.cells import moment

WORK = "breaks.work_tradebreak"
ACCEPT = "breaks.accept_tradebreak"
REQUEST_KINDS = (EventKind.REQUESTED, EventKind.TURNED_DOWN, EventKind.WITHDRAWN)
EVERY_TEAM = "breaks.view_every_team"
_BY_GROUPS = "django.contrib.auth.backends.ModelBackend"


def _text(label: str, *, required: bool = True, rows: int = 3) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget({"rows": rows} | ({"autofocus": True} if required else {}))
    return forms.CharField(label=label, required=required, max_length=4000, widget=widget)


class CommentForm(ActForm):
    text = _text("Comment")


class ResolveForm(ActForm):
    reason_code = forms.ChoiceField(
        label="Why it is settled",
        choices=[("", "Select a reason"), *((code.value, code.label) for code in FOR_RESOLVING)],
        widget=UnfoldAdminSelectWidget(),
    )
    comment = _text("Comment", required=False)


class AcceptForm(ActForm):
    comment = _text("Why the difference is accepted")


class AssignForm(ActForm):
    to = forms.ModelChoiceField(
        get_user_model().objects.none(),
        label="To",
        required=False,
    )
    reason = _text("Reason", required=False, rows=2)

    def about(self, request: HttpRequest, row: TradeBreak) -> None:
        """Offer those who may work the break and may see it, with how much each has to do."""
        self.fields["to"] = _Person(
            people_for(row),
            label="To",
            required=False,
            empty_label="Nobody: back to the queue",
            initial=row.assigned_to_id,
            widget=UnfoldAdminSelectWidget({"autofocus": True}),
        )


class _Person(forms.ModelChoiceField):
    def label_from_instance(self, person: Any) -> str:
        return f"{person.get_username()} ({person.has_open} open)"


def people_for(row: TradeBreak) -> QuerySet[Any]:
    """Return who may work a break and see it, each with `has_open`, the live breaks they have."""
    workers = get_user_model().objects.with_perm(WORK, backend=_BY_GROUPS).filter(is_staff=True)
    if row.team_id is not None:
        every_team = get_user_model().objects.with_perm(EVERY_TEAM, backend=_BY_GROUPS)
        workers = workers.filter(Q(teams=row.team_id) | Q(pk__in=every_team.values("pk")))
    live = TradeBreak.objects.live().filter(assigned_to=OuterRef("pk")).order_by()
    counted = live.values("assigned_to").annotate(count=Count("pk")).values("count")
    has_open = Coalesce(Subquery(counted), Value(0))
    return workers.distinct().annotate(has_open=has_open).order_by("username")


class RouteForm(ActForm):
    team = forms.ModelChoiceField(
        Team.objects.all(),
        required=False,
        empty_label="No team: everybody's",
        widget=UnfoldAdminSelectWidget({"autofocus": True}),
    )
    reason = _text("Reason", required=False, rows=2)


class AwaitForm(ActForm):
    reason = _text("What is awaited")
    until = forms.DateTimeField(
        required=False,
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}),
        help_text="When to look again, in UTC; may be left empty.",
    )


def _call(
    name: str, row: TradeBreak, request: HttpRequest, given: dict[str, Any]
) -> TradeBreak | ApprovalRequest:
    from breaks.services.batches import service

    by: Any = request.user
    return service(name)(break_id=row.pk, by=by, at=timezone.now(), **given)


def _run(name: str, said: str) -> Any:
    def run(request: HttpRequest, row: TradeBreak, given: dict[str, Any]) -> str:
        done = _call(name, row, request, given)
        return asked_words(done) if isinstance(done, ApprovalRequest) else said.format(done)

    return run


def _refusals() -> tuple[type[Exception], ...]:
    from breaks.services.lifecycle import WorkRefused

    return (WorkRefused,)


def _undo(request: HttpRequest, row: TradeBreak, given: dict[str, Any]) -> str:
    from breaks.services.undoing import undo

    changed = undo(break_id=row.pk, by=request.user, at=timezone.now(), **given)  # type: ignore[arg-type]
    return f"{changed} is as it was before."


def _may_undo(user: Any, row: TradeBreak) -> bool:
    from breaks.services.undoing import last_act, may_undo

    return may_undo(last_act(row), user)


def _may_become(status: BreakStatus) -> Any:
    return lambda row: is_allowed(BreakStatus(row.status), status)


def _is_live(row: TradeBreak) -> bool:
    return row.status in LIVE


def _act(name: str, label: str, said: str, **more: Any) -> Act:
    more.setdefault("permission", WORK)
    service = more.pop("service", name)
    return Act(name=name, label=label, run=_run(service, said), refusals=_refusals, **more)


ACTS = (
    _act("claim", "Claim", "{} is yours.", at_once=True, tone="primary", key="c",
         offered=_may_become(BreakStatus.IN_PROGRESS)),
    _act("assign", "Assign", "{} is assigned.", form=AssignForm, offered=_is_live, key="a",
         in_passing=True),
    _act("route", "Route", "{} is routed.", form=RouteForm, offered=_is_live, key="g",
         in_passing=True, description="To the queue of a team. Whoever works on it and is not of "
         "that team hands it over."),
    _act("comment", "Comment", "Your comment on {} is kept.", form=CommentForm, key="m"),
    ATTACH,
    _act("await", "Await", "{} awaits the counterparty.", form=AwaitForm, key="w",
         service="await_counterparty", submit="Await the counterparty", in_passing=True,
         offered=_may_become(BreakStatus.AWAITING_COUNTERPARTY)),
    _act("escalate", "Escalate", "{} is escalated.", form=ReasonForm, key="e", in_passing=True,
         offered=_may_become(BreakStatus.ESCALATED)),
    *PAIRING_ACTS,
    _act("resolve", "Resolve", "{} is resolved.", form=ResolveForm, tone="good", key="r",
         offered=_may_become(BreakStatus.RESOLVED), in_passing=True,
         description="If the next run still finds the difference, the break opens again."),
    _act("accept", "Accept", "{} is accepted.", form=AcceptForm, permission=ACCEPT, key="x",
         offered=_may_become(BreakStatus.ACCEPTED), submit="Accept the difference",
         in_passing=True,
         description="Written off for the very values it has now; it opens again if they change. "
         "Where the policy says so, a second person has to approve it first."),
    _act("reopen", "Re-open", "{} is open again.", form=ReasonForm, key="o",
         offered=lambda row: row.status not in LIVE),
    Act(name="undo", label="Undo", permission=WORK, at_once=True, key="z", run=_undo,
        refusals=_refusals, offered_to=_may_undo),
)  # fmt: skip


def since_version(
    request: HttpRequest, row: TradeBreak, refusal: Exception, page: str
) -> SafeString | str:
    """Return what others did since the version the form was opened with; `page` is the break's."""
    from breaks.services.acting import StaleBreak

    if not isinstance(refusal, StaleBreak):
        return ""
    seen = request.POST.get("version") or "0"
    # A write appends one event numbered with the version it led to.
    later = row.events.filter(sequence__gt=int(seen) if seen.isdecimal() else 0)
    lines = [
        (event.by or "The system", change_words(event), event.reason, moment(event.at))
        for event in later.select_related("by").order_by("sequence")
    ]
    return format_html(
        '<ul>{}</ul><p><a class="dk-link" href="{}">Look at it as it is now</a>, '
        "then decide again.</p>",
        format_html_join("", "<li><b>{}</b>: {} <q>{}</q> {}</li>", lines),
        page,
    )


def change_words(event: Any) -> str:
    """Say in a few words what an event did."""
    if event.kind == EventKind.UNDONE:
        return _undone_words(event)
    words = event.get_kind_display()
    if event.kind in REQUEST_KINDS:
        act = GuardedAct(event.detail["act"]).label.lower()
        return f"{words} to {act}" if event.kind == EventKind.REQUESTED else f"{words} ({act})"
    if event.to_status and event.from_status and event.to_status != event.from_status:
        words = f"{event.get_from_status_display()} to {event.get_to_status_display().lower()}"
    if event.kind == EventKind.ROUTED and isinstance(teams := event.detail.get("team"), list):
        words = f"Routed from {teams[0] or 'no team'} to {teams[1] or 'no team'}"
    if event.kind == EventKind.ESCALATED:
        late = event.detail.get("after_pct")
        why = f"late by {late}% of its clock" if late else "due"
        words = f"Escalated to level {event.detail.get('level')}, {why}; told {_told(event)}"
        words += f"; was {event.get_from_status_display().lower()}" if event.from_status else ""
    if event.kind == EventKind.ATTACHED:
        words = f"Attached {event.detail.get('name', 'a file')}"
    to, before = event.detail.get("assigned_to"), event.detail.get("assigned_from")
    if to != before:
        given = f"given to {to}" if to else "put back into the queue"
        words = given.capitalize() if event.kind == EventKind.ASSIGNED else f"{words}, {given}"
    if event.kind == EventKind.REMEDIATED and event.by is None:
        words = f"{words}, by the policy {event.detail.get('policy')}"
        who = event.detail.get("set_off_by")
        return f"{words}, set off by {who}" if who else words
    checker = event.detail.get("approved_by")
    return f"{words}, approved by {checker}" if checker else words


def _told(event: Any) -> str:
    return str(event.detail.get("told") or "nobody")


def _undone_words(event: Any) -> str:
    whose = event.detail.get("act_by")
    words = f"{event.detail['act'].capitalize()} undone" + (f", which {whose} did" if whose else "")
    if event.to_status and event.to_status != event.from_status:
        words += f": {event.get_to_status_display().lower()} again"
    return words
