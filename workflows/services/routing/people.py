"""Who of a team gets a break: those on shift, of them those who know it, of them the least busy."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import Count

from breaks.hours import BusinessHours, NeverOpen
from breaks.models import Team, TradeBreak
from workflows.choices import ChosenBy
from workflows.models import Absence, WorkPattern
from workflows.routing import Facts, Rule

WORK = "breaks.work_tradebreak"
_BY_GROUPS = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class Choice:
    """Who gets a break, or None, and why; `waits` says that somebody comes on shift later."""

    person: User | None
    why: str
    waits: bool = False


class People:
    """
    The teams' members at one moment: who works now, what they know, how much each has to do.

    Five queries when it is made and none after. `hand` keeps count of what is handed out, so that
    a batch is shared out fairly; of equals the first by name comes first.
    """

    def __init__(self, *, at: datetime) -> None:
        self.at = at
        self.teams: dict[int, Team] = {
            team.pk: team
            for team in Team.objects.select_related("calendar").prefetch_related("calendar__days")
        }
        self._members: dict[int, dict[int, User]] = defaultdict(dict)
        self._patterns: dict[tuple[int, int], WorkPattern] = {
            (one.team_id, one.user_id): one for one in WorkPattern.objects.all()
        }
        workers = get_user_model().objects.with_perm(WORK, backend=_BY_GROUPS)
        memberships = Team.members.through.objects.filter(user__in=workers).select_related("user")
        for one in memberships.order_by("user__username"):
            self._members[one.team_id][one.user_id] = one.user
        self._known = {
            key: person for members in self._members.values() for key, person in members.items()
        }
        self._away = self._read_absences()
        self._open_breaks: dict[int, int] = defaultdict(int, self._read_loads())
        self._on_shift: dict[int, list[User]] = {}
        self._skilled: dict[tuple[int, Facts], list[User]] = {}

    def members(self, team_id: int) -> dict[int, User]:
        """Return the members of a team who may work, by key."""
        return self._members.get(team_id, {})

    def meet(self, user_ids: Iterable[int]) -> None:
        """Learn who these people are, of any team or none; one query if one of them is new."""
        if strangers := set(user_ids) - self._known.keys():
            self._known |= get_user_model().objects.in_bulk(strangers)

    def person(self, user_id: int | None) -> User | None:
        """Return somebody who is a member of a team or whom `meet` was told of."""
        return None if user_id is None else self._known[user_id]

    def on_shift(self, team_id: int) -> list[User]:
        """Return the members of a team who work at this moment, by name."""
        if team_id not in self._on_shift:
            hours = self.teams[team_id].hours
            self._on_shift[team_id] = [
                person
                for key, person in self.members(team_id).items()
                if self._works(self._patterns.get((team_id, key)), hours, key)
            ]
        return self._on_shift[team_id]

    def choose(self, rule: Rule, facts: Facts) -> Choice:
        """Say who of the rule's team gets a break; nothing is handed out yet."""
        if rule.chosen_by == ChosenBy.CLAIMING:
            return Choice(None, "left for claiming")
        there = self.on_shift(rule.team_id)
        if not there:
            return Choice(None, f"nobody of {rule.team} is on shift", waits=True)
        able, among = there, f"{len(there)} on shift"
        if rule.chosen_by == ChosenBy.SKILL:
            skilled = self._skilled_in(rule.team_id, there, facts)
            able = skilled or there
            among += f", {len(skilled)} with the skill" if skilled else ", none with the skill"
        person = min(able, key=lambda one: self._open_breaks[one.id])
        count = self._open_breaks[person.id]
        return Choice(person, f"to {person.get_username()}, {count:,} open, of {among}")

    def hand(self, *, given: int | None, taken: int | None) -> None:
        """Count a break that one person was given and another has no more."""
        if given is not None:
            self._open_breaks[given] += 1
        if taken is not None:
            self._open_breaks[taken] -= 1

    def _skilled_in(self, team_id: int, there: list[User], facts: Facts) -> list[User]:
        key = (team_id, replace(facts, severities=frozenset(), exposure=None))
        if key not in self._skilled:
            self._skilled[key] = [
                one for one in there if _knows(self._patterns.get((team_id, one.pk)), facts)
            ]
        return self._skilled[key]

    def _works(self, pattern: WorkPattern | None, hours: BusinessHours, person_id: int) -> bool:
        today = self.at.astimezone(ZoneInfo(hours.zone)).date()
        if any(first <= today <= last for first, last in self._away[person_id]):
            return False
        return is_open(_hours_of(pattern, hours) if pattern else hours, self.at)

    def _read_absences(self) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        # A day to either side: it may be another day at the team's place.
        near = Absence.objects.filter(
            first_date__lte=self.at.date() + timedelta(days=1),
            last_date__gte=self.at.date() - timedelta(days=1),
        )
        for user_id, *days in near.values_list("user_id", "first_date", "last_date"):
            found[user_id].append(days)
        return found

    def _read_loads(self) -> dict[int, int]:
        given = TradeBreak.objects.live().filter(assigned_to__in=list(self._known)).order_by()
        return dict(given.values_list("assigned_to").annotate(count=Count("pk")))


def is_open(hours: BusinessHours, at: datetime) -> bool:
    """Tell whether a moment lies within business hours."""
    try:
        return bool(hours.between(at, at + timedelta(seconds=1)))
    except NeverOpen:
        return False


def _hours_of(pattern: WorkPattern, hours: BusinessHours) -> BusinessHours:
    return replace(
        hours,
        opens=pattern.starts_at or hours.opens,
        closes=pattern.ends_at or hours.closes,
        weekdays=frozenset(pattern.weekdays) or hours.weekdays,
    )


def _knows(pattern: WorkPattern | None, facts: Facts) -> bool:
    """Tell whether somebody has the skill: of what they name, each covers the break."""
    if pattern is None or not (pattern.skill_types or pattern.skill_asset_classes):
        return False
    pairs = (
        (pattern.skill_types, facts.types),
        (pattern.skill_asset_classes, facts.asset_classes),
    )
    return all(not named or not facts_has.isdisjoint(named) for named, facts_has in pairs)
