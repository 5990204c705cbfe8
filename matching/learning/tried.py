"""What rules make of the rows, as far as learning needs to know."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from matching.engine import Result
from matching.engine.arrays import Floats, Rows
from matching.engine.result import AUTO
from matching.engine.rules import RuleSet
from matching.engine.table import Table
from matching.learning.levels import Levels, levels_of
from matching.learning.pairs import likeness_of

# Why a pair waits for review though nothing but its score was too low.
_BY_SCORE = ("", "score")


@dataclass(frozen=True)
class Tried:
    """The matches and legs that rules make of `rows` rows of both sides, as in `Result`."""

    rules: RuleSet
    matches: pd.DataFrame
    legs: pd.DataFrame
    rows: int

    @classmethod
    def of(cls, rules: RuleSet, result: Result) -> "Tried":
        left_over = len(result.unmatched_left) + len(result.unmatched_right)
        return cls(rules, result.matches, result.legs, len(result.legs) + left_over)

    @property
    def auto_share(self) -> float:
        """The share of rows in an automatic match."""
        automatic = self.matches.loc[self.matches["decision"] == AUTO, "match_id"]
        return int(self.legs["match_id"].isin(automatic).sum()) / self.rows if self.rows else 0.0

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """
        The one-to-one matches: left and right label, score, auto, by_reference, governed, by_score.

        `governed` ones are of a pass that decides by the rule set's own thresholds, and `by_score`
        are those of them of which nothing but the score decided.
        """
        single = self.matches[self.matches["kind"] == "1:1"]
        legs = self.legs[self.legs["match_id"].isin(single["match_id"])]
        sides = legs.pivot(index="match_id", columns="side", values="row")
        sides = sides.reindex(index=single["match_id"], columns=["left", "right"])
        steps = {step.name: step for step in self.rules.passes}
        own = {name for name, step in steps.items() if step.auto_at is not None or step.review}
        governed = ~single["pass_name"].isin(own).to_numpy()
        references = {name for name, step in steps.items() if step.kind == "reference"}
        return pd.DataFrame({
            "left": sides["left"].to_numpy(),
            "right": sides["right"].to_numpy(),
            "score": single["score"].to_numpy(dtype=np.float64),
            "auto": (single["decision"] == AUTO).to_numpy(),
            "by_reference": single["pass_name"].isin(references).to_numpy(),
            "governed": governed,
            "by_score": governed & single["reason"].isin(_BY_SCORE).to_numpy(),
        })  # fmt: skip

    def rows_of(self, table: Table, pairs: pd.DataFrame) -> tuple[Rows, Rows]:
        """Return pairs as joint rows of a table of the same frames."""
        return (
            table.left.index.get_indexer(pd.Index(pairs["left"])),
            table.right.index.get_indexer(pd.Index(pairs["right"])) + table.split,
        )

    def likeness(self, table: Table, pairs: pd.DataFrame) -> Floats:
        return likeness_of(table, *self.rows_of(table, pairs))

    def levels(self, table: Table, pairs: pd.DataFrame) -> Levels:
        return levels_of(self.likeness(table, pairs))
