"""Reads: a break's story, and the proof that every trade is accounted for."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from breaks.choices import LIVE, ApprovalStatus, BreakStatus, GuardedAct, ReasonCode
from breaks.models import ActBatch, ApprovalRequest, BreakEvent, PendingTrade, TradeBreak
from matching.choices import MatchStatus
from matching.models import MatchDifference, MatchLeg, Reconciliation
from matching.scope import live_leg, of_asset_class
from trades.choices import TradeState
from trades.models import Trade

ENDED_BY_A_PERSON = Q(status=BreakStatus.ACCEPTED) | (
    Q(status=BreakStatus.RESOLVED) & ~Q(reason_code=ReasonCode.AUTO_CLEARED)
)


@dataclass(frozen=True)
class Positions:
    """
    Where the trades of a reconciliation stand, counted, and the keys of those that break the rule.

    `nowhere` are neither matched, broken nor pending; `several` are more than one of these.
    Both are empty as long as each trade in scope is in exactly one.
    """

    matched: int
    broken: int
    pending: int
    nowhere: tuple[int, ...]
    several: tuple[int, ...]

    @property
    def hold(self) -> bool:
        return not (self.nowhere or self.several)


def in_reconciliation(reconciliation: Reconciliation) -> Q:
    """Tell the trades that a reconciliation compares."""
    sources = [reconciliation.left_source_id, reconciliation.right_source_id]
    return Q(source__in=sources) & of_asset_class(reconciliation)


def timeline(trade_break: TradeBreak) -> QuerySet[BreakEvent]:
    """Return what happened to a break, oldest first, with who did it."""
    return trade_break.events.select_related("by").order_by("sequence")


def batches_visible_to(user: Any) -> QuerySet[ActBatch]:
    """Return the batches a person may see: their own, or everybody's with the right to see all."""
    if user.has_perm("breaks.view_every_team"):
        return ActBatch.objects.all()
    return ActBatch.objects.filter(by=user)


def approvals_visible_to(user: Any) -> QuerySet[ApprovalRequest]:
    """
    Return the requests a person may see, which are not about another team's break.

    A file is about many: only whoever handed it in and those who see every team see it.
    """
    # Asked row by row: a list of every visible break would be read again for each request.
    seen = TradeBreak.objects.visible_to(user).filter(pk=OuterRef("trade_break"))
    about = Q(trade_break=None) | Q(Exists(seen))
    if not user.has_perm("breaks.view_every_team"):
        about &= ~Q(act=GuardedAct.IMPORT) | Q(made_by=user.pk)
    return ApprovalRequest.objects.filter(about).select_related(
        "trade_break", "match", "reconciliation", "rule_set", "made_by", "decided_by"
    )


def approvals_to_decide(user: Any) -> QuerySet[ApprovalRequest]:
    """Return the requests that wait for this person: none they made or had a hand in."""
    if not user.has_perm("breaks.decide_approvalrequest"):
        return ApprovalRequest.objects.none()
    waiting = approvals_visible_to(user).filter(status=ApprovalStatus.PENDING)
    return waiting.exclude(made_by=user.pk).exclude(rule_set__editors=user.pk)


def approvals_waiting(trade_break: TradeBreak) -> QuerySet[ApprovalRequest]:
    """Return the requests about a break, or its match, that nobody decided on; one query."""
    about = Q(trade_break=trade_break)
    if trade_break.match_id is not None:
        about |= Q(match=trade_break.match_id)
    waiting = ApprovalRequest.objects.filter(about, status=ApprovalStatus.PENDING)
    return waiting.select_related("made_by").order_by("-made_at", "-pk")


def positions(*, reconciliation: Reconciliation, from_date: date, to_date: date) -> Positions:
    """
    Say where the trades of these dates stand, and find every one not in exactly one place.

    - matched: in a made match on which no break is live and no difference went unopened;
    - broken: named by a live break, itself or through its match; or by one a person ended
      (accepted, resolved) that is still about it, unless it is matched or pending;
    - pending: a row says what it waits for.

    A cancelled trade that nobody paired has nothing to agree with and is out of scope.
    """
    trades = Trade.objects.filter(
        in_reconciliation(reconciliation), trade_date__range=(from_date, to_date)
    ).filter(~Q(state=TradeState.CANCELLED) | live_leg(reconciliation))
    return _Standing(reconciliation, trades).positions()


class _Standing:
    """Where trades stand by what the rows say, a handful of queries whatever their number."""

    def __init__(self, reconciliation: Reconciliation, trades: QuerySet[Trade]) -> None:
        self.trades = trades
        self.keys = trades.values("pk")
        self.legs = MatchLeg.objects.filter(
            reconciliation=reconciliation, is_live=True, trade__in=self.keys
        )
        self.breaks = TradeBreak.objects.filter(reconciliation=reconciliation)
        self.waits = PendingTrade.objects.filter(reconciliation=reconciliation, trade__in=self.keys)

    def positions(self) -> Positions:
        legs = list(self.legs.values_list("trade", "match", "match__status"))
        held = defaultdict(list)
        for trade, match, _ in legs:
            held[match].append(trade)
        live, ended = self._about(Q(status__in=LIVE)), self._about(ENDED_BY_A_PERSON)
        doubted = {row.match for row in live} | self._unopened(live | ended)
        matched = {
            trade
            for trade, match, status in legs
            if status == MatchStatus.MATCHED and match not in doubted
        }
        pending = set(self.waits.values_list("trade", flat=True))
        broken = {trade for row in live for trade in row.names(held)}
        paired = {trade for trade, _, _ in legs}
        left_so = {trade for row in ended for trade in row.still_names(held, paired)}
        broken |= left_so - matched - pending
        return self._count(matched, broken, pending)

    def _about(self, ended_or_live: Q) -> set["_Naming"]:
        """Return what the breaks of one kind name, of those about these trades."""
        about = (
            Q(left_trade__in=self.keys),
            Q(right_trade__in=self.keys),
            Q(match__in=self.legs.values("match")),
        )
        columns = ("field", "match", "left_trade", "right_trade")
        return {
            _Naming(*row)
            for where in about
            for row in self.breaks.filter(ended_or_live).filter(where).values_list(*columns)
        }

    def _unopened(self, found: set["_Naming"]) -> set[int]:
        """Return the matches that differ on a field without a break that says so."""
        opened = {(row.match, row.field) for row in found}
        differences = MatchDifference.objects.filter(match__in=self.legs.values("match"))
        rows = set(differences.values_list("match", "field"))
        return {match for match, _ in rows - opened}

    def _count(self, *places: set[int]) -> Positions:
        counts = [0] * len(places)
        nowhere: list[int] = []
        several: list[int] = []
        for key in self.trades.order_by("pk").values_list("pk", flat=True):
            where = [at for at, place in enumerate(places) if key in place]
            if len(where) == 1:
                counts[where[0]] += 1
            else:
                (several if where else nowhere).append(key)
        matched, broken, pending = counts
        return Positions(matched, broken, pending, tuple(nowhere), tuple(several))


class _Naming(NamedTuple):
    """What a break is about: keys of its match and of its trades."""

    field: str
    match: int | None
    left: int | None
    right: int | None

    def names(self, held: Mapping[int, list[int]]) -> Iterator[int]:
        """Yield the trades it names, itself or through the live legs of its match."""
        yield from (key for key in (self.left, self.right) if key is not None)
        if self.match is not None:
            yield from held.get(self.match, ())

    def still_names(self, held: Mapping[int, list[int]], paired: Container[int]) -> Iterator[int]:
        """Yield those it is still about: in its match if it has one, else unpaired."""
        if self.match is not None:
            yield from held.get(self.match, ())
        else:
            yield from (key for key in self.names(held) if key not in paired)
