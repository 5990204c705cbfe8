"""
Edits of policies, calendars and hours: each writes its rows and lets the due times follow.

With `trial` no due time follows: `foresee` looks at what would, and takes the edit back.
"""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from breaks.choices import BreakCategory, BreakType, Severity
from breaks.exchanges import exchange_days
from breaks.models import CalendarDay, ClockChange, HolidayCalendar, SlaPolicy, Team
from breaks.services.acting import check_actor
from breaks.services.lifecycle import WorkRefused
from breaks.services.sla.recalculating import begin, follow

# What a version says; an edit that changes none of it makes no version.
TERMS = (
    "name", "team_id", "category", "break_type",
    *(f"{severity.lower()}_minutes" for severity in Severity),
    "pauses_while_awaiting", "cut_off", "cut_off_timezone",
)  # fmt: skip
_HOURS = ("timezone", "opens_at", "closes_at", "calendar_id")


class EditRefused(WorkRefused):
    """A policy, calendar or team cannot be as it was to become; the sentence says why."""


@transaction.atomic
def save_policy(
    *, policy: SlaPolicy, by: User, at: datetime, trial: bool = False
) -> ClockChange | None:
    """
    Make what a policy says its code's next version, from now on; None if it says nothing new.

    `policy` becomes the new row; the version before stays as it was, retired. Breaks that follow
    the old version follow the new one.

    :raises EditRefused: if the actor may not act, another current policy is for the same breaks,
        a later version exists, or the one for all breaks would no longer be.
    """
    check_actor(by)
    versions = SlaPolicy.objects.filter(code=policy.code)
    # Whoever waits here looks after it: the newest version may have been made meanwhile.
    list(versions.select_for_update())
    before = versions.order_by("-version").first()
    if before is not None:
        if before.is_current and not _differ(before, policy):
            return None
        if policy.pk is None and before.is_current:
            raise EditRefused(f"The code {policy.code} is taken by {before}. Give another.")
        if policy.pk is not None and policy.pk != before.pk:
            raise EditRefused(
                f"{before} was made meanwhile. Look at it, then repeat what is still right."
            )
        if before.is_current and is_for_all(before) and not is_for_all(policy):
            raise EditRefused(
                f"{before.name} is the policy of all breaks that no other is for: it has no team, "
                "category or type. Add a policy of its own for those."
            )
        versions.filter(retired_at=None).update(retired_at=at)
    _check_scope(policy)
    policy.pk = None
    policy._state.adding = True  # noqa: SLF001  a new row of what was read as another
    policy.version = before.version + 1 if before else 1
    policy.made_at, policy.made_by, policy.retired_at = at, by, None
    policy.save()
    change = follow(reason=f"SLA policy {policy}", team_ids=None, by=by, at=at)
    return change if trial else begin(change, at=at)


@transaction.atomic
def retire_policy(*, policy: SlaPolicy, by: User, at: datetime, trial: bool = False) -> ClockChange:
    """
    Let a policy hold no longer; its breaks follow the next that fits.

    :raises EditRefused: if it is the one for all breaks, or is retired already.
    """
    check_actor(by)
    if is_for_all(policy):
        raise EditRefused(f"{policy.name} is the policy of all breaks: edit it instead.")
    if not SlaPolicy.objects.filter(pk=policy.pk, retired_at=None).update(retired_at=at):
        raise EditRefused(f"{policy} is retired already.")
    change = follow(reason=f"SLA policy {policy} retired", team_ids=None, by=by, at=at)
    return change if trial else begin(change, at=at)


@transaction.atomic
def edit_calendar(
    *,
    calendar: HolidayCalendar,
    days: Sequence[CalendarDay] = (),
    removed: Sequence[CalendarDay] = (),
    by: User | None,
    at: datetime,
    trial: bool = False,
) -> ClockChange:
    """
    Save a calendar with days added or changed, and without those removed.

    The days of its exchange are read anew. `by` is None where the schedule does it.

    :raises UnknownExchange: if it names an exchange that there is not.
    """
    if by is not None:
        check_actor(by)
    if calendar.exchange:
        first, last, known = exchange_days(calendar.exchange, today=at.date())
        calendar.exchange_from, calendar.exchange_until = first, last
        calendar.exchange_days = known
    else:
        calendar.exchange_from = calendar.exchange_until = None
        calendar.exchange_days = {}
    calendar.save()
    for day in removed:
        day.delete()
    for day in days:
        day.calendar = calendar
        day.save()
    teams = list(calendar.teams.values_list("pk", flat=True))
    change = follow(reason=f"Calendar {calendar}", team_ids=teams, by=by, at=at)
    return change if trial else begin(change, at=at)


@transaction.atomic
def edit_hours(*, team: Team, by: User, at: datetime, trial: bool = False) -> ClockChange | None:
    """Save a team; if its hours or its calendar are others, due times follow."""
    check_actor(by)
    before = Team.objects.filter(pk=team.pk).values(*_HOURS).first()
    team.save()
    if before is None or before == {name: getattr(team, name) for name in _HOURS}:
        return None
    change = follow(reason=f"Hours of {team}", team_ids=[team.pk], by=by, at=at)
    return change if trial else begin(change, at=at)


def refresh_calendars(*, at: datetime) -> list[ClockChange]:
    """Read the days of every exchange again, and let due times follow where they have changed."""
    changes = []
    for calendar in HolidayCalendar.objects.exclude(exchange="").order_by("pk"):
        _, last, known = exchange_days(calendar.exchange, today=at.date())
        if (last, known) != (calendar.exchange_until, calendar.exchange_days):
            changes.append(edit_calendar(calendar=calendar, by=None, at=at))
    return changes


def is_for_all(policy: SlaPolicy) -> bool:
    return policy.team_id is None and not policy.category and not policy.break_type


def scope_words(policy: SlaPolicy) -> str:
    """Say which breaks a policy is for."""
    if is_for_all(policy):
        return "all breaks that no other policy is for"
    kinds = [
        BreakType(policy.break_type).label if policy.break_type else "",
        BreakCategory(policy.category).label if policy.category else "",
    ]
    named = " and ".join(kind.lower() for kind in kinds if kind)
    breaks = f"{named} breaks" if named else "breaks"
    return f"{breaks} of {policy.team}" if policy.team else breaks


def _differ(before: SlaPolicy, after: SlaPolicy) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in TERMS)


def _check_scope(policy: SlaPolicy) -> None:
    same = SlaPolicy.objects.filter(
        retired_at=None, team=policy.team, category=policy.category, break_type=policy.break_type
    ).exclude(code=policy.code)
    if other := same.first():
        raise EditRefused(
            f"{other} is for {scope_words(other)} already. Edit that one, or narrow this one."
        )
