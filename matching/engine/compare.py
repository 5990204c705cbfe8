"""Compare pairings, however they came about: made by a run, or given and compared again."""

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Rows
from matching.engine.differences import COLUMNS, differences
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
    ordered = pd.DataFrame({"match": places, "row": rows}).sort_values(["match", "row"])
    found = disagreements(table, ordered)
    return found.assign(match_id=np.asarray(match_ids)[found["match_id"].to_numpy(dtype=np.int64)])


def disagreements(table: Table, legs: pd.DataFrame) -> pd.DataFrame:
    """
    Return the differences of matches given by their legs (match, row as joint rows).

    The legs of a match stand together, left before right. Their match_id is the match of the legs.
    Pairs are compared row by row, groups merged.
    """
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
    by_legs = _by_legs(table, match[~single], row[~single], together)
    together = together[~_beside_the_point(table, together, by_legs)]
    parts = [part for part in (found, together, by_legs) if len(part)] or [found]
    every = pd.concat(parts, ignore_index=True)
    return every.sort_values("match_id", kind="stable", ignore_index=True)


def _by_legs(table: Table, match: Rows, row: Rows, told: pd.DataFrame) -> pd.DataFrame:
    """
    Return where a leg of a group disagrees with the other side, beside what is `told` of groups.

    Legs that differ among themselves have no common value, and what has no value cannot differ
    from the other side's: taken together only, the disagreement would be lost. Each match's rows
    are consecutive, left first.
    """
    on_right = row >= table.split
    starts = np.flatnonzero(np.diff(match * 2 + on_right, prepend=-1))
    firsts = row[starts].reshape(-1, 2)[np.unique(match, return_inverse=True)[1]]
    a = np.where(on_right, firsts[:, 0], row)
    b = np.where(on_right, row, firsts[:, 1])
    side = table.rules.grouping.side if table.rules.grouping else ""
    known = set(zip(told["match_id"], told["field"], strict=True))
    rows = []
    for one in table.rules.fields:
        if not one.kind or one.in_group != "common" or one.name == side:
            continue
        apart = table.fields[one.name].differs(a, b)
        for place in np.unique(match[apart]):
            if (place, one.name) in known:
                continue
            legs = row[match == place]
            texts = [
                " / ".join(dict.fromkeys(table.fields[one.name].texts(legs[here])))
                for here in (legs < table.split, legs >= table.split)
            ]
            rows.append((place, one.name, *texts, None, None, one.kind))
    return pd.DataFrame(rows, columns=COLUMNS).astype(object)


def _beside_the_point(table: Table, found: pd.DataFrame, by_legs: pd.DataFrame) -> Bools:
    """Tell the differences in fields that are only compared where those of `by_legs` agree."""
    apart = set(zip(by_legs["match_id"], by_legs["field"], strict=True))
    return np.array(
        [
            any((match, name) in apart for name in table.rules.field(field).only_where)
            for match, field in zip(found["match_id"], found["field"], strict=True)
        ],
        dtype=bool,
    )
