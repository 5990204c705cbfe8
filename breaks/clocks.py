"""
The clock of a break, as a stopwatch over business time.

A row keeps since when its clock runs (`clock_from`), the business time that had run before
(`clock_spent_us`) and, while it stands, since when (`paused_at`). All these functions set rows in
memory, from the `Terms` that hold for them, and leave a due time that `Terms.due` gives again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from breaks.choices import BreakStatus
from breaks.hours import BusinessHours

if TYPE_CHECKING:
    from breaks.models import TradeBreak

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What holds for the clock of a break: a version of a policy, in the hours of its team."""

    policy_id: int | None
    hours: BusinessHours
    lengths: Mapping[str, timedelta]
    pauses: bool = False
    cut_off: time | None = None
    cut_off_zone: str = ""

    def due(self, severity: str, since: datetime, spent: timedelta = timedelta()) -> datetime:
        """
        Return when a break is due whose clock runs since `since` and had run for `spent` before.

        One whose time had run out already was due by then.
        """
        left = self.lengths[severity] - spent
        if left <= timedelta():
            return since
        due = self.hours.after(since, left)
        if self.cut_off is None:
            return due
        return min(due, self.hours.cut_off(since, self.cut_off, self.cut_off_zone))


def start(row: "TradeBreak", terms: Terms, *, at: datetime) -> None:
    """Start the clock of a break anew."""
    row.clock_from, row.paused_at = at, None
    _set(row, terms, timedelta())


def pause(row: "TradeBreak", terms: Terms, *, at: datetime) -> None:
    """Stop the clock of a break that awaits its counterparty, if the policy says so."""
    if terms.pauses and row.paused_at is None:
        row.paused_at = at


def resume(row: "TradeBreak", terms: Terms, *, at: datetime) -> None:
    """
    Let a clock run on: the due time moves on by the business time for which it stood.

    A break that was late when it was paused stays as late as it was, and no later. The cut-off
    is the next one from now.
    """
    if row.paused_at is None:
        return
    stood = terms.hours.between(row.paused_at, at)
    was_late = row.due_at <= row.paused_at
    spent = _bank(row, terms, at=at)
    row.paused_at = None
    if not was_late:
        row.clock_from = at
    elif stood:
        row.clock_from = terms.hours.after(row.due_at, stood)
    _set(row, terms, spent)


def hand_over(row: "TradeBreak", before: Terms, after: Terms, *, at: datetime) -> None:
    """
    Go on under other terms, in another team: the time that has run has run, in the old hours.

    A late break keeps its due time, unless its clock is longer now.
    """
    if before == after:
        return
    _set(row, after, _bank(row, before, at=at))
    _keep_to(row, after, at=at)


def worsen(row: "TradeBreak", terms: Terms, before: str, *, at: datetime) -> None:
    """
    Go on with the severity the row has now: it has what was left, and no more than its own clock.

    `before` is the severity it had. That it was made out worse before moves no due time.
    """
    late = is_late(row, at=at)
    left = terms.lengths[before] - _bank(row, terms, at=at, severity=before)
    own = terms.lengths[row.severity]
    _set(row, terms, own if late else own - min(max(left, timedelta()), own))


def recalculate(row: "TradeBreak", terms: Terms, *, at: datetime) -> None:
    """Make the due time what it would be had these terms held since the clock began to run."""
    _set(row, terms, spent_of(row))
    _keep_to(row, terms, at=at)


def is_late(row: "TradeBreak", *, at: datetime) -> bool:
    """Tell whether a live break is past its due time; while its clock stands, whether it was."""
    return row.due_at <= (row.paused_at or at)


def spent_of(row: "TradeBreak") -> timedelta:
    return row.clock_spent_us * MICROSECOND


def _bank(
    row: "TradeBreak", terms: Terms, *, at: datetime, severity: str | None = None
) -> timedelta:
    """Count the time that has run as spent and return it; the clock then runs from its end."""
    if is_late(row, at=at):
        row.clock_from = row.due_at
        return terms.lengths[severity or row.severity]
    until = max(row.paused_at or at, row.clock_from)
    spent = spent_of(row) + terms.hours.between(row.clock_from, until)
    row.clock_from = until
    return spent


def _set(row: "TradeBreak", terms: Terms, spent: timedelta) -> None:
    row.clock_spent_us = spent // MICROSECOND
    row.sla_policy_id = terms.policy_id
    row.due_at = terms.due(row.severity, row.clock_from, spent)


def _keep_to(row: "TradeBreak", terms: Terms, *, at: datetime) -> None:
    """Pause or resume what the terms now say should be."""
    if row.status == BreakStatus.AWAITING_COUNTERPARTY:
        pause(row, terms, at=at)
    if not terms.pauses:
        resume(row, terms, at=at)
