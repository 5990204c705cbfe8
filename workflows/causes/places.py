"""Places: what all units of one value of a dimension, or of one each of several, have in common."""

from dataclasses import dataclass

import numpy as np

from workflows.causes.units import Bools, Ints, Units

Term = tuple[str, tuple[object, ...]]
LEAST_SUPPORT = 5
# Codes of several dimensions are counted in an array while that is small, and sorted beyond it.
COUNTED = 4_000_000


@dataclass(frozen=True)
class Place:
    """A combination of dimensions: the code of each unit, -1 where one of them is unknown."""

    names: tuple[str, ...]
    codes: Ints

    @classmethod
    def of(cls, units: Units, names: tuple[str, ...]) -> "Place":
        code = units.codes[names[0]]
        for name in names[1:]:
            other = units.codes[name]
            joint = code * len(units.values[name]) + other
            code = np.where((code >= 0) & (other >= 0), joint, -1)
        return cls(names, code)

    def often(self, mark: Bools) -> tuple[Ints, Ints]:
        """Return the codes that enough of the marked units have, and how many do."""
        codes, counts = np.unique(self.codes[mark & (self.codes >= 0)], return_counts=True)
        enough = counts >= LEAST_SUPPORT
        return codes[enough], counts[enough]

    def counts(self, wanted: Ints, among: Bools | None = None) -> tuple[Ints, int]:
        """Return how many units have each wanted code, and how many codes have enough to tell."""
        known = self.codes[(self.codes >= 0) if among is None else (self.codes >= 0) & among]
        if not len(known):
            return np.zeros(len(wanted), dtype=np.int64), 0
        if self.codes.max() < COUNTED:
            sizes = np.bincount(known, minlength=int(self.codes.max()) + 1)
            return sizes[wanted], int((sizes >= LEAST_SUPPORT).sum())
        codes, sizes = np.unique(known, return_counts=True)
        return sizes[np.searchsorted(codes, wanted)], int((sizes >= LEAST_SUPPORT).sum())

    def terms(self, units: Units, code: int) -> tuple[Term, ...]:
        """Return what a code stands for."""
        values: list[Term] = []
        for name in reversed(self.names[1:]):
            code, place = divmod(code, len(units.values[name]))
            values.append((name, (units.values[name][place],)))
        values.append((self.names[0], (units.values[self.names[0]][code],)))
        return tuple(reversed(values))
