"""Hashes of content: the same value has the same hash in any row, run and process."""

import numpy as np
import pandas as pd

from matching.engine.arrays import Bools, Hashes, Rows

UNKNOWN = np.uint64(0)
_AT_ONCE = 2**15


def mix(hashes: Hashes) -> Hashes:
    """Scramble 64-bit values (the finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    every = hashes + np.uint64(0x9E3779B97F4A7C15)
    # So few at a time stay in the processor's cache.
    for start in range(0, len(every), _AT_ONCE):
        mixed = every[start : start + _AT_ONCE]
        mixed ^= mixed >> np.uint64(30)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(27)
        mixed *= np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return every


def combine(parts: list[Hashes]) -> Hashes:
    """Return one hash a row over several, sensitive to their order; unknown adds nothing."""
    total = np.zeros_like(parts[0])
    for part, factor in zip(parts, mix(np.arange(len(parts), dtype=np.uint64)), strict=True):
        if part.any():
            total += part * (factor | np.uint64(1))
    return mix(total)


def of_texts(values: list[str]) -> Hashes:
    """Return the hash of each text; the empty text is unknown."""
    if not values:
        return np.zeros(0, dtype=np.uint64)
    hashes = pd.util.hash_array(np.array(values, dtype=object), categorize=False)
    hashes[np.array([not value for value in values])] = UNKNOWN
    return hashes


def of_codes(codes: Rows, values: list[str]) -> Hashes:
    """Return the hash of each row's text, given its place in `values`, or -1 for unknown."""
    if not values:
        return np.broadcast_to(UNKNOWN, len(codes))
    table = np.append(of_texts(values), UNKNOWN)
    return table[codes]


def of_ints(values: Rows, known: Bools) -> Hashes:
    """Return the hash of each whole number."""
    return np.where(known, mix(values.astype(np.int64).view(np.uint64)), UNKNOWN)
