"""Which trades an update of the breaks answers for, and everything it needs to read of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from breaks.choices import BreakType
from breaks.models import PendingTrade, TradeBreak
from breaks.selectors import in_reconciliation
from matching.choices import LegSide, MatchStatus
from matching.models import (
    Match,
    MatchAlternative,
    MatchDifference,
    MatchLeg,
    Reconciliation,
    ReconciliationRun,
)
from matching.scope import live_leg
from trades.choices import TradeState
from trades.models import Trade
from trades.services.bulk import batches

BATCH = 5_000
# `Match.reason` of a proposal whose very pairing is in doubt: its differences mean nothing yet.
IN_DOUBT = frozenset({"near_tie", "order_alone", "number_alone"})
# One execution under two ids carries one trade date, or two around midnight.
DUPLICATE_DAYS = timedelta(days=1)


@dataclass
class PairedTrades:
    """A live match that is proposed or whose trades disagree, with all a break says of it."""

    match: Match
    left: list[Trade] = field(default_factory=list)
    right: list[Trade] = field(default_factory=list)
    differences: list[MatchDifference] = field(default_factory=list)

    @property
    def trades(self) -> list[Trade]:
        return self.left + self.right

    @property
    def is_in_doubt(self) -> bool:
        proposed = self.match.status == MatchStatus.PROPOSED
        return proposed and self.match.reason in IN_DOUBT


@dataclass(frozen=True)
class Scope:
    """
    The trades to answer for: the `seeds`, and those near them.

    Near are the trades that are or were in a match with a seed, or another candidate in one:
    what happens to a seed's match happens to them, whatever their trade dates. `dates` is set
    where the seeds are all trades of those days; only then can a late report be given up.
    """

    reconciliation: Reconciliation
    seeds: QuerySet[Trade]
    dates: tuple[date, date] | None = None

    @classmethod
    def of_run(cls, run: ReconciliationRun) -> "Scope":
        days = (run.from_date, run.to_date)
        compared = in_reconciliation(run.reconciliation)
        return cls(run.reconciliation, Trade.objects.filter(compared, trade_date__range=days), days)

    @classmethod
    def of_trades(cls, reconciliation: Reconciliation, trade_ids: Sequence[int]) -> "Scope":
        return cls(reconciliation, Trade.objects.filter(pk__in=trade_ids))

    @property
    def _touched(self) -> QuerySet[MatchLeg]:
        """Legs, live or not, of the seeds."""
        return MatchLeg.objects.filter(
            trade__in=self.seeds.values("pk"), reconciliation=self.reconciliation
        )

    @property
    def _near(self) -> tuple[QuerySet[MatchLeg], QuerySet[MatchAlternative]]:
        matches = self._touched.values("match")
        return (
            MatchLeg.objects.filter(match__in=matches),
            MatchAlternative.objects.filter(match__in=matches),
        )

    @cached_property
    def parts(self) -> list[Any]:
        """
        Keys of trades that together are the scope: subqueries, or a list where that is short.

        Hardly ever is a trade near that is no seed itself, and to know these few spares most of
        the work of every query that follows.
        """
        seeds = self.seeds.values("pk")
        nears = [near.values("trade") for near in self._near]
        strays = {
            key
            for near in nears
            for key in near.exclude(trade__in=seeds).values_list("trade", flat=True)[:BATCH]
        }
        if len(strays) >= BATCH:
            return [seeds, *nears]
        return [seeds, sorted(strays)] if strays else [seeds]

    def unmatched(self) -> dict[int, Trade]:
        """Return the trades that nobody paired and that are not cancelled, by key."""
        sources = [self.reconciliation.left_source_id, self.reconciliation.right_source_id]
        trades = Trade.objects.filter(~live_leg(self.reconciliation), source__in=sources).exclude(
            state=TradeState.CANCELLED
        )
        return {
            trade.pk: trade
            for part in self.parts
            for trade in trades.filter(pk__in=part)
            .select_related("instrument")
            .defer("raw")
            .order_by("pk")
        }

    def contested(self) -> set[int]:
        """Return the other candidates of the proposals whose pairing is in doubt."""
        alternatives = MatchAlternative.objects.filter(
            match__reconciliation=self.reconciliation,
            match__status=MatchStatus.PROPOSED,
            match__reason__in=IN_DOUBT,
        )
        return {
            key
            for part in self.parts
            for key in alternatives.filter(trade__in=part).values_list("trade", flat=True)
        }

    def troubled_matches(self) -> list[PairedTrades]:
        """Return the live matches of these trades that are proposed or differ."""
        differs = Exists(MatchDifference.objects.filter(match=OuterRef("pk")))
        live = Match.objects.live().filter(
            Q(status=MatchStatus.PROPOSED) | differs, reconciliation=self.reconciliation
        )
        found: dict[int, PairedTrades] = {}
        for part in self.parts:
            legs = MatchLeg.objects.filter(trade__in=part, is_live=True)
            troubled = live.filter(pk__in=legs.values("match"))
            fresh = {match.pk: PairedTrades(match) for match in troubled if match.pk not in found}
            _fill(fresh, troubled)
            found |= fresh
        return [found[key] for key in sorted(found)]

    def breaks(self) -> dict[int, TradeBreak]:
        """Return every break that names one of these trades, locked where the database can."""
        ours = TradeBreak.objects.filter(reconciliation=self.reconciliation)
        ours = ours.select_for_update().order_by("pk")
        wheres = [Q(match__in=self._touched.values("match"))]
        for part in self.parts:
            wheres += [Q(left_trade__in=part), Q(right_trade__in=part)]
        if self.dates:
            wheres.append(Q(break_type=BreakType.TIMING, trade_date__range=self.dates))
        return {row.pk: row for where in wheres for row in ours.filter(where)}

    def pending(self) -> dict[int, PendingTrade]:
        """Return the rows of these trades that say they wait, by trade."""
        ours = PendingTrade.objects.filter(reconciliation=self.reconciliation)
        return {row.trade_id: row for part in self.parts for row in ours.filter(trade__in=part)}


def _fill(paired: dict[int, PairedTrades], matches: QuerySet[Match]) -> None:
    """Add legs and differences to those of the matches that are asked for."""
    keys = matches.values("pk")
    legs = MatchLeg.objects.filter(match__in=keys, is_live=True).order_by("trade_id")
    for leg in legs.select_related("trade__instrument").defer("trade__raw"):
        if leg.match_id in paired:
            side = paired[leg.match_id]
            (side.left if leg.side == LegSide.LEFT else side.right).append(leg.trade)
    for difference in MatchDifference.objects.filter(match__in=keys).order_by("field"):
        if difference.match_id in paired:
            paired[difference.match_id].differences.append(difference)


def originals(reconciliation: Reconciliation, trades: Sequence[Trade]) -> dict[int, Trade]:
    """
    Return, for each trade that repeats an execution of its own source, the trade it repeats.

    One repeats another where both have the same execution reference, side and instrument, and
    the other is paired or was loaded first. So of two that are both unpaired one stays missing.
    """
    refs = sorted({trade.execution_ref for trade in trades if trade.execution_ref})
    if not refs:
        return {}
    days = [trade.trade_date for trade in trades]
    near = Trade.objects.filter(
        source__in={trade.source_id for trade in trades},
        trade_date__range=(min(days) - DUPLICATE_DAYS, max(days) + DUPLICATE_DAYS),
    ).exclude(state=TradeState.CANCELLED)
    near = near.annotate(paired=live_leg(reconciliation))
    alike: dict[tuple, list[Trade]] = defaultdict(list)
    for quoted in batches(refs):
        some = near.filter(execution_ref__in=quoted)
        for other in some.defer("raw").order_by("-paired", "pk"):
            alike[_execution(other)].append(other)
    found = {}
    for trade in trades:
        if not trade.execution_ref:
            continue
        first = alike[_execution(trade)][0]
        if first.pk != trade.pk:
            found[trade.pk] = first
    return found


def _execution(trade: Trade) -> tuple:
    instrument: object = trade.instrument_id
    if instrument is None:
        instrument = (trade.isin, trade.cusip, trade.sedol, trade.figi, trade.symbol)
    return trade.source_id, trade.execution_ref, trade.side, instrument
