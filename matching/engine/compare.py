"""Compare pairings, however they came about: made by a run, or given and compared again."""

import numpy as np
import pandas as pd

from matching.engine.differences import differences
from matching.engine.groups import merged
from matching.engine.rules import RuleSet
from matching.engine.table import Table, build


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
    found = disagreements(table, pd.DataFrame({"match": places, "row": rows}))
    return found.assign(match_id=np.asarray(match_ids)[found["match_id"].to_numpy(dtype=np.int64)])


def disagreements(table: Table, legs: pd.DataFrame) -> pd.DataFrame:
    """
    Return the differences of matches given by their legs (match, row as joint rows).

    Their match_id is the match of the legs. Pairs are compared row by row, groups merged.
    """
    legs = legs.sort_values(["match", "row"], ignore_index=True)
    match, row = legs["match"].to_numpy(), legs["row"].to_numpy()
    single = (np.bincount(match) == 2)[match]
    a, b = row[single].reshape(-1, 2).T
    found = differences(table, a, b, match[single][::2])
    if bool(single.all()):
        return found
    groups, places = np.unique(match[~single], return_inverse=True)
    whole = merged(table, pd.DataFrame({"match": places, "row": row[~single]}))
    left = np.arange(len(groups))
    together = differences(whole, left, left + len(groups), groups, grouped=True)
    parts = [part for part in (found, together) if len(part)] or [found]
    every = pd.concat(parts, ignore_index=True)
    return every.sort_values("match_id", kind="stable", ignore_index=True)
