"""
What learned rules are worth, on data they were not learned from.

Feeds: weights are learned without decisions on one generated week, and the draft is judged beside
the default rules on weeks of other seeds. People (Febrl 4, not part of this repository; name its
folder with --febrl): the hand-made rules beside a draft learned from the pairs alone; and beside
drafts learned on half of the people, of whom half have no partner, judged on the other half.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import engine_frames
from benchmarks.two_feeds import DAYS
from matching.engine import RuleSet, reconcile
from matching.engine.table import build
from matching.learning.judging import Decisions, from_decisions
from matching.learning.pairs import likeness_of
from matching.learning.proposing import Proposal, from_pairs
from matching.learning.tried import Tried
from matching.learning.weights import revised

DECIDED = 300


def main() -> int:
    """Measure, print, and return the exit code."""
    asked = _arguments()
    found: dict[str, Any] = {"feeds": _feeds(asked.trades, asked.fit, asked.seed)}
    if asked.febrl:
        found["febrl"] = _febrl(asked.febrl)
    print(json.dumps(found, indent=2))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trades", type=int, default=5_000, help="deals a week (5000)")
    parser.add_argument("--fit", type=int, default=11, help="seed to learn from (11)")
    parser.add_argument(
        "--seed", type=int, nargs="+", default=[7, 21, 33], help="seeds to judge on"
    )
    parser.add_argument("--febrl", type=Path, help="folder of dataset4a.csv and dataset4b.csv")
    return parser.parse_args()


def _trying(left: pd.DataFrame, right: pd.DataFrame):
    def try_out(definition: dict[str, Any]) -> Tried:
        rules = RuleSet.from_dict(definition)
        return Tried.of(rules, reconcile(left, right, rules))

    return try_out


def _said(proposal: Proposal) -> dict[str, Any]:
    expected = proposal.false_matches
    return {
        "weights": {one.name: [one.before, one.after] for one in proposal.fields},
        "auto_at": proposal.auto_at,
        "review_at": proposal.review_at,
        "expected_false": [expected.rate, expected.low, expected.high],
    }


def _feeds(trades: int, fit: int, seeds: list[int]) -> dict[str, Any]:
    from workflows.demo.scoring import score
    from workflows.demo.week import FIGURES, generate

    def week_of(seed: int):
        week = generate(seed=seed, trades=trades, days=DAYS, shape=FIGURES)
        return week, engine_frames.frame(week.oms), engine_frames.frame(week.custodian)

    before = engine_frames.rules().to_dict()
    _, left, right = week_of(fit)
    began = time.process_time()
    table = build(left, right, RuleSet.from_dict(before))
    proposal = from_pairs(table, before, try_out=_trying(left, right))
    found: dict[str, Any] = {"cpu_seconds": time.process_time() - began, **_said(proposal)}
    for seed in seeds:
        week, left, right = week_of(seed)
        for name, definition in (("default", before), ("draft", proposal.definition)):
            result = reconcile(left, right, RuleSet.from_dict(definition))
            automatic, proposed, breaks = engine_frames.answers(week, result)
            judged = score(week.truth, automatic=automatic, proposed=proposed, breaks=breaks)
            found[f"seed {seed}, {name}"] = {
                "precision": judged.precision,
                "recall": judged.recall,
                "automatic_precision": judged.automatic_precision,
                "automatic_recall": judged.automatic_recall,
                "to_review": judged.proposed,
                "planted_found": 1 - len(judged.unfound) / judged.planted,
            }
    return found


def _febrl(folder: Path) -> dict[str, Any]:
    from tests.unit.matching.engine.people import PERSON_RULES

    left, right = (
        pd.read_csv(folder / name, dtype=str, skipinitialspace=True).set_index("rec_id")
        for name in ("dataset4a.csv", "dataset4b.csv")
    )
    began = time.process_time()
    table = build(left, right, RuleSet.from_dict(PERSON_RULES))
    alone = from_pairs(table, PERSON_RULES, try_out=_trying(left, right))
    took = time.process_time() - began
    halves = [_half(left, right, odd=odd) for odd in (False, True)]
    told = _told(*halves[0], PERSON_RULES)
    half = build(*halves[0], RuleSet.from_dict(PERSON_RULES))
    by_half = from_pairs(half, PERSON_RULES, try_out=_trying(*halves[0]))
    return {
        "cpu_seconds": took,
        "hand-made": _linked(left, right, PERSON_RULES),
        "pairs alone": {**_linked(left, right, alone.definition), **_said(alone)},
        "other half, hand-made": _linked(*halves[1], PERSON_RULES),
        "other half, pairs alone": {**_linked(*halves[1], by_half.definition), **_said(by_half)},
        "other half, from decisions": {**_linked(*halves[1], told.definition), **_said(told)},
    }


def _person(labels: pd.Series) -> pd.Series:
    return labels.str.split("-").str[1]


def _half(left: pd.DataFrame, right: pd.DataFrame, *, odd: bool):
    """Return every other person, of whom half are on one side alone."""
    numbers = [_person(side.index.to_series()).astype(int) for side in (left, right)]
    return (
        left[(numbers[0] % 2 == odd) & (numbers[0] % 3 != 0)],
        right[(numbers[1] % 2 == odd) & (numbers[1] % 3 != 1)],
    )


def _told(left: pd.DataFrame, right: pd.DataFrame, definition: dict[str, Any]) -> Proposal:
    """Let somebody who knows the truth decide on proposals that loose rules make."""
    weights = {one["name"]: one["weight"] for one in definition["fields"] if "weight" in one}
    loose = revised(definition, weights=weights, auto_at=definition["auto_at"], review_at=0.3)
    try_out = _trying(left, right)
    seen = try_out(loose).pairs
    seen = seen[~seen["auto"]].sort_values(["score", "left"], ignore_index=True)
    # As likely from among the worst as from among the best.
    chosen = np.unique(np.linspace(0, len(seen) - 1, DECIDED).astype(int))
    decided = seen.iloc[chosen]
    table = build(left, right, RuleSet.from_dict(definition))
    a = left.index.get_indexer(pd.Index(decided["left"]))
    b = right.index.get_indexer(pd.Index(decided["right"])) + table.split
    nothing = np.zeros(len(decided), dtype=bool)
    decisions = Decisions(
        likeness=likeness_of(table, a, b),
        right=(_person(decided["left"]) == _person(decided["right"])).to_numpy(),
        automatic=nothing,
        sampled=nothing,
        quiet=int(try_out(definition).pairs["auto"].sum()),
    )
    print(f"{len(decided)} decisions, {int(decisions.right.sum())} of them right", file=sys.stderr)
    return from_decisions(table, definition, decisions, try_out=try_out)


def _linked(left: pd.DataFrame, right: pd.DataFrame, definition: dict[str, Any]) -> dict[str, Any]:
    pairs = _trying(left, right)(definition).pairs
    true = (_person(pairs["left"]) == _person(pairs["right"])).to_numpy()
    auto = pairs["auto"].to_numpy()
    partners = len(set(_person(left.index.to_series())) & set(_person(right.index.to_series())))
    precision, recall = true.mean(), true.sum() / partners
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
        "automatic": auto.sum() / partners,
        "automatic_false": (~true[auto]).sum() / max(auto.sum(), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
