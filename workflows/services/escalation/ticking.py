"""
One look at what is late: fire what has not fired, with its history and its notices.

A second look, or fifty at once, find nothing left: they take turns by the locks on the breaks,
and the constraint on `Escalation` stands behind. A paused clock is not late, and fires nothing
until it runs again.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import transaction

from breaks.choices import BreakStatus, EventKind
from breaks.models import TradeBreak
from breaks.services import history
from breaks.services.history import Entry
from breaks.services.lifecycle import move
from breaks.services.writing import Written, write_rows
from breaks.transitions import is_allowed
from workflows.models import Escalation, EscalationLevel
from workflows.services.escalation.ladders import Ladders
from workflows.services.escalation.telling import Audience, notices_of
from workflows.services.notifications.outbox import Notice, notify

BATCH = 500


@dataclass
class Fired:
    """How many breaks were escalated, and how many to each level."""

    breaks: set[int] = field(default_factory=set)
    levels: Counter[int] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.breaks)

    def __str__(self) -> str:
        by_level = ", ".join(f"{count} to level {n}" for n, count in sorted(self.levels.items()))
        return f"{len(self.breaks)} breaks: {by_level}" if self.breaks else "0 breaks"


class _Due(NamedTuple):
    """A level that a break has come to, under a version of its policy."""

    row: TradeBreak
    policy_id: int
    level: EscalationLevel


def check_sla(*, at: datetime, watcher: Callable[[], None] = lambda: None) -> Fired:
    """
    Fire every level that has come due and has not fired; tell whom it names.

    Each level of a break is one event of its history. A batch of breaks is committed with its
    events and notices, the dearest to leave first; a look that is cut short goes on with the next.
    `watcher` is called after each batch.
    """
    fired = Fired()
    ladders = Ladders()
    if not ladders:
        return fired
    late = TradeBreak.objects.running_late(at).order_by("-rank", "-pk")
    keys = list(late.values_list("pk", flat=True))
    audience = Audience()
    for start in range(0, len(keys), BATCH):
        # Looked at before anything is held: of most that are late every level has fired.
        if found := _looked_at(keys[start : start + BATCH], ladders, at):
            _fire(found, ladders, audience, at, fired)
        watcher()
    return fired


def _looked_at(keys: Sequence[int], ladders: Ladders, at: datetime) -> list[int]:
    rows = TradeBreak.objects.running_late(at).filter(pk__among=list(keys))
    return [due.row.pk for due in _due(list(rows), ladders, at)]


@transaction.atomic
def _fire(
    keys: Sequence[int], ladders: Ladders, audience: Audience, at: datetime, fired: Fired
) -> None:
    # From here on nobody changes these breaks; in one order, so that two looks take turns.
    locked = TradeBreak.objects.select_for_update(no_key=True).filter(pk__among=sorted(keys))
    list(locked.order_by("pk").values_list("pk"))
    # What is joined to a row that was waited for is of before the wait: it is read after it.
    held = (
        TradeBreak.objects.running_late(at)
        .select_related(
            "team", "assigned_to", "reconciliation__left_source", "reconciliation__right_source"
        )
        .filter(pk__among=sorted(keys))
        .order_by("pk")
    )
    by_level: dict[int, list[_Due]] = defaultdict(list)
    for due in _due(list(held), ladders, at):
        by_level[due.level.number].append(due)
    outbox: list[Notice] = []
    for number in sorted(by_level):
        outbox += _fire_level(by_level[number], ladders, audience, at)
        fired.levels[number] += len(by_level[number])
        fired.breaks |= {due.row.pk for due in by_level[number]}
    notify(sorted(outbox, key=partial(_place, keys={pk: n for n, pk in enumerate(keys)})), at=at)


def _place(notice: Notice, keys: Mapping[int, int]) -> int:
    """Return where a break stood in the queue: the dearest are told of one by one."""
    return keys[notice.trade_break_id or 0]


def _due(rows: Sequence[TradeBreak], ladders: Ladders, at: datetime) -> list[_Due]:
    ladders.learn(rows)
    known: dict[tuple[int, int], set[int]] = defaultdict(set)
    before = Escalation.objects.filter(trade_break__among=[row.pk for row in rows])
    for pk, policy_id, level in before.order_by().values_list("trade_break", "policy", "level"):
        known[pk, policy_id].add(level)
    found = []
    for row in rows:
        follows = ladders.policy_id(row)
        if follows is not None:
            levels = ladders.come_due(row, known[row.pk, follows], at)
            found += [_Due(row, follows, level) for level in levels]
    return found


def _fire_level(
    due: Sequence[_Due], ladders: Ladders, audience: Audience, at: datetime
) -> list[Notice]:
    """Write that a level fired for some breaks, each with an event; return whom to tell what."""
    tick = uuid.uuid4()
    rows, entries, writes, outbox = [], [], [], []
    for row, policy_id, level in due:
        told = audience.of(row, level)
        rows.append(
            Escalation(
                trade_break=row,
                policy_id=policy_id,
                level=level.number,
                after_pct=level.after_pct,
                due_at=row.due_at,
                at=at,
                told=told.in_words,
                tick=tick,
            )
        )
        read = row.version
        before = None
        if level.sets_status and is_allowed(BreakStatus(row.status), BreakStatus.ESCALATED):
            before = move(row, BreakStatus.ESCALATED, at=at, by=None, terms=ladders.clocks)
        row.version = read + 1
        writes.append(Written(row, read))
        entries.append(_entry(row, level, before, told.in_words))
        outbox += notices_of(row, level, policy_id, told)
    Escalation.objects.bulk_create(rows)
    if write_rows(writes) != len(writes):
        raise RuntimeError("a break changed while it was held")
    history.append(entries, at=at)
    return outbox


def _entry(row: TradeBreak, level: EscalationLevel, before: BreakStatus | None, told: str) -> Entry:
    return Entry(
        trade_break=row,
        kind=EventKind.ESCALATED,
        from_status=before,
        to_status=before and BreakStatus.ESCALATED,
        detail={"level": level.number, "after_pct": level.after_pct, "told": told},
    )
