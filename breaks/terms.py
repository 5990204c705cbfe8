"""Which terms hold for the clock of a break, read once for any number of breaks."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property

from breaks.choices import Severity
from breaks.clocks import Terms
from breaks.deadlines import DESK_HOURS
from breaks.hours import BusinessHours
from breaks.models import SlaPolicy, Team, TradeBreak


class Clocks:
    """
    The current policies and the hours of the teams, as they were when first asked for.

    Three queries in all, and none before something is asked. Both may be given instead of read.
    """

    def __init__(
        self,
        policies: Iterable[SlaPolicy] | None = None,
        hours: Mapping[int | None, BusinessHours] | None = None,
    ) -> None:
        self._known: dict[tuple[int | None, str, str], Terms] = {}
        if policies is not None:
            self._policies = list(policies)
        if hours is not None:
            self._hours = hours

    def hours(self, team_id: int | None) -> BusinessHours:
        """Return the business hours of a team; those of no team are the desk's."""
        return self._hours.get(team_id, DESK_HOURS)

    def terms(self, team_id: int | None, break_type: str, category: str) -> Terms:
        """Return the terms of the most specific policy: team before type before category."""
        key = (team_id, break_type, category)
        if key not in self._known:
            self._known[key] = terms_of(self._policy(*key), self.hours(team_id))
        return self._known[key]

    def of(self, row: TradeBreak) -> Terms:
        return self.terms(row.team_id, row.break_type, row.category)

    def _policy(self, team_id: int | None, break_type: str, category: str) -> SlaPolicy:
        fits = [
            policy
            for policy in self._policies
            if policy.team_id in (None, team_id)
            and policy.break_type in ("", break_type)
            and policy.category in ("", category)
        ]
        # Without a single policy the standard clocks hold.
        return max(fits, key=_how_specific, default=SlaPolicy())

    @cached_property
    def _policies(self) -> list[SlaPolicy]:
        return list(SlaPolicy.objects.filter(retired_at=None))

    @cached_property
    def _hours(self) -> Mapping[int | None, BusinessHours]:
        teams = Team.objects.select_related("calendar").prefetch_related("calendar__days")
        return {team.pk: team.hours for team in teams}


def terms_of(policy: SlaPolicy, hours: BusinessHours) -> Terms:
    """Return what a version of a policy means in a team's hours."""
    return Terms(
        policy_id=policy.pk,
        hours=hours,
        lengths={severity: timedelta(minutes=policy.minutes(severity)) for severity in Severity},
        pauses=policy.pauses_while_awaiting,
        cut_off=policy.cut_off,
        cut_off_zone=policy.cut_off_timezone,
    )


def business_age_hours(row: TradeBreak, terms: Clocks, *, now: datetime) -> float:
    """Return the hours for which a break has been open, in business time, to the hundredth."""
    worked = terms.hours(row.team_id).between(row.opened_at, row.resolved_at or now)
    return round(worked / timedelta(hours=1), 2)


def _how_specific(policy: SlaPolicy) -> tuple[bool, bool, bool]:
    return policy.team_id is not None, bool(policy.break_type), bool(policy.category)
