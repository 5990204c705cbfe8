"""Run the passes of a rule set over two frames and collect what they find."""

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Hashes, Objects, Rows
from matching.engine.compare import disagreements
from matching.engine.grouping import gather
from matching.engine.homes import find_homes, spread
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
OnPass = Callable[[dict[str, object]], None]


def reconcile(
    left: pd.DataFrame,
    right: pd.DataFrame,
    rules: RuleSet,
    *,
    refused: pd.DataFrame | None = None,
    settled: pd.DataFrame | None = None,
    on_pass: OnPass | None = None,
) -> Result:
    """
    Pair the rows of two frames and compare the paired ones.

    Index labels may be anything, unique a side; missing columns and values are unknown.
    `refused` holds the pairs never to be made one to one (somebody said no): columns left and
    right, index labels, those the frames lack passed over. After each pass `on_pass` is called
    with its counts: name, candidates, cut, matched, seconds.

    The passes at home run first, unless `settled` is given: the legs (side, row) that they have
    found already, partition by partition; then only what is left over is paired here.

    :raises ColumnError: if a column holds what its comparison cannot read.
    :raises ValueError: if the index labels of a frame are not unique.
    """
    table = read_table(left, right, rules, refused)
    collected = Collected(table, np.ones(table.size, dtype=bool), on_pass)
    if settled is not None:
        collected.free[_joint_rows(table, settled)] = False
    elif rules.at_home:
        home, waits = find_homes(table)
        pair_at_home(collected, home, waits)
    view = table.seen_from(free=collected.free.copy())
    for step in rules.running:
        _run(view, step, collected.free, collected)
    return result_of(collected)


def read_table(
    left: pd.DataFrame, right: pd.DataFrame, rules: RuleSet, refused: pd.DataFrame | None
) -> Table:
    """
    Read both frames, and which pairs must not be made.

    :raises ColumnError: if a column holds what its comparison cannot read.
    :raises ValueError: if the index labels of a frame are not unique.
    """
    for side, frame in (("left", left), ("right", right)):
        if not frame.index.is_unique:
            raise ValueError(f"the index of the {side} frame has the same label twice")
    table = build(left, right, rules)
    return table if refused is None else replace(table, refused=_packed(table, refused))


def pair_at_home(collected: Collected, home: Hashes, waits: Bools) -> None:
    """Run the passes at home; `waits` tells the rows to leave for a look beyond their homes."""
    view, waits = collected.table.seen_from(home=home), waits.copy()
    for step in collected.table.rules.at_home:
        spread(view, step, collected.free, waits)
        _run(view, step, collected.free & ~waits, collected)


def result_of(collected: Collected) -> Result:
    """Return what was collected, by the frames' own labels, with what the matches disagree on."""
    table = collected.table
    legs = _ordered(pd.concat(collected.legs, ignore_index=True), table)
    others = pd.concat(collected.alternatives, ignore_index=True)
    matches = pd.concat(collected.matches, ignore_index=True)
    matches.insert(0, "match_id", np.arange(len(matches)))
    matches["kind"] = _kinds(legs, table, len(matches))
    labels = _labels(table.left.index, table.right.index)
    return Result(
        matches=matches[["match_id", "pass_name", "score", "decision", "kind", "reason"]],
        legs=_labelled(legs, table, labels)[["match_id", "side", "row"]],
        differences=disagreements(table, legs),
        alternatives=_labelled(others, table, labels)[["match_id", "side", "row", "score"]],
        passes=collected.counts(),
        unmatched_left=table.left.index[collected.free[: table.split]],
        unmatched_right=table.right.index[collected.free[table.split :]],
    )


def _run(table: Table, step: Pass, free: Bools, collected: Collected) -> None:
    began = perf_counter()
    sides = free[: table.split].any() and free[table.split :].any()
    found = PASSES[step.kind](table, step, free) if sides else nothing_found()
    collected.add(step.name, found, perf_counter() - began)


def _packed(table: Table, refused: pd.DataFrame) -> Rows:
    a = table.left.index.get_indexer(pd.Index(refused["left"]))
    b = table.right.index.get_indexer(pd.Index(refused["right"]))
    there = (a >= 0) & (b >= 0)
    packed: Rows = table.pack(a[there], b[there] + table.split)
    return packed


def _joint_rows(table: Table, legs: pd.DataFrame) -> Rows:
    on_left = (legs["side"] == "left").to_numpy()
    a = table.left.index.get_indexer(pd.Index(legs["row"][on_left]))
    b = table.right.index.get_indexer(pd.Index(legs["row"][~on_left]))
    rows: Rows = np.concatenate([a, b + table.split])
    return rows


def _ordered(legs: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Order legs by match, left before right, then by content."""
    row, match = legs["row"].to_numpy(), legs["match"].to_numpy()
    place = match * 2 + (row >= table.split)
    order = np.argsort(place, kind="stable")
    alike = np.flatnonzero(np.diff(place[order], prepend=-1) == 0)
    if len(alike):
        # Several legs a side are few, and only their order is a matter of content.
        order = np.lexsort((table.rank[row], place))
    return pd.DataFrame({"match": match[order], "row": row[order]})


def _labels(left: pd.Index, right: pd.Index) -> Any:
    """Return all labels in one array, as whole numbers where they are some on both sides."""
    if left.dtype == right.dtype and left.dtype != object:
        return np.concatenate([left.to_numpy(), right.to_numpy()])
    return np.concatenate([left.to_numpy(dtype=object), right.to_numpy(dtype=object)])


def _labelled(frame: pd.DataFrame, table: Table, labels: Any) -> pd.DataFrame:
    joint = frame["row"].to_numpy()
    side = np.array(["left", "right"], dtype=object)[(joint >= table.split).astype(np.int8)]
    row = pd.Series(labels[joint], index=frame.index).infer_objects()
    return pd.DataFrame({"match_id": frame["match"], "side": side, "row": row}).assign(
        **{name: frame[name] for name in ("score",) if name in frame}
    )


def _kinds(legs: pd.DataFrame, table: Table, count: int) -> Objects:
    on_left = legs["row"].to_numpy() < table.split
    match = legs["match"].to_numpy()
    lefts = np.bincount(match[on_left], minlength=count)
    rights = np.bincount(match[~on_left], minlength=count)
    many = np.array([["1:1", "1:N"], ["N:1", "N:M"]], dtype=object)
    kinds: Objects = many[(lefts > 1).astype(int), (rights > 1).astype(int)]
    return kinds
