"""Route breaks, in chunks that are each one commit: killed anywhere, the next call goes on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from breaks.models import TradeBreak
from breaks.services.acting import StaleBreak, check_actor
from breaks.services.lifecycle import check_live
from breaks.services.placing import place_breaks
from matching.models import ReconciliationRun
from workflows.choices import RoutingOutcome
from workflows.routing import Rule
from workflows.services.routing.cases import Case, read_cases
from workflows.services.routing.people import People
from workflows.services.routing.plans import Plan, Planner
from workflows.services.routing.records import write_routings
from workflows.services.routing.rules import rules_in_force

CHUNK = 5_000
ATTEMPTS = 3


@dataclass(slots=True)
class Routed:
    """
    What a call did: breaks it looked at, gave to another team or person, and left.

    `assigned` of those that moved got a person, `overtaken` were changed meanwhile and are looked
    at again next time.
    """

    looked_at: int = 0
    moved: int = 0
    assigned: int = 0
    waiting: int = 0
    overtaken: int = 0

    def figures(self) -> dict[str, int]:
        return asdict(self)


def route_open(*, at: datetime, watcher: Callable[[], None] = lambda: None) -> Routed:
    """
    Route every live break that is new, changed in severity or exposure, or waits for somebody.

    Called again it changes nothing; killed anywhere, the next call ends as this one would have.
    `watcher` is called after each chunk.
    """
    return _route(TradeBreak.objects.all(), at=at, watcher=watcher)


def route_run(*, run: ReconciliationRun, at: datetime) -> Routed:
    """Route what a run has found, as `route_open` does."""
    return _route(TradeBreak.objects.filter(last_run=run), at=at)


def route_breaks(*, break_ids: Iterable[int], at: datetime, by: User | None = None) -> Routed:
    """
    Route some breaks: without `by` as `route_open` does, with it as that person asks for.

    What a person asks for overrules whatever anybody placed by hand, and takes the rules as they
    are now; only whoever works on a break keeps it.

    :raises WorkRefused: if the actor may not act.
    """
    if by is not None:
        check_actor(by)
    return _route(TradeBreak.objects.filter(pk__among=sorted(set(break_ids))), at=at, by=by)


def route_one(*, break_id: int, version: int | None, by: User, at: datetime) -> TradeBreak:
    """
    Route one break as a person asks for it.

    :raises WorkRefused: if the actor may not act.
    :raises TransitionNotAllowed: if it has ended.
    :raises StaleBreak: if it is not at `version` any more, or others keep changing it.
    """
    check_actor(by)
    row: TradeBreak = TradeBreak.objects.get(pk=break_id)
    check_live(row, "routed")
    one = TradeBreak.objects.filter(pk=break_id)
    if version is not None:
        one = one.filter(version=version)
    for _ in range(ATTEMPTS if version is None else 1):
        done = _route(one, at=at, by=by)
        if done.looked_at and not done.overtaken:
            return TradeBreak.objects.get(pk=break_id)
    raise StaleBreak(TradeBreak.objects.get(pk=break_id))


def stale(breaks: QuerySet[TradeBreak], people: People) -> QuerySet[TradeBreak]:
    """Keep the live breaks of which the rules have something to say that they did not say yet."""
    manned = [key for key in people.teams if people.on_shift(key)]
    joined = [key for key in people.teams if people.members(key)]
    unchanged = Q(routing__severity=F("severity")) & (
        Q(routing__exposure=F("exposure")) | Q(routing__exposure=None, exposure=None)
    )
    waits = Q(assigned_to=None) & (
        Q(routing__outcome=RoutingOutcome.WAITS_FOR_SHIFT, routing__team__in=manned)
        & Q(team=F("routing__team"))
        | Q(routing__outcome=RoutingOutcome.TEAM_IS_EMPTY, routing__team__in=joined, team=None)
    )
    return breaks.live().filter(Q(routing=None) | ~unchanged | waits)  # type: ignore[attr-defined, no-any-return]


def _route(
    breaks: QuerySet[TradeBreak],
    *,
    at: datetime,
    by: User | None = None,
    watcher: Callable[[], None] = lambda: None,
) -> Routed:
    people = People(at=at)
    wanted = stale(breaks, people) if by is None else breaks.live()  # type: ignore[attr-defined]
    router = _Router(rules_in_force(), people, at, by)
    last = 0
    while chunk := router.route(wanted.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        last = chunk[-1].pk
        watcher()
    return router.done


class _Router:
    """Routes chunks one after the other; `done` adds up what became of them."""

    def __init__(
        self, rules: Sequence[Rule], people: People, at: datetime, by: User | None
    ) -> None:
        self.rules, self.people, self.at, self.by = rules, people, at, by
        self.done = Routed()

    def route(self, chunk: QuerySet[TradeBreak]) -> list[Case]:
        """Route one chunk in one commit; return what was in it."""
        for attempt in range(1, ATTEMPTS + 1):
            planner = Planner(self.rules, self.people, asked=self.by is not None)
            try:
                return self._route(chunk, planner)
            except IntegrityError:
                # Another router wrote the same rows first: look at what there is now.
                planner.take_back()
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _route(self, chunk: QuerySet[TradeBreak], planner: Planner) -> list[Case]:
        with transaction.atomic():
            cases = read_cases(chunk)
            self.people.meet(case.assigned_to_id for case in cases if case.assigned_to_id)
            plans = [plan for case in cases if (plan := planner.plan(case))]
            moves = [plan.placement for plan in plans if plan.placement]
            placed = place_breaks(placements=moves, by=self.by, at=self.at) if moves else {}
            kept = [plan for plan in plans if plan.placement is None or plan.key in placed]
            write_routings(kept, at=self.at)
        self._count(cases, plans, placed)
        return cases

    def _count(
        self, cases: Sequence[Case], plans: Sequence[Plan], placed: Mapping[int, int]
    ) -> None:
        self.done.looked_at += len(cases)
        for plan in plans:
            self.done.waiting += plan.outcome == RoutingOutcome.WAITS_FOR_SHIFT
            if plan.placement is None:
                continue
            if plan.key in placed:
                self.done.moved += 1
                self.done.assigned += plan.given is not None
            else:
                self.done.overtaken += 1
                self.people.hand(given=plan.taken, taken=plan.given)
