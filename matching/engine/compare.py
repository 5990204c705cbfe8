"""Compare pairings that are given: what people paired, or what a run paired before."""

import numpy as np
import pandas as pd

from matching.engine.differences import differences
from matching.engine.groups import merged
from matching.engine.rules import RuleSet
from matching.engine.table import build


def compare(
    left: pd.DataFrame, right: pd.DataFrame, legs: pd.DataFrame, rules: RuleSet
) -> pd.DataFrame:
    """
    Return where given pairings disagree: the columns of `Result.differences`.

    `legs` has one row a leg: match_id, side (left or right), row (the index label in that side's
    frame); every match has legs on both sides. Groups are compared by what they come to together.

    :raises ColumnError: if a column holds what its comparison cannot read.
    :raises KeyError: if a leg's label is in neither frame.
    """
    table = build(left, right, rules)
    on_left = (legs["side"] == "left").to_numpy()
    rows = np.where(
        on_left,
        left.index.get_indexer(pd.Index(legs["row"])),
        right.index.get_indexer(pd.Index(legs["row"])) + table.split,
    )
    if missing := legs.loc[rows < np.where(on_left, 0, table.split), "row"].tolist():
        raise KeyError(f"these legs are in neither frame: {missing[:5]}")
    places, match_ids = pd.factorize(legs["match_id"])
    whole = merged(table, pd.DataFrame({"match": places, "row": rows}))
    together = np.arange(len(match_ids))
    return differences(whole, together, together + len(match_ids), np.asarray(match_ids))
