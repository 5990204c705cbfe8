"""
Recalculate the due times of live breaks after an edit, in chunks, each with its history.

A few thousand are done at once with the edit; more are left to a worker, who takes up the row of
the change where the last one left it. Doing a break again changes nothing: its due time follows
from its row and from what is current.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from breaks import clocks
from breaks.choices import EventKind, WorkStatus
from breaks.models import ClockChange, SlaPolicy, TradeBreak
from breaks.services import history
from breaks.services.history import Entry
from breaks.services.lifecycle import place
from breaks.services.writing import Written, write_rows
from breaks.terms import Clocks

CHUNK = 2_000
# What is done while the person who edits waits, and what is looked at for a preview.
AT_ONCE = 2_000
FORESEEN = 20_000
LEASE = timedelta(minutes=2)
STALE_AFTER = timedelta(minutes=1)
ATTEMPTS = 3
TASK = "tasks.recalculate_due_times"

_STATE = ("clock_from", "clock_spent_us", "paused_at", "due_at")
_WRITTEN = ("sla_policy", *_STATE, "rank", "version")
_READ = ("team", "break_type", "category", "severity", "status", "exposure", *_WRITTEN)


class ChangeNotClaimable(Exception):
    """Somebody else is at this change, or it is done."""


class BreaksKeptMoving(Exception):
    """Others kept writing the same breaks; the change stays where it was and is taken up again."""


@dataclass(frozen=True)
class Foreseen:
    """What an edit would do to live breaks, of the first `looked_at` that it may touch."""

    looked_at: int
    moved: int
    earlier: int
    become_late: int
    is_whole: bool


@dataclass(frozen=True)
class _Moved:
    row: TradeBreak
    read_version: int
    due_before: datetime
    policy_before: int | None
    paused_before: datetime | None

    @property
    def shows(self) -> bool:
        """Tell whether a person sees a difference; else it only follows another version."""
        return (self.row.due_at, self.row.paused_at) != (self.due_before, self.paused_before)


def foresee(edit: Callable[[], ClockChange | None], *, at: datetime) -> Foreseen | None:
    """Make a trial edit, look at what would move, take it back; None if it changes nothing."""
    with transaction.atomic():
        change = edit()
        found = None if change is None else _foreseen(change, at)
        transaction.set_rollback(True)
    return found


def follow(
    *, reason: str, team_ids: Sequence[int] | None, by: User | None, at: datetime
) -> ClockChange:
    """
    Note, in the transaction of an edit, that due times are to follow it.

    `team_ids` are the teams whose breaks alone it touches; None is every live break. Whoever made
    the edit calls `begin` with what this returns.
    """
    change = ClockChange(
        reason=reason[:200], team_ids=None if team_ids is None else sorted(team_ids), by=by,
        made_at=at,
    )  # fmt: skip
    change.to_look_at = touched(change).count()
    change.save()
    return change


def begin(change: ClockChange, *, at: datetime) -> ClockChange:
    """Carry out a small change at once, in the transaction of the edit; a worker does others."""
    if change.to_look_at <= AT_ONCE:
        return carry_out(change_id=change.pk, at=at)
    transaction.on_commit(
        lambda: current_app.send_task(TASK, kwargs={"change_id": change.pk}), robust=True
    )
    return change


def carry_out(
    *, change_id: int, at: datetime, on_chunk: Callable[[ClockChange], None] = lambda _change: None
) -> ClockChange:
    """
    Recalculate every live break that a change may touch, from where it was left.

    Each chunk is one transaction: rows, history and how far it came. `on_chunk` is told after each.

    :raises ChangeNotClaimable: if somebody is at it, or it is done.
    :raises BreaksKeptMoving: if others kept writing the same breaks.
    """
    free = Q(status=WorkStatus.QUEUED) | Q(status=WorkStatus.RUNNING, lease_expires_at__lt=at)
    lease = at + LEASE
    claimed = ClockChange.objects.filter(free, pk=change_id)
    if not claimed.update(status=WorkStatus.RUNNING, lease_expires_at=lease):
        raise ChangeNotClaimable(f"Change {change_id} is done, or somebody is at it.")
    change = ClockChange.objects.get(pk=change_id)
    while change.status != WorkStatus.DONE:
        change = _one_chunk(change, at)
        on_chunk(change)
    return change


def touched(change: ClockChange) -> QuerySet:
    """Return the live breaks that a change may touch."""
    live = TradeBreak.objects.live()
    return live if change.team_ids is None else live.filter(team__in=change.team_ids)


def unfinished(at: datetime) -> QuerySet:
    """Return the changes that no worker took in time, or whose worker is gone."""
    return ClockChange.objects.filter(
        Q(status=WorkStatus.QUEUED, made_at__lt=at - STALE_AFTER)
        | Q(status=WorkStatus.RUNNING, lease_expires_at__lt=at)
    ).order_by("pk")


def _one_chunk(change: ClockChange, at: datetime) -> ClockChange:
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return _write_chunk(change, at)
        except BreaksKeptMoving:
            continue
    raise BreaksKeptMoving(
        f"Others kept writing the breaks of change {change.pk}; it goes on in a minute."
    )


def _write_chunk(change: ClockChange, at: datetime) -> ClockChange:
    rows = touched(change).filter(pk__gt=change.done_to).order_by("pk").only(*_READ)
    held = list(rows.select_for_update(of=("self",), no_key=True)[:CHUNK])
    moves = _moves(held, at)
    shown = [move for move in moves if move.shows]
    for move in shown:
        place(move.row)
        move.row.version += 1
    # Read only for the sentences of the history.
    names = _policy_names(shown)
    written = write_rows([Written(move.row, move.read_version) for move in moves], _WRITTEN)
    if written != len(moves):
        raise BreaksKeptMoving
    history.append([_entry(move, change, names) for move in shown], at=at)
    return _noted(change, held, len(shown), at)


def _noted(
    change: ClockChange, held: Sequence[TradeBreak], moved: int, at: datetime
) -> ClockChange:
    """Write how far a change has come, if it still is this worker's."""
    is_done = len(held) < CHUNK
    mine = ClockChange.objects.filter(
        pk=change.pk, status=WorkStatus.RUNNING, lease_expires_at=change.lease_expires_at
    )
    if not mine.update(
        status=WorkStatus.DONE if is_done else WorkStatus.RUNNING,
        looked_at=F("looked_at") + len(held),
        moved=F("moved") + moved,
        done_to=held[-1].pk if held else change.done_to,
        lease_expires_at=None if is_done else timezone.now() + LEASE,
        finished_at=max(at, timezone.now()) if is_done else None,
    ):
        raise ChangeNotClaimable(f"Change {change.pk} was taken over by another worker.")
    return ClockChange.objects.get(pk=change.pk)


def _moves(rows: Sequence[TradeBreak], at: datetime) -> list[_Moved]:
    """Recalculate rows in memory; return those that are not as they were."""
    terms = Clocks()
    moves = []
    for row in rows:
        before = [getattr(row, name) for name in ("sla_policy_id", *_STATE)]
        move = _Moved(row, row.version, row.due_at, row.sla_policy_id, row.paused_at)
        clocks.recalculate(row, terms.of(row), at=at)
        if before != [getattr(row, name) for name in ("sla_policy_id", *_STATE)]:
            moves.append(move)
    return moves


def _policy_names(moves: Sequence[_Moved]) -> dict[int | None, str]:
    keys = {move.policy_before for move in moves} | {move.row.sla_policy_id for move in moves}
    return {
        policy.pk: str(policy)
        for policy in SlaPolicy.objects.filter(pk__in=[key for key in keys if key is not None])
    }


def _entry(move: _Moved, change: ClockChange, names: dict[int | None, str]) -> Entry:
    row = move.row
    pairs = {
        "due_at": (move.due_before.isoformat(), row.due_at.isoformat()),
        "sla_policy": (names.get(move.policy_before, ""), names.get(row.sla_policy_id, "")),
        "paused_at": tuple(
            moment and moment.isoformat() for moment in (move.paused_before, row.paused_at)
        ),
    }
    return Entry(
        trade_break=row,
        kind=EventKind.DUE_MOVED,
        by=change.by,
        reason=change.reason,
        detail={"change": change.pk}
        | {name: list(pair) for name, pair in pairs.items() if pair[0] != pair[1]},
    )


def _foreseen(change: ClockChange, at: datetime) -> Foreseen:
    rows = list(touched(change).order_by("pk").only(*_READ)[: FORESEEN + 1])
    is_whole = len(rows) <= FORESEEN
    were_late = {row.pk for row in rows if clocks.is_late(row, at=at)}
    shown = [move for move in _moves(rows[:FORESEEN], at) if move.shows]
    return Foreseen(
        looked_at=min(len(rows), FORESEEN),
        moved=len(shown),
        earlier=sum(move.row.due_at < move.due_before for move in shown),
        become_late=sum(
            clocks.is_late(move.row, at=at) and move.row.pk not in were_late for move in shown
        ),
        is_whole=is_whole,
    )
