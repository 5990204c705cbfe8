"""
What a delivery of reports means for the trades it names: new, amended, duplicate or in conflict.

Pure: the answer depends on the set of reports and not on their order.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from trades.choices import TradeState
from trades.reports import TradeReport

_ORDER = {TradeState.NEW.value: 0, TradeState.AMENDED.value: 1, TradeState.CANCELLED.value: 2}


class KnownTrade(NamedTuple):
    """A trade as the database has it, with the digests of all its versions."""

    pk: int
    version: int
    state: str
    digests: frozenset[str]


class Step(NamedTuple):
    """One version to write: the report at `position`, with the state the trade is in by it."""

    position: int
    digest: str
    version: int
    state: str


@dataclass(slots=True)
class Plan:
    """Per trade id the versions to write, oldest first; and the rows that are none."""

    steps: dict[str, list[Step]] = field(default_factory=dict)
    duplicates: int = 0
    conflicts: list[tuple[int, str]] = field(default_factory=list)


def plan_versions(
    reports: Sequence[TradeReport],
    known: Mapping[str, KnownTrade],
    digests: Sequence[str],
    lines: Sequence[int],
) -> Plan:
    """
    Decide for each report what it is.

    Content that any version of the trade already has is a duplicate. Several new contents of
    one trade apply in the order NEW, AMENDED, CANCELLED if no two have the same state; else
    none of them is loaded. `lines` says where each report was read, for the reasons.
    """
    by_trade: dict[str, list[int]] = defaultdict(list)
    for position, report in enumerate(reports):
        by_trade[report.source_trade_id].append(position)
    plan = Plan()
    for trade_id, positions in by_trade.items():
        trade = known.get(trade_id)
        fresh = _fresh(positions, reports, digests, trade)
        states = [reports[same[0]].state for same in fresh.values()]
        if len(set(states)) < len(states):
            _refuse(plan, fresh, positions, trade_id, lines)
            continue
        plan.duplicates += len(positions) - len(fresh)
        if fresh:
            plan.steps[trade_id] = _steps(fresh, reports, trade)
    return plan


def _fresh(
    positions: Sequence[int],
    reports: Sequence[TradeReport],
    digests: Sequence[str],
    trade: KnownTrade | None,
) -> dict[str, list[int]]:
    """Return the contents the trade does not have yet, each with the positions that say it."""
    fresh: dict[str, list[int]] = defaultdict(list)
    for position in positions:
        digest = digests[position]
        if trade and (digest in trade.digests or _came_late(reports[position], trade)):
            continue
        fresh[digest].append(position)
    return fresh


def _came_late(report: TradeReport, trade: KnownTrade) -> bool:
    """Tell whether this is the very trade that was cancelled, overtaken by its cancellation."""
    if trade.state != TradeState.CANCELLED or report.state == TradeState.CANCELLED:
        return False
    return replace(report, state=TradeState.CANCELLED.value).digest() in trade.digests


def _refuse(
    plan: Plan,
    fresh: Mapping[str, Sequence[int]],
    positions: Sequence[int],
    trade_id: str,
    lines: Sequence[int],
) -> None:
    refused = sorted(position for same in fresh.values() for position in same)
    where = _listed(sorted(lines[position] for position in refused))
    reason = (
        f"Trade {trade_id} is reported differently on lines {where}, and nothing says which is "
        "right: keep the right one, or mark the later one AMENDED or CANCELLED."
    )
    plan.conflicts.extend((position, reason) for position in refused)
    plan.duplicates += len(positions) - len(refused)


def _steps(
    fresh: Mapping[str, Sequence[int]], reports: Sequence[TradeReport], trade: KnownTrade | None
) -> list[Step]:
    ordered = sorted(fresh.items(), key=lambda item: _ORDER[reports[item[1][0]].state])
    version = trade.version if trade else 0
    steps = []
    for digest, (position, *_) in ordered:
        version += 1
        state = reports[position].state
        if version > 1 and state != TradeState.CANCELLED:
            state = TradeState.AMENDED.value
        steps.append(Step(position, digest, version, state))
    return steps


def _listed(lines: Sequence[int]) -> str:
    shown = [str(line) for line in lines[:10]]
    if len(lines) > len(shown):
        return f"{', '.join(shown)} and {len(lines) - len(shown)} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)
