"""
The only writer of `BreakEvent`, and the check that nobody else wrote one.

Each break has a chain. An event's `digest` is the SHA-256 (hex) of this JSON array, written
without spaces, ASCII only, object keys sorted::

    [break id, sequence, kind, from_status, to_status, user id or null,
     time in UTC as 2026-03-05T12:00:00.000000+00:00, reason, detail, previous digest]

and `previous_digest` is the digest of the event before, empty for the first. Every write that
raises a break's `version` appends exactly one event, numbered with the version it led to, and
the last status an event names is the break's. So a changed, removed, added or re-ordered
event shows, and so does a truncated tail. A whole break removed with its events, or a tail with
the break turned back to fit, shows in the daily roots: see `roots`.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import connections
from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast

from breaks.choices import BreakStatus, EventKind
from breaks.models import BreakEvent, HistoryRoot, TradeBreak
from breaks.services.kept_files import changed_files
from breaks.services.roots import BrokenRoot, Recount
from breaks.telling import tell_history
from trades.services.columns import table_of, write_table

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class NewBreak:
    """A break just written, by its key; its history is empty."""

    pk: int
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class Entry:
    """
    One thing to append to a break's history, after the write that raised its version.

    `detail` is JSON without floats: money as text.
    """

    trade_break: TradeBreak | NewBreak
    kind: EventKind
    from_status: BreakStatus | None = None
    to_status: BreakStatus | None = None
    by: User | None = None
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BrokenLink:
    """The first place where a break's history is not as it was written."""

    break_id: int
    sequence: int
    why: str

    def __str__(self) -> str:
        return f"Break {self.break_id}, event {self.sequence}: {self.why}"


def append(entries: Sequence[Entry], *, at: datetime) -> None:
    """
    Append one event to the history of each break named; at most one a break and call.

    Two statements, whatever the number of breaks, and those that tell who has to know.
    """
    heads = _heads([entry.trade_break.pk for entry in entries if entry.trade_break.version > 1])
    rows = [_row(entry, at, heads.get(entry.trade_break.pk, "")) for entry in entries]
    columns = zip(*rows, strict=True) if rows else ([] for _ in Content._fields)
    content = dict(zip(Content._fields, columns, strict=True))
    content["detail"] = [json.dumps(detail) for detail in content["detail"]]
    digests = [_digest(row) for row in rows]
    table = table_of(BreakEvent, len(rows), **content, digest=digests)
    write_table(BreakEvent, table)
    tell_history(entries, at)


class Content(NamedTuple):
    """What an event's digest covers, in that order, named as the columns of `BreakEvent` are."""

    trade_break_id: int
    sequence: int
    kind: str
    from_status: str
    to_status: str
    by_id: int | None
    at: datetime
    reason: str
    detail: dict[str, Any]
    previous_digest: str


def _row(entry: Entry, at: datetime, head: str) -> Content:
    return Content(
        trade_break_id=entry.trade_break.pk,
        sequence=entry.trade_break.version,
        kind=str(entry.kind),
        from_status=str(entry.from_status or ""),
        to_status=str(entry.to_status or ""),
        by_id=None if entry.by is None else entry.by.pk,
        at=at,
        reason=entry.reason,
        detail=dict(entry.detail),
        previous_digest=head,
    )


def digest_of(event: BreakEvent) -> str:
    """Return the digest an event must have; the format is at the head of this module."""
    return _digest(Content(*(getattr(event, name) for name in Content._fields)))


def _digest(row: Content) -> str:
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    content = (row._asdict() | {"at": at}).values()
    text = json.dumps(list(content), separators=(",", ":"), sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


class _Stored(NamedTuple):
    """An event as the database has it."""

    pk: int
    trade_break_id: int
    sequence: int
    to_status: str
    previous_digest: str
    digest: str
    content: Content


def verify(
    *,
    break_ids: Iterable[int] | None = None,
    on_progress: Callable[[int], None] = lambda _checked: None,
) -> Iterator[BrokenLink | BrokenRoot]:
    """
    Yield the first broken link of every break whose history does not hold, by break id.

    Then the files that are not what was attached, and the first daily root that does not hold.
    Reads all breaks, or those named and no root, in a stream: memory does not grow with the
    history. `on_progress` is told after every few thousand how many breaks were checked.
    """
    breaks = TradeBreak.objects.order_by("pk")
    events = BreakEvent.objects.all()
    roots: list[HistoryRoot] = []
    wanted = None if break_ids is None else list(break_ids)
    if wanted is None:
        roots = list(HistoryRoot.objects.order_by("day"))
    else:
        breaks = breaks.filter(pk__in=wanted)
        events = events.filter(trade_break__in=wanted)
    recount = Recount(roots)
    chains = groupby(recount.watching(_stored(events)), key=lambda event: event.trade_break_id)
    chain_of, chain = next(chains, _NO_MORE)
    rows = breaks.values_list("pk", "version", "status").iterator(chunk_size=BATCH)
    for checked, (pk, version, status) in enumerate(rows, start=1):
        while chain_of is not None and chain_of < pk:
            yield from _orphaned(chain_of)
            chain_of, chain = next(chains, _NO_MORE)
        mine: Iterator[_Stored] = iter(())
        if chain_of == pk:
            mine = chain
        if _check(pk, version, status, mine) and (broken := _look_again(pk)):
            yield broken
        if chain_of == pk:
            chain_of, chain = next(chains, _NO_MORE)
        if checked % BATCH == 0:
            on_progress(checked)
    while chain_of is not None:
        yield from _orphaned(chain_of)
        chain_of, chain = next(chains, _NO_MORE)
    for file in changed_files(wanted):
        yield BrokenLink(*file)
    yield from recount.faults()


_NO_MORE: tuple[None, Iterator[_Stored]] = (None, iter(()))


def _stored(events: QuerySet[BreakEvent]) -> Iterator[_Stored]:
    """Yield events chain by chain; rows of values, for a model object costs as much as a digest."""
    columns: list[Any] = list(Content._fields)
    on_sqlite = connections[events.db].vendor == "sqlite"
    if on_sqlite:
        # It keeps as a time whatever it is given; read as one, anything else would stop us here.
        columns[columns.index("at")] = Cast("at", TextField())
    rows = events.order_by("trade_break_id", "sequence", "pk").values_list("pk", "digest", *columns)
    for pk, digest, *values in rows.iterator(chunk_size=BATCH):
        content = Content(*values)
        if on_sqlite:
            content = content._replace(at=_moment(content.at))
        yield _Stored(
            pk,
            content.trade_break_id,
            content.sequence,
            content.to_status,
            content.previous_digest,
            digest,
            content,
        )


def _moment(text: Any) -> Any:
    """Return the time, in UTC, that SQLite keeps as text; the text itself if it is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return text


def _orphaned(pk: int) -> Iterator[BrokenLink]:
    """Tell of events whose break is gone, unless it was only opened since the breaks were read."""
    if not TradeBreak.objects.filter(pk=pk).exists():
        yield BrokenLink(pk, 1, "its break is not there.")


def _heads(break_ids: Sequence[int]) -> dict[int, str]:
    """Return the digest of the last event of each break that has one."""
    if not break_ids:
        return {}
    events = BreakEvent.objects.filter(
        trade_break__among=break_ids, sequence=F("trade_break__version") - 1
    )
    return dict(events.order_by().values_list("trade_break", "digest"))


def _look_again(pk: int) -> BrokenLink | None:
    """Check one break by itself: the two streams may have seen it before and after a write."""
    row = TradeBreak.objects.values_list("version", "status").get(pk=pk)
    events = BreakEvent.objects.filter(trade_break=pk)
    return _check(pk, *row, _stored(events))


def _check(pk: int, version: int, status: str, chain: Iterator[_Stored]) -> BrokenLink | None:
    previous, sequence, last_status = "", 0, ""
    for event in chain:
        sequence += 1
        if why := _fault(event, sequence, previous):
            return BrokenLink(pk, sequence, why)
        previous, last_status = event.digest, event.to_status or last_status
    if sequence < version:
        written = f"the break was written {version} times"
        return BrokenLink(pk, sequence + 1, f"it is missing; {written}.")
    if sequence > version:
        return BrokenLink(pk, version + 1, f"the break was written only {version} times.")
    if last_status != status:
        said, is_now = _status(last_status), _status(status)
        return BrokenLink(pk, sequence, f"it leaves the break {said}, but it is {is_now}.")
    return None


def _status(word: str) -> str:
    return BreakStatus(word).label if word in BreakStatus else word or "without status"


def _fault(event: _Stored, sequence: int, previous: str) -> str:
    if event.sequence != sequence:
        return f"it is missing; event {event.sequence} follows."
    if event.previous_digest != previous:
        return "it does not continue the event before it."
    if not isinstance(event.content.at, datetime):
        return f"its time is {event.content.at!r}, which is none."
    try:
        digest = _digest(event.content)
    except ValueError:
        return "its content is nothing that is ever written."
    if event.digest != digest:
        return "its content is not what was written."
    return ""
