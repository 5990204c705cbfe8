"""What a run does between reading trades and committing matches."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from matching import engine
from matching.choices import Decision, LegSide, MatchStatus
from matching.frames import trades_frame
from matching.models import ReconciliationRun
from matching.rules import rules_of_run
from matching.scope import (
    count_matches,
    count_unpaired,
    decided_matches_to_compare,
    doubtful_matches,
    open_trades,
)
from matching.services import bulk, partitions, sampling, standing
from matching.services.comparing import compare_again
from matching.services.outcome import Outcome
from matching.services.refused import refused_matches, refused_pairs
from trades.choices import TradeState
from trades.services.columns import run_uncompiled

Progress = Callable[[str, int], None]


@dataclass
class PairedScope:
    """
    The outcome of pairing a run's trades, held until it is written in one transaction.

    `doubtful` are keys of the matches it looked at anew and `replaced` of those it replaces,
    `unpaired` are keys of the trades left over.
    """

    run: ReconciliationRun
    rules: engine.RuleSet
    outcome: Outcome
    doubtful: list[int]
    replaced: list[int]
    unpaired: list[int]

    def write(self, *, at: datetime) -> None:
        """Take apart what the new pairing replaces and write it, leaving people's work alone."""
        bulk.hold(self.run.reconciliation_id)
        bulk.supersede(self.replaced)
        overruled = self._overruled()
        outcome = self.outcome.without(overruled)
        legs = self.outcome.legs
        self.unpaired += legs.loc[legs["match_id"].isin(overruled), "row"].tolist()
        self.unpaired += bulk.trades_let_go(self.run.reconciliation, self.doubtful)
        keys = bulk.write_matches(run=self.run, outcome=outcome, at=at)
        bulk.write_differences(outcome.differences, keys)
        bulk.write_alternatives(outcome.alternatives, keys)
        sampling.draw(run=self.run, matches=outcome.matches, keys=keys, at=at)
        partitions.forget(self.run)
        compare_again(
            matches=decided_matches_to_compare(self.run),
            rules=self.rules,
            rule_set=self.run.rule_set,
        )

    def _overruled(self) -> set[int]:
        """
        Find the new matches that what a person did while the engine worked rules out.

        They paired one of the trades otherwise, or said that these do not belong together.
        """
        legs = self.outcome.legs
        held = bulk.trades_people_paired(self.run.reconciliation)
        taken = set(legs.loc[legs["row"].isin(held), "match_id"])
        return taken | refused_matches(self.run, self.outcome)

    def count(self) -> None:
        """Set the run's counts to how its scope stands now."""
        run = self.run
        unpaired, counts = count_unpaired(run, self.unpaired), count_matches(run)
        for side, source in (
            (LegSide.LEFT, run.reconciliation.left_source_id),
            (LegSide.RIGHT, run.reconciliation.right_source_id),
        ):
            lone, matched = unpaired.get(source, 0), counts.legs[side, MatchStatus.MATCHED]
            proposed = counts.legs[side, MatchStatus.PROPOSED]
            setattr(run, f"{side}_trades", lone + matched + proposed)
            setattr(run, f"matched_{side}", matched)
            setattr(run, f"unmatched_{side}", lone)
        run.auto_matched = counts.auto_matched
        run.manual_review = counts.proposed
        run.candidates_cut = self.outcome.candidates_cut


def pair_scope(*, run: ReconciliationRun, on_progress: Progress) -> PairedScope:
    """
    Read the run's open trades and pair them; nothing is written.

    :raises InvalidRules: if the run's rule set is not valid.
    """
    began = time.perf_counter()
    on_progress("Reading trades", 5)
    doubtful = list(doubtful_matches(run).order_by().values_list("pk", flat=True))
    left, right = read_open(run, doubtful)
    run.timings["read"] = round(time.perf_counter() - began, 3)

    on_progress(f"Pairing {len(left):,} with {len(right):,} trades", 25)
    rules = rules_of_run(run)
    outcome = outcome_of(run=run, left=left, right=right, rules=rules, on_progress=on_progress)
    read = left.index.append(right.index)
    unpaired = read[~read.isin(outcome.legs["row"])].tolist()
    kept = standing.confirmed(outcome, doubtful, run.rule_set_id)
    run.timings["pair"] = round(time.perf_counter() - began - run.timings["read"], 3)
    replaced = [key for key in doubtful if key not in kept]
    return PairedScope(run, rules, outcome.without(kept.values()), doubtful, replaced, unpaired)


def read_open(run: ReconciliationRun, doubtful: Sequence[int]) -> partitions.Frames:
    """Return the trades a run may pair, left and right; `doubtful` are the matches that let go."""
    run_uncompiled()
    between = run.reconciliation
    left, right = (
        trades_frame(open_trades(run, source, doubtful))
        for source in (between.left_source, between.right_source)
    )
    return left, right


def outcome_of(
    *,
    run: ReconciliationRun,
    left: pd.DataFrame,
    right: pd.DataFrame,
    rules: engine.RuleSet,
    on_progress: Progress,
) -> Outcome:
    """Return what the rules make of a run's trades, less what people turned down before."""
    outcome = _living_then_cancelled(run, left, right, rules, on_progress)
    outcome = outcome.with_trades(
        pd.concat([side[["version", "trade_date"]] for side in (left, right)])
    )
    outcome = outcome.only(_with_a_leg_in_scope(run, outcome))
    return outcome.without(refused_matches(run, outcome))


def _told(on_progress: Progress, rules: engine.RuleSet) -> engine.OnPass:
    """Report each pass as progress, from 25 to 65 percent of the run."""
    done: set[str] = set()

    def on_pass(counts: dict[str, object]) -> None:
        done.add(str(counts["name"]))
        on_progress(f"Pairing: {counts['name']}", 25 + 40 * len(done) // len(rules.running))

    return on_pass


def _living_then_cancelled(
    run: ReconciliationRun,
    left: pd.DataFrame,
    right: pd.DataFrame,
    rules: engine.RuleSet,
    on_progress: Progress,
) -> Outcome:
    """
    Pair the living trades first, so that a cancelled trade never takes a living one's partner.

    What is left then meets the cancelled trades: a sure pair of the two is a STATE difference,
    and anything less sure than that is nothing at all.
    """
    living_left, gone_left = _living_and_cancelled(left)
    living_right, gone_right = _living_and_cancelled(right)
    refused, on_pass = refused_pairs(run), _told(on_progress, rules)
    first = partitions.pair(
        run=run, left=living_left, right=living_right, rules=rules, refused=refused,
        on_progress=on_progress, on_pass=on_pass,
    )  # fmt: skip
    outcome = Outcome.of(first)
    gone = set(gone_left.index) | set(gone_right.index)
    if not gone:
        return outcome
    rest_left = pd.concat([living_left.loc[first.unmatched_left], gone_left])
    rest_right = pd.concat([living_right.loc[first.unmatched_right], gone_right])
    second = Outcome.of(
        engine.reconcile(rest_left, rest_right, rules, refused=refused, on_pass=on_pass)
    )
    with_gone = set(second.legs.loc[second.legs["row"].isin(gone), "match_id"])
    sure = set(second.matches.loc[second.matches["decision"] == Decision.AUTO, "match_id"])
    return outcome.followed_by(second.only(sure & with_gone))


def _living_and_cancelled(trades: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    cancelled = trades["state"] == TradeState.CANCELLED
    return trades[~cancelled], trades[cancelled]


def _with_a_leg_in_scope(run: ReconciliationRun, outcome: Outcome) -> pd.Series:
    days = outcome.legs["trade_date"]
    within = days.between(pd.Timestamp(run.from_date), pd.Timestamp(run.to_date))
    return outcome.legs.loc[within, "match_id"]
