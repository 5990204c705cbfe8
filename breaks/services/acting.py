"""
How one break is changed: read, decided on, written only if it is still there, with its history.

Everything a person does to a break goes through `work_on`, whatever the act. The event keeps what
the act changed, so that `undoing.undo` can put it back.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from breaks.choices import BreakStatus, EventKind, ReasonCode
from breaks.models import TradeBreak
from breaks.services import history
from breaks.services.history import Entry
from breaks.services.lifecycle import WorkRefused, kept_of, move
from breaks.services.writing import Written, write_rows

ATTEMPTS = 3

Decide = Callable[[TradeBreak], "Entry | None"]


class StaleBreak(WorkRefused):
    """Somebody else changed the break meanwhile; `current` is how it stands now."""

    def __init__(self, current: TradeBreak) -> None:
        self.current = current
        super().__init__(_what_happened(current))


def check_actor(by: object) -> None:
    """
    Refuse whoever is not a known, active user.

    :raises WorkRefused: with a sentence that says what to do.
    """
    check_person(by, "Only a signed-in, active user can work breaks. Sign in and try again.")


def work_on(
    break_id: int, version: int | None, by: User, at: datetime, decide: Decide
) -> TradeBreak:
    """Read, decide and write one break; without a version to keep to, as often as it takes."""
    check_actor(by)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _work_once(break_id, version, at, decide)
        except StaleBreak:
            if version is not None or attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def check_version(*, break_id: int, version: int | None) -> None:
    """
    Refuse an act that touches a break by way of something else, its match or a file.

    :raises StaleBreak: if the break is not at `version` any more.
    """
    if version is not None:
        refuse_stale(TradeBreak.objects.get(pk=break_id), version)


def refuse_stale(row: TradeBreak, version: int | None) -> None:
    """
    Refuse an act of whoever saw another version than the row has; None is whatever it has.

    :raises StaleBreak: if it is not at `version`.
    """
    if version is not None and row.version != version:
        raise StaleBreak(row)


@transaction.atomic
def _work_once(break_id: int, version: int | None, at: datetime, decide: Decide) -> TradeBreak:
    row: TradeBreak = TradeBreak.objects.select_related("assigned_to", "team").get(pk=break_id)
    read, kept = row.version, kept_of(row)
    refuse_stale(row, version)
    entry = decide(row)
    if entry is None:
        return row
    entry = _undoable(entry, kept)
    row.version = read + 1
    if not write_rows([Written(row, read)]):
        raise StaleBreak(TradeBreak.objects.get(pk=break_id))
    history.append([entry], at=at)
    return row


def _undoable(entry: Entry, kept: Mapping[str, Any]) -> Entry:
    """Keep with the event of an act what it changed: `undoing.undo` puts it back."""
    now = kept_of(entry.trade_break)  # type: ignore[arg-type]
    before = {name: value for name, value in kept.items() if now[name] != value}
    if entry.kind == EventKind.UNDONE or not (before or entry.to_status):
        return entry
    return replace(entry, detail={**entry.detail, "before": before})


def moved(
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
        reason=clean(reason),
        detail=said,
    )


def check_person(person: object, sentence: str) -> None:
    if not isinstance(person, User) or person.pk is None or not person.is_active:
        raise WorkRefused(sentence)


def require(given: str, sentence: str) -> None:
    if not clean(given):
        raise WorkRefused(sentence)


def clean(text: str) -> str:
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
