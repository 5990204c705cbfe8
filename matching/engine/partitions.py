"""
A reconciliation in partitions: each pairs the rows of some homes, the rest is paired together.

Every step is its own, so that each partition can be a worker's::

    parts = locate(left, right, rules).split(4)
    settled = [settle(*rows_of(part), rules, homes=part) for part in parts]
    rest = reconcile(left, right, rules, settled=legs_of(settled))
    result = join([*settled, rest])

The result does not depend on how many partitions there are: `reconcile` alone takes the same two
steps, with all homes at once.
"""

import heapq
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Hashes
from matching.engine.homes import find_homes
from matching.engine.reconcile import (
    OnPass,
    pair_at_home,
    read_table,
    reconcile,
    result_of,
)
from matching.engine.result import Collected, Result
from matching.engine.rules import RuleSet


@dataclass(frozen=True)
class Homes:
    """
    Where the rows of two frames are at home, by their index labels.

    Both frames have the columns home (0: none) and waits (a look beyond the home is needed).
    """

    left: pd.DataFrame
    right: pd.DataFrame

    def split(self, partitions: int) -> list["Homes"]:
        """
        Share the homes out over at most so many partitions of about as many rows each.

        Rows without a home are in none. What differs from one share-out to another is speed alone.
        """
        homes = pd.concat([self.left["home"], self.right["home"]])
        sizes = homes[homes != 0].value_counts()
        order = np.lexsort((sizes.index.to_numpy(), -sizes.to_numpy()))
        loads = [(0, number) for number in range(partitions)]
        share: dict[int, int] = {}
        for home, size in zip(sizes.index[order], sizes.to_numpy()[order], strict=True):
            load, number = loads[0]
            share[int(home)] = number
            heapq.heapreplace(loads, (load + int(size), number))
        numbers = [side["home"].map(share).fillna(-1) for side in (self.left, self.right)]
        return [
            Homes(self.left[numbers[0] == number], self.right[numbers[1] == number])
            for number in range(min(partitions, len(share)))
        ]


def locate(
    left: pd.DataFrame,
    right: pd.DataFrame,
    rules: RuleSet,
    *,
    refused: pd.DataFrame | None = None,
) -> Homes:
    """
    Find each row's home in the light of all rows, as `find_homes` says.

    :raises ColumnError: if a column holds what its comparison cannot read.
    """
    table = read_table(left, right, rules, refused)
    home, waits = find_homes(table)
    facts = pd.DataFrame({"home": home, "waits": waits})
    return Homes(
        facts[: table.split].set_axis(left.index), facts[table.split :].set_axis(right.index)
    )


def settle(
    left: pd.DataFrame,
    right: pd.DataFrame,
    rules: RuleSet,
    *,
    homes: Homes,
    refused: pd.DataFrame | None = None,
    on_pass: OnPass | None = None,
) -> Result:
    """
    Pair the rows of one partition at home; what is unmatched is left for `reconcile`.

    The frames hold the rows that `homes` names, and no others.
    """
    table = read_table(left, right, rules, refused)
    home, waits = _joint(homes, table.left.index, table.right.index)
    collected = Collected(table, np.ones(table.size, dtype=bool), on_pass)
    pair_at_home(collected, home, waits)
    return result_of(collected)


def reconcile_in_partitions(
    left: pd.DataFrame,
    right: pd.DataFrame,
    rules: RuleSet,
    *,
    partitions: int,
    refused: pd.DataFrame | None = None,
    on_pass: OnPass | None = None,
) -> Result:
    """Do all of it here, one partition after the other; the same as `reconcile` without any."""
    parts = locate(left, right, rules, refused=refused).split(partitions)
    settled = [
        settle(
            left.loc[part.left.index], right.loc[part.right.index], rules,
            homes=part, refused=refused, on_pass=on_pass,
        )
        for part in parts
    ]  # fmt: skip
    legs = pd.concat([one.legs for one in settled]) if settled else None
    rest = reconcile(left, right, rules, refused=refused, settled=legs, on_pass=on_pass)
    return join([*settled, rest])


def join(results: list[Result]) -> Result:
    """
    Return several results as one, the last of which looked at what the others left over.

    The matches of each follow those of the one before, under numbers of their own.
    """
    offsets = np.cumsum([0, *(len(one.matches) for one in results[:-1])])

    def joined(name: str) -> pd.DataFrame:
        frames = [
            frame.assign(match_id=frame["match_id"] + offset)
            for one, offset in zip(results, offsets, strict=True)
            if len(frame := getattr(one, name))
        ]
        last: pd.DataFrame = getattr(results[-1], name)
        return pd.concat(frames, ignore_index=True) if frames else last

    passes = pd.concat([one.passes for one in results])
    return replace(
        results[-1],
        matches=joined("matches"),
        legs=joined("legs"),
        differences=joined("differences"),
        alternatives=joined("alternatives"),
        passes=passes.groupby("name", sort=False, as_index=False).sum(),
    )


def _joint(homes: Homes, left: pd.Index, right: pd.Index) -> tuple[Hashes, Bools]:
    facts = pd.concat([homes.left.reindex(left), homes.right.reindex(right)])
    return facts["home"].to_numpy(dtype=np.uint64), facts["waits"].to_numpy(dtype=bool)
