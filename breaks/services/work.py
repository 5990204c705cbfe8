"""
What a person does to a break.

Every function takes the `version` the person saw (None: whatever it is now), writes only if the
break is still there, and appends to its history in the same transaction.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from breaks.choices import FOR_RESOLVING, LIVE, BreakStatus, EventKind, ReasonCode
from breaks.models import BreakComment, TradeBreak
from breaks.models.trade_break import ENDED
from breaks.services import history
from breaks.services.history import Entry
from breaks.services.lifecycle import TransitionNotAllowed, WorkRefused, move
from breaks.services.writing import Written, write_rows
from trades.reports import plain

ATTEMPTS = 3

Decide = Callable[[TradeBreak], "Entry | None"]


class StaleBreak(WorkRefused):
    """Somebody else changed the break meanwhile; `current` is how it stands now."""

    def __init__(self, current: TradeBreak) -> None:
        self.current = current
        super().__init__(_what_happened(current))


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
        if working and row.assigned_to is not None:
            raise WorkRefused(
                f"{row.assigned_to} is working on break {row.pk}. Ask for it to be assigned to you."
            )
        given = _assign(row, by)
        if working:
            return Entry(trade_break=row, kind=EventKind.ASSIGNED, by=by, detail=given)
        return _moved(row, BreakStatus.IN_PROGRESS, by=by, at=at, detail=given)

    return _work(break_id, version, by, at, decide)


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

    :raises WorkRefused: if it has ended, or `to` cannot work.
    :raises StaleBreak: if it is not at `version` any more.
    """
    if to is not None:
        _check_person(to, "A break is assigned to an active user of the desk.")
        if not to.has_perm("breaks.work_tradebreak"):
            raise WorkRefused(f"{to} may not work breaks; assign it to somebody who may.")

    def decide(row: TradeBreak) -> Entry | None:
        _check_live(row, "assigned")
        if row.assigned_to_id == (to.pk if to else None):
            return None
        given = _assign(row, to)
        if to is None and row.status == BreakStatus.IN_PROGRESS:
            return _moved(row, BreakStatus.OPEN, by=by, at=at, reason=reason, detail=given)
        return Entry(
            trade_break=row, kind=EventKind.ASSIGNED, by=by, reason=reason.strip(), detail=given
        )

    return _work(break_id, version, by, at, decide)


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
    _require(reason, "Say what the counterparty was asked.")
    if until is not None and until <= at:
        raise WorkRefused(f"{until:%Y-%m-%d %H:%M} is past; wait until a time that is to come.")
    detail = {"until": until.isoformat() if until else None}
    to = BreakStatus.AWAITING_COUNTERPARTY
    return _work(
        break_id,
        version,
        by,
        at,
        lambda row: _moved(row, to, by=by, at=at, reason=reason, detail=detail),
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
    _require(reason, "Say why it is escalated.")
    return _work(
        break_id,
        version,
        by,
        at,
        lambda row: _moved(row, BreakStatus.ESCALATED, by=by, at=at, reason=reason),
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
        _require(comment, "Say in a comment why it is not a break.")
    return _work(
        break_id,
        version,
        by,
        at,
        lambda row: _moved(
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
    _require(comment, "Say why the loss is accepted.")

    def decide(row: TradeBreak) -> Entry:
        numbers = {name: getattr(row, name) for name in ("difference", "exposure")}
        accepted = {
            "left_value": row.left_value,
            "right_value": row.right_value,
            **{name: None if n is None else plain(n) for name, n in numbers.items()},
            "currency": row.currency,
        }
        return _moved(
            row,
            BreakStatus.ACCEPTED,
            by=by,
            at=at,
            reason=comment,
            reason_code=ReasonCode.WRITE_OFF,
            detail={"accepted": accepted, **(checked or {})},
        )

    return _work(break_id, version, by, at, decide)


def reopen(
    *, break_id: int, version: int | None, reason: str, by: User, at: datetime
) -> TradeBreak:
    """
    Take up again a break that has ended.

    :raises WorkRefused: if no reason is given.
    :raises TransitionNotAllowed: if it has not ended.
    :raises StaleBreak: if it is not at `version` any more.
    """
    _require(reason, "Say why it is re-opened.")

    def decide(row: TradeBreak) -> Entry:
        if row.status not in ENDED:
            label = BreakStatus(row.status).label.lower()
            raise TransitionNotAllowed(
                f"Break {row.pk} is {label}: only a resolved or accepted one is re-opened."
            )
        return _moved(row, BreakStatus.OPEN, by=by, at=at, reason=reason, kind=EventKind.REOPENED)

    return _work(break_id, version, by, at, decide)


def comment(*, break_id: int, version: int | None, text: str, by: User, at: datetime) -> TradeBreak:
    """
    Add a comment, to a break of any status; its text is part of the history.

    :raises WorkRefused: if the text is empty.
    :raises StaleBreak: if it is not at `version` any more.
    """
    _require(text, "A comment needs a text.")

    def decide(row: TradeBreak) -> Entry:
        said = BreakComment.objects.create(trade_break=row, by=by, at=at, text=_clean(text))
        return Entry(
            trade_break=row,
            kind=EventKind.COMMENTED,
            by=by,
            reason=said.text,
            detail={"comment": said.pk},
        )

    return _work(break_id, version, by, at, decide)


def note(
    *,
    break_id: int,
    version: int | None,
    entry: Callable[[TradeBreak], Entry],
    by: User,
    at: datetime,
) -> TradeBreak:
    """
    Append to a break's history what leaves the break itself as it is.

    `entry(row)` makes the event of the row as it is read, and may write what belongs to it.

    :raises WorkRefused: if the actor may not act.
    :raises StaleBreak: if it is not at `version` any more.
    """
    return _work(break_id, version, by, at, entry)


def check_actor(by: object) -> None:
    """
    Refuse whoever is not a known, active user.

    :raises WorkRefused: with a sentence that says what to do.
    """
    _check_person(by, "Only a signed-in, active user can work breaks. Sign in and try again.")


def _work(break_id: int, version: int | None, by: User, at: datetime, decide: Decide) -> TradeBreak:
    """Read, decide and write one break; without a version to keep to, as often as it takes."""
    check_actor(by)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _work_once(break_id, version, at, decide)
        except StaleBreak:
            if version is not None or attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


@transaction.atomic
def _work_once(break_id: int, version: int | None, at: datetime, decide: Decide) -> TradeBreak:
    row: TradeBreak = TradeBreak.objects.select_related("assigned_to", "team").get(pk=break_id)
    read = row.version
    if version is not None and version != read:
        raise StaleBreak(row)
    entry = decide(row)
    if entry is None:
        return row
    row.version = read + 1
    if not write_rows([Written(row, read)]):
        raise StaleBreak(TradeBreak.objects.get(pk=break_id))
    history.append([entry], at=at)
    return row


def _moved(
    row: TradeBreak,
    to: BreakStatus,
    *,
    by: User,
    at: datetime,
    reason: str = "",
    reason_code: ReasonCode | None = None,
    detail: Mapping[str, Any] | None = None,
    kind: EventKind = EventKind.STATUS_CHANGED,
) -> Entry:
    before = move(row, to, at=at, by=by, reason_code=reason_code)
    said = dict(detail or {})
    if reason_code is not None:
        said["reason_code"] = str(reason_code)
    return Entry(
        trade_break=row,
        kind=kind,
        from_status=before,
        to_status=to,
        by=by,
        reason=_clean(reason),
        detail=said,
    )


def _assign(row: TradeBreak, to: User | None) -> dict[str, Any]:
    before = row.assigned_to
    row.assigned_to = to
    return {
        "assigned_to": to.get_username() if to else None,
        "assigned_from": before.get_username() if before else None,
    }


def _reason_code(given: str) -> ReasonCode:
    if given in FOR_RESOLVING:
        return ReasonCode(given)
    if given == ReasonCode.WRITE_OFF:
        raise WorkRefused("A write-off is made by accepting the break, not by resolving it.")
    raise WorkRefused(
        f"{given or 'Nothing'} is no reason to resolve: give {', '.join(FOR_RESOLVING)}."
    )


def _check_live(row: TradeBreak, done: str) -> None:
    if row.status not in LIVE:
        label = BreakStatus(row.status).label.lower()
        raise TransitionNotAllowed(
            f"Break {row.pk} is {label} and cannot be {done}. Re-open it first."
        )


def _check_person(person: object, sentence: str) -> None:
    if not isinstance(person, User) or person.pk is None or not person.is_active:
        raise WorkRefused(sentence)


def _require(given: str, sentence: str) -> None:
    if not _clean(given):
        raise WorkRefused(sentence)


def _clean(text: str) -> str:
    """Take off what no database keeps alike: the NUL character, and space around."""
    return text.replace("\x00", "").strip()


def _what_happened(current: TradeBreak) -> str:
    last = current.events.select_related("by").order_by("sequence").last()
    who = str(last.by) if last and last.by else "the system"
    what = f"{last.get_kind_display().lower()}, {last.at:%Y-%m-%d %H:%M} UTC" if last else "changed"
    return (
        f"Break {current.pk} was changed by {who} meanwhile ({what}) and is now "
        f"{BreakStatus(current.status).label.lower()}, version {current.version}. "
        "Look at it again, then repeat what is still right."
    )
