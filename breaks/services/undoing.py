"""
Taking back the last act on a break: status, assignee, team and deadline are as they were before.

An act can be undone as long as nothing happened since; what was undone counts as never done, so
the act before it can be undone next. The history keeps both the act and that it was taken back.
Comments, files and requests stay, and so does whatever the system or a run did.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from breaks.choices import BreakStatus, EventKind
from breaks.models import BreakEvent, Team, TradeBreak
from breaks.services.acting import StaleBreak, clean, work_on
from breaks.services.history import Entry
from breaks.services.lifecycle import WorkRefused, put_back

UNDO_OF_OTHERS = "breaks.decide_approvalrequest"
# An undo further back than this is looked up by nobody.
LOOKED_AT = 50

_BY_KIND = {EventKind.ASSIGNED: "assign", EventKind.ROUTED: "route", EventKind.REOPENED: "reopen"}
_BY_STATUS = {
    BreakStatus.OPEN: "assign",
    BreakStatus.IN_PROGRESS: "claim",
    BreakStatus.AWAITING_COUNTERPARTY: "await",
    BreakStatus.ESCALATED: "escalate",
    BreakStatus.RESOLVED: "resolve",
    BreakStatus.ACCEPTED: "accept",
}


class NotUndoable(WorkRefused):
    """The last thing that happened to the break cannot be taken back, by this person or at all."""


def undo(
    *,
    break_id: int,
    version: int | None,
    by: User,
    at: datetime,
    reason: str = "",
    sequence: int | None = None,
) -> TradeBreak:
    """
    Take back the last act on a break.

    Only whoever did it may, or who may decide approvals. `sequence` names the event that is to
    be taken back, where the caller knows it.

    :raises NotUndoable: if the last thing that happened is no act, or somebody else's.
    :raises StaleBreak: if it is not at `version`, or something happened since `sequence`.
    """

    def decide(row: TradeBreak) -> Entry:
        event = last_act(row)
        if sequence is not None and (event is None or event.sequence != sequence):
            raise StaleBreak(row)
        if event is None or (why := _refusal(event, by)):
            raise NotUndoable(why if event else f"Nothing was done to break {row.pk} yet.")
        return _taken_back(row, event, by, reason)

    return work_on(break_id, version, by, at, decide)


def last_act(row: TradeBreak) -> BreakEvent | None:
    """
    Return the last event of a break that was not taken back, whatever it is; one query.

    Where somebody undid the last act, that is the one before it.
    """
    events = row.events.select_related("by").order_by("-sequence")[:LOOKED_AT]
    return last_of(list(events))


def last_of(events: Sequence[BreakEvent]) -> BreakEvent | None:
    """Return the last of a break's events that was not taken back."""
    by_number = {event.sequence: event for event in events}
    found = by_number.get(max(by_number, default=0))
    while found is not None and found.kind == EventKind.UNDONE:
        found = by_number.get(found.detail["undone"] - 1)
    return found


def may_undo(event: BreakEvent | None, by: User) -> bool:
    """Tell whether this person may take back what `last_act` found."""
    return event is not None and not _refusal(event, by)


def act_of(event: BreakEvent) -> str:
    """Name the act that an event is of, as the API's paths do."""
    named = _BY_KIND.get(EventKind(event.kind))
    return named or _BY_STATUS[BreakStatus(event.to_status)]


def _refusal(event: BreakEvent, by: User) -> str:
    what = f"{event.get_kind_display().lower()}, {event.at:%Y-%m-%d %H:%M} UTC"
    last = f"The last thing that happened to break {event.trade_break_id} ({what})"
    if event.by is None:
        return f"{last} was the system's doing: only what a person did can be undone."
    if "before" not in event.detail:
        return f"{last} is nothing that can be undone."
    if event.by_id != by.pk and not by.has_perm(UNDO_OF_OTHERS):
        return f"{last} was done by {event.by}: ask {event.by} or a supervisor to undo it."
    return ""


def _taken_back(row: TradeBreak, event: BreakEvent, by: User, reason: str) -> Entry:
    kept = event.detail["before"]
    to = BreakStatus(event.from_status or row.status)
    detail: dict[str, Any] = {"undone": event.sequence, "act": act_of(event)}
    if event.by_id != by.pk:
        detail["act_by"] = str(event.by)
    if "assigned_to_id" in kept:
        detail["assigned_from"] = row.assigned_to and row.assigned_to.get_username()
    before = put_back(row, to, kept)
    if "assigned_to_id" in kept:
        if row.assigned_to is not None and not row.assigned_to.is_active:
            raise NotUndoable(f"{row.assigned_to} had it before and has left; assign it instead.")
        detail["assigned_to"] = row.assigned_to and row.assigned_to.get_username()
    if kept.get("team_id") and not Team.objects.filter(pk=kept["team_id"]).exists():
        raise NotUndoable("The team that had it before is no more; route it instead.")
    return Entry(
        trade_break=row,
        kind=EventKind.UNDONE,
        from_status=before,
        to_status=to,
        by=by,
        reason=clean(reason),
        detail=detail,
    )
