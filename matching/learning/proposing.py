"""From rows or decisions to rules that could be tried: weights, thresholds, what to expect."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Floats
from matching.engine.rules import RuleSet
from matching.engine.table import Table
from matching.learning import weights as scale
from matching.learning.tried import Tried
from matching.learning.undecided import Learned, learn

# Of a thousand automatic matches one may be false.
MOST_FALSE = 0.001
# And of those that are not matched by themselves today, one of twenty.
DOUBTFUL = 0.05
# How far below its place the review threshold is looked for.
LOWER = 0.20
_BY_MODEL = (
    "Expected by the model of the pairs they would be; no person has looked at them. The interval "
    "allows for chance, not for the model being wrong: samples drawn of what is matched tell that."
)

TryOut = Callable[[dict[str, Any]], Tried]


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """A field's weight, and where it was learned without decisions the bits it gives and takes."""

    name: str
    before: float
    after: float
    agrees: float | None = None
    differs: float | None = None


@dataclass(frozen=True, kw_only=True)
class Expected:
    """
    The expected share of false ones among automatic matches, 0 to 1, with a 95% interval.

    `of` are the matches or verdicts it rests on, `basis` says in words what they are.
    """

    rate: float | None
    low: float
    high: float
    of: int
    basis: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Rules learned, with what they change and what they would come to; nothing is decided yet."""

    definition: dict[str, Any]
    fields: Sequence[Weighed]
    auto_at: tuple[float, float]
    review_at: tuple[float, float]
    auto_share: tuple[float, float]
    false_matches: Expected
    notes: Sequence[str] = field(default_factory=tuple)


def from_pairs(
    table: Table,
    definition: Mapping[str, Any],
    *,
    try_out: TryOut,
    learned: Learned | None = None,
    most_false: float = MOST_FALSE,
) -> Proposal:
    """
    Propose rules from the rows alone.

    Weights follow the evidence of the fields. The AUTO threshold is the lowest score from which on
    few enough of the pairs are expected to be false, see `auto_threshold`. The review threshold is
    where the expected F1 is highest, or lower where that would pair fewer than now.

    :raises TooLittle: if there is too little to learn from.
    """
    learned = learned or learn(table)
    rules = table.rules
    found = scale.rounded(scale.from_evidence(learned.ratios), _total(rules, learned.names))
    weights = dict(zip(learned.names, found, strict=True))
    before = try_out(dict(definition))
    share = max(len(before.pairs), 1) / (table.split * (table.size - table.split))
    lower = max(rules.review_at - LOWER, 0.0)
    wide = try_out(
        scale.revised(definition, weights=weights, auto_at=rules.auto_at, review_at=lower)
    )
    pairs = wide.pairs[wide.pairs["by_score"]]
    doubt = learned.doubt(wide.levels(table, pairs), _prior(pairs, share, learned))
    scores = pairs["score"].to_numpy()
    today = automatic_today(before, pairs)
    auto_at, notes = auto_threshold(
        Candidates(scores, doubt, today, learned.score_at(1 - DOUBTFUL, share)),
        most_false=most_false,
        otherwise=rules.auto_at,
    )
    lowest = review_at(before, wide, scale.best_balance(scores, 1 - doubt))
    lowest = min(lowest, auto_at)
    made = scale.revised(definition, weights=weights, auto_at=auto_at, review_at=lowest)
    after = try_out(made)
    sure = after.pairs[after.pairs["auto"]]
    rate, low, high = learned.false_rate(after.levels(table, sure), _prior(sure, share, learned))
    return Proposal(
        definition=made,
        fields=weigh(rules, weights, learned),
        auto_at=(rules.auto_at, auto_at),
        review_at=(rules.review_at, lowest),
        auto_share=(before.auto_share, after.auto_share),
        false_matches=Expected(
            rate=rate if len(sure) else None, low=low, high=high, of=len(sure),
            basis=_BY_MODEL,
        ),
        notes=(*notes, *groups_note(after)),
    )  # fmt: skip


def automatic_today(before: Tried, pairs: pd.DataFrame) -> Bools:
    """Tell which pairs are automatic under the rules in force."""
    automatic = before.pairs.loc[before.pairs["auto"], ["left", "right"]]
    known = pd.MultiIndex.from_frame(automatic)
    found: Bools = pd.MultiIndex.from_frame(pairs[["left", "right"]]).isin(known)
    return found


@dataclass(frozen=True)
class Candidates:
    """
    Pairs that a threshold decides on: scores, how probably each is false, which are automatic now.

    `sure_at` is the score from which on any pair is sure enough by the model, seen or not.
    """

    scores: Floats
    doubt: Floats
    today: Bools
    sure_at: float


def auto_threshold(
    found: Candidates, *, most_false: float, otherwise: float
) -> tuple[float, list[str]]:
    """
    Return the AUTO threshold, and what there is to say of it.

    It is the lowest score from which on no more than `most_false` of all pairs are expected to be
    false, and no more than `DOUBTFUL` of those that are not automatic now: many sure pairs must
    not make up for a few that nobody would let pass. And it is never below what the model is sure
    of, however good the pairs of these days happen to be.
    """
    scores, doubt, today = found.scores, found.doubt, found.today
    safe = scale.lowest_safe(scores, doubt, most_false=most_false)
    besides = scale.lowest_safe(scores[~today], doubt[~today], most_false=DOUBTFUL)
    if safe is not None and besides is not None:
        lowest = max(safe, besides, min(found.sure_at, 1.0))
        if lowest < scores[today].min(initial=1.0):
            return scale.floor_to(lowest), []
    as_now = scale.as_many(scores, int(today.sum()))
    said = (
        "Nothing shows that more could be matched by itself, so the AUTO threshold is where about "
        "as many are as today."
    )
    return otherwise if as_now is None else scale.floor_to(as_now), [said]


def review_at(before: Tried, wide: Tried, best: float | None = None) -> float:
    """
    Return from which score on to propose pairs: what is best, but no fewer than are paired now.

    What the passes ask of fields without weight is evidence that no score tells of, so that what
    they find is likelier than it looks.
    """
    governed = [one.pairs.loc[one.pairs["governed"], "score"].to_numpy() for one in (before, wide)]
    as_now = scale.as_many(governed[1], min(len(governed[0]), len(governed[1])))
    found = [one for one in (best, as_now) if one is not None]
    # A higher one would silently propose less on the next days than it did on these.
    return min(scale.floor_to(min(found, default=1.0)), before.rules.review_at)


def _prior(pairs: pd.DataFrame, share: float, learned: Learned) -> Floats:
    """Return how many of the pairs found like each match; a shared reference tells by itself."""
    told = learned.share_by_reference
    by_reference = share if told is None else min(told, 1 - 1e-9)
    return np.where(pairs["by_reference"], by_reference, share)


def _total(rules: RuleSet, names: Sequence[str]) -> float:
    return sum(rules.field(name).weight for name in names)


def weigh(
    rules: RuleSet, weights: Mapping[str, float], learned: Learned | None = None
) -> list[Weighed]:
    """Say of each weighted field what changes."""
    bits = {} if learned is None else dict(zip(learned.names, learned.ratios, strict=True))
    return [
        Weighed(
            name=name, before=rules.field(name).weight, after=after,
            agrees=round(float(bits[name][-1]), 2) if name in bits else None,
            differs=round(float(bits[name][0]), 2) if name in bits else None,
        )
        for name, after in weights.items()
    ]  # fmt: skip


def groups_note(after: Tried) -> list[str]:
    """Say that groups are left out, where there are some."""
    groups = int((after.matches["kind"] != "1:1").sum())
    if not groups:
        return []
    return [f"{groups:,} of the matches are groups; the expected rate is that of pairs alone."]
