"""
Give many breaks to teams and people at once, each only if it still is as it was decided on.

Who decides, and by what, is not known here. A break keeps its status: nothing is taken out of the
hands of whoever works on it unless the caller says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import connection, transaction

from breaks.choices import LIVE, EventKind
from breaks.deadlines import DESK_HOURS, rank_of
from breaks.hours import BusinessHours
from breaks.models import Team, TradeBreak
from breaks.services import history
from breaks.services.history import Entry, NewBreak
from breaks.services.lifecycle import carried_over

_READ = (
    "pk", "version", "team_id", "assigned_to_id", "due_at", "rank", "severity", "exposure",
)  # fmt: skip
_TYPES = {
    "team_id": "bigint", "assigned_to_id": "integer", "due_at": "timestamptz", "rank": "integer",
    "version": "integer",
}  # fmt: skip


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


class _Row(NamedTuple):
    pk: int
    version: int
    team_id: int | None
    assigned_to_id: int | None
    due_at: datetime
    rank: int
    severity: str
    exposure: Any


class _Written(NamedTuple):
    pk: int
    read_version: int
    team_id: int | None
    assigned_to_id: int | None
    due_at: datetime
    rank: int
    version: int


@transaction.atomic
def place_breaks(
    *, placements: Sequence[Placement], by: User | None, at: datetime
) -> dict[int, int]:
    """
    Place live breaks, each with an event; return the version each placed break then has, by key.

    Left as it is: a break that is not at the version decided on, has ended, or is there already.
    `by` is None where the system acts; what a person did so can be undone. What was left of a
    clock is left of it in the hours of the new team. Five statements, whatever the number.
    """
    wanted = {one.break_id: one for one in placements}
    locked = (
        TradeBreak.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__among=sorted(wanted), status__in=LIVE)
        .order_by("pk")
    )
    rows = [_Row(*values) for values in locked.values_list(*_READ)]
    teams = Team.objects.in_bulk({row.team_id for row in rows if row.team_id})
    names = dict(
        User.objects.filter(
            pk__in={row.assigned_to_id for row in rows if row.assigned_to_id}
        ).values_list("pk", "username")
    )
    clocks = _Clocks(at)
    writes, entries = [], []
    for row in rows:
        to = wanted[row.pk]
        if row.version == to.version and not _is_there(row, to):
            before = teams[row.team_id] if row.team_id else None
            written = _write_of(row, to, clocks.due(row.due_at, before, to.team))
            writes.append(written)
            entries.append(_entry(row, written, to, before=before, names=names, by=by))
    _update(writes)
    history.append(entries, at=at)
    return {write.pk: write.version for write in writes}


class _Clocks:
    """Deadlines in the hours of another team; breaks of one run share theirs."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._hours: dict[int | None, BusinessHours] = {None: DESK_HOURS}
        self._known: dict[tuple[datetime, int | None, int | None], datetime] = {}

    def due(self, due_at: datetime, before: Team | None, after: Team | None) -> datetime:
        key = (due_at, before and before.pk, after and after.pk)
        if key not in self._known:
            self._known[key] = carried_over(
                due_at, at=self.at, before=self._of(before), after=self._of(after)
            )
        return self._known[key]

    def _of(self, team: Team | None) -> BusinessHours:
        if team is not None and team.pk not in self._hours:
            self._hours[team.pk] = team.hours
        return self._hours[team and team.pk]


def _is_there(row: _Row, to: Placement) -> bool:
    person = to.assigned_to and to.assigned_to.pk
    return (row.team_id, row.assigned_to_id) == (to.team and to.team.pk, person)


def _write_of(row: _Row, to: Placement, due_at: datetime) -> _Written:
    moved = due_at != row.due_at
    return _Written(
        pk=row.pk,
        read_version=row.version,
        team_id=to.team and to.team.pk,
        assigned_to_id=to.assigned_to and to.assigned_to.pk,
        due_at=due_at,
        rank=rank_of(exposure=row.exposure, severity=row.severity, due_at=due_at)
        if moved
        else row.rank,
        version=row.version + 1,
    )


def _entry(
    row: _Row,
    written: _Written,
    to: Placement,
    *,
    before: Team | None,
    names: Mapping[int, str],
    by: User | None,
) -> Entry:
    detail: dict[str, Any] = dict(to.detail)
    kept: dict[str, Any] = {}
    if written.team_id != row.team_id:
        detail["team"] = [before.code if before else None, to.team.code if to.team else None]
        kept["team_id"] = row.team_id
    if written.due_at != row.due_at:
        detail["due_at"] = [row.due_at.isoformat(), written.due_at.isoformat()]
        kept["due_at"] = row.due_at.isoformat()
    if written.assigned_to_id != row.assigned_to_id:
        detail["assigned_to"] = to.assigned_to.get_username() if to.assigned_to else None
        detail["assigned_from"] = names.get(row.assigned_to_id or 0)
        kept["assigned_to_id"] = row.assigned_to_id
    if by is not None:
        detail["before"] = kept
    return Entry(
        trade_break=NewBreak(row.pk, written.version),
        kind=EventKind.ROUTED,
        by=by,
        reason=to.reason,
        detail=detail,
    )


def _update(writes: Sequence[_Written]) -> None:
    """Write rows that are locked; on Postgres in one statement, for each costs a round trip."""
    if not writes:
        return
    table = connection.ops.quote_name(TradeBreak._meta.db_table)  # noqa: SLF001
    if connection.vendor == "postgresql":
        types = {"id": "bigint", "read_version": "integer", **_TYPES}
        arrays = ", ".join(f"%s::{kind}[]" for kind in types.values())
        statement = (
            f"UPDATE {table} SET {', '.join(f'{name} = new.{name}' for name in _TYPES)} "  # noqa: S608
            f"FROM unnest({arrays}) AS new ({', '.join(types)}) "
            f"WHERE {table}.id = new.id AND {table}.version = new.read_version"
        )
        by_name = {
            name: [getattr(one, "pk" if name == "id" else name) for one in writes] for name in types
        }
        with connection.cursor() as cursor:
            cursor.execute(statement, list(by_name.values()))
            count = cursor.rowcount
    else:
        adapt = connection.ops.adapt_datetimefield_value
        statement = (
            f"UPDATE {table} SET {', '.join(f'{name} = %s' for name in _TYPES)} "  # noqa: S608
            "WHERE id = %s AND version = %s"
        )
        rows = [
            [
                *(adapt(one.due_at) if name == "due_at" else getattr(one, name) for name in _TYPES),
                one.pk,
                one.read_version,
            ]
            for one in writes
        ]
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)
            count = cursor.rowcount
    if count != len(writes):
        raise AssertionError("a locked break was written by somebody else")
