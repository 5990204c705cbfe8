"""Many against many: rows whose net position and value agree; always for a person to confirm."""

import numpy as np
import pandas as pd

from matching.engine import hashing
from matching.engine.arrays import Bools, Rows
from matching.engine.blocking import key_of
from matching.engine.exact import multiply
from matching.engine.grouping import found_legs, grouping_of
from matching.engine.groups import side_signs
from matching.engine.numbers import NumberComparator
from matching.engine.result import Found, nothing_found
from matching.engine.rules import Pass
from matching.engine.table import Table

NET = "net"


def net(table: Table, step: Pass, free: Bools) -> Found:
    """
    Group the free rows of a key whose signed quantities and values come to the same on both sides.

    Keys are those of the pass's blocks, or shared references where it has none. The quantity must
    agree exactly, the value within the price's tolerance a unit. Every such match is REVIEW.
    """
    legs: list[pd.DataFrame] = []
    count = seen = 0
    still = free.copy()
    for rows, keys in _keys(table, step, free):
        fits = _netted(table, step, rows, keys, still)
        seen += len(fits)
        fresh = fits[~fits["row"].duplicated()]
        fresh = fresh[
            fresh["key"].map(fresh["key"].value_counts())
            == fits.groupby("key")["row"].transform("size").reindex(fresh.index)
        ]
        order = fresh.groupby("key")["rank"].min().sort_values().index
        place = pd.Series(np.arange(len(order)) + count, index=order)
        legs.append(pd.DataFrame({"match": fresh["key"].map(place), "row": fresh["row"]}))
        still[fresh["row"].to_numpy()] = False
        count += len(order)
    if not count:
        return nothing_found(seen)
    every = pd.concat(legs, ignore_index=True).astype(np.int64)
    return found_legs(table, every, np.full(count, step.review or NET, dtype=object), seen, 0)


def _keys(table: Table, step: Pass, free: Bools) -> list[tuple[Rows, Rows]]:
    """Return rows with their keys, block by block."""
    if not step.blocks:
        every = table.quotes(step.form)
        return [(every.rows, every.keys)]
    found = []
    for block in step.blocks:
        rows = np.flatnonzero(free)
        key = key_of(table, block.equal, rows)
        known = key != hashing.UNKNOWN
        found.append((rows[known], pd.factorize(key[known])[0].astype(np.int64)))
    return found


def _netted(table: Table, step: Pass, rows: Rows, keys: Rows, free: Bools) -> pd.DataFrame:
    """Return (key, row, rank) of the rows of all keys that net."""
    _, quantity, price = grouping_of(table)
    usable = free[rows] & quantity.known[rows] & price.known[rows]
    rows, code = rows[usable], keys[usable]
    on_left = rows < table.split
    lefts, rights = (
        np.bincount(code[side], minlength=code.max(initial=0) + 1) for side in (on_left, ~on_left)
    )
    fits = (lefts > 0) & (rights > 0) & (lefts + rights > 2) & (lefts + rights <= step.max_rows)
    if not step.blocks:
        # One against many by reference has its own pass, which also knows residuals.
        fits &= (lefts > 1) & (rights > 1)
    rows, code = rows[fits[code]], code[fits[code]]
    if not len(rows):
        return pd.DataFrame({"key": code, "row": rows, "rank": rows})
    signed = multiply(quantity.units[rows], side_signs(table, rows))
    signed = np.where(rows < table.split, signed, -signed)
    frame = pd.DataFrame({"key": code, "row": rows, "rank": table.rank[rows]})
    rest = pd.Series(signed, index=frame.index, dtype=object).groupby(frame["key"]).transform("sum")
    value = (
        pd.Series(multiply(signed, price.units[rows]), dtype=object)
        .groupby(frame["key"])
        .transform("sum")
    )
    allowed = (
        pd.Series(_allowed(quantity, price, rows), dtype=object)
        .groupby(frame["key"])
        .transform("max")
    )
    same = _agreeing(table, frame)
    return frame[(rest == 0) & (value.abs() <= allowed) & same].sort_values("rank", kind="stable")


def _allowed(quantity: NumberComparator, price: NumberComparator, rows: Rows) -> object:
    return multiply(price.allowed(rows, rows), np.abs(quantity.units[rows]))


def _agreeing(table: Table, frame: pd.DataFrame) -> "pd.Series[bool]":
    """Tell the rows of keys in which no row contradicts another where groups must agree."""
    group, _, _ = grouping_of(table)
    rows = frame["row"].to_numpy()
    clash = np.zeros(len(frame), dtype=bool)
    for name in (*group.agree, *([table.rules.identity] if table.rules.identity else [])):
        known = frame["row"].where(table.fields[name].known[rows])
        # The first known row stands for its key; a key without one has nothing to contradict.
        first = known.groupby(frame["key"]).transform("first").fillna(frame["row"])
        clash |= table.fields[name].differs(first.to_numpy().astype(np.int64), rows)
    clashing = pd.Series(clash, index=frame.index)
    return ~clashing.groupby(frame["key"]).transform("any")
