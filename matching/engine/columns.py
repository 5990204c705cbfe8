"""Read a column of both frames, however it is stored, into one joint array."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from matching.engine.arrays import Bools, Rows, Units
from matching.engine.exact import narrow

_PLACES = 10
_DIGITS = 38
_LOOK = 1_000


class ColumnError(ValueError):
    """A column holds what its comparison cannot read; the message names both."""


@dataclass(frozen=True)
class Texts:
    """Distinct texts and, for each row, the place of its own in `values`, -1 where unknown."""

    codes: Rows
    values: list[str]

    @property
    def known(self) -> Bools:
        """Tell for each row whether there is a value."""
        known: Bools = self.codes >= 0
        return known

    @classmethod
    def unknown(cls, rows: int) -> "Texts":
        """Return so many unknown texts; they take no memory."""
        return cls(np.broadcast_to(np.int64(-1), rows), [])

    def apply(self, form: Callable[[str], str]) -> "Texts":
        """Bring every distinct value into a form; what becomes empty becomes unknown."""
        return _distinct(self.codes, [form(value) for value in self.values])

    def fill(self, other: "Texts") -> "Texts":
        """Return these texts with the gaps filled from `other`."""
        if not other.values or bool(self.known.all()):
            return self
        shifted = np.where(other.codes >= 0, other.codes + len(self.values), -1)
        return _distinct(np.where(self.known, self.codes, shifted), self.values + other.values)


@dataclass(frozen=True)
class Numbers:
    """Exact numbers: ``units * 10 ** -scale``, 0 where not `known`."""

    units: Units
    scale: int
    known: Bools


def read_texts(left: pd.DataFrame, right: pd.DataFrame, column: str) -> Texts:
    """Return a column as distinct trimmed texts; missing and blank are unknown."""
    if present(left, column) is None and present(right, column) is None:
        return Texts.unknown(len(left) + len(right))
    array = pa.concat_arrays([as_strings(frame, column) for frame in (left, right)])
    encoded = array.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return _distinct(codes, [value.strip() for value in encoded.dictionary.to_pylist()])


def read_numbers(left: pd.DataFrame, right: pd.DataFrame, column: str) -> Numbers:
    """
    Return a column of decimals (Decimal, text, integer or Arrow decimal) at one common scale.

    :raises ColumnError: for floats, which are not exact, and for text that is no number.
    """
    arrays = [_as_decimals(frame, column) for frame in (left, right)]
    if any(array is None for array in arrays):
        return _by_hand(left, right, column)
    joint = pa.concat_arrays(arrays)
    known = joint.is_valid().to_numpy(zero_copy_only=False)
    units = np.where(known, _raw_integers(joint), 0)
    return Numbers(*_shortened(units, _PLACES), known)


def _shortened(units: Units, scale: int) -> tuple[Units, int]:
    """Leave out the places that no number has, two at a time."""
    for places in range(scale, 0, -2):
        # A look at a few tells for most columns that it cannot be.
        if not (units[:_LOOK] % 10**places).any() and not (units % 10**places).any():
            return narrow(units // 10**places), scale - places
    return units, scale


def _distinct(codes: Rows, values: list[str]) -> Texts:
    places: dict[str, int] = {}
    moved = [places.setdefault(value, len(places)) if value else -1 for value in values]
    if len(places) == len(values):
        return Texts(codes, values)
    table = np.array([*moved, -1], dtype=np.int64)
    return Texts(table[codes], list(places))


def present(frame: pd.DataFrame, column: str) -> "pd.Series[Any] | None":
    """Return a column, or None where the frame lacks it or it holds nothing."""
    if column not in frame.columns:
        return None
    series = frame[column]
    return None if bool(series.isna().all()) else series


def as_strings(frame: pd.DataFrame, column: str) -> pa.Array:
    """Return a column as Arrow text, nulls where missing."""
    series = present(frame, column)
    if series is None:
        return pa.nulls(len(frame), pa.large_string())
    if pd.api.types.is_float_dtype(series.dtype):
        # Whole numbers turn into floats when one of them is missing.
        series = series.map(lambda value: f"{value:.0f}" if value == int(value) else str(value),
                            na_action="ignore").astype(object)  # fmt: skip
    try:
        array = pa.array(series, from_pandas=True)
        return _flat(array).cast(pa.large_string())
    except pa.ArrowException:
        texts = [
            None if missing else str(value)
            for value, missing in zip(series, series.isna(), strict=True)
        ]
        return pa.array(texts, pa.large_string())


def _as_decimals(frame: pd.DataFrame, column: str) -> pa.Array | None:
    """Return the column as Arrow decimals, or None where that needs a closer look."""
    kind = pa.decimal128(_DIGITS, _PLACES)
    series = present(frame, column)
    if series is None:
        return pa.nulls(len(frame), kind)
    if pd.api.types.is_float_dtype(series.dtype):
        raise ColumnError(f"{column} holds floats; give Decimal, text or Arrow decimal instead")
    try:
        return _flat(pa.array(series, from_pandas=True)).cast(kind)
    except pa.ArrowException:
        return None


def _flat(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return pc.cast(array, array.type.value_type) if pa.types.is_dictionary(array.type) else array


def _raw_integers(array: pa.Array) -> Units:
    """Return the integers inside a decimal128 array: 128 bits each, low word first."""
    if not len(array):
        return np.zeros(0, dtype=np.int64)
    words = np.frombuffer(array.buffers()[1], dtype=np.int64).reshape(-1, 2)
    words = words[array.offset : array.offset + len(array)]
    low, high = words[:, 0], words[:, 1]
    if bool((high == low >> 63).all()):
        return low if _safe(low) else low.astype(object)
    whole: Units = high.astype(object) * 2**64 + low.view(np.uint64).astype(object)
    return whole


def _safe(low: Rows) -> bool:
    return bool((low >> 62 == low >> 63).all())


def _by_hand(left: pd.DataFrame, right: pd.DataFrame, column: str) -> Numbers:
    """Read numbers one by one: of mixed types, blank, or of more digits than Arrow's."""
    parsed = [
        _decimal(value, column)
        for frame in (left, right)
        for value in (frame[column] if column in frame.columns else [None] * len(frame))
    ]
    places = [-int(value.as_tuple().exponent) for value in parsed if value is not None]
    scale = max([0, *places])
    units = [0 if value is None else _integer(value, scale) for value in parsed]
    known = np.array([value is not None for value in parsed], dtype=bool)
    return Numbers(narrow(np.array(units, dtype=object)), scale, known)


def _integer(value: Decimal, scale: int) -> int:
    sign, digits, exponent = value.as_tuple()
    whole: int = int("".join(map(str, digits))) * 10 ** (scale + int(exponent))
    return -whole if sign else whole


def _decimal(value: object, column: str) -> Decimal | None:
    if bool(pd.isna(value)):  # type: ignore[call-overload]
        return None
    if isinstance(value, float | np.floating):
        raise ColumnError(f"{column} holds the float {value!r}; give Decimal or text instead")
    text = str(value).strip()
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation as problem:
        raise ColumnError(f"{column} holds {text!r}, which is no number") from problem
    if not number.is_finite():
        raise ColumnError(f"{column} holds {text!r}, which is no finite number")
    return number
