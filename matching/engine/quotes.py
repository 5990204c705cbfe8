"""The references that rows quote, brought into one form column by column, without Python loops."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
    characters of each.
    """

    rows: Rows
    keys: Rows
    lefts: Rows
    rights: Rows
    lengths: Rows


def code(texts: pa.Array) -> pa.Array:
    """Return only the letters and digits, in capitals; placeholders and zeros become null."""
    bare = pc.replace_substring_regex(pc.utf8_upper(texts), "[^A-Z0-9]+", "")
    nothing = pc.or_(
        pc.is_in(bare, value_set=pa.array(sorted(PLACEHOLDERS), bare.type)),
        pc.match_substring_regex(bare, "^0*$"),
    )
    return pc.if_else(pc.fill_null(nothing, True), pa.scalar(None, bare.type), bare)


def core(texts: pa.Array) -> pa.Array:
    """
    Return what is left of a reference without its lettered prefix and leading zeros.

    ``OMS-000123``, ``REF/123`` and ``123`` are all ``123``. A reference of letters only is kept.
    """
    return pc.replace_substring_regex(code(texts), r"^[A-Z0]*([1-9].*)$", r"\1")


FORMS: Mapping[str, Callable[[pa.Array], pa.Array]] = {"code": code, "core": core}


def read_quotes(columns: list[pa.Array], split: int, form: str) -> Quotes:
    """Return the references of all columns, each once a row, that rows of both sides quote."""
    formed = [FORMS[form](column) for column in columns]
    rows = np.concatenate([np.flatnonzero(_there(column)) for column in formed])
    texts = pa.concat_arrays([column.drop_null() for column in formed])
    encoded = texts.dictionary_encode()
    keys = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    shared = np.bincount(keys[rows < split], minlength=len(texts)).astype(bool)
    shared &= np.bincount(keys[rows >= split], minlength=len(texts)).astype(bool)
    once = pd.DataFrame({"row": rows, "key": keys})[shared[keys]].drop_duplicates()
    rows = once["row"].to_numpy()
    keys, known = pd.factorize(once["key"].to_numpy())
    keys = keys.astype(np.int64)
    lefts, rights = (
        np.bincount(keys[side], minlength=len(known)) for side in (rows < split, rows >= split)
    )
    lengths = pc.utf8_length(encoded.dictionary).to_numpy(zero_copy_only=False).astype(np.int64)
    return Quotes(rows, keys, lefts, rights, lengths[known])


def _there(column: pa.Array) -> Bools:
    there: Bools = column.is_valid().to_numpy(zero_copy_only=False)
    return there
