"""Groups of rows as one: their sums, averages and common values, scored like a pair."""

from typing import Any

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Floats, Objects, Rows, Units
from matching.engine.columns import as_strings
from matching.engine.exact import SAFE, magnitude, multiply, narrow, places_of, to_text
from matching.engine.numbers import NumberComparator
from matching.engine.rules import Pass
from matching.engine.scoring import score_pairs
from matching.engine.table import Table, build

# An average price has no end of digits; it is rounded half up to as many places as models store,
# or as the prices it is made of have.
AVERAGE_PLACES = 10


def merged(table: Table, legs: pd.DataFrame) -> Table:
    """
    Return a table of one left and one right row a match: what its legs come to together.

    `legs` has the columns match and row (joint rows), each match with legs on both sides. Numbers
    are added up or averaged by quantity as their field says, and unknown if any leg's is. Other
    values are those that all legs share, else unknown. A side that both buys and sells is netted.
    """
    frames = []
    for side in (0, 1):
        here = legs[(legs["row"] >= table.split) == bool(side)].sort_values("match", kind="stable")
        frames.append(_merged_side(table, here["match"].to_numpy(), here["row"].to_numpy(), side))
    return build(frames[0], frames[1], table.rules)


def merged_scores(whole: Table) -> Floats:
    """Return the score of each match of a merged table."""
    places = np.arange(whole.split)
    every = Pass(name="groups", kind="net", min_score=0)
    return score_pairs(whole, places, places + whole.split, every).score


def side_signs(table: Table, rows: Rows) -> Rows:
    """Return each row's sign: 1 for what adds to a position, -1 for what takes away."""
    group = table.rules.grouping
    if group is None:
        return np.ones(len(rows), dtype=np.int64)
    comparator = table.fields[group.side]
    sides = pd.Series(comparator.texts(rows), dtype="str").str.upper()
    signs: Rows = sides.map(dict(group.signs)).fillna(1).to_numpy().astype(np.int64)
    return signs


def total_by(starts: Rows, values: Units) -> Units:
    """Return the exact sums of consecutive runs of values beginning at `starts`."""
    if values.dtype != object and magnitude(values) * max(len(values), 1) >= SAFE:
        values = values.astype(object)
    total: Units = np.add.reduceat(values, starts)
    return narrow(total)


def _merged_side(table: Table, match: Rows, rows: Rows, side: int) -> pd.DataFrame:
    starts = np.flatnonzero(np.diff(match, prepend=-1))
    frame = (table.left, table.right)[side].iloc[rows - side * table.split]
    signs = side_signs(table, rows)
    lengths = np.diff(np.append(starts, len(rows)))
    one_way = np.abs(np.add.reduceat(signs, starts)) == lengths
    signs = np.where(np.repeat(one_way, lengths), 1, signs)
    columns: dict[str, Any] = {
        column: _common(frame, column, starts, lengths) for column in frame.columns
    }
    for comparator in table.fields.values():
        if isinstance(comparator, NumberComparator):
            columns |= _numbers(table, comparator, rows, starts, signs)
    if table.rules.currency is not None:
        spelled = np.array([*table.money.currencies.values, None], dtype=object)
        codes = table.money.currencies.codes[rows]
        columns[table.rules.currency.column] = _unanimous(codes, spelled[codes], starts, lengths)
    return pd.DataFrame(columns, dtype=object, index=range(len(starts)))


def _common(frame: pd.DataFrame, column: str, starts: Rows, lengths: Rows) -> Objects:
    codes = pd.factorize(as_strings(frame, column).to_pandas())[0].astype(np.int64)
    return _unanimous(codes, frame[column].to_numpy(dtype=object), starts, lengths)


def _unanimous(codes: Rows, values: Objects, starts: Rows, lengths: Rows) -> Objects:
    """Return each run's only known value, None where its known values differ or there is none."""
    most = np.maximum.reduceat(codes, starts)
    least = np.minimum.reduceat(np.where(codes < 0, np.iinfo(np.int64).max, codes), starts)
    at = np.flatnonzero(codes == np.repeat(most, lengths))
    first = at[np.searchsorted(at, starts)]
    shared: Objects = values[first]
    shared[most != least] = None
    return shared


def _numbers(
    table: Table, comparator: NumberComparator, rows: Rows, starts: Rows, signs: Rows
) -> dict[str, list[str | None]]:
    how = comparator.field.in_group
    if how == "average":
        return {comparator.field.sources[0]: _average(table, comparator, rows, starts, signs)}
    if how != "sum":
        return {}
    netted = bool((signs < 0).any())
    columns = {}
    for column, part in zip(comparator.field.sources, comparator.parts, strict=True):
        total = total_by(starts, multiply(part.units[rows], signs))
        known = np.logical_and.reduceat(part.known[rows], starts)
        columns[column] = _texts(np.abs(total) if netted else total, part.scale, known)
    return columns


def _average(
    table: Table, price: NumberComparator, rows: Rows, starts: Rows, signs: Rows
) -> list[str | None]:
    group = table.rules.grouping
    quantity = table.fields[group.quantity] if group else None
    if not isinstance(quantity, NumberComparator):
        return [None] * len(starts)
    weights = multiply(quantity.units[rows], signs)
    whole = total_by(starts, weights).astype(object)
    value = total_by(starts, multiply(weights, price.units[rows])).astype(object)
    known: Bools = np.logical_and.reduceat(price.known[rows] & quantity.known[rows], starts)
    known &= whole != 0
    divisor = np.where(known, whole, 1)
    places = np.maximum.reduceat(places_of(price.units[rows], price.scale, AVERAGE_PLACES), starts)
    value *= 10 ** np.maximum(places - price.scale, 0).astype(object)
    divisor *= 10 ** np.maximum(price.scale - places, 0).astype(object)
    rounded = (2 * value + divisor) // (2 * divisor)
    every = zip(rounded.tolist(), places.tolist(), known.tolist(), strict=True)
    return [to_text(int(one), place) if there else None for one, place, there in every]


def _texts(units: Units, scale: int, known: Bools) -> list[str | None]:
    pairs = zip(units.tolist(), known.tolist(), strict=True)
    return [to_text(int(one), scale) if there else None for one, there in pairs]
