"""From what people decided to rules that could be tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from matching.engine.arrays import Bools, Floats
from matching.engine.table import Table
from matching.learning import decided
from matching.learning import weights as scale
from matching.learning.intervals import CONFIDENCE, clopper_pearson
from matching.learning.pairs import weighted_fields
from matching.learning.proposing import (
    DOUBTFUL,
    LOWER,
    MOST_FALSE,
    Candidates,
    Expected,
    Proposal,
    TryOut,
    auto_threshold,
    automatic_today,
    groups_note,
    review_at,
    weigh,
)
from matching.learning.tried import Tried
from matching.learning.undecided import TooLittle

LEAST = 20


@dataclass(frozen=True)
class Decisions:
    """
    Pairs people decided on, in one order.

    `likeness` is ``(n, n_weighted_fields)``; `right` tells what they said, `automatic` the pairs
    that no person had proposed to them, and `sampled` those of them drawn at random. `quiet` is
    how many automatic matches there are in all, looked at or not.
    """

    likeness: Floats
    right: Bools
    automatic: Bools
    sampled: Bools
    quiet: int

    def lacking(self) -> str:
        """Say what there is too little of to learn from; nothing if there is enough."""
        yes, no = int(self.right.sum()), int((~self.right).sum())
        if min(yes, no) >= LEAST:
            return ""
        if not yes + no:
            return "Nobody has decided on a pair of these days yet."
        if not min(yes, no):
            only = "confirmed" if yes else "turned down"
            return f"All {yes + no:,} decisions are pairs {only}: nothing sets them apart."
        return (
            f"There are {yes:,} pairs people called right and {no:,} they called wrong, and "
            f"{LEAST} of either are needed."
        )


def from_decisions(
    table: Table,
    definition: Mapping[str, Any],
    decisions: Decisions,
    *,
    try_out: TryOut,
    most_false: float = MOST_FALSE,
) -> Proposal:
    """
    Propose rules from what people decided; `table` has the rows that `try_out` pairs.

    People see what was proposed to them, and next to nothing of what was matched by itself. So
    what is automatic today is judged by the samples drawn of it at random, and the decisions by
    what would become automatic besides: the AUTO threshold is the lowest score at which no more
    than `most_false` of all are expected to be false.

    :raises TooLittle: if there are too few decisions of either kind.
    """
    if lacking := decisions.lacking():
        raise TooLittle(lacking)
    rules = table.rules
    names = [one.name for one in weighted_fields(rules)]
    old = np.array([rules.field(name).weight for name in names])
    model = decided.fit(decisions.likeness, decisions.right, old)
    found = scale.rounded(model.weights, float(old.sum()))
    weights = dict(zip(names, found, strict=True))
    before = try_out(dict(definition))
    wide = try_out(
        scale.revised(
            definition, weights=weights, auto_at=rules.auto_at,
            review_at=max(rules.review_at - LOWER, 0.0),
        )
    )  # fmt: skip
    pairs = wide.pairs[wide.pairs["by_score"]]
    doubt = 1 - model.probability(wide.likeness(table, pairs))
    today = automatic_today(before, pairs)
    # What the samples say of today's is so already; the decisions say what would come besides.
    doubt[today] = 0.0
    auto_at, notes = auto_threshold(
        Candidates(pairs["score"].to_numpy(), doubt, today, model.score_at(1 - DOUBTFUL)),
        most_false=most_false,
        otherwise=rules.auto_at,
    )
    lowest = min(review_at(before, wide), auto_at)
    made = scale.revised(definition, weights=weights, auto_at=auto_at, review_at=lowest)
    after = try_out(made)
    return Proposal(
        definition=made,
        fields=weigh(rules, weights),
        auto_at=(rules.auto_at, auto_at),
        review_at=(rules.review_at, lowest),
        auto_share=(before.auto_share, after.auto_share),
        false_matches=_expected(before, after, decisions, old, auto_at),
        notes=(*notes, *groups_note(after)),
    )


def _expected(
    before: Tried, after: Tried, decisions: Decisions, old: Floats, auto_at: float
) -> Expected:
    """Weigh what samples say of today's automatic matches with what decisions say of the rest."""
    sure = after.pairs[after.pairs["auto"]]
    today = int(automatic_today(before, sure).sum())
    besides = len(sure) - today
    drawn = decisions.sampled
    if drawn.any():
        wrong, of = int((~decisions.right[drawn]).sum()), int(drawn.sum())
        basis = f"Of today's, {wrong:,} of {of:,} drawn at random were called wrong."
    else:
        wrong = int((~decisions.right[decisions.automatic]).sum())
        of = max(decisions.quiet, wrong)
        basis = (
            f"Of today's, {wrong:,} of {of:,} were taken apart by somebody, and none were drawn at "
            "random: there may be more that nobody came upon."
        )
    proposed = ~decisions.automatic
    score, _ = decided.out_of_fold(decisions.likeness, decisions.right, old)
    reached = proposed & scale.at_or_above(score, auto_at)
    more_wrong, more = int((~decisions.right[reached]).sum()), int(reached.sum())
    if besides:
        basis += (
            f" Of pairs decided on that would be automatic besides, {more_wrong:,} of {more:,} "
            "were turned down, each scored by weights learned without it."
        )
    # Each interval a little wider, for both to hold at once (Bonferroni).
    wider = 1 - (1 - CONFIDENCE) / 2
    parts = [(today, wrong, of), (besides, more_wrong, more)]
    whole = max(len(sure), 1)
    ends = [clopper_pearson(bad, seen, confidence=wider) for _, bad, seen in parts]
    rate = sum(count * bad / max(seen, 1) for count, bad, seen in parts) / whole
    return Expected(
        rate=rate if len(sure) else None,
        low=sum(count * low for (count, *_), (low, _) in zip(parts, ends, strict=True)) / whole,
        high=sum(count * high for (count, *_), (_, high) in zip(parts, ends, strict=True)) / whole,
        of=of + more,
        basis=basis,
    )
