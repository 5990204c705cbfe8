"""A random draw that anybody can check and nobody can repeat until it suits them."""

import numpy as np

from matching.engine import hashing
from matching.engine.arrays import Bools, Rows


def drawn(keys: Rows, *, share: float, most: int, seed: int) -> Bools:
    """
    Tell which keys come out when each does with probability `share`, and at most `most` do.

    A key's lot is a hash of the key and the seed, so the same keys and seed draw the same again,
    whatever their order; of more than `most` those of the smallest lots come out.
    """
    salt = hashing.mix(np.array([seed], dtype=np.uint64))
    lots = hashing.mix(hashing.mix(keys.astype(np.int64).view(np.uint64)) ^ salt)
    below = lots / 2.0**64 < share
    if int(below.sum()) <= most:
        return below
    out = np.zeros(len(keys), dtype=bool)
    # Two equal lots are next to impossible; their keys then decide.
    out[np.lexsort((keys, lots))[:most]] = True
    return out
