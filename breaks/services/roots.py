"""
The daily roots: one digest over the heads of all histories, each chained to the day before.

A root covers the events up to a key, `last_event`, and says of each break that has one of them
where its history then stood. Its `digest` is the SHA-256 (hex) of one line a break, by break id,
and one line of its own, tabs between and a line feed after each::

    break id, sequence, digest                          of the break's last event covered
    day, last_event, breaks, events, time, previous digest

with the time as ``2026-03-05T00:20:00.000000+00:00`` and the previous digest empty for the first.
What is dated that day but written after its root belongs to the next one: by key, nothing is
covered twice or never, however it is dated.
"""

import hashlib
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol, TypeVar, cast

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from breaks.models import BreakEvent, HistoryRoot
from trades.services.bulk import READ_BATCH

ONE_DAY = timedelta(days=1)
# For so long a write that began before the day's last event may keep a root waiting.
LONGEST_WAIT_SECONDS = 15 * 60

_HEADS_ON_POSTGRES = """
    SELECT DISTINCT ON (trade_break_id) trade_break_id, sequence, digest
    FROM breaks_breakevent WHERE id <= %s ORDER BY trade_break_id, sequence DESC"""
# With max() SQLite takes the other columns from the row that has it.
_HEADS_ON_SQLITE = """
    SELECT trade_break_id, max(sequence), digest
    FROM breaks_breakevent WHERE id <= %s GROUP BY trade_break_id ORDER BY trade_break_id"""
_WRITERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE relation = 'breaks_breakevent'::regclass AND mode = 'RowExclusiveLock' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND pid <> pg_backend_pid()"""


class RootRefused(Exception):
    """No root can be written for that day, or not yet; the sentence says why."""


@dataclass(frozen=True)
class BrokenRoot:
    """The first daily root that the histories do not bear out."""

    day: date
    why: str

    def __str__(self) -> str:
        return f"Root of {self.day}: {self.why}"


class Event(Protocol):
    """What a root covers of an event."""

    @property
    def pk(self) -> int: ...
    @property
    def trade_break_id(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def digest(self) -> str: ...


E = TypeVar("E", bound=Event)


def write_root(*, day: date, at: datetime) -> HistoryRoot:
    """
    Return the root of a day, written now if it was not yet; so are those of the days missed before.

    Nobody is kept from writing meanwhile.

    :raises RootRefused: if the day is not over, lies before the first root, or a write from
        before its end does not come to one.
    """
    if _end_of(day) > at:
        raise RootRefused(f"{day} is not over yet in UTC; its root is written on the next day.")
    last = HistoryRoot.objects.first()
    if last and last.day >= day:
        if written := HistoryRoot.objects.filter(day=day).first():
            return written
        raise RootRefused(f"{day} has no root, and none is put in before that of {last.day}.")
    missed = _first_due(last)
    if missed is None or missed > day:
        raise RootRefused(f"No history had begun by the end of {day}.")
    while missed <= day:
        last = _written(missed, at, last)
        missed += ONE_DAY
    return cast("HistoryRoot", last)


def write_due_roots(*, at: datetime) -> list[HistoryRoot]:
    """
    Write the root of yesterday and of each day missed before it; return those that were due.

    :raises RootRefused: if a write from before the end of a day does not come to one.
    """
    yesterday = at.astimezone(UTC).date() - ONE_DAY
    due = _first_due(HistoryRoot.objects.first())
    if due is None or due > yesterday:
        return []
    write_root(day=yesterday, at=at)
    return list(HistoryRoot.objects.filter(day__range=(due, yesterday)).order_by("day"))


def _end_of(day: date) -> datetime:
    return datetime.combine(day + ONE_DAY, datetime.min.time(), UTC)


def _first_due(last: HistoryRoot | None) -> date | None:
    """Return the day after the last root, or of the first event; None if nothing happened yet."""
    if last is not None:
        return last.day + ONE_DAY
    first = BreakEvent.objects.order_by("pk").values_list("at", flat=True).first()
    return None if first is None else first.astimezone(UTC).date()


def _written(day: date, at: datetime, previous: HistoryRoot | None) -> HistoryRoot:
    root = HistoryRoot(
        day=day, at=at, last_event=_last_event(day, previous),
        previous_digest=previous.digest if previous else "",
    )  # fmt: skip
    tally = _Tally()
    for lines in _heads(root.last_event):
        tally.add(lines)
    root.breaks = tally.breaks
    root.events = BreakEvent.objects.filter(pk__lte=root.last_event).count()
    root.digest = tally.digest(root)
    try:
        with transaction.atomic():
            root.save(force_insert=True)
    except IntegrityError:
        # Somebody else wrote it meanwhile, and the chain goes on from theirs.
        return HistoryRoot.objects.get(day=day)
    return root


def _last_event(day: date, previous: HistoryRoot | None) -> int:
    """Return the key of the last event to cover, once no smaller key can be written any more."""
    dated = BreakEvent.objects.filter(at__lt=_end_of(day)).aggregate(last=Max("pk"))["last"] or 0
    last: int = max(dated, previous.last_event if previous else 0)
    _await_writers()
    return last


def _await_writers() -> None:
    """
    Wait until every transaction has ended that may have taken a key and not committed it yet.

    SQLite has one writer, so that its keys are committed in their order.
    """
    if connection.vendor != "postgresql":
        return
    until = time.monotonic() + LONGEST_WAIT_SECONDS
    writers = _writers()
    while writers:
        if time.monotonic() > until:
            raise RootRefused(
                "A write that began before the last event of the day has not ended; its root is "
                "written once it has."
            )
        time.sleep(0.1)
        writers &= _writers()


def _writers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS)
        return {writer for (writer,) in cursor.fetchall()}


def _heads(last_event: int) -> Iterator[bytes]:
    """Yield the lines of all breaks in blocks; on Postgres as COPY writes them."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            query = cursor.mogrify(_HEADS_ON_POSTGRES, [last_event])
            with cursor.copy(f"COPY ({query}) TO STDOUT") as blocks:
                yield from map(bytes, blocks)
        return
    with connection.cursor() as cursor:
        cursor.execute(_HEADS_ON_SQLITE, [last_event])
        while rows := cursor.fetchmany(READ_BATCH):
            yield b"".join(_line(*row) for row in rows)


def _line(break_id: int, sequence: int, digest: str) -> bytes:
    return f"{break_id}\t{sequence}\t{digest}\n".encode(errors="replace")


class _Tally:
    """A root's digest and its number of breaks, as their lines come."""

    def __init__(self) -> None:
        self.breaks = 0
        self._hash = hashlib.sha256()

    def add(self, lines: bytes) -> None:
        self.breaks += lines.count(b"\n")
        self._hash.update(lines)

    def digest(self, root: HistoryRoot) -> str:
        at = root.at.astimezone(UTC).isoformat(timespec="microseconds")
        content = (root.day, root.last_event, root.breaks, root.events, at, root.previous_digest)
        whole = self._hash.copy()
        whole.update(("\t".join(map(str, content)) + "\n").encode())
        return whole.hexdigest()


class Recount:
    """
    What the roots must say, counted from the events as they pass in the order of their chains.

    All roots in one reading. A few thousand breaks are held at a time, and as most of them stand
    still from day to day, their lines are made once and hashed into each root.
    """

    BREAKS_AT_ONCE = 5_000

    def __init__(self, roots: Sequence[HistoryRoot]) -> None:
        """Take the roots by day."""
        self._roots = roots
        self._ends = [root.last_event for root in roots]
        self._tallies = [_Tally() for _ in roots]
        # By root: the events that it covers and the one before it does not.
        self._added = [0] * len(roots)
        # Of each break held: from which root on which line stands for it.
        self._held: list[list[tuple[int, bytes]]] = []
        self._break_id: int | None = None

    def watching(self, events: Iterable[E]) -> Iterator[E]:
        """Yield the events, ordered by break and sequence, having counted each."""
        for event in events:
            self._count(event)
            yield event
        self._take_in()

    def faults(self) -> Iterator[BrokenRoot]:
        """Yield the first root, by day, that is not what was counted, once all has passed."""
        events, before = 0, None
        for root, tally, added in zip(self._roots, self._tallies, self._added, strict=True):
            events += added
            if why := _fault(root, before, tally, events):
                yield BrokenRoot(root.day, why)
                return
            before = root

    def _count(self, event: E) -> None:
        if event.trade_break_id != self._break_id:
            if len(self._held) >= self.BREAKS_AT_ONCE:
                self._take_in()
            self._break_id = event.trade_break_id
            self._held.append([])
        first = bisect_left(self._ends, event.pk)
        if first == len(self._ends):
            return
        self._added[first] += 1
        stands = self._held[-1]
        while stands and stands[-1][0] >= first:
            stands.pop()
        stands.append((first, _line(event.trade_break_id, event.sequence, event.digest)))

    def _take_in(self) -> None:
        """Hash what the breaks held say into each root, and let go of them."""
        changes: dict[int, list[tuple[int, bytes]]] = {}
        for place, stands in enumerate(self._held):
            for first, line in stands:
                changes.setdefault(first, []).append((place, line))
        lines, block = [b""] * len(self._held), b""
        for number, tally in enumerate(self._tallies):
            if number in changes:
                for place, line in changes[number]:
                    lines[place] = line
                block = b"".join(lines)
            tally.add(block)
        self._held = []


def _fault(root: HistoryRoot, before: HistoryRoot | None, tally: _Tally, events: int) -> str:
    if before and root.day != before.day + ONE_DAY:
        return f"the root before it, of {root.day - ONE_DAY}, is missing."
    if root.previous_digest != (before.digest if before else ""):
        return "it does not continue the root before it."
    if (root.breaks, root.events) != (tally.breaks, events):
        return (
            f"it covered {root.breaks} breaks and {root.events} events; {tally.breaks} breaks and "
            f"{events} events of these are left."
        )
    if root.digest != tally.digest(root):
        return "the histories are not those it covered, or it was changed itself."
    return ""
