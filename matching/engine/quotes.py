"""The references that rows quote, brought into one form column by column, without Python loops."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from string import ascii_uppercase, digits

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from matching.engine import hashing
from matching.engine.arrays import Bools, Hashes, Rows
from matching.engine.normalise import PLACEHOLDERS

# A number of so many digits, times the zeros before it, fits 64 bits.
_MOST_DIGITS, _MOST_ZEROS = 17, 64
_USUAL_MARKS = "-/ _."


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
    if pc.any(odd).as_py():
        bare = pc.replace_with_mask(bare, odd, _without_marks(bare.filter(odd)))
    nothing = pc.or_(
        pc.is_in(bare, value_set=pa.array(sorted(PLACEHOLDERS), bare.type)),
        pc.equal(pc.ascii_ltrim(bare, "0"), ""),
    )
    return pc.if_else(pc.fill_null(nothing, True), pa.scalar(None, bare.type), bare)


def _without_marks(texts: pa.Array) -> pa.Array:
    """Leave out all but letters and digits; the usual marks first, as expressions are slow."""
    for mark in _USUAL_MARKS:
        texts = pc.replace_substring(texts, mark, "")
        if pc.all(pc.or_(pc.ascii_is_alnum(texts), pc.equal(texts, ""))).as_py():
            return texts
    return pc.replace_substring_regex(texts, "[^A-Z0-9]+", "")


def core(texts: pa.Array) -> pa.Array:
    """
    Return what is left of a reference without its lettered prefix and leading zeros.

    ``OMS-000123``, ``REF/123`` and ``123`` are all ``123``. A reference of letters only is kept.
    """
    return core_of_code(code(texts))


def core_of_code(codes: pa.Array) -> pa.Array:
    """Return the cores of references that `code` has formed."""
    number = pc.ascii_ltrim(codes, f"{ascii_uppercase}0")
    return pc.if_else(pc.equal(number, ""), codes, number)


FORMS: Mapping[str, Callable[[pa.Array], pa.Array]] = {"code": code, "core": core}


@dataclass(frozen=True)
class Spelled:
    """The references of one column that are there: by row, a hash and a length in each form."""

    rows: Rows
    hashes: Mapping[str, Hashes]
    lengths: Mapping[str, Rows]


def spell(texts: pa.Array) -> Spelled:
    """
    Return the hashes of a column of references.

    Letters, zeros and a number, as nearly all references are, hash without a look at their
    characters; others one by one.
    """
    codes = code(texts)
    rows = np.flatnonzero(_flags(codes.is_valid()))
    codes = codes.drop_null()
    letters = pc.ascii_rtrim(codes, digits)
    number = pc.ascii_ltrim(codes, f"{ascii_uppercase}0")
    length, prefix, rest = (_ints(pc.binary_length(text)) for text in (codes, letters, number))
    zeros = length - prefix - rest
    plain = _flags(pc.ascii_is_decimal(number)) & (rest <= _MOST_DIGITS) & (zeros < _MOST_ZEROS)
    value = _ints(pc.if_else(pa.array(plain), number, "0").cast(pa.int64()))
    encoded = letters.dictionary_encode()
    start = hashing.of_codes(_ints(encoded.indices), encoded.dictionary.to_pylist())
    as_code = hashing.mix(start + (value * _MOST_ZEROS + zeros).astype(np.uint64))
    as_core = hashing.mix(value.astype(np.uint64))
    core_length = rest.copy()
    if not bool(plain.all()):
        odd = codes.filter(pa.array(~plain))
        cores = core_of_code(odd)
        as_code[~plain] = hashing.of_texts(odd.to_pylist())
        as_core[~plain] = hashing.of_texts(cores.to_pylist())
        core_length[~plain] = _ints(pc.binary_length(cores))
    return Spelled(rows, {"code": as_code, "core": as_core}, {"code": length, "core": core_length})


@dataclass(frozen=True)
class Quoted:
    """Who quotes what where: the joint row, the column and the reference's hash and length."""

    rows: Rows
    columns: Rows
    hashes: Hashes
    lengths: Rows

    @classmethod
    def of(cls, spelled: list[Spelled], form: str) -> "Quoted":
        """Gather what is spelled in all columns, in one form."""
        return cls(
            np.concatenate([one.rows for one in spelled]),
            np.repeat(np.arange(len(spelled)), [len(one.rows) for one in spelled]),
            np.concatenate([one.hashes[form] for one in spelled]),
            np.concatenate([one.lengths[form] for one in spelled]),
        )

    def where(self, chosen: Bools) -> "Quoted":
        """Keep the chosen ones only."""
        return Quoted(
            self.rows[chosen], self.columns[chosen], self.hashes[chosen], self.lengths[chosen]
        )

    def at(self, home: Hashes) -> "Quoted":
        """Tell one reference in two homes apart; rows without a home quote none."""
        there = self.where(home[self.rows] != hashing.UNKNOWN)
        return replace(there, hashes=hashing.mix(there.hashes + home[there.rows]))

    def by(self, free: Bools) -> "Quoted":
        """Keep the references that at least one free row quotes, with all who quote them."""
        wanted = pd.unique(self.hashes[free[self.rows]])
        return self.where(pd.Series(self.hashes).isin(wanted).to_numpy())

    def shared(self, split: int) -> "Quoted":
        """Keep the references that both sides quote."""
        on_left = self.rows < split
        rights = self.hashes[~on_left]
        both = pd.unique(rights[pd.Series(rights).isin(self.hashes[on_left]).to_numpy()])
        return self.where(pd.Series(self.hashes).isin(both).to_numpy())


def read_quotes(quoted: Quoted, split: int, columns: int) -> Quotes:
    """Return the references that rows of both sides quote, each once a row."""
    shared = quoted.shared(split)
    keys, known = pd.factorize(shared.hashes)
    keys, count = keys.astype(np.int64), len(known)
    found_in = np.zeros((columns, count), dtype=bool)
    found_in[shared.columns, keys] = True
    lengths = np.zeros(count, dtype=np.int64)
    lengths[keys] = shared.lengths
    once = ~pd.Series(shared.rows * max(count, 1) + keys).duplicated().to_numpy()
    rows, keys = shared.rows[once], keys[once]
    lefts, rights = (
        np.bincount(keys[side], minlength=count) for side in (rows < split, rows >= split)
    )
    return Quotes(rows, keys, lefts, rights, lengths, found_in)


def _ints(numbers: pa.Array) -> Rows:
    ints: Rows = numbers.to_numpy(zero_copy_only=False).astype(np.int64)
    return ints


def _flags(array: pa.Array) -> Bools:
    flags: Bools = array.fill_null(False).to_numpy(zero_copy_only=False)
    return flags
