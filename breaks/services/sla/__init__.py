"""Edits of policies, calendars and hours, and the due times that follow them."""

from breaks.services.sla.edits import (
    EditRefused,
    edit_calendar,
    edit_hours,
    refresh_calendars,
    retire_policy,
    save_policy,
)
from breaks.services.sla.recalculating import (
    Foreseen,
    carry_out,
    foresee,
    unfinished,
)

__all__ = [
    "EditRefused",
    "Foreseen",
    "carry_out",
    "edit_calendar",
    "edit_hours",
    "foresee",
    "refresh_calendars",
    "retire_policy",
    "save_policy",
    "unfinished",
]
