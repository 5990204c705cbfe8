"""
What a remediation writes to breaks: many at a time, as the act of a person or of a policy.

A policy acts for nobody: its events have no `by` and name the policy. Their events keep nothing
for `undoing.undo`: an applied remediation is taken back as a whole, by whoever applied it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from breaks.choices import BreakStatus, EventKind, ReasonCode
from breaks.models import TradeBreak
from breaks.services import history
from breaks.services.acting import clean
from breaks.services.history import Entry
from breaks.services.lifecycle import move, put_back
from breaks.services.opening import BreaksMoved
from breaks.services.writing import Written, write_rows


@dataclass(frozen=True, kw_only=True)
class Change:
    """
    What becomes of one break, read as `row`: a new status, or none where it stays as it is.

    With `kept`, the status is put back to what it was before, and those values with it.
    """

    row: TradeBreak
    kind: EventKind
    to: BreakStatus | None = None
    reason_code: ReasonCode | None = None
    kept: Mapping[str, Any] | None = None
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def write(changes: Sequence[Change], *, by: User | None, at: datetime) -> None:
    """
    Write every change with its event, or none of them; a handful of statements.

    :raises TransitionNotAllowed: if the lifecycle has no such arrow.
    :raises BreaksMoved: if somebody changed one of the breaks since it was read.
    """
    writes, entries = [], []
    for change in changes:
        row, read = change.row, change.row.version
        before = None
        if change.to is not None and change.kept is not None:
            before = put_back(row, change.to, change.kept)
        elif change.to is not None:
            before = move(row, change.to, at=at, by=by, reason_code=change.reason_code)
        row.version = read + 1
        writes.append(Written(row, read))
        entries.append(
            Entry(
                trade_break=row,
                kind=change.kind,
                from_status=before,
                to_status=change.to,
                by=by,
                reason=clean(change.reason),
                detail=change.detail,
            )
        )
    if write_rows(writes) != len(writes):
        raise BreaksMoved(
            "Somebody changed one of these breaks while it was written. Look again and repeat it."
        )
    history.append(entries, at=at)
