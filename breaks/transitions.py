"""The lifecycle of a break: which status may follow which. Pure data; one service applies it."""

from breaks.choices import BreakStatus as S

_ENDS = frozenset({S.RESOLVED, S.ACCEPTED})

ALLOWED: dict[S, frozenset[S]] = {
    S.OPEN: frozenset({S.IN_PROGRESS, S.AWAITING_COUNTERPARTY, S.ESCALATED}) | _ENDS,
    S.IN_PROGRESS: frozenset({S.OPEN, S.AWAITING_COUNTERPARTY, S.ESCALATED}) | _ENDS,
    S.AWAITING_COUNTERPARTY: frozenset({S.OPEN, S.IN_PROGRESS, S.ESCALATED}) | _ENDS,
    S.ESCALATED: frozenset({S.OPEN, S.IN_PROGRESS, S.AWAITING_COUNTERPARTY}) | _ENDS,
    S.RESOLVED: frozenset({S.OPEN}),
    S.ACCEPTED: frozenset({S.OPEN, S.RESOLVED}),
}


def is_allowed(from_status: S, to_status: S) -> bool:
    """Tell whether a break in `from_status` may become `to_status`."""
    return to_status in ALLOWED[from_status]
