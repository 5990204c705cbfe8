"""The engine's answer as frames, and what a run does with it before writing."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from matching import engine

FRAMES = ("matches", "legs", "differences", "alternatives")


def rows(frame: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield a frame's rows as plain Python values of the named columns."""
    return zip(*(frame[column].tolist() for column in columns), strict=True)


@dataclass(frozen=True)
class Outcome:
    """
    Proposed matches, keyed by `match_id` in every frame.

    `matches` has one row a match, `legs` one a leg (`row` is the trade's primary key),
    `differences` one a differing field, `alternatives` one a near candidate.
    """

    matches: pd.DataFrame
    legs: pd.DataFrame
    differences: pd.DataFrame
    alternatives: pd.DataFrame
    candidates_cut: int

    @classmethod
    def of(cls, result: engine.Result) -> "Outcome":
        return cls(
            matches=result.matches,
            legs=result.legs,
            differences=result.differences,
            alternatives=result.alternatives,
            candidates_cut=int(result.passes["cut"].sum()),
        )

    def only(self, match_ids: Collection[int]) -> "Outcome":
        """Keep the matches of these ids."""
        kept = {}
        for name in FRAMES:
            frame = getattr(self, name)
            kept[name] = frame[frame["match_id"].isin(match_ids)]
        return replace(self, **kept)

    def without(self, match_ids: Collection[int]) -> "Outcome":
        """Leave out the matches of these ids."""
        return self.only(self.matches.loc[~self.matches["match_id"].isin(match_ids), "match_id"])

    def followed_by(self, later: "Outcome") -> "Outcome":
        """Add the matches of a later look, numbered after those of this one."""
        offset = 1 + int(self.matches["match_id"].max()) if len(self.matches) else 0
        joined = {}
        for name in FRAMES:
            ours, theirs = getattr(self, name), getattr(later, name)
            theirs = theirs.assign(match_id=theirs["match_id"] + offset)
            there = [frame for frame in (ours, theirs) if len(frame)]
            joined[name] = pd.concat(there, ignore_index=True) if there else ours
        return Outcome(**joined, candidates_cut=self.candidates_cut + later.candidates_cut)

    def with_trades(self, trades: pd.DataFrame) -> "Outcome":
        """Tell of each leg which version of its trade was compared, and the trade's date."""
        compared = trades[["version", "trade_date"]].astype({"trade_date": "datetime64[s]"})
        return replace(self, legs=self.legs.join(compared, on="row"))

    def signatures(self) -> dict[frozenset[tuple[str, int]], int]:
        """Return the legs of each match, as a set of (side, trade), to its match id."""
        legs: dict[int, set[tuple[str, int]]] = {}
        for match_id, side, trade in rows(self.legs, "match_id", "side", "row"):
            legs.setdefault(match_id, set()).add((side, trade))
        return {frozenset(found): match_id for match_id, found in legs.items()}
