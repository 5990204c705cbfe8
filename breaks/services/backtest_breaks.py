"""Which breaks and pending trades there would be, had a run written what a trial found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from breaks.reported import ReportedTrade, reported
from breaks.services.scope import IN_DOUBT, Difference, PairedTrades, Scope
from breaks.services.wanted import Facts, Wanted, wanted_of
from matching.choices import Decision, LegSide, MatchStatus
from matching.models import MatchAlternative, MatchLeg, ReconciliationRun
from matching.scope import matches_in_scope
from matching.services.bulk import difference_columns
from matching.services.comparing import differences_of
from matching.services.outcome import rows
from matching.services.trial import Paired, Trial
from trades.choices import TradeState
from trades.models import Trade
from trades.services.columns import read_table

LEG = ["match_id", "side", "row"]


@dataclass
class Supposed:
    """
    The world a trial supposes: its own matches beside those that stand.

    A match of the trial has a key below zero, so that none is taken for one there is. `held` are
    the trades that are in a match of either kind.
    """

    matches: dict[int, PairedTrades]
    legs: list[tuple[int, str, int]]
    held: set[int]
    contested: set[int] = field(default_factory=set)


def judge(*, trial: Trial, versions: Sequence[Paired], at: datetime) -> list[Wanted]:
    """
    Say of each version of the rules what would be broken and what pending, all over one scope.

    The scope is that of a run over the days, with the trades either version would reach out to.

    :raises UnknownBreakType: if a rule set names a type of break that does not exist.
    """
    ground = _Ground(trial, versions)
    worlds = [ground.suppose(paired) for paired in versions]
    lone = [ground.lone_keys(world) for world in worlds]
    unpaired = _uncancelled(trial, set().union(*lone))
    trades = reported(
        Trade.objects.filter(pk__among=sorted({leg[2] for one in worlds for leg in one.legs}))
    )
    for world in worlds:
        _fill(world, trades)
    return [
        wanted_of(ground.facts(world, keys, unpaired), at=at)
        for world, keys in zip(worlds, lone, strict=True)
    ]


class _Ground:
    """What all the worlds have in common: the scope, and the matches that stand in it."""

    def __init__(self, trial: Trial, versions: Sequence[Paired]) -> None:
        self.trial = trial
        between, days = trial.reconciliation, (trial.from_date, trial.to_date)
        run = ReconciliationRun(reconciliation=between, from_date=days[0], to_date=days[1])
        self.undone = set(trial.undone)
        self.seeds = _dated(trial)
        reached = {
            key
            for paired in versions
            for frame in (paired.outcome.legs, paired.outcome.alternatives)
            for key in frame["row"].tolist()
        }
        self.strays = {*Scope.of_run(run).strays, *(reached - self.seeds)}
        self.legs = MatchLeg.objects.filter(reconciliation=between, is_live=True)
        self.stray_legs = self._standing(self.strays)
        decided = matches_in_scope(run).filter(decided_by__isnull=False, status=MatchStatus.MATCHED)
        keys = list(decided.order_by().values_list("pk", flat=True))
        columns = read_table(
            self.legs.filter(match__among=keys).order_by("pk"), ["match_id", "side", "trade_id"]
        )
        self.decided: pd.DataFrame = columns.to_pandas().set_axis(LEG, axis=1)
        doubted = MatchAlternative.objects.filter(
            match__reconciliation=between,
            match__status=MatchStatus.PROPOSED,
            match__reason__in=IN_DOUBT,
        )
        self.contested = {
            trade
            for match, trade in doubted.order_by().values_list("match", "trade")
            if match not in self.undone
        }

    def suppose(self, paired: Paired) -> Supposed:
        """Return the world of one version: its matches, and people's compared under its rules."""
        outcome, version = paired.outcome, paired.rule_set.pk
        found: dict[int, PairedTrades] = {}
        differing = set(outcome.differences["match_id"].tolist())
        contested: set[int] = set()
        doubtful: set[int] = set()
        for key, decision, reason in rows(outcome.matches, "match_id", "decision", "reason"):
            if decision == Decision.AUTO and key not in differing:
                continue
            status = MatchStatus.MATCHED if decision == Decision.AUTO else MatchStatus.PROPOSED
            made = PairedTrades(_own(key), str(status), reason, version)
            found[made.match_id] = made
            if made.is_in_doubt:
                doubtful.add(key)
        for key, trade in rows(outcome.alternatives, "match_id", "row"):
            if key in doubtful:
                contested.add(trade)
        legs = [
            (_own(key), side, trade)
            for key, side, trade in rows(outcome.legs, *LEG)
            if _own(key) in found
        ]
        for difference in _differences(outcome.differences):
            found[_own(difference.match_id)].differences.append(difference)
        held = set(outcome.legs["row"].tolist())
        world = Supposed(found, legs, held, contested | self.contested)
        self._add_decided(world, paired)
        return world

    def _add_decided(self, world: Supposed, paired: Paired) -> None:
        if self.decided.empty:
            return
        differences = _differences(differences_of(self.decided, paired.rules))
        for one in differences:
            known = world.matches.setdefault(
                one.match_id,
                PairedTrades(one.match_id, str(MatchStatus.MATCHED), "", paired.rule_set.pk),
            )
            known.differences.append(one)
        world.legs += [leg for leg in rows(self.decided, *LEG) if leg[0] in world.matches]

    def lone_keys(self, world: Supposed) -> set[int]:
        """Return the trades in scope that the world has in no match."""
        return (self.seeds | (self.strays - self.stray_legs)) - world.held

    def facts(self, world: Supposed, lone: set[int], unpaired: dict[int, ReportedTrade]) -> Facts:
        def paired(keys: Collection[int]) -> set[int]:
            return {key for key in keys if key in world.held} | self._standing(keys)

        return Facts(
            reconciliation=self.trial.reconciliation,
            matches=[world.matches[key] for key in sorted(world.matches)],
            unmatched={key: trade for key, trade in unpaired.items() if key in lone},
            contested=world.contested,
            paired=paired,
        )

    def _standing(self, keys: Collection[int]) -> set[int]:
        """Return those of these trades that are in a match the trial leaves alone."""
        if not keys:
            return set()
        legs = self.legs.filter(trade__among=sorted(keys)).order_by()
        found = legs.values_list("match", "trade")
        return {trade for match, trade in found if match not in self.undone}


def _own(match_id: int) -> int:
    return -1 - match_id


def _dated(trial: Trial) -> set[int]:
    """Return the keys of the open trades of the days themselves."""
    first, last = pd.Timestamp(trial.from_date), pd.Timestamp(trial.to_date)
    found: set[int] = set()
    for side in (trial.left, trial.right):
        days = side["trade_date"].astype("datetime64[s]")
        found |= set(side.index[days.between(first, last)].tolist())
    return found


def _differences(frame: pd.DataFrame) -> list[Difference]:
    columns = difference_columns(frame)
    keys = frame["match_id"].tolist()
    names = Difference._fields[1:]
    return [
        Difference(key, *values)
        for key, values in zip(
            keys, zip(*(columns[name] for name in names), strict=True), strict=True
        )
    ]


def _uncancelled(trial: Trial, keys: set[int]) -> dict[int, ReportedTrade]:
    sources = [trial.reconciliation.left_source_id, trial.reconciliation.right_source_id]
    trades = Trade.objects.filter(pk__among=sorted(keys), source__in=sources)
    return reported(trades.exclude(state=TradeState.CANCELLED))


def _fill(world: Supposed, trades: dict[int, ReportedTrade]) -> None:
    for match, side, trade in sorted(world.legs, key=lambda leg: leg[2]):
        ours = world.matches[match]
        (ours.left if side == LegSide.LEFT else ours.right).append(trades[trade])
    for one in world.matches.values():
        one.differences.sort(key=lambda difference: difference.field)
