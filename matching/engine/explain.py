"""Why two rows score as they do, field by field."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from matching.engine.arrays import Floats, Rows
from matching.engine.groups import merged
from matching.engine.rules import RuleSet
from matching.engine.scoring import weighted
from matching.engine.table import Table, build


@dataclass(frozen=True)
class FieldScore:
    """
    One field's part in a score.

    `similarity` is from 0 to 1, None where either side is unknown. `contribution` is its part of
    the score; over all fields they add up to it. Fields that only rank or report have weight 0.
    """

    field: str
    left: str
    right: str
    similarity: float | None
    weight: float
    contribution: float


@dataclass(frozen=True)
class Pairing:
    """Two rows that might be paired, by their index labels, and how alike they are."""

    left: Hashable
    right: Hashable
    score: float
    fields: tuple[FieldScore, ...]


Side: TypeAlias = "Mapping[str, Any] | pd.Series[Any] | pd.DataFrame"


def explain(left: Side, right: Side, rules: RuleSet) -> tuple[FieldScore, ...]:
    """
    Compare one left row with one right row under the rules.

    A side given as a frame is a group: its rows are taken together, as a match of them is.

    :raises ColumnError: if a value cannot be read as its comparison needs.
    """
    table = build(_frame(left), _frame(right), rules)
    if table.size > 2:
        table = merged(table, pd.DataFrame({"match": 0, "row": np.arange(table.size)}))
    a, b = np.array([0]), np.array([1])
    return _scores(table, a, b, _likeness(table, a, b))


def likeliest(
    left: pd.DataFrame, right: pd.DataFrame, rules: RuleSet, *, most: int
) -> list[Pairing]:
    """
    Return the `most` likeliest pairs of a left with a right row, the likeliest first.

    Every left row is scored against every right one, whatever the passes would let meet: give
    few. Pairs of which nothing is known are left out; those that tie are in the rows' order.

    :raises ColumnError: if a column holds what its comparison cannot read.
    """
    table = build(left, right, rules)
    a = np.repeat(np.arange(table.split), table.size - table.split)
    b = np.tile(np.arange(table.split, table.size), table.split)
    if not len(a):
        return []
    likeness = _likeness(table, a, b)
    weights = {one.name: one.weight for one in rules.fields if one.weight}
    score, known = weighted(weights, likeness)
    best = np.argsort(-score, kind="stable")
    return [
        Pairing(
            left=left.index[a[at]],
            right=right.index[b[at] - table.split],
            score=score[at].item(),
            fields=_scores(
                table, a[[at]], b[[at]], {name: some[[at]] for name, some in likeness.items()}
            ),
        )
        for at in best[known[best] > 0][:most]
    ]


def _likeness(table: Table, a: Rows, b: Rows) -> dict[str, Floats]:
    return {name: one.similarity(a, b) for name, one in table.fields.items()}


def _scores(
    table: Table, a: Rows, b: Rows, likeness: Mapping[str, Floats]
) -> tuple[FieldScore, ...]:
    """Say of one pair how its score comes about."""
    alike = {name: some[0].item() for name, some in likeness.items()}
    fields = table.rules.fields
    known = sum(one.weight for one in fields if not np.isnan(alike[one.name]))
    return tuple(
        FieldScore(
            field=one.name,
            left=table.fields[one.name].texts(a)[0],
            right=table.fields[one.name].texts(b)[0],
            similarity=None if np.isnan(alike[one.name]) else alike[one.name],
            weight=one.weight,
            contribution=_share(one.weight, alike[one.name], known),
        )
        for one in fields
    )


def _frame(side: Side) -> pd.DataFrame:
    return side if isinstance(side, pd.DataFrame) else pd.DataFrame([dict(side)], dtype=object)


def _share(weight: float, likeness: float, known: float) -> float:
    return 0.0 if np.isnan(likeness) or not known else float(weight * likeness / known)
