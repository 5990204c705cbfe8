"""What the matches and trades of a scope say should be a break or pending: pure of any write."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from breaks.choices import BreakType, PendingReason, Severity
from breaks.exposure import Position, Rates, exposure_of
from breaks.fingerprint import Identity, fingerprint
from breaks.reported import ReportedTrade
from breaks.services.scope import Difference, PairedTrades, Scope, originals
from breaks.severity import Thresholds, current_thresholds, severity_of
from breaks.values import LENGTH, trade_line
from connectors.expectations import ReportState, expectation
from matching.models import Reconciliation, RuleSet
from trades.models import Source

NOT_DELIVERED = "Not delivered"
UNREADABLE = "Could not be read"
WAITS = {
    ReportState.NOT_DUE: PendingReason.NOT_DUE,
    ReportState.GRACE: PendingReason.GRACE,
    ReportState.LATE: PendingReason.LATE_FEED,
    ReportState.UNREADABLE: PendingReason.LATE_FEED,
}
OVERDUE = {ReportState.LATE: NOT_DELIVERED, ReportState.UNREADABLE: UNREADABLE}


class UnknownBreakType(ValueError):
    """A rule set reports a difference under a code that is no type of break."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A break as it should stand, named as the columns of `TradeBreak` are."""

    fingerprint: str
    break_type: BreakType
    field: str
    severity: Severity
    trade_date: date
    match_id: int | None = None
    left_trade_id: int | None = None
    right_trade_id: int | None = None
    left_value: str = ""
    right_value: str = ""
    difference: Decimal | None = None
    tolerance: str = ""
    exposure: Decimal | None = None
    currency: str = ""
    exposure_note: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a trade is pending, and until when; None until a person decides or a report comes."""

    reason: PendingReason
    until: datetime | None = None


@dataclass
class Wanted:
    """The breaks a scope should have, by fingerprint, and its pending trades, by key."""

    breaks: dict[str, Disagreement] = field(default_factory=dict)
    pending: dict[int, Wait] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """
    What is judged: the live matches that are proposed or differ, and the trades nobody paired.

    `contested` are the other candidates of the proposals in doubt; `paired` tells which trades of
    given keys are in a live match.
    """

    reconciliation: Reconciliation
    matches: Sequence[PairedTrades]
    unmatched: Mapping[int, ReportedTrade]
    contested: set[int]
    paired: Callable[[Collection[int]], set[int]]


def wanted_in(*, scope: Scope, at: datetime) -> Wanted:
    """
    Read a scope and say what should be broken and what pending.

    :raises UnknownBreakType: if a difference names no type of break.
    """
    facts = Facts(
        reconciliation=scope.reconciliation,
        matches=scope.troubled_matches(),
        unmatched=scope.unmatched(),
        contested=scope.contested(),
        paired=scope.paired,
    )
    return wanted_of(facts, at=at)


def wanted_of(facts: Facts, *, at: datetime) -> Wanted:
    """
    Say what should be broken and what pending where the facts are these.

    :raises UnknownBreakType: if a difference names no type of break.
    """
    unmatched = facts.unmatched
    trades = [*unmatched.values(), *(trade for match in facts.matches for trade in match.trades)]
    wanted = Wanted()
    if not trades:
        return wanted
    builder = _Builder(facts.reconciliation, trades)
    for match in facts.matches:
        _judge_match(match, builder, wanted)
    wanted.pending |= {
        key: Wait(PendingReason.REVIEW) for key in facts.contested & unmatched.keys()
    }
    lone = [trade for key, trade in unmatched.items() if key not in wanted.pending]
    _judge_lone(lone, builder, wanted, facts, at)
    return wanted


def _judge_match(match: PairedTrades, builder: "_Builder", wanted: Wanted) -> None:
    """A difference is a break; a proposal without one, or in doubt by itself, waits."""
    if match.is_in_doubt or not match.differences:
        wanted.pending |= {trade.pk: Wait(PendingReason.REVIEW) for trade in match.trades}
        return
    for difference in match.differences:
        found = builder.of_difference(match, difference)
        wanted.breaks[found.fingerprint] = found


def _judge_lone(
    trades: Sequence[ReportedTrade],
    builder: "_Builder",
    wanted: Wanted,
    facts: Facts,
    at: datetime,
) -> None:
    """A trade nobody paired is missing elsewhere, a repetition, or not to be judged yet."""
    due: list[ReportedTrade] = []
    expected = {}
    for trade in trades:
        other = builder.other_source(trade)
        asked = (other.pk, trade.trade_date)
        if asked not in expected:
            expected[asked] = expectation(source=other, trade_date=trade.trade_date, at=at)
        answer = expected[asked]
        if answer.state not in WAITS:
            due.append(trade)
            continue
        wanted.pending[trade.pk] = Wait(WAITS[answer.state], answer.until)
        if answer.state in OVERDUE:
            late = builder.of_late_report(other, trade.trade_date, OVERDUE[answer.state])
            wanted.breaks[late.fingerprint] = late
    repeats = originals(due, facts.paired)
    for trade in due:
        found = builder.of_lone_trade(trade, repeats.get(trade.pk))
        wanted.breaks[found.fingerprint] = found


class _Builder:
    """Makes disagreements of one reconciliation, with rates and thresholds read once."""

    def __init__(self, reconciliation: Reconciliation, trades: Iterable[ReportedTrade]) -> None:
        days = [trade.trade_date for trade in trades]
        self.reconciliation = reconciliation
        self.left, self.right = reconciliation.left_source, reconciliation.right_source
        self.thresholds: Thresholds = current_thresholds()
        self.rates = Rates.load(
            base=reconciliation.base_currency, from_date=min(days), to_date=max(days)
        )

    def other_source(self, trade: ReportedTrade) -> Source:
        return self.right if trade.source_id == self.left.pk else self.left

    def of_difference(self, paired: PairedTrades, difference: Difference) -> Disagreement:
        first = (paired.left or paired.right)[0]
        return self._make(
            break_type=_break_type(paired, difference),
            name=difference.field,
            left=paired.left,
            right=paired.right,
            trade_date=first.trade_date,
            left_value=difference.left_value,
            right_value=difference.right_value,
            difference=difference.difference,
            tolerance=difference.tolerance,
            match_id=paired.match_id,
        )

    def of_lone_trade(self, trade: ReportedTrade, original: ReportedTrade | None) -> Disagreement:
        on_left = trade.source_id == self.left.pk
        kind = BreakType.MISSING_RIGHT if on_left else BreakType.MISSING_LEFT
        value, name = trade_line(trade), ""
        if original is not None:
            kind, name = BreakType.DUPLICATE, "execution_ref"
            value = f"{trade.execution_ref}, also reported as {original.source_trade_id}"[:LENGTH]
        return self._make(
            break_type=kind,
            name=name,
            left=[trade] if on_left else [],
            right=[] if on_left else [trade],
            trade_date=trade.trade_date,
            left_value=value if on_left else "",
            right_value="" if on_left else value,
        )

    def of_late_report(self, source: Source, trade_date: date, value: str) -> Disagreement:
        on_left = source.pk == self.left.pk
        return self._make(
            break_type=BreakType.TIMING,
            name="report",
            left=[],
            right=[],
            trade_date=trade_date,
            left_value=value if on_left else "",
            right_value="" if on_left else value,
            identities=[(source.pk, trade_date.isoformat())],
        )

    def _make(
        self,
        *,
        break_type: BreakType,
        name: str,
        left: Sequence[ReportedTrade],
        right: Sequence[ReportedTrade],
        trade_date: date,
        left_value: str,
        right_value: str,
        difference: Decimal | None = None,
        tolerance: str = "",
        match_id: int | None = None,
        identities: Iterable[Identity] | None = None,
    ) -> Disagreement:
        if identities is None:
            identities = [(trade.source_id, trade.source_trade_id) for trade in (*left, *right)]
        ours = Position.of(left) if left else None
        theirs = Position.of(right) if right else None
        exposure = exposure_of(
            break_type=break_type,
            left=ours,
            right=theirs,
            difference=difference,
            trade_date=trade_date,
            rates=self.rates,
        )
        severity = severity_of(
            break_type=break_type,
            left=ours,
            right=theirs,
            difference=difference,
            exposure=exposure.amount,
            thresholds=self.thresholds,
        )
        return Disagreement(
            fingerprint=fingerprint(
                reconciliation_id=self.reconciliation.pk,
                break_type=break_type,
                identities=identities,
                field=name,
            ),
            break_type=break_type,
            field=name,
            severity=severity,
            trade_date=trade_date,
            match_id=match_id,
            left_trade_id=left[0].pk if len(left) == 1 else None,
            right_trade_id=right[0].pk if len(right) == 1 else None,
            left_value=left_value,
            right_value=right_value,
            difference=difference,
            tolerance=tolerance,
            exposure=exposure.amount,
            currency=exposure.currency,
            exposure_note=exposure.note,
        )


def _break_type(paired: PairedTrades, difference: Difference) -> BreakType:
    if difference.kind in BreakType:
        return BreakType(difference.kind)
    rules = RuleSet.objects.get(pk=paired.rule_set_id)
    raise UnknownBreakType(
        f"{rules} reports the field {difference.field!r} as {difference.kind!r}, which is no type "
        f"of break. Give the field one of {', '.join(BreakType)} in a new version of {rules.name}."
    )
