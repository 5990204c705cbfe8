"""Run the passes of a rule set over two frames and collect what they find."""

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Objects, Rows
from matching.engine.compare import disagreements
from matching.engine.grouping import gather
from matching.engine.netting import net
from matching.engine.pairing import pair, pair_by_reference
from matching.engine.result import Collected, Found, Result, nothing_found
from matching.engine.rules import Pass, RuleSet
from matching.engine.subsets import add_up
from matching.engine.table import Table, build

PASSES: dict[str, Callable[[Table, Pass, Bools], Found]] = {
    "pairs": pair,
    "reference": pair_by_reference,
    "shared": gather,
    "subset": add_up,
    "net": net,
}


def reconcile(
    left: pd.DataFrame,
    right: pd.DataFrame,
    rules: RuleSet,
    *,
    refused: pd.DataFrame | None = None,
    on_pass: Callable[[dict[str, object]], None] | None = None,
) -> Result:
    """
    Pair the rows of two frames and compare the paired ones.

    Index labels may be anything, unique a side; missing columns and values are unknown.
    `refused` holds the pairs never to be made one to one (somebody said no): columns left and
    right, index labels, those the frames lack passed over. After each pass `on_pass` is called
    with its counts: name, candidates, cut, matched, seconds.

    :raises ColumnError: if a column holds what its comparison cannot read.
    :raises ValueError: if the index labels of a frame are not unique.
    """
    for side, frame in (("left", left), ("right", right)):
        if not frame.index.is_unique:
            raise ValueError(f"the index of the {side} frame has the same label twice")
    table = build(left, right, rules)
    if refused is not None:
        table = replace(table, refused=_packed(table, refused))
    collected = Collected(table, np.ones(table.size, dtype=bool))
    for step in rules.passes:
        began = perf_counter()
        sides = collected.free[: table.split].any() and collected.free[table.split :].any()
        found = PASSES[step.kind](table, step, collected.free) if sides else nothing_found()
        collected.add(step.name, found, perf_counter() - began)
        if on_pass is not None:
            on_pass(collected.passes[-1])
    return _result(collected, left, right)


def _packed(table: Table, refused: pd.DataFrame) -> Rows:
    a = table.left.index.get_indexer(pd.Index(refused["left"]))
    b = table.right.index.get_indexer(pd.Index(refused["right"]))
    there = (a >= 0) & (b >= 0)
    packed: Rows = table.pack(a[there], b[there] + table.split)
    return packed


def _result(collected: Collected, left: pd.DataFrame, right: pd.DataFrame) -> Result:
    table = collected.table
    labels = np.concatenate([left.index.to_numpy(dtype=object), right.index.to_numpy(dtype=object)])
    legs = _ordered(pd.concat(collected.legs, ignore_index=True), table)
    others = pd.concat(collected.alternatives, ignore_index=True)
    matches = pd.concat(collected.matches, ignore_index=True)
    matches.insert(0, "match_id", np.arange(len(matches)))
    matches["kind"] = _kinds(legs, table, len(matches))
    return Result(
        matches=matches[["match_id", "pass_name", "score", "decision", "kind", "reason"]],
        legs=_labelled(legs, table, labels)[["match_id", "side", "row"]],
        differences=disagreements(table, legs),
        alternatives=_labelled(others, table, labels)[["match_id", "side", "row", "score"]],
        passes=pd.DataFrame(collected.passes),
        unmatched_left=left.index[collected.free[: table.split]],
        unmatched_right=right.index[collected.free[table.split :]],
    )


def _ordered(legs: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Order legs by match, left before right, then by content."""
    row = legs["row"].to_numpy()
    order = np.lexsort((table.rank[row], row >= table.split, legs["match"].to_numpy()))
    return legs.take(order).reset_index(drop=True)


def _labelled(frame: pd.DataFrame, table: Table, labels: Objects) -> pd.DataFrame:
    joint = frame["row"].to_numpy()
    side = np.where(joint < table.split, "left", "right")
    row = pd.Series(labels[joint], index=frame.index).infer_objects()
    return frame.assign(match_id=frame["match"], side=side, row=row)


def _kinds(legs: pd.DataFrame, table: Table, count: int) -> Objects:
    on_left = legs["row"].to_numpy() < table.split
    match = legs["match"].to_numpy()
    lefts = np.bincount(match[on_left], minlength=count)
    rights = np.bincount(match[~on_left], minlength=count)
    many = np.array([["1:1", "1:N"], ["N:1", "N:M"]], dtype=object)
    kinds: Objects = many[(lefts > 1).astype(int), (rights > 1).astype(int)]
    return kinds
