"""Hashes of content: the same value has the same hash in any row, run and process."""

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Floats, Hashes, Rows

UNKNOWN = np.uint64(0)


def mix(hashes: Hashes) -> Hashes:
    """Scramble 64-bit values (the finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    mixed = hashes + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def combine(parts: list[Hashes]) -> Hashes:
    """Return one hash a row over several, sensitive to their order."""
    total = np.zeros_like(parts[0])
    for part in parts:
        total = mix(total ^ part)
    return total


def of_texts(values: list[str]) -> Hashes:
    """Return the hash of each text; the empty text is unknown."""
    if not values:
        return np.zeros(0, dtype=np.uint64)
    hashes = pd.util.hash_array(np.array(values, dtype=object), categorize=False)
    hashes[np.array([not value for value in values])] = UNKNOWN
    return hashes


def of_codes(codes: Rows, values: list[str]) -> Hashes:
    """Return the hash of each row's text, given its place in `values`, or -1 for unknown."""
    table = np.append(of_texts(values), UNKNOWN)
    return table[codes]


def of_ints(values: Rows, known: Bools) -> Hashes:
    """Return the hash of each whole number."""
    return np.where(known, mix(values.astype(np.int64).view(np.uint64)), UNKNOWN)


def of_floats(values: Floats) -> Hashes:
    """Return the hash of each float by its bits; NaN is unknown, and -0.0 is 0.0."""
    bits = (values + 0.0).view(np.uint64)
    return np.where(np.isnan(values), UNKNOWN, mix(bits))
