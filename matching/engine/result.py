"""What a reconciliation found, as frames; and the matches as they are collected."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Objects
from matching.engine.scoring import Scored
from matching.engine.table import Table

AUTO, REVIEW = "AUTO", "REVIEW"


@dataclass(frozen=True)
class Result:
    """
    Matches, their legs and differences, and what is left over.

    ``matches``: match_id, pass_name, score, decision (AUTO or REVIEW), kind (1:1, 1:N, N:1, N:M),
    reason (why it needs review, else empty). ``legs``: match_id, side (left or right), row (the
    input's index label). ``differences``: match_id, field, left, right (text, to the digit),
    difference and tolerance (Decimal, or None where nothing is measured), kind.
    ``alternatives``: match_id, side, row, score. ``passes``: name, candidates, cut, matched,
    seconds. ``unmatched_left`` and ``unmatched_right`` are index labels in input order.
    """

    matches: pd.DataFrame
    legs: pd.DataFrame
    differences: pd.DataFrame
    alternatives: pd.DataFrame
    passes: pd.DataFrame
    unmatched_left: pd.Index
    unmatched_right: pd.Index


@dataclass(frozen=True)
class Found:
    """
    The matches of one pass, in a content order.

    ``matches``: score, decision, reason. ``legs``: match (place in matches), row (joint row).
    ``alternatives``: match, row, score. `candidates` and `cut` count what was looked at and what
    the bounds left out.
    """

    matches: pd.DataFrame
    legs: pd.DataFrame
    alternatives: pd.DataFrame
    candidates: int = 0
    cut: int = 0


@dataclass
class Collected:
    """The matches of the passes so far, and which joint rows are still free."""

    table: Table
    free: Bools
    on_pass: Callable[[dict[str, object]], None] | None = None
    matches: list[pd.DataFrame] = field(default_factory=list)
    legs: list[pd.DataFrame] = field(default_factory=list)
    alternatives: list[pd.DataFrame] = field(default_factory=list)
    passes: list[dict[str, object]] = field(default_factory=list)
    count: int = 0

    def add(self, name: str, found: Found, seconds: float) -> None:
        """Take in the matches of a pass; their rows are free no more."""
        self.passes.append({
            "name": name, "candidates": found.candidates, "cut": found.cut,
            "matched": len(found.matches), "seconds": seconds,
        })  # fmt: skip
        if self.on_pass is not None:
            self.on_pass(self.passes[-1])
        # The frames of the first pass are kept though empty: they give the columns.
        if found.matches.empty and self.matches:
            return
        self.free[found.legs["row"].to_numpy()] = False
        self.matches.append(found.matches.assign(pass_name=name))
        for store, frame in ((self.legs, found.legs), (self.alternatives, found.alternatives)):
            store.append(frame.assign(match=frame["match"] + self.count))
        self.count += len(found.matches)

    def counts(self) -> pd.DataFrame:
        """Return the counts of each pass, at home and beyond it together."""
        return pd.DataFrame(self.passes).groupby("name", sort=False, as_index=False).sum()


def nothing_found(candidates: int = 0, cut: int = 0) -> Found:
    """Return the result of a pass without matches."""
    return replace(_nothing(), candidates=candidates, cut=cut)


@cache
def _nothing() -> Found:
    nothing = np.zeros(0)
    rows = nothing.astype(np.int64)
    pairs = Scored(rows, rows, nothing, nothing, nothing, nothing)
    return found_pairs(pairs, nothing.astype(object), no_alternatives(), candidates=0, cut=0)


def no_alternatives() -> pd.DataFrame:
    """Return an empty frame of alternatives."""
    rows = np.zeros(0, dtype=np.int64)
    return pd.DataFrame({"match": rows, "row": rows, "score": np.zeros(0)})


def found_pairs(
    pairs: Scored, reason: Objects, others: pd.DataFrame, *, candidates: int, cut: int
) -> Found:
    """Return pairs as matches of two legs; those with a reason need REVIEW."""
    place = np.arange(len(pairs.a))
    decision = np.where(reason == "", AUTO, REVIEW)
    return Found(
        matches=pd.DataFrame({"score": pairs.score, "reason": reason, "decision": decision}),
        legs=pd.DataFrame({
            "match": np.concatenate([place, place]), "row": np.concatenate([pairs.a, pairs.b]),
        }),
        alternatives=others,
        candidates=candidates,
        cut=cut,
    )  # fmt: skip
