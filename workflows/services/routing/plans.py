"""What routing would do to one break as it is: nothing, or a place and the reason for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User

from breaks.choices import BreakStatus
from breaks.models import Team
from breaks.services.placing import Placement
from workflows.choices import RoutingOutcome
from workflows.models import Routing
from workflows.routing import Decision, Facts, Rule, decide, fit_words
from workflows.services.routing.cases import Case
from workflows.services.routing.people import Choice, People

NOBODY = Choice(None, "")
LONGEST_WHY = Routing._meta.get_field("why").max_length or 0  # noqa: SLF001


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    What becomes of a break: where it goes (None leaves it where it is) and what is kept of it.

    `given` is the person who has one break more by it, `taken` the one who has one less.
    """

    key: int
    is_new: bool
    rule: Rule | None
    outcome: RoutingOutcome
    team_id: int | None
    person_id: int | None
    severity: str
    exposure: Decimal | None
    why: str
    placement: Placement | None
    given: int | None = None
    taken: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rules send a break by itself, whoever has it now."""

    decision: Decision
    outcome: RoutingOutcome
    team: Team | None
    choice: Choice
    why: str


class Planner:
    """Plans one break after the other, each with what the ones before it handed out."""

    def __init__(self, rules: Sequence[Rule], people: People, *, asked: bool = False) -> None:
        """`asked` is a person's wish: it overrules what was placed by hand."""
        self.rules, self.people, self.asked = rules, people, asked
        self._handed: list[tuple[int | None, int | None]] = []

    def plan(self, case: Case) -> Plan | None:
        """Return what becomes of a break, or None where nothing is to be done or kept."""
        if _is_by_hand(case) and not self.asked and not _is_other_severity(case):
            return _left(case)
        holder = self.people.person(case.assigned_to_id)
        target = self._target(case.facts, lambda rule: self._choice(case, rule, holder))
        return self._plan(case, target, holder)

    def look(self, facts: Facts) -> Target:
        """Say where the rules send a break that nobody has; nothing is handed out by it."""
        return self._target(facts, lambda rule: self.people.choose(rule, facts))

    def take_back(self) -> None:
        """Forget what was handed out: it was not written."""
        for given, taken in self._handed:
            self.people.hand(given=taken, taken=given)
        self._handed = []

    def _target(self, facts: Facts, choose: Callable[[Rule], Choice]) -> Target:
        decision = decide(self.rules, facts)
        rule, team, choice = decision.rule, None, NOBODY
        outcome = RoutingOutcome.NO_RULE
        if rule is not None:
            outcome = RoutingOutcome.TEAM_IS_EMPTY
            if self.people.members(rule.team_id):
                team, choice = self.people.teams[rule.team_id], choose(rule)
                waits = RoutingOutcome.WAITS_FOR_SHIFT
                outcome = waits if choice.waits else RoutingOutcome.ROUTED
        return Target(decision, outcome, team, choice, why_of(rule, facts, choice.why, outcome))

    def _choice(self, case: Case, rule: Rule, holder: User | None) -> Choice:
        """Leave a break to whoever works on it, or has it already in that team."""
        if holder is not None:
            if case.status != BreakStatus.OPEN:
                return Choice(holder, f"{holder.get_username()} works on it and keeps it")
            if case.team_id == rule.team_id and holder.pk in self.people.members(rule.team_id):
                return Choice(holder, f"{holder.get_username()} keeps it")
        return self.people.choose(rule, case.facts)

    def _plan(self, case: Case, target: Target, holder: User | None) -> Plan | None:
        rule, team = target.decision.rule, target.team
        # Where no team takes it, whoever has it keeps it.
        person = target.choice.person if team else holder
        team_id, person_id = team.id if team else None, person.id if person else None
        moves = (team_id, person_id) != (case.team_id, case.assigned_to_id)
        given = taken = None
        if person_id != case.assigned_to_id:
            given, taken = person_id, case.assigned_to_id
            self.people.hand(given=given, taken=taken)
            self._handed.append((given, taken))
        # Of an empty team: it is looked at again once somebody is in it.
        kept_team = rule.team_id if rule else None
        known = (case.routed_by, case.outcome, case.routed_team_id, case.routed_person_id,
                 case.routed_severity, case.routed_exposure)  # fmt: skip
        now = (
            rule and rule.key, target.outcome, kept_team, person_id, case.severity, case.exposure,
        )  # fmt: skip
        if not moves and known == now:
            return None
        placement = Placement(
            break_id=case.pk,
            version=case.version,
            team=team,
            assigned_to=person,
            reason=target.why,
            detail={"rule": rule.name if rule else None},
        )
        return Plan(
            key=case.pk,
            is_new=case.outcome is None,
            rule=rule,
            outcome=target.outcome,
            team_id=kept_team,
            person_id=person_id,
            severity=case.severity,
            exposure=case.exposure,
            why=target.why,
            placement=placement if moves else None,
            given=given,
            taken=taken,
        )


def why_of(rule: Rule | None, facts: Facts, choice: str, outcome: RoutingOutcome) -> str:
    """Say in one line why a break is where it is."""
    if rule is None:
        return "No rule fits: it is everybody's."
    said = f"{rule.name}: {fit_words(rule, facts)}"
    if outcome == RoutingOutcome.TEAM_IS_EMPTY:
        choice = f"nobody is in {rule.team} yet, so it stays everybody's"
    text = f"{said}; {choice}." if choice else f"{said}."
    return text if len(text) <= LONGEST_WHY else f"{text[: LONGEST_WHY - 1]}…"


def _is_by_hand(case: Case) -> bool:
    """Tell whether a person placed the break where it is, or took it."""
    if case.outcome is None:
        return case.team_id is not None or case.assigned_to_id is not None
    if case.outcome == RoutingOutcome.BY_HAND:
        return True
    empty = case.outcome == RoutingOutcome.TEAM_IS_EMPTY
    placed = (None if empty else case.routed_team_id, case.routed_person_id)
    return placed != (case.team_id, case.assigned_to_id)


def _is_other_severity(case: Case) -> bool:
    return case.routed_severity is not None and case.routed_severity != case.severity


def _left(case: Case) -> Plan | None:
    """Keep that a person placed it, and of what severity it then was."""
    known = (case.outcome, case.routed_severity, case.routed_exposure)
    if known == (RoutingOutcome.BY_HAND, case.severity, case.exposure):
        return None
    return Plan(
        key=case.pk, is_new=case.outcome is None, rule=None, outcome=RoutingOutcome.BY_HAND,
        team_id=case.team_id, person_id=case.assigned_to_id, severity=case.severity,
        exposure=case.exposure, why="A person placed it; the rules leave it there.",
        placement=None,
    )  # fmt: skip
