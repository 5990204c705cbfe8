"""A break in the few words of a notice, for those who may see it."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.urls import reverse

from breaks.choices import BreakType, Severity
from breaks.models import TradeBreak

# What of a break these words are made of.
SAID_OF = (
    "break_type", "severity", "exposure", "currency", "trade_date", "due_at", "reconciliation",
)  # fmt: skip
EVERY_TEAM = "breaks.view_every_team"
HIDDEN = (
    "It is in the queue of a team whose breaks you do not see. Ask an administrator for the team, "
    "or a supervisor to look at it."
)


def sees(person: User, row: TradeBreak) -> bool:
    """Tell what `visible_to` would of one break, of a person whose teams are prefetched."""
    if row.team_id is None or row.assigned_to_id == person.pk or person.has_perm(EVERY_TEAM):
        return True
    return any(team.pk == row.team_id for team in person.teams.all())


def subject_of(row: TradeBreak) -> str:
    """Name a break in a line: what differs, how bad it is, what is at risk."""
    kind = BreakType(row.break_type).label.lower()
    if row.break_type == BreakType.MISSING_LEFT:
        kind = f"missing at {row.reconciliation.left_source.name}"
    if row.break_type == BreakType.MISSING_RIGHT:
        kind = f"missing at {row.reconciliation.right_source.name}"
    stake = f", {_stake(row)}" if row.exposure is not None else ""
    return f"{Severity(row.severity).label.lower()} break {row.pk}, {kind}{stake}"


def about(row: TradeBreak, *, by: User | None = None, reason: str = "") -> str:
    """Say what a notice says of a break beneath its subject."""
    between = row.reconciliation
    lines = [
        f"{between.left_source.name} against {between.right_source.name}, {row.trade_date}.",
        f"Exposure {_stake(row)}. Due {when(row.due_at)}.",
    ]
    if by is not None or reason:
        lines.append(f"{by or 'The system'}{f': {reason}' if reason else '.'}")
    return "\n".join(lines)


def link_to(row: TradeBreak) -> str:
    return links_to([row.pk])[row.pk]


def links_to(break_ids: Iterable[int]) -> dict[int, str]:
    """Return the page of each break; the way there is looked up once for all of them."""
    way, end = reverse("admin:breaks_tradebreak_change", args=[0]).rsplit("0", 1)
    return {key: f"{way}{key}{end}" for key in break_ids}


def when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _stake(row: TradeBreak) -> str:
    return "unknown" if row.exposure is None else f"{row.exposure:,.2f} {row.currency}".strip()
