"""
What a person does to a break.

Every function takes the `version` the person saw (None: whatever it is now), writes only if the
break is still there, and appends to its history in the same transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from breaks import clocks
from breaks.choices import FOR_RESOLVING, BreakStatus, EventKind, ReasonCode
from breaks.models import BreakComment, Team, TradeBreak
from breaks.services.acting import (
    StaleBreak,
    check_actor,
    check_person,
    clean,
    moved,
    require,
    work_on,
)
from breaks.services.history import Entry
from breaks.services.lifecycle import (
    WorkRefused,
    check_ended,
    check_free,
    check_live,
    check_sees,
    place,
)
from breaks.terms import Clocks
from trades.reports import plain

__all__ = [
    "StaleBreak",
    "accept",
    "assign",
    "await_counterparty",
    "check_actor",
    "claim",
    "comment",
    "escalate",
    "reopen",
    "resolve",
    "route",
]


def claim(*, break_id: int, version: int | None, by: User, at: datetime) -> TradeBreak:
    """
    Take a break to work on it; one's own already claimed stays as it is.

    :raises WorkRefused: if somebody else is working on it, or the actor may not act.
    :raises TransitionNotAllowed: if it has ended.
    :raises StaleBreak: if it is not at `version` any more.
    """

    def decide(row: TradeBreak) -> Entry | None:
        working = row.status == BreakStatus.IN_PROGRESS
        if working and row.assigned_to_id == by.pk:
            return None
        check_free(row)
        given = _assign(row, by)
        if working:
            return Entry(trade_break=row, kind=EventKind.ASSIGNED, by=by, detail=given)
        return moved(row, BreakStatus.IN_PROGRESS, by=by, at=at, detail=given)

    return work_on(break_id, version, by, at, decide)


def assign(
    *,
    break_id: int,
    version: int | None,
    to: User | None,
    by: User,
    at: datetime,
    reason: str = "",
) -> TradeBreak:
    """
    Give a live break to somebody, or with None back to the queue, where it is open again.

    :raises WorkRefused: if it has ended, or `to` cannot work or is not of its team.
    :raises StaleBreak: if it is not at `version` any more.
    """
    if to is not None:
        check_person(to, "A break is assigned to an active user of the desk.")
        if not to.has_perm("breaks.work_tradebreak"):
            raise WorkRefused(f"{to} may not work breaks; assign it to somebody who may.")

    def decide(row: TradeBreak) -> Entry | None:
        check_live(row, "assigned")
        if row.assigned_to_id == (to.pk if to else None):
            return None
        if to is not None:
            check_sees(row, to)
        given = _assign(row, to)
        if to is None and row.status == BreakStatus.IN_PROGRESS:
            return moved(row, BreakStatus.OPEN, by=by, at=at, reason=reason, detail=given)
        return Entry(
            trade_break=row, kind=EventKind.ASSIGNED, by=by, reason=clean(reason), detail=given
        )

    return work_on(break_id, version, by, at, decide)


def route(
    *,
    break_id: int,
    version: int | None,
    team: Team | None,
    by: User,
    at: datetime,
    reason: str = "",
) -> TradeBreak:
    """
    Give a live break to a team, or with None to everybody.

    Whoever works on it and is not of that team hands it over: it is nobody's then, and open. What
    its clock has run it has run; the rest runs in the hours and by the policy of the new team. The
    event names, each as it was and as it is, the codes of the teams, the deadline and the assignee.

    :raises TransitionNotAllowed: if it has ended.
    :raises StaleBreak: if it is not at `version` any more.
    """

    def decide(row: TradeBreak) -> Entry | None:
        check_live(row, "routed")
        before, due = row.team, row.due_at
        if before == team:
            return None
        terms = Clocks()
        old = terms.of(row)
        row.team = team
        clocks.hand_over(row, old, terms.of(row), at=at)
        place(row)
        detail: dict[str, Any] = {"team": [_code(before), _code(team)]}
        if row.due_at != due:
            detail["due_at"] = [due.isoformat(), row.due_at.isoformat()]
        holder = row.assigned_to
        if holder and team and not team.members.filter(pk=holder.pk).exists():
            detail |= _assign(row, None)
        kind = EventKind.ROUTED
        if row.assigned_to is None and row.status == BreakStatus.IN_PROGRESS:
            to = BreakStatus.OPEN
            return moved(row, to, by=by, at=at, reason=reason, detail=detail, kind=kind)
        return Entry(trade_break=row, kind=kind, by=by, reason=clean(reason), detail=detail)

    return work_on(break_id, version, by, at, decide)


def await_counterparty(
    *,
    break_id: int,
    version: int | None,
    reason: str,
    by: User,
    at: datetime,
    until: datetime | None = None,
) -> TradeBreak:
    """
    Say that the counterparty has been asked, and until when its answer is waited for.

    :raises WorkRefused: if no reason is given, or `until` is past.
    :raises TransitionNotAllowed: if it waits already or has ended.
    :raises StaleBreak: if it is not at `version` any more.
    """
    require(reason, "Say what the counterparty was asked.")
    if until is not None and until <= at:
        raise WorkRefused(f"{until:%Y-%m-%d %H:%M} is past; wait until a time that is to come.")
    detail = {"until": until.isoformat() if until else None}
    to = BreakStatus.AWAITING_COUNTERPARTY
    return work_on(
        break_id,
        version,
        by,
        at,
        lambda row: moved(row, to, by=by, at=at, reason=reason, detail=detail),
    )


def escalate(
    *, break_id: int, version: int | None, reason: str, by: User, at: datetime
) -> TradeBreak:
    """
    Bring a live break to the attention of those above.

    :raises WorkRefused: if no reason is given.
    :raises TransitionNotAllowed: if it is escalated already or has ended.
    :raises StaleBreak: if it is not at `version` any more.
    """
    require(reason, "Say why it is escalated.")
    return work_on(
        break_id,
        version,
        by,
        at,
        lambda row: moved(row, BreakStatus.ESCALATED, by=by, at=at, reason=reason),
    )


def resolve(
    *,
    break_id: int,
    version: int | None,
    reason_code: str,
    by: User,
    at: datetime,
    comment: str = "",
) -> TradeBreak:
    """
    End a break; if the next run still finds it, it re-opens.

    :raises WorkRefused: if the reason code is not a person's, or NOT_A_BREAK has no comment.
    :raises TransitionNotAllowed: if it is resolved already.
    :raises StaleBreak: if it is not at `version` any more.
    """
    code = _reason_code(reason_code)
    if code == ReasonCode.NOT_A_BREAK:
        require(comment, "Say in a comment why it is not a break.")
    return work_on(
        break_id,
        version,
        by,
        at,
        lambda row: moved(
            row, BreakStatus.RESOLVED, by=by, at=at, reason=comment, reason_code=code
        ),
    )


def accept(
    *,
    break_id: int,
    version: int | None,
    comment: str,
    by: User,
    at: datetime,
    checked: Mapping[str, Any] | None = None,
) -> TradeBreak:
    """
    Write a break off: it stays accepted for the values it has now, until one of them changes.

    `checked` is what the history says of the request for it and of who approved it.

    :raises WorkRefused: if no comment is given.
    :raises TransitionNotAllowed: if it has ended.
    :raises StaleBreak: if it is not at `version` any more.
    """
    require(comment, "Say why the loss is accepted.")

    def decide(row: TradeBreak) -> Entry:
        numbers = {name: getattr(row, name) for name in ("difference", "exposure")}
        accepted = {
            "left_value": row.left_value,
            "right_value": row.right_value,
            **{name: None if n is None else plain(n) for name, n in numbers.items()},
            "currency": row.currency,
        }
        return moved(
            row,
            BreakStatus.ACCEPTED,
            by=by,
            at=at,
            reason=comment,
            reason_code=ReasonCode.WRITE_OFF,
            detail={"accepted": accepted, **(checked or {})},
        )

    return work_on(break_id, version, by, at, decide)


def reopen(
    *, break_id: int, version: int | None, reason: str, by: User, at: datetime
) -> TradeBreak:
    """
    Take up again a break that has ended.

    :raises WorkRefused: if no reason is given.
    :raises TransitionNotAllowed: if it has not ended.
    :raises StaleBreak: if it is not at `version` any more.
    """
    require(reason, "Say why it is re-opened.")

    def decide(row: TradeBreak) -> Entry:
        check_ended(row)
        return moved(row, BreakStatus.OPEN, by=by, at=at, reason=reason, kind=EventKind.REOPENED)

    return work_on(break_id, version, by, at, decide)


def comment(*, break_id: int, version: int | None, text: str, by: User, at: datetime) -> TradeBreak:
    """
    Add a comment, to a break of any status; its text is part of the history.

    :raises WorkRefused: if the text is empty.
    :raises StaleBreak: if it is not at `version` any more.
    """
    require(text, "A comment needs a text.")

    def decide(row: TradeBreak) -> Entry:
        said = BreakComment.objects.create(trade_break=row, by=by, at=at, text=clean(text))
        return Entry(
            trade_break=row,
            kind=EventKind.COMMENTED,
            by=by,
            reason=said.text,
            detail={"comment": said.pk},
        )

    return work_on(break_id, version, by, at, decide)


def _assign(row: TradeBreak, to: User | None) -> dict[str, Any]:
    before = row.assigned_to
    row.assigned_to = to
    return {
        "assigned_to": to.get_username() if to else None,
        "assigned_from": before.get_username() if before else None,
    }


def _code(team: Team | None) -> str | None:
    return team.code if team else None


def _reason_code(given: str) -> ReasonCode:
    if given in FOR_RESOLVING:
        return ReasonCode(given)
    if given == ReasonCode.WRITE_OFF:
        raise WorkRefused("A write-off is made by accepting the break, not by resolving it.")
    raise WorkRefused(
        f"{given or 'Nothing'} is no reason to resolve: give {', '.join(FOR_RESOLVING)}."
    )
