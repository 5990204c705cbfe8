"""Which trades an update of the breaks answers for, and everything it needs to read of them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from breaks.choices import BreakType
from breaks.models import PendingTrade, TradeBreak
from breaks.reported import ReportedTrade, reported
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
from matching.scope import live_leg, live_matches_dated
from trades.choices import TradeState
from trades.models import Trade
from trades.services.columns import read_table

# `Match.reason` of a proposal whose very pairing is in doubt: its differences mean nothing yet.
IN_DOUBT = frozenset({"near_tie", "order_alone", "number_alone"})
# One execution under two ids carries one trade date, or two around midnight.
DUPLICATE_DAYS = timedelta(days=1)


class KnownBreak(NamedTuple):
    """A break as it stands, with what tells whether it still stands so; as `TradeBreak` has it."""

    pk: int
    fingerprint: str
    status: str
    reason_code: str
    last_run_id: int | None
    severity: str
    left_value: str
    right_value: str
    difference: Decimal | None
    tolerance: str
    exposure: Decimal | None
    currency: str
    exposure_note: str
    match_id: int | None
    left_trade_id: int | None
    right_trade_id: int | None
    trade_date: date


class Difference(NamedTuple):
    """A field on which the trades of a match do not agree, named as `MatchDifference` has it."""

    match_id: int
    field: str
    kind: str
    left_value: str
    right_value: str
    difference: Decimal | None
    tolerance: str


@dataclass(slots=True)
class PairedTrades:
    """A live match that is proposed or whose trades disagree, with all a break says of it."""

    match_id: int
    status: str
    reason: str
    rule_set_id: int
    left: list[ReportedTrade] = field(default_factory=list)
    right: list[ReportedTrade] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def trades(self) -> list[ReportedTrade]:
        return self.left + self.right

    @property
    def is_in_doubt(self) -> bool:
        return self.status == MatchStatus.PROPOSED and self.reason in IN_DOUBT


@dataclass(frozen=True)
class Scope:
    """
    The trades to answer for: the `seeds`, and those near them.

    Near are the trades that are or were in a match with a seed, or another candidate in one:
    what happens to a seed's match happens to them, whatever their trade dates. `dates` is set
    where the seeds are all trades of those days; only then can a late report be given up.
    `unpaired` are the keys of the seeds that may be, where that is known; of amended ones it may
    leave some out.
    """

    reconciliation: Reconciliation
    seeds: QuerySet[Trade]
    dates: tuple[date, date] | None = None
    unpaired: Sequence[int] | None = None

    @classmethod
    def of_run(cls, run: ReconciliationRun, unpaired: Sequence[int] | None = None) -> "Scope":
        days = (run.from_date, run.to_date)
        seeds = Trade.objects.filter(in_reconciliation(run.reconciliation), trade_date__range=days)
        return cls(run.reconciliation, seeds, days, unpaired)

    @classmethod
    def of_trades(cls, reconciliation: Reconciliation, trade_ids: Sequence[int]) -> "Scope":
        return cls(reconciliation, Trade.objects.filter(pk__among=trade_ids))

    @cached_property
    def strays(self) -> list[int]:
        """Keys of the trades near a seed that are no seeds themselves: hardly ever is there one."""
        legs = MatchLeg.objects.filter(match__among=self._reaching_out)
        others = MatchAlternative.objects.filter(
            self._touched("match") | Q(match__among=self._reaching_out)
        )
        seed = Exists(self.seeds.filter(pk=OuterRef("trade")))
        nears = (
            near.filter(~seed).order_by().values_list("trade", flat=True) for near in (legs, others)
        )
        return sorted({key for near in nears for key in near})

    @property
    def parts(self) -> list[QuerySet[Trade]]:
        """The trades that together are the scope."""
        strays = Trade.objects.filter(pk__among=self.strays)
        return [self.seeds, strays] if self.strays else [self.seeds]

    @cached_property
    def _reaching_out(self) -> list[int]:
        """Keys of the matches, live or not, that may have seeds and other trades."""
        found = MatchLeg.objects.filter(reconciliation=self.reconciliation)
        if self.dates is None:
            return _matches_of(found.filter(trade__in=self.seeds.values("pk")))
        # The dates of a match are those compared; a trade that was amended may have another now.
        dated_in = found.filter(trade__in=self.seeds.filter(version__gt=1).values("pk"))
        dated_out = found.filter(self._touched("match"), trade__version__gt=1).exclude(
            trade__trade_date__range=self.dates
        )
        dated = Match.objects.filter(self._touched(""))
        if not self.reconciliation.asset_class:
            first, last = self.dates
            dated = dated.filter(Q(first_trade_date__lt=first) | Q(last_trade_date__gt=last))
        changed = {*_matches_of(dated_in), *_matches_of(dated_out)}
        return [*changed, *dated.order_by().values_list("pk", flat=True)]

    def _touched(self, match: str) -> Q:
        """Tell the rows whose `match` has, or had, a seed as it was compared."""
        if self.dates is None:
            return Q(**{f"{match or 'pk'}__among": self._reaching_out})
        first, last = self.dates
        where = {
            "reconciliation": self.reconciliation,
            "first_trade_date__lte": last,
            "last_trade_date__gte": first,
        }
        return Q(**{f"{match}__{name}" if match else name: value for name, value in where.items()})

    def unmatched(self) -> dict[int, ReportedTrade]:
        """Return the trades that nobody paired and that are not cancelled, by key."""
        sources = [self.reconciliation.left_source_id, self.reconciliation.right_source_id]
        lone = ~live_leg(self.reconciliation) & ~Q(state=TradeState.CANCELLED)
        seeds, *strays = self.parts
        parts = [seeds]
        if self.unpaired is not None:
            # An amendment that came while the run was at work may have dated one into the scope.
            parts = [seeds.filter(pk__among=self.unpaired), seeds.filter(version__gt=1)]
        found: dict[int, ReportedTrade] = {}
        for part in (*parts, *strays):
            found |= reported(part.filter(lone, source__in=sources))
        return found

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
            for key in alternatives.filter(trade__in=part.values("pk"))
            .order_by()
            .values_list("trade", flat=True)
        }

    def paired(self, keys: Collection[int]) -> set[int]:
        """Return those of these trades that are in a live match."""
        legs = MatchLeg.objects.filter(
            reconciliation=self.reconciliation, is_live=True, trade__among=sorted(keys)
        )
        return set(legs.order_by().values_list("trade", flat=True))

    def troubled_matches(self) -> list[PairedTrades]:
        """Return the live matches of these trades that are proposed or differ."""
        differs = Exists(MatchDifference.objects.filter(match=OuterRef("pk")))
        live = Match.objects.live().filter(
            Q(status=MatchStatus.PROPOSED) | differs, reconciliation=self.reconciliation
        )
        legs = MatchLeg.objects.filter(reconciliation=self.reconciliation, is_live=True)
        if self.dates is None:
            trades = legs.filter(trade__in=self.seeds.values("pk"))
            seeds = live.filter(pk__in=trades.values("match"))
        else:
            seeds = live & live_matches_dated(self.reconciliation, *self.dates)
        strays = live.filter(pk__in=legs.filter(trade__among=self.strays).values("match"))
        found: dict[int, PairedTrades] = {}
        for matches in (seeds, strays) if self.strays else (seeds,):
            rows = _rows(matches.order_by(), "pk", "status", "reason", "rule_set_id")
            found |= {row[0]: PairedTrades(*row) for row in rows}
        _fill(found)
        return [found[key] for key in sorted(found)]

    def breaks(self) -> list[KnownBreak]:
        """Return every break that names one of these trades."""
        ours = TradeBreak.objects.filter(reconciliation=self.reconciliation).order_by()
        wheres = [self._touched("match"), Q(match__among=self._reaching_out)]
        for part in self.parts:
            keys = part.values("pk")
            wheres += [Q(left_trade__in=keys), Q(right_trade__in=keys)]
        if self.dates:
            wheres.append(Q(break_type=BreakType.TIMING, trade_date__range=self.dates))
        found = {key for where in wheres for key in ours.filter(where).values_list("pk", flat=True)}
        return known_breaks(ours.filter(pk__among=sorted(found)))

    def pending(self) -> QuerySet[PendingTrade]:
        """Return the rows of these trades that say they wait."""
        ours = PendingTrade.objects.filter(reconciliation=self.reconciliation)
        where = Q(trade__in=self.seeds.values("pk"))
        if self.strays:
            where |= Q(trade__among=self.strays)
        return ours.filter(where)


def known_breaks(breaks: QuerySet[TradeBreak]) -> list[KnownBreak]:
    """Return breaks in the order of their keys; one query."""
    return [KnownBreak(*row) for row in _rows(breaks.order_by("pk"), *KnownBreak._fields)]


def _matches_of(legs: QuerySet[MatchLeg]) -> list[int]:
    return list(legs.order_by().values_list("match", flat=True).distinct())


def _rows(rows: QuerySet, *names: str) -> Iterable[tuple]:
    return zip(*(column.to_pylist() for column in read_table(rows, names).columns), strict=True)


def _fill(paired: dict[int, PairedTrades]) -> None:
    """Add legs and differences to the matches."""
    keys = sorted(paired)
    legs = MatchLeg.objects.filter(match__among=keys, is_live=True).order_by("trade_id")
    rows = list(_rows(legs, "match_id", "side", "trade_id"))
    trades = reported(Trade.objects.filter(pk__among=[trade for *_, trade in rows]))
    for match, side, trade in rows:
        ours = paired[match]
        (ours.left if side == LegSide.LEFT else ours.right).append(trades[trade])
    differences = MatchDifference.objects.filter(match__among=keys).order_by("field")
    for row in _rows(differences, *Difference._fields):
        paired[row[0]].differences.append(Difference(*row))


def originals(
    trades: Sequence[ReportedTrade], paired: Callable[[Collection[int]], set[int]]
) -> dict[int, ReportedTrade]:
    """
    Return, for each trade that repeats an execution of its own source, the trade it repeats.

    One repeats another where both have the same execution reference, side and instrument, and
    the other is paired or was loaded first. So of two that are both unpaired one stays missing.
    `paired` tells which trades of given keys are.
    """
    refs = sorted({trade.execution_ref for trade in trades if trade.execution_ref})
    if not refs:
        return {}
    days = [trade.trade_date for trade in trades]
    near = Trade.objects.filter(
        source__in={trade.source_id for trade in trades},
        trade_date__range=(min(days) - DUPLICATE_DAYS, max(days) + DUPLICATE_DAYS),
        execution_ref__among=refs,
    ).exclude(state=TradeState.CANCELLED)
    others = reported(near)
    held = paired(others)
    alike: dict[tuple, list[ReportedTrade]] = defaultdict(list)
    for other in sorted(others.values(), key=lambda other: other.pk not in held):
        alike[_execution(other)].append(other)
    found = {}
    for trade in trades:
        if not trade.execution_ref:
            continue
        first = alike[_execution(trade)][0]
        if first.pk != trade.pk:
            found[trade.pk] = first
    return found


def _execution(trade: ReportedTrade) -> tuple:
    instrument: object = trade.instrument_id
    if instrument is None:
        instrument = (trade.isin, trade.cusip, trade.sedol, trade.figi, trade.symbol)
    return trade.source_id, trade.execution_ref, trade.side, instrument
