"""Where two paired rows disagree, exactly: one row a differing field."""

from decimal import Decimal
from functools import reduce
from itertools import product

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Rows, Units
from matching.engine.exact import add, floor_share, multiply, rescale
from matching.engine.fields import Field
from matching.engine.numbers import NumberComparator
from matching.engine.table import Table

COLUMNS = ["match_id", "field", "left", "right", "difference", "tolerance", "kind"]


def differences(
    table: Table, a: Rows, b: Rows, match_ids: Rows, *, grouped: bool = False
) -> pd.DataFrame:
    """
    Compare the pairs ``(a[i], b[i])`` on every field that reports under a kind.

    Returns the columns of `Result.differences`, in the order of the matches and of the rule set's
    fields. The differences are exact; what is unknown on either side does not differ. With
    `grouped`, rows are what groups come to, and what follows from a missing part is left out.
    """
    differing = {one.name: _differs(table, one, a, b) for one in table.rules.fields if one.kind}
    if grouped:
        _leave_out_following(table, a, b, differing)
    for one in table.rules.fields:
        if one.explained_by and one.kind and bool(differing[one.name].any()):
            differing[one.name] &= ~_explained(table, one, a, b, differing)
    parts = [
        _rows(
            table,
            one,
            a[differing[one.name]],
            b[differing[one.name]],
            match_ids[differing[one.name]],
        )
        for one in table.rules.fields
        if one.kind and bool(differing[one.name].any())
    ]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    return pd.concat(parts, ignore_index=True).sort_values(
        "match_id", kind="stable", ignore_index=True
    )


def _differs(table: Table, field: Field, a: Rows, b: Rows) -> Bools:
    differing = table.fields[field.name].differs(a, b)
    for name in field.only_where:
        differing &= ~table.fields[name].differs(a, b)
    return differing


def _rows(table: Table, field: Field, a: Rows, b: Rows, match_ids: Rows) -> pd.DataFrame:
    comparator = table.fields[field.name]
    return pd.DataFrame({
        "match_id": match_ids,
        "field": field.name,
        "left": pd.Series(comparator.texts(a), dtype=object),
        "right": pd.Series(comparator.texts(b), dtype=object),
        "difference": pd.Series(comparator.gaps(a, b), dtype=object),
        "tolerance": pd.Series(comparator.tolerances(a, b), dtype=object),
        "kind": field.kind,
    })  # fmt: skip


def _leave_out_following(table: Table, a: Rows, b: Rows, differing: dict[str, Bools]) -> None:
    """
    Take away what only follows from the part that a group of another quantity lacks.

    Sums (fees, amounts) lack that part's share. An average follows as long as the part could have
    made up for it: at a value less than the field's `zero_at` from the whole's.
    """
    group = table.rules.grouping
    if group is None or group.quantity not in differing:
        return
    lacking = differing[group.quantity]
    for one in table.rules.fields:
        if not one.kind or one.name == group.quantity:
            continue
        if one.in_group == "sum":
            differing[one.name] &= ~lacking
        elif one.in_group == "average":
            differing[one.name] &= ~(lacking & _made_up_for(table, one, a, b))


def _made_up_for(table: Table, field: Field, a: Rows, b: Rows) -> Bools:
    """
    Tell which averages the lacking part could bring to the whole's.

    If the rest r and the part m make up the whole w, the part's average lies from the whole's by
    ``quantity_r / quantity_m * |average_r - average_w|``.
    """
    group = table.rules.grouping
    if group is None:
        return np.zeros(len(a), dtype=bool)
    quantity, average = _number(table, group.quantity), _number(table, field.name)
    left, right = np.abs(quantity.units[a]), np.abs(quantity.units[b])
    gap = np.abs(average.units[a] - average.units[b])
    whole = np.abs(np.where((left >= right).astype(bool), average.units[a], average.units[b]))
    reach = floor_share(whole, Decimal(str(field.zero_at)))
    needed, possible = multiply(np.minimum(left, right), gap), multiply(np.abs(left - right), reach)
    made_up: Bools = (needed < possible).astype(bool)
    return made_up


def _explained(table: Table, field: Field, a: Rows, b: Rows, differing: dict[str, Bools]) -> Bools:
    """
    Tell which differences are the consequence of others already reported for the same pair.

    Each entry of `explained_by` is a product of fields; its change from left to right counts if
    one of its fields is itself reported. The difference is explained if it equals, within its own
    tolerance, a sum of such changes, each added or taken away (fees add to a purchase's net amount
    and lessen a sale's).
    """
    reported = np.logical_or.reduce(
        [differing[n] for names in field.explained_by for n in names if n in differing]
    )
    at = np.flatnonzero(differing[field.name] & reported)
    explained = np.zeros(len(a), dtype=bool)
    if not len(at):
        return explained
    own = _number(table, field.name)
    gap, scale = own.units[a[at]] - own.units[b[at]], own.scale
    allowed = own.allowed(a[at], b[at])
    changes: list[Units] = []
    for names in field.explained_by:
        change, places = _change(table, names, a[at], b[at])
        told = np.logical_or.reduce([differing[name][at] for name in names if name in differing])
        told &= _known(table, names, a[at]) & _known(table, names, b[at])
        finest = max(scale, places)
        gap, allowed = rescale(gap, finest - scale), rescale(allowed, finest - scale)
        changes = [rescale(one, finest - scale) for one in changes]
        changes.append(np.where(told, rescale(change, finest - places), 0))
        scale = finest
    for signs in product((-1, 0, 1), repeat=len(changes)):
        if any(signs):
            left: Units = gap
            for sign, change in zip(signs, changes, strict=True):
                left = add(left, multiply(change, sign))
            explained[at] |= (np.abs(left) <= allowed).astype(bool)
    return explained


def _change(table: Table, names: tuple[str, ...], a: Rows, b: Rows) -> tuple[Units, int]:
    """Return the product of the fields on the left minus that on the right, and its scale."""
    fields = [_number(table, name) for name in names]
    left, right = (reduce(multiply, [one.units[rows] for one in fields]) for rows in (a, b))
    return add(left, multiply(right, -1)), sum(one.scale for one in fields)


def _known(table: Table, names: tuple[str, ...], rows: Rows) -> Bools:
    known: Bools = np.logical_and.reduce([table.fields[name].known[rows] for name in names])
    return known


def _number(table: Table, name: str) -> NumberComparator:
    comparator = table.fields[name]
    if not isinstance(comparator, NumberComparator):
        raise TypeError(
            f"the field {name!r} is no number, so it can neither explain nor be explained"
        )
    return comparator
