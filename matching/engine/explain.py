"""Why two rows score as they do, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from matching.engine.groups import merged
from matching.engine.rules import RuleSet
from matching.engine.table import build


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
    likeness = {name: float(one.similarity(a, b)[0]) for name, one in table.fields.items()}
    known = sum(one.weight for one in rules.fields if not np.isnan(likeness[one.name]))
    return tuple(
        FieldScore(
            field=one.name,
            left=table.fields[one.name].texts(a)[0],
            right=table.fields[one.name].texts(b)[0],
            similarity=None if np.isnan(likeness[one.name]) else likeness[one.name],
            weight=one.weight,
            contribution=_share(one.weight, likeness[one.name], known),
        )
        for one in rules.fields
    )


def _frame(side: Side) -> pd.DataFrame:
    return side if isinstance(side, pd.DataFrame) else pd.DataFrame([dict(side)], dtype=object)


def _share(weight: float, likeness: float, known: float) -> float:
    return 0.0 if np.isnan(likeness) or not known else float(weight * likeness / known)
