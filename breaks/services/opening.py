"""Bring the breaks of a scope up to date: open, refresh, clear and re-open, in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F

from breaks import clocks
from breaks.choices import CATEGORY, LIVE, BreakStatus, EventKind, ReasonCode
from breaks.deadlines import rank_of
from breaks.models import BreakEvent, TradeBreak
from breaks.services import history
from breaks.services.history import Entry, NewBreak
from breaks.services.lifecycle import move, place
from breaks.services.pending import write_pending
from breaks.services.scope import KnownBreak, Scope, known_breaks
from breaks.services.wanted import Disagreement, wanted_in
from breaks.services.writing import Written, write_rows
from breaks.terms import Clocks
from matching.models import ReconciliationRun
from matching.services.bulk import MANY, hold
from trades.reports import plain
from trades.services.columns import new_keys, refresh_statistics, table_of, write_table

ATTEMPTS = 3

# What was accepted is accepted for these values, and no others.
VALUES = ("left_value", "right_value", "difference")
IDENTITY = ("fingerprint", "break_type", "field")
SHOWN = (*VALUES, "tolerance", "exposure", "currency", "exposure_note", "severity")
LINKS = ("match_id", "left_trade_id", "right_trade_id", "trade_date")


class BreaksMoved(Exception):
    """Breaks kept being changed by others while this update read and wrote them."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """
    What an update follows from: a run, or a person's decision about a match.

    `cleared_as` is the reason code of breaks that are gone by it, `why` the sentence kept, and
    `checked` what the history says of the request for the decision and of who approved it.
    """

    run: ReconciliationRun | None = None
    by: User | None = None
    cleared_as: ReasonCode = ReasonCode.AUTO_CLEARED
    why: str = ""
    checked: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Update:
    """What one update is about to write; `seen` are keys of breaks merely found again."""

    writes: list[Written] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    live: int = 0
    terms: Clocks = field(default_factory=Clocks)


def open_breaks(
    *, run: ReconciliationRun, at: datetime, unpaired: Sequence[int] | None = None
) -> int:
    """
    Bring the breaks and pending trades of a run's scope up to date; return the live breaks.

    Each disagreement of the live matches and each unpaired trade is one break, whatever the
    number of runs that found it. Called again for the same run it changes and counts nothing.
    `unpaired` are the keys of the trades that the run read and left over; without them they are
    looked for among all trades of its dates.

    :raises BreaksMoved: if others kept changing the same breaks meanwhile; run it again.
    :raises UnknownBreakType: if the rule set names a type of break that does not exist.
    """
    return bring_up_to_date(scope=Scope.of_run(run, unpaired), cause=Cause(run=run), at=at)


def bring_up_to_date(*, scope: Scope, cause: Cause, at: datetime) -> int:
    """
    Make the breaks and pending rows of a scope say what its matches say; return the live ones.

    :raises BreaksMoved: if others kept changing the same breaks meanwhile.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _update(scope, cause, at)
        except (BreaksMoved, IntegrityError):
            # Somebody wrote one of these rows since it was read: look again at what is there.
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _update(scope: Scope, cause: Cause, at: datetime) -> int:
    hold(scope.reconciliation.pk)
    rows = scope.breaks()
    wanted = wanted_in(scope=scope, at=at)
    known = {row.fingerprint: row for row in rows}
    known |= _by_fingerprint(wanted.breaks.keys() - known.keys())
    update = Update()
    moved: dict[int, Disagreement | None] = {
        row.pk: None
        for row in rows
        if row.fingerprint not in wanted.breaks and row.status != BreakStatus.RESOLVED
    }
    for print_, found in wanted.breaks.items():
        if print_ not in known:
            continue
        row = known[print_]
        if not _stands(row, found, cause):
            moved[row.pk] = found
        elif row.status != BreakStatus.RESOLVED:
            update.live += row.status in LIVE
            if cause.run is not None and row.last_run_id != cause.run.pk:
                update.seen.append(row.pk)
    # Nearly all breaks stand as they did: only of the others there is a model object.
    locked = TradeBreak.objects.select_for_update()
    for changing in locked.filter(pk__among=sorted(moved)).order_by("pk"):
        becomes = moved[changing.pk]
        if becomes is not None:
            _refresh(changing, becomes, cause, at, update)
        elif changing.status != BreakStatus.RESOLVED:
            _clear(changing, cause, at, update)
    fresh = [found for print_, found in wanted.breaks.items() if print_ not in known]
    _open(fresh, scope, cause, at, update)
    _write(update, cause, at)
    write_pending(scope=scope, pending=wanted.pending, run=cause.run)
    return update.live


def _by_fingerprint(prints: Iterable[str]) -> dict[str, KnownBreak]:
    """Find rows that no trade in scope leads to: late reports, and breaks of a deleted match."""
    if not prints:
        return {}
    rows = known_breaks(TradeBreak.objects.filter(fingerprint__among=sorted(prints)))
    return {row.fingerprint: row for row in rows}


def _stands(row: KnownBreak, found: Disagreement, cause: Cause) -> bool:
    """Tell whether a break already says what was found, or has ended for good."""
    if _ended_in_vain(row, found, cause):
        return False
    same = all(getattr(row, name) == getattr(found, name) for name in (*SHOWN, *LINKS))
    return same or row.status == BreakStatus.RESOLVED


def _open(
    fresh: Sequence[Disagreement], scope: Scope, cause: Cause, at: datetime, update: Update
) -> None:
    """Write the rows of new breaks; their keys are known before, for the history's digests."""
    keys = new_keys(TradeBreak, len(fresh)).to_pylist()
    run = None if cause.run is None else cause.run.pk
    due, policies = _due(fresh, update.terms, at)
    table = table_of(
        TradeBreak,
        len(fresh),
        id=keys,
        reconciliation_id=scope.reconciliation.pk,
        category=[str(CATEGORY[found.break_type]) for found in fresh],
        status=str(BreakStatus.OPEN),
        opened_at=at,
        last_seen_at=at,
        sla_policy_id=policies,
        clock_from=at,
        clock_spent_us=0,
        due_at=due,
        rank=[
            rank_of(exposure=found.exposure, severity=found.severity, due_at=when)
            for found, when in zip(fresh, due, strict=True)
        ],
        first_run_id=run,
        last_run_id=run,
        times_seen=0 if run is None else 1,
        reason_code="",
        version=1,
        **{name: [getattr(found, name) for found in fresh] for name in (*IDENTITY, *SHOWN, *LINKS)},
    )
    write_table(TradeBreak, table)
    update.live += len(fresh)
    update.entries += [
        Entry(
            trade_break=NewBreak(key),
            kind=EventKind.OPENED,
            to_status=BreakStatus.OPEN,
            by=cause.by,
            reason=cause.why,
            detail={name: _text(getattr(found, name)) for name in ("break_type", "field", *SHOWN)}
            | dict(cause.checked),
        )
        for key, found in zip(keys, fresh, strict=True)
    ]


def _due(
    fresh: Sequence[Disagreement], terms: Clocks, at: datetime
) -> tuple[list[datetime], list[int | None]]:
    """Return when each is due whose clock starts now, in no team yet, and by which policy."""
    known: dict[tuple[str, str], datetime] = {}
    due: list[datetime] = []
    policies: list[int | None] = []
    for found in fresh:
        key = (found.break_type, found.severity)
        holds = terms.terms(None, found.break_type, CATEGORY[found.break_type])
        if key not in known:
            known[key] = holds.due(found.severity, at)
        due.append(known[key])
        policies.append(holds.policy_id)
    return due, policies


def _refresh(
    row: TradeBreak, found: Disagreement, cause: Cause, at: datetime, update: Update
) -> None:
    """Bring a row to what was found, re-opening it where its end no longer stands."""
    again = _ended_in_vain(row, found, cause)
    if row.status == BreakStatus.RESOLVED and not again:
        return
    seen = cause.run is not None and row.last_run_id != cause.run.pk
    changed = {name for name in SHOWN if getattr(row, name) != getattr(found, name)}
    linked = {name for name in LINKS if getattr(row, name) != getattr(found, name)}
    update.live += row.status in LIVE or again
    if not (again or changed or linked):
        # Somebody else brought it here since it was looked at.
        return
    read = row.version
    detail = {
        name: [_text(getattr(row, name)), _text(getattr(found, name))] for name in sorted(changed)
    }
    severity = row.severity
    for name in changed | linked:
        setattr(row, name, getattr(found, name))
    if "severity" in changed and not again:
        clocks.worsen(row, update.terms.of(row), severity, at=at)
    place(row)
    if seen:
        row.last_run, row.last_seen_at = cause.run, at
        row.times_seen += 1
    if again or changed:
        before = None
        if again:
            before = move(row, BreakStatus.OPEN, at=at, by=cause.by, terms=update.terms)
        row.version += 1
        update.entries.append(
            Entry(
                trade_break=row,
                kind=EventKind.REOPENED if again else EventKind.VALUES_CHANGED,
                from_status=before,
                to_status=BreakStatus.OPEN if again else None,
                by=cause.by,
                reason=cause.why,
                detail={**detail, **cause.checked},
            )
        )
    update.writes.append(Written(row, read))


def _ended_in_vain(row: TradeBreak | KnownBreak, found: Disagreement, cause: Cause) -> bool:
    """
    Tell whether a break that ended is there again.

    Accepted stays accepted for the very values. Cleared by itself and found again is back. What a
    person resolved is back if the next run still finds it, or a decision brings it about anew.
    """
    if row.status == BreakStatus.ACCEPTED:
        return any(getattr(row, name) != getattr(found, name) for name in VALUES)
    if row.status != BreakStatus.RESOLVED:
        return False
    if row.reason_code == ReasonCode.AUTO_CLEARED:
        return True
    if cause.run is not None:
        return row.last_run_id != cause.run.pk
    return found.match_id is None or row.match_id != found.match_id


def _clear(row: TradeBreak, cause: Cause, at: datetime, update: Update) -> None:
    """End a break whose disagreement is gone."""
    read = row.version
    before = move(
        row, BreakStatus.RESOLVED, at=at, by=cause.by, reason_code=cause.cleared_as,
        terms=update.terms,
    )  # fmt: skip
    row.version += 1
    update.writes.append(Written(row, read))
    by_itself = cause.cleared_as == ReasonCode.AUTO_CLEARED
    update.entries.append(
        Entry(
            trade_break=row,
            kind=EventKind.AUTO_CLEARED if by_itself else EventKind.STATUS_CHANGED,
            from_status=before,
            to_status=BreakStatus.RESOLVED,
            by=cause.by,
            reason=cause.why or cause.cleared_as.label,
            detail={"reason_code": str(cause.cleared_as), **cause.checked},
        )
    )


def _write(update: Update, cause: Cause, at: datetime) -> None:
    if write_rows(update.writes) != len(update.writes):
        raise BreaksMoved(
            "Somebody kept changing the same breaks while they were brought up to date. "
            "Run it again."
        )
    if update.seen:
        again = TradeBreak.objects.filter(pk__among=update.seen)
        again.update(last_run=cause.run, last_seen_at=at, times_seen=F("times_seen") + 1)
    history.append(update.entries, at=at)
    if len(update.entries) >= MANY:
        refresh_statistics(TradeBreak, BreakEvent)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return plain(value) if isinstance(value, Decimal) else str(value)
