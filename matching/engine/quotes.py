"""The references that rows quote, brought into one form column by column, without Python loops."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from matching.engine.arrays import Bools, Rows
from matching.engine.normalise import PLACEHOLDERS


@dataclass(frozen=True)
class Quotes:
    """
    The references that both sides quote: ``rows[i]`` quotes the reference numbered ``keys[i]``.

    `lefts` and `rights` count the rows of each side that quote each reference; `lengths` are the
    characters of each; ``found_in[c, k]`` tells whether column ``c`` of any row holds reference k.
    """

    rows: Rows
    keys: Rows
    lefts: Rows
    rights: Rows
    lengths: Rows
    found_in: Bools

    def telling(self, shortest: int, weak: list[int]) -> Bools:
        """Tell which references are long enough and found beyond the `weak` columns."""
        others = [at for at in range(len(self.found_in)) if at not in weak]
        long_enough: Bools = self.lengths >= shortest
        return long_enough & self.found_in[others].any(axis=0)


def code(texts: pa.Array) -> pa.Array:
    """Return only the letters and digits, in capitals; placeholders and zeros become null."""
    bare = pc.utf8_upper(texts)
    odd = pc.invert(pc.fill_null(pc.ascii_is_alnum(bare), True))
    # Regular expressions are the slow part, so only what needs one gets one.
    bare = pc.replace_with_mask(
        bare, odd, pc.replace_substring_regex(bare.filter(odd), "[^A-Z0-9]+", "")
    )
    nothing = pc.or_(
        pc.is_in(bare, value_set=pa.array(sorted(PLACEHOLDERS), bare.type)),
        pc.equal(pc.utf8_trim(bare, "0"), ""),
    )
    return pc.if_else(pc.fill_null(nothing, True), pa.scalar(None, bare.type), bare)


def core(texts: pa.Array) -> pa.Array:
    """
    Return what is left of a reference without its lettered prefix and leading zeros.

    ``OMS-000123``, ``REF/123`` and ``123`` are all ``123``. A reference of letters only is kept.
    """
    return core_of_code(code(texts))


def core_of_code(codes: pa.Array) -> pa.Array:
    """Return the cores of references that `code` has formed."""
    number = pc.utf8_ltrim(codes, f"{ascii_uppercase}0")
    return pc.if_else(pc.equal(number, ""), codes, number)


FORMS: Mapping[str, Callable[[pa.Array], pa.Array]] = {"code": code, "core": core}


def read_quotes(formed: list[pa.Array], split: int) -> Quotes:
    """
    Return the references that rows of both sides quote, each once a row.

    `formed` are the joint columns of references, in the form in which they are compared.
    """
    rows = np.concatenate([np.flatnonzero(_there(column)) for column in formed])
    texts = pa.concat_arrays([column.drop_null() for column in formed])
    encoded = texts.dictionary_encode()
    keys = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    shared = np.bincount(keys[rows < split], minlength=len(texts)).astype(bool)
    shared &= np.bincount(keys[rows >= split], minlength=len(texts)).astype(bool)
    column = np.repeat(np.arange(len(formed)), [len(one) - one.null_count for one in formed])
    found_in = np.zeros((len(formed), len(texts)), dtype=bool)
    found_in[column, keys] = True
    once = pd.DataFrame({"row": rows, "key": keys})[shared[keys]].drop_duplicates()
    rows = once["row"].to_numpy()
    keys, known = pd.factorize(once["key"].to_numpy())
    keys = keys.astype(np.int64)
    lefts, rights = (
        np.bincount(keys[side], minlength=len(known)) for side in (rows < split, rows >= split)
    )
    lengths = pc.utf8_length(encoded.dictionary).to_numpy(zero_copy_only=False).astype(np.int64)
    return Quotes(rows, keys, lefts, rights, lengths[known], found_in[:, known])


def _there(column: pa.Array) -> Bools:
    there: Bools = column.is_valid().to_numpy(zero_copy_only=False)
    return there
