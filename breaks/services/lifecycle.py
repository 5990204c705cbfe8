"""The one place where a break's status changes; what may follow what is `transitions.ALLOWED`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from breaks import clocks
from breaks.choices import BY_ITSELF, LIVE, BreakStatus, ReasonCode
from breaks.deadlines import rank_of
from breaks.models import Team, TradeBreak
from breaks.models.trade_break import ENDED
from breaks.terms import Clocks
from breaks.transitions import ALLOWED, is_allowed

EVERY_TEAM = "breaks.view_every_team"
# What an act may change besides the status: the event keeps what it was, to be put back.
MOMENTS = ("due_at", "resolved_at", "clock_from", "paused_at")
KEPT = (
    "assigned_to_id", "team_id", "resolved_by_id", "reason_code", "sla_policy_id",
    "clock_spent_us", *MOMENTS,
)  # fmt: skip


class WorkRefused(Exception):
    """What was asked of a break cannot be done; the sentence says why and what to do."""


class TransitionNotAllowed(WorkRefused):
    """The lifecycle has no arrow from the break's status to the one asked for."""


def move(
    trade_break: TradeBreak,
    to: BreakStatus,
    *,
    at: datetime,
    by: User | None,
    reason_code: ReasonCode | None = None,
    terms: Clocks | None = None,
) -> BreakStatus:
    """
    Set the status of a row in memory, with all that belongs to it; return the one it had.

    Ending takes a reason code and, unless the break ended by itself, a person. Re-opening
    starts the clock anew; awaiting the counterparty stops it where the policy says so, until the
    break is no longer awaiting. A caller that moves many gives the `terms` of all.

    :raises TransitionNotAllowed: if `transitions.ALLOWED` has no such arrow.
    """
    before = check_arrow(trade_break, to)
    ending = to in ENDED
    itself = reason_code in BY_ITSELF
    trade_break.status = to
    trade_break.resolved_at = at if ending else None
    trade_break.resolved_by = by if ending and not itself else None
    trade_break.reason_code = reason_code if ending and reason_code else ""
    _keep_time(trade_break, before, terms or Clocks(), at)
    return before


def _keep_time(row: TradeBreak, before: BreakStatus, terms: Clocks, at: datetime) -> None:
    """Start, stop or restart the clock of a row that has just changed its status."""
    if before in ENDED and row.status not in ENDED:
        clocks.start(row, terms.of(row), at=at)
        place(row)
    elif row.status == BreakStatus.AWAITING_COUNTERPARTY:
        clocks.pause(row, terms.of(row), at=at)
    elif row.paused_at is not None:
        clocks.resume(row, terms.of(row), at=at)
        place(row)


def check_arrow(row: TradeBreak, to: BreakStatus) -> BreakStatus:
    """
    Refuse a status that does not follow on the one a break has; return the one it has.

    :raises TransitionNotAllowed: if `transitions.ALLOWED` has no such arrow.
    """
    now = BreakStatus(row.status)
    if not is_allowed(now, to):
        raise TransitionNotAllowed(_sentence(row, now, to))
    return now


def check_live(row: TradeBreak, done: str) -> None:
    """
    Refuse what is done to live breaks only; `done` is the participle, as in ``assigned``.

    :raises TransitionNotAllowed: if it has ended.
    """
    if row.status not in LIVE:
        label = BreakStatus(row.status).label.lower()
        raise TransitionNotAllowed(
            f"Break {row.pk} is {label} and cannot be {done}. Re-open it first."
        )


def check_ended(row: TradeBreak) -> None:
    """
    Refuse to re-open what has not ended.

    :raises TransitionNotAllowed: if it is live.
    """
    if row.status not in ENDED:
        label = BreakStatus(row.status).label.lower()
        raise TransitionNotAllowed(
            f"Break {row.pk} is {label}: only a resolved or accepted one is re-opened."
        )


def check_free(row: TradeBreak) -> None:
    """
    Refuse to take a break from under somebody's hands.

    :raises WorkRefused: if somebody is working on it.
    """
    if row.status == BreakStatus.IN_PROGRESS and row.assigned_to is not None:
        raise WorkRefused(
            f"{row.assigned_to} is working on break {row.pk}. Ask for it to be assigned to you."
        )


def is_of(team: Team | None, person: User) -> bool:
    """Tell whether a person sees the breaks of a team; at most one query."""
    if team is None or person.has_perm(EVERY_TEAM):
        return True
    return team.members.filter(pk=person.pk).exists()


def check_sees(
    row: TradeBreak, person: User, *, is_of: Callable[[Team | None, User], bool] = is_of
) -> None:
    """
    Refuse to give a break to somebody who sees it only because it was given to them.

    :raises WorkRefused: if the person is not of the break's team, and may not see every team.
    """
    if not is_of(row.team, person):
        raise WorkRefused(
            f"{person} is not of {row.team}, which works break {row.pk}: assign it to somebody "
            "of that team, or route it first."
        )


def kept_of(trade_break: TradeBreak) -> dict[str, Any]:
    """Return what an act may change besides the status, as JSON."""
    kept = {name: getattr(trade_break, name) for name in KEPT}
    return kept | {name: kept[name] and kept[name].isoformat() for name in MOMENTS}


def put_back(trade_break: TradeBreak, to: BreakStatus, kept: Mapping[str, Any]) -> BreakStatus:
    """
    Set the status of a row in memory back to what it was before an act; return the one it had.

    The arrow was allowed the other way. `kept` are those of `kept_of` that the act changed.

    :raises TransitionNotAllowed: if no act leads from `to` to the status the break has.
    """
    before = BreakStatus(trade_break.status)
    if to != before and not is_allowed(to, before):
        raise TransitionNotAllowed(
            f"Break {trade_break.pk} is {before.label.lower()}, which does not follow on "
            f"{to.label.lower()}: there is nothing to put back."
        )
    trade_break.status = to
    for name, value in kept.items():
        moment = datetime.fromisoformat(value) if name in MOMENTS and value else value
        setattr(trade_break, name, moment)
    if "due_at" in kept:
        place(trade_break)
    return before


def place(trade_break: TradeBreak) -> None:
    """Set a break's place in the queue to what its exposure and deadline make of it."""
    trade_break.rank = rank_of(
        exposure=trade_break.exposure, severity=trade_break.severity, due_at=trade_break.due_at
    )


def _sentence(trade_break: TradeBreak, before: BreakStatus, to: BreakStatus) -> str:
    named = f"Break {trade_break.pk} is {before.label.lower()}"
    if before == to:
        return f"{named} already; nothing is left to do."
    after = [status.label.lower() for status in BreakStatus if status in ALLOWED[before]]
    sentence = f"{named} and cannot become {to.label.lower()}, only {' or '.join(after)}."
    return f"{sentence} Re-open it first." if before in ENDED else sentence
