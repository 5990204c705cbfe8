"""
Give many breaks to teams and people at once, each only if it still is as it was decided on.

Who decides, and by what, is not known here. A break keeps its status: nothing is taken out of the
hands of whoever works on it unless the caller says so.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from breaks import clocks
from breaks.choices import LIVE, EventKind
from breaks.clocks import Terms
from breaks.deadlines import rank_of
from breaks.models import Team, TradeBreak
from breaks.services import history
from breaks.services.history import Entry, NewBreak
from breaks.terms import Clocks

# What a placement may change, and the column types of it.
_CHANGED = {
    "team_id": "bigint", "assigned_to_id": "integer", "sla_policy_id": "bigint",
    "clock_from": "timestamptz", "clock_spent_us": "bigint", "paused_at": "timestamptz",
    "due_at": "timestamptz", "rank": "integer", "version": "integer",
}  # fmt: skip
_CLOCK = ("sla_policy_id", "clock_from", "clock_spent_us", "paused_at", "due_at")
_MOMENTS = frozenset({"clock_from", "paused_at", "due_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """
    Where one break goes: a team (None is everybody) and a person (None is nobody).

    `version` is the one that was decided on. `reason` and `detail` go into the history.
    """

    break_id: int
    version: int
    team: Team | None
    assigned_to: User | None
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Row:
    """A break as far as a placement knows it: a model object costs several times as much."""

    pk: int
    status: str
    severity: str
    break_type: str
    category: str
    exposure: Any
    team_id: int | None
    assigned_to_id: int | None
    sla_policy_id: int | None
    clock_from: datetime
    clock_spent_us: int
    paused_at: datetime | None
    due_at: datetime
    rank: int
    version: int


_READ = tuple(one.name for one in fields(_Row))


@transaction.atomic
def place_breaks(
    *, placements: Sequence[Placement], by: User | None, at: datetime
) -> dict[int, int]:
    """
    Place live breaks, each with an event; return the version each placed break then has, by key.

    Left as it is: a break that is not at the version decided on, has ended, or is there already.
    `by` is None where the system acts; what a person did so can be undone. What a clock has run it
    has run; the rest runs by the terms of the new team. A fixed number of statements.
    """
    wanted = {one.break_id: one for one in placements}
    locked = (
        TradeBreak.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__among=sorted(wanted), status__in=LIVE)
        .order_by("pk")
    )
    rows = [_Row(*values) for values in locked.values_list(*_READ)]
    known = _Known(at, rows)
    writes: list[tuple[_Row, _Row]] = []
    entries = []
    for before in rows:
        to = wanted[before.pk]
        if before.version == to.version and not _is_there(before, to):
            row = copy(before)
            _place(row, to, known)
            writes.append((before, row))
            entries.append(_entry(before, row, to, by=by, known=known))
    _update(writes)
    history.append(entries, at=at)
    return {row.pk: row.version for _, row in writes}


class _Known:
    """The teams and people that breaks come from, and their clocks; breaks of one run share one."""

    def __init__(self, at: datetime, rows: Sequence[_Row]) -> None:
        self.at, self.terms = at, Clocks()
        self.codes = dict(Team.objects.values_list("pk", "code"))
        holders = {row.assigned_to_id for row in rows if row.assigned_to_id}
        self.names = dict(User.objects.filter(pk__in=holders).values_list("pk", "username"))
        self._handed: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._same: dict[tuple[int, int], bool] = {}

    def hand_over(self, row: _Row, before: Terms, after: Terms) -> None:
        """Let the clock of a row go on under the terms of its new team."""
        if self._are_same(before, after):
            return
        clock = tuple(getattr(row, name) for name in _CLOCK)
        key = (row.status, row.severity, id(before), id(after), clock)
        if key not in self._handed:
            clocks.hand_over(row, before, after, at=self.at)  # type: ignore[arg-type]
            self._handed[key] = {name: getattr(row, name) for name in _CLOCK}
        for name, value in self._handed[key].items():
            setattr(row, name, value)

    def _are_same(self, before: Terms, after: Terms) -> bool:
        """Compare terms once: they hold every holiday of a calendar."""
        key = (id(before), id(after))
        if key not in self._same:
            self._same[key] = before == after
        return self._same[key]


def _place(row: _Row, to: Placement, known: _Known) -> None:
    old = known.terms.of(row)  # type: ignore[arg-type]
    row.team_id = to.team.id if to.team else None
    row.assigned_to_id = to.assigned_to.id if to.assigned_to else None
    known.hand_over(row, old, known.terms.of(row))  # type: ignore[arg-type]
    row.rank = rank_of(exposure=row.exposure, severity=row.severity, due_at=row.due_at)
    row.version += 1


def _is_there(row: _Row, to: Placement) -> bool:
    person = to.assigned_to.id if to.assigned_to else None
    return (row.team_id, row.assigned_to_id) == (to.team.id if to.team else None, person)


def _entry(before: _Row, row: _Row, to: Placement, *, by: User | None, known: _Known) -> Entry:
    detail: dict[str, Any] = dict(to.detail)
    if row.team_id != before.team_id:
        detail["team"] = [_of(known.codes, before.team_id), _of(known.codes, row.team_id)]
    if row.due_at != before.due_at:
        detail["due_at"] = [_plain(before.due_at), _plain(row.due_at)]
    if row.assigned_to_id != before.assigned_to_id:
        detail["assigned_to"] = to.assigned_to.get_username() if to.assigned_to else None
        detail["assigned_from"] = _of(known.names, before.assigned_to_id)
    if by is not None:
        names = [name for name in _CHANGED if name not in ("rank", "version")]
        detail["before"] = {
            name: _plain(getattr(before, name))
            for name in names
            if getattr(before, name) != getattr(row, name)
        }
    return Entry(
        trade_break=NewBreak(row.pk, row.version),
        kind=EventKind.ROUTED,
        by=by,
        reason=to.reason,
        detail=detail,
    )


def _of(names: Mapping[int, str], key: int | None) -> str | None:
    return None if key is None else names.get(key)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _update(writes: Sequence[tuple[_Row, _Row]]) -> None:
    """
    Write what has changed of rows that are locked.

    :raises RuntimeError: if one of them was written nevertheless.
    """
    if not writes:
        return
    names = [
        name
        for name in _CHANGED
        if any(getattr(before, name) != getattr(row, name) for before, row in writes)
    ]
    rows = [row for _, row in writes]
    write = _update_at_once if connection.vendor == "postgresql" else _update_each
    if write(rows, names) != len(rows):
        raise RuntimeError("A break was written by somebody else while it was held.")


def _update_at_once(rows: Sequence[_Row], names: Sequence[str]) -> int:
    """Write all in one statement: on Postgres each would cost a round trip."""
    table = connection.ops.quote_name(TradeBreak._meta.db_table)  # noqa: SLF001
    arrays = ", ".join(f"%s::{kind}[]" for kind in ("bigint", *(_CHANGED[one] for one in names)))
    statement = (
        f"UPDATE {table} SET {', '.join(f'{name} = new.{name}' for name in names)} "  # noqa: S608
        f"FROM unnest({arrays}) AS new (id, {', '.join(names)}) "
        f"WHERE {table}.id = new.id AND {table}.version = new.version - 1"
    )
    columns = [[getattr(row, name) for row in rows] for name in ("pk", *names)]
    with connection.cursor() as cursor:
        cursor.execute(statement, columns)
        return int(cursor.rowcount)


def _update_each(rows: Sequence[_Row], names: Sequence[str]) -> int:
    table = connection.ops.quote_name(TradeBreak._meta.db_table)  # noqa: SLF001
    statement = (
        f"UPDATE {table} SET {', '.join(f'{name} = %s' for name in names)} "  # noqa: S608
        "WHERE id = %s AND version = %s"
    )
    adapt = connection.ops.adapt_datetimefield_value
    values = [
        [
            *(
                adapt(getattr(row, name)) if name in _MOMENTS else getattr(row, name)
                for name in names
            ),
            row.pk,
            row.version - 1,
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)
        return int(cursor.rowcount)
