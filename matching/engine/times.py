"""Read dates and moments of both frames into joint arrays of whole numbers."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from matching.engine.arrays import Bools, Rows
from matching.engine.columns import ColumnError, Texts, as_strings, present

_ISO_DATE = r"^\s*\d{4}-\d{2}-\d{2}"
_AWARE = r"(Z|[+-]\d{2}(:?\d{2})?)\s*$"


@dataclass(frozen=True)
class Ticks:
    """Days or nanoseconds since 1970-01-01, 0 where not `known`."""

    ticks: Rows
    known: Bools


def read_dates(left: pd.DataFrame, right: pd.DataFrame, column: str) -> Ticks:
    """
    Return a column of dates as days; a time of day or a zone is left out, not converted.

    :raises ColumnError: for text that is no ISO date.
    """
    return _joint([_days(frame, column) for frame in (left, right)])


def read_moments(left: pd.DataFrame, right: pd.DataFrame, column: str) -> Ticks:
    """
    Return a column of aware timestamps as nanoseconds in UTC.

    :raises ColumnError: for a naive time, or text that is no ISO time.
    """
    return _joint([_nanoseconds(frame, column) for frame in (left, right)])


def local_days(moments: Ticks, zones: Texts, column: str) -> Ticks:
    """
    Return the day of each moment in its row's time zone, unknown where either is.

    :raises ColumnError: for a text that names no time zone.
    """
    days = Ticks(np.zeros(len(moments.ticks), dtype=np.int64), moments.known & zones.known)
    for code, value in enumerate(zones.values):
        try:
            zone = ZoneInfo(value)
        except (ValueError, OSError, ZoneInfoNotFoundError) as problem:
            raise ColumnError(f"{column} holds {value!r}, which is no time zone") from problem
        rows = np.flatnonzero(days.known & (zones.codes == code))
        times = pd.DatetimeIndex(moments.ticks[rows].astype("datetime64[ns]"), tz="UTC")
        days.ticks[rows] = _from_times(times.tz_convert(zone).tz_localize(None), "D").ticks
    return days


def _joint(parts: list[Ticks]) -> Ticks:
    return Ticks(
        np.concatenate([part.ticks for part in parts]),
        np.concatenate([part.known for part in parts]),
    )


def _from_times(times: "pd.DatetimeIndex", unit: str) -> Ticks:
    known: Bools = np.asarray(times.notna(), dtype=bool)
    ticks = times.to_numpy().astype(f"datetime64[{unit}]").astype(np.int64)
    return Ticks(np.where(known, ticks, 0), known)


def _nothing(frame: pd.DataFrame) -> Ticks:
    return Ticks(np.zeros(len(frame), dtype=np.int64), np.zeros(len(frame), dtype=bool))


def _days(frame: pd.DataFrame, column: str) -> Ticks:
    series = present(frame, column)
    if series is None:
        return _nothing(frame)
    if isinstance(series.dtype, np.dtype) and series.dtype.kind == "M":
        return _from_times(pd.DatetimeIndex(series), "D")
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return _from_times(pd.DatetimeIndex(series).tz_localize(None), "D")
    texts = _checked(as_strings(frame, column), _ISO_DATE, column, "no ISO date")
    encoded = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(texts), 0, 10).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    try:
        values = np.array(encoded.dictionary.to_pylist(), dtype="datetime64[D]")
    except ValueError as problem:
        raise ColumnError(f"{column} holds a text that is no ISO date: {problem}") from problem
    return Ticks(np.append(values.astype(np.int64), 0)[codes], codes >= 0)


def _nanoseconds(frame: pd.DataFrame, column: str) -> Ticks:
    series = present(frame, column)
    if series is None:
        return _nothing(frame)
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return _from_times(pd.DatetimeIndex(series).tz_convert("UTC").tz_localize(None), "ns")
    texts = _checked(as_strings(frame, column), _AWARE, column, "no time with its zone")
    try:
        times = pd.to_datetime(
            pd.Series(texts.to_pandas(), dtype="str"), format="ISO8601", utc=True
        )
    except ValueError as problem:
        raise ColumnError(f"{column} holds a text that is no ISO time: {problem}") from problem
    return _from_times(pd.DatetimeIndex(times).tz_localize(None), "ns")


def _checked(texts: pa.Array, pattern: str, column: str, complaint: str) -> pa.Array:
    blank = pc.equal(pc.utf8_trim_whitespace(texts), "")
    texts = pc.if_else(pc.fill_null(blank, True), pa.scalar(None, texts.type), texts)
    wrong = pc.invert(pc.fill_null(pc.match_substring_regex(texts, pattern), True))
    if pc.any(wrong).as_py():
        first = texts.filter(wrong)[0].as_py()
        raise ColumnError(f"{column} holds {first!r}, which is {complaint}")
    return texts
