"""A back-test as plain JSON: counts, and samples a person can open, the dearest first."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from breaks.exposure import WIDE, Position, Rates
from breaks.reported import ReportedTrade, reported
from breaks.services.wanted import Disagreement
from breaks.values import trade_line
from matching.choices import Decision, LegSide
from matching.services.outcome import rows
from matching.services.trial import Paired, Trial
from trades.models import Trade
from trades.reports import plain

SAMPLES = 20
# Of so many changed matches the dearest are looked for; more than that and the first ones do.
LOOKED_AT = 10_000

Signature = frozenset[tuple[str, int]]


class Found(NamedTuple):
    """A match as one version of the rules makes it."""

    pass_name: str
    decision: str
    score: float
    reason: str

    def told(self) -> dict[str, Any]:
        return {
            "pass": self.pass_name,
            "decision": self.decision,
            "score": round(self.score, 4),
            "reason": self.reason,
        }


Matches = dict[Signature, Found]


def matches_of(paired: Paired) -> Matches:
    """Return the matches of a version by their trades."""
    outcome = paired.outcome
    columns = ("match_id", "pass_name", "decision", "score", "reason")
    said = {key: Found(*rest) for key, *rest in rows(outcome.matches, *columns)}
    return {legs: said[key] for legs, key in outcome.signatures().items()}


@dataclass
class Changes:
    """Which matches one version has and the other has not, and which it decides otherwise."""

    before: Matches
    after: Matches
    gained: list[Signature] = field(default_factory=list)
    lost: list[Signature] = field(default_factory=list)
    to_review: list[Signature] = field(default_factory=list)
    to_auto: list[Signature] = field(default_factory=list)

    @classmethod
    def between(cls, before: Matches, after: Matches) -> "Changes":
        found = cls(before, after)
        found.gained = [legs for legs in after if legs not in before]
        found.lost = [legs for legs in before if legs not in after]
        for legs, was in before.items():
            becomes = after.get(legs)
            if becomes is not None and becomes.decision != was.decision:
                doubted = becomes.decision == Decision.REVIEW
                (found.to_review if doubted else found.to_auto).append(legs)
        return found


def tell_matches(trial: Trial, changes: Changes) -> dict[str, Any]:
    """Return the matches' part of a result."""
    kinds = ("gained", "lost", "to_review", "to_auto")
    changed = {kind: getattr(changes, kind) for kind in kinds}
    looked_at = {legs for found in changed.values() for legs in found[:LOOKED_AT]}
    keys = {trade for legs in looked_at for _, trade in legs}
    trades = reported(Trade.objects.filter(pk__among=sorted(keys)))
    rates = Rates.load(
        base=trial.reconciliation.base_currency, from_date=trial.from_date, to_date=trial.to_date
    )
    elsewhere = {"gained": _by_trade(changes.before), "lost": _by_trade(changes.after)}
    told: dict[str, Any] = {
        "before": dict(Counter(found.decision for found in changes.before.values())),
        "after": dict(Counter(found.decision for found in changes.after.values())),
        "kept": len(changes.before) - len(changes.lost),
    }
    for kind, found in changed.items():
        stakes = {legs: _at_stake(legs, trades, rates) for legs in found[:LOOKED_AT]}
        dearest = sorted(stakes, key=lambda legs: (-(stakes[legs] or Decimal(-1)), sorted(legs)))
        told[kind] = {
            "count": len(found),
            "samples": [
                _sample(legs, changes, trades, stakes[legs], elsewhere.get(kind, {}))
                for legs in dearest[:SAMPLES]
            ],
        }
    return told


def tell_passes(before: Matches, after: Matches, versions: Sequence[Paired]) -> list[dict]:
    """Return how many matches each pass made under either version, in the order they run."""
    was = Counter(found.pass_name for found in before.values())
    becomes = Counter(found.pass_name for found in after.values())
    names = dict.fromkeys(
        step.name for paired in reversed(versions) for step in paired.rules.passes
    )
    return [{"name": name, "before": was[name], "after": becomes[name]} for name in names]


def tell_breaks(found: Iterable[Disagreement]) -> dict[str, Any]:
    """Return breaks that come or go: counts and exposure by type, and samples of every type."""
    by_type: dict[str, list[Disagreement]] = defaultdict(list)
    for one in sorted(found, key=lambda one: (-(one.exposure or Decimal(-1)), one.fingerprint)):
        by_type[str(one.break_type)].append(one)
    # Turn about, so that the dearest of each type are there.
    turns = [(turn, one) for ours in by_type.values() for turn, one in enumerate(ours[:SAMPLES])]
    shown = [one for _, one in sorted(turns, key=lambda entry: entry[0])][:SAMPLES]
    keys = {key for one in shown for key in (one.left_trade_id, one.right_trade_id) if key}
    trades = reported(Trade.objects.filter(pk__among=sorted(keys)))
    return {
        "count": sum(map(len, by_type.values())),
        "types": [
            {"type": kind, "count": len(ours), **_exposure(ours)}
            for kind, ours in sorted(by_type.items(), key=lambda entry: -len(entry[1]))
        ],
        "samples": [_break_sample(one, trades) for one in shown],
    }


def _exposure(breaks: Sequence[Disagreement]) -> dict[str, Any]:
    known = [one.exposure for one in breaks if one.exposure is not None]
    total = Decimal(0)
    for amount in known:
        total = WIDE.add(total, amount)
    return {"exposure": plain(total), "unknown": len(breaks) - len(known)}


def _break_sample(one: Disagreement, trades: dict[int, ReportedTrade]) -> dict[str, Any]:
    sides = {LegSide.LEFT: one.left_trade_id, LegSide.RIGHT: one.right_trade_id}
    return {
        "type": str(one.break_type),
        "field": one.field,
        "severity": str(one.severity),
        "exposure": None if one.exposure is None else plain(one.exposure),
        "left_value": one.left_value,
        "right_value": one.right_value,
        "difference": None if one.difference is None else plain(one.difference),
        **{str(side): _named(key, trades) for side, key in sides.items()},
    }


def _sample(
    legs: Signature,
    changes: Changes,
    trades: dict[int, ReportedTrade],
    stake: Decimal | None,
    elsewhere: dict[int, Signature],
) -> dict[str, Any]:
    was, becomes = changes.before.get(legs), changes.after.get(legs)
    others = {elsewhere[key] for _, key in legs if key in elsewhere}
    also = sorted(key for other in others for _, key in other - legs)
    return {
        "left": _side(legs, LegSide.LEFT, trades),
        "right": _side(legs, LegSide.RIGHT, trades),
        "stake": None if stake is None else plain(stake),
        "before": was and was.told(),
        "after": becomes and becomes.told(),
        # What its trades are paired with where they are not paired with each other.
        "others": len(also),
    }


def _side(legs: Signature, side: LegSide, trades: dict[int, ReportedTrade]) -> list[dict]:
    keys = sorted(key for on, key in legs if on == side)
    return [named for key in keys if (named := _named(key, trades))]


def _named(key: int | None, trades: dict[int, ReportedTrade]) -> dict[str, Any] | None:
    trade = trades.get(key) if key else None
    if trade is None:
        return None
    return {"id": trade.pk, "trade_id": trade.source_trade_id, "says": trade_line(trade)}


def _by_trade(matches: Matches) -> dict[int, Signature]:
    return {trade: legs for legs in matches for _, trade in legs}


def _at_stake(legs: Signature, trades: dict[int, ReportedTrade], rates: Rates) -> Decimal | None:
    """Return the larger side's notional in the base currency; None where it is unknown."""
    amounts = []
    for side in LegSide:
        ours = [trades[key] for on, key in legs if on == side and key in trades]
        if ours:
            total = Position.of(ours)
            value = None if total.price is None else WIDE.multiply(total.quantity, total.price)
            amounts.append(rates.convert(value, total.currency, ours[0].trade_date).amount)
    return max((amount for amount in amounts if amount is not None), default=None)
