"""
Trades as they were seen at a moment: the version that was in force then, and nothing of later ones.

A frame of sightings has one row for each, with the trade's key as `trade` and the moment as `at`.
What an earlier version said comes from `TradeVersion`; the instrument, counterparty and account it
meant are looked up where it named others than the trade does now.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import QuerySet

from trades.models import Source, Trade, TradeVersion
from trades.services.columns import arrow_type, read_table, run_uncompiled
from trades.services.instruments import identity, known_instruments
from trades.services.parties import known_accounts, known_counterparties, party_identity

KEYS = ("source", "instrument", "counterparty", "account")
WORDS = ("asset_class", "side", "currency")
AMOUNTS = ("quantity", "price")
DAYS = ("trade_date", "settlement_date")
MOMENTS = ("executed_at", "received_at", "changed_at")
# What a complete report has; how many of these are missing is a feature.
EXPECTED = (
    "settlement_date", "executed_at", "price", "currency", "net_amount", "counterparty_name",
    "account_code", "venue", "order_ref",
)  # fmt: skip
_READ = tuple(
    dict.fromkeys(
        ("id", "version", *(f"{name}_id" for name in KEYS), *WORDS, *AMOUNTS, *DAYS, *MOMENTS,
         *EXPECTED)
    )
)  # fmt: skip
_PARTY = ("counterparty_name", "counterparty_lei", "counterparty_bic")
_INSTRUMENT = ("symbol", "isin", "cusip", "sedol", "figi", "security_name", "venue", "currency")
_UTC = "datetime64[us, UTC]"


def as_now(trades: QuerySet[Trade] | Iterable[Trade]) -> pd.DataFrame:
    """Return trades as they stand, each seen when its version was loaded; one query or none."""
    run_uncompiled()
    if isinstance(trades, QuerySet):
        return _frame(read_table(trades.order_by("pk"), list(_READ)))
    rows = list(trades)
    fields = {name: arrow_type(_field(name)) for name in _READ}
    arrays = [pa.array([getattr(row, name) for row in rows], kind) for name, kind in fields.items()]
    return _frame(pa.table(arrays, list(_READ)))


def as_known(trades: QuerySet[Trade] | Iterable[Trade], known_at: datetime) -> pd.DataFrame:
    """Return trades as they were at a moment; one that came later is seen when it came."""
    frame = as_now(trades)
    moment = pd.Timestamp(known_at)
    frame["at"] = frame["received_at"].where(frame["received_at"] > moment, moment)
    later = frame.loc[frame["changed_at"] > frame["at"]]
    if later.empty:
        return frame
    seen_at = dict(zip(later["trade"].tolist(), later["at"].dt.to_pydatetime(), strict=True))
    versions = TradeVersion.objects.filter(trade__among=list(seen_at))
    then = {
        one.trade_id: one
        for one in versions.order_by("version")
        if one.valid_from <= seen_at[one.trade_id]
    }
    return _put(frame, list(then.values()))


def as_first_reported(trades: QuerySet[Trade]) -> pd.DataFrame:
    """Return trades as their first version had them, seen when they came."""
    frame = as_now(trades)
    frame["at"] = frame["received_at"]
    if not (frame["version"] > 1).any():
        return frame
    amended = frame.loc[frame["version"] > 1, "trade"].tolist()
    first = TradeVersion.objects.filter(trade__among=amended, version=1)
    return _put(frame, list(first))


def every_version(trades: QuerySet[Trade]) -> pd.DataFrame:
    """Return each version of each trade, as it was when it was loaded."""
    frame = as_now(trades)
    amended = frame.loc[frame["version"] > 1]
    if amended.empty:
        return frame
    older = list(
        TradeVersion.objects.filter(trade__among=amended["trade"].tolist()).order_by(
            "trade_id", "version"
        )
    )
    copies = amended.set_index("trade").loc[[one.trade_id for one in older]].reset_index()
    return pd.concat([frame, _put(copies, older, in_order=True)], ignore_index=True)


def _field(name: str) -> Any:
    return Trade._meta.get_field(name.removesuffix("_id") if name != "id" else name)  # noqa: SLF001


def _frame(table: pa.Table) -> pd.DataFrame:
    columns: dict[str, Any] = {"trade": _keys(table["id"]), "version": table["version"].to_numpy()}
    for name in KEYS:
        columns[name] = _keys(table[f"{name}_id"])
    for name in WORDS:
        columns[name] = np.array(pc.fill_null(table[name], "").to_pylist(), dtype=object)
    for name in AMOUNTS:
        columns[name] = pc.cast(table[name], pa.float64()).to_numpy()
    for name in DAYS:
        columns[name] = pd.Series(pc.cast(table[name], pa.timestamp("s")).to_pandas())
    for name in MOMENTS:
        moments = pc.cast(table[name], pa.timestamp("us", "UTC")).to_pandas()
        columns[name] = pd.Series(moments).astype(_UTC)
    missing = np.zeros(len(table), dtype=np.int64)
    for name in EXPECTED:
        column = table[name]
        blank = pc.is_null(column)
        if pa.types.is_string(column.type):
            blank = pc.or_(blank, pc.equal(pc.fill_null(column, ""), ""))
        missing += blank.to_numpy().astype(np.int64)
    columns["missing"] = missing
    frame = pd.DataFrame(columns)
    frame["at"] = frame["changed_at"]
    return frame


def _keys(column: pa.ChunkedArray) -> Any:
    return pc.fill_null(column, -1).to_numpy()


def _put(
    frame: pd.DataFrame, versions: Sequence[TradeVersion], *, in_order: bool = False
) -> pd.DataFrame:
    """Write into the rows of these trades what an earlier version said."""
    if not versions:
        return frame
    if in_order:
        places = np.arange(len(frame))
    else:
        places = pd.Index(frame["trade"]).get_indexer([one.trade_id for one in versions])
    said = [one.values for one in versions]
    values: dict[str, list[Any]] = {
        "version": [one.version for one in versions],
        "missing": [sum(not one.get(name) for name in EXPECTED) for one in said],
        "changed_at": [one.valid_from for one in versions],
    }
    for name in WORDS:
        values[name] = [one.get(name) or "" for one in said]
    for name in AMOUNTS:
        values[name] = [_amount(one.get(name)) for one in said]
    for name in (*DAYS, "executed_at"):
        values[name] = [one.get(name) or None for one in said]
    values |= _meant(frame, places, said)
    for name, column in values.items():
        filled = frame[name].array.copy()
        filled[places] = _typed(name, column)
        frame[name] = filled
    if in_order:
        frame["at"] = frame["changed_at"]
    return frame


def _amount(text: str | None) -> float:
    return float(Decimal(text)) if text else float("nan")


def _typed(name: str, column: list[Any]) -> Any:
    if name in DAYS:
        return pd.to_datetime(pd.Series(column, dtype=object)).astype("datetime64[s]").array
    if name in MOMENTS:
        moments = pd.to_datetime(pd.Series(column, dtype=object), utc=True, format="ISO8601")
        return moments.astype(_UTC).array
    return np.array(column, dtype=object if name in WORDS else None)


def _meant(
    frame: pd.DataFrame, places: Any, said: Sequence[dict[str, Any]]
) -> dict[str, list[int]]:
    """Return the instrument, counterparty and account that earlier versions meant."""
    rows = frame.iloc[places]
    found = {name: rows[name].tolist() for name in ("instrument", "counterparty", "account")}
    names = (*_PARTY, *_INSTRUMENT, "account_code", "asset_class", "source_id")
    current = {
        row["pk"]: row
        for row in Trade.objects.filter(pk__among=rows["trade"].tolist()).values("pk", *names)
    }
    then = [
        (place, _report(now, old), now)
        for place, (key, old) in enumerate(zip(rows["trade"].tolist(), said, strict=True))
        if (now := current.get(key)) and any((old.get(n) or "") != now[n] for n in names[:-1])
    ]
    if not then:
        return found
    reports = [report for _, report, _ in then]
    instruments, parties = known_instruments(reports), known_counterparties(reports)
    accounts = _accounts(then)
    for place, report, now in then:
        if _differs(report, now, _INSTRUMENT):
            found["instrument"][place] = instruments.get(identity(report), -1)
        if _differs(report, now, _PARTY):
            found["counterparty"][place] = parties.get(party_identity(report), -1)
        if _differs(report, now, ("account_code",)):
            key = (now["source_id"], report.account_code)
            found["account"][place] = accounts.get(key, -1)
    return found


def _report(now: dict[str, Any], old: dict[str, Any]) -> Trade:
    names = (*_PARTY, *_INSTRUMENT, "account_code", "asset_class", "side")
    values: dict[str, Any] = {name: old.get(name) or "" for name in names}
    day = date.fromisoformat(old["trade_date"])
    return Trade(source_id=now["source_id"], trade_date=day, **values)


def _differs(report: Trade, now: dict[str, Any], names: Sequence[str]) -> bool:
    return any(getattr(report, name) != now[name] for name in names)


def _accounts(then: Sequence[tuple[int, Trade, dict[str, Any]]]) -> dict[tuple[int, str], int]:
    codes: dict[int, set[str]] = {}
    for _, report, now in then:
        codes.setdefault(now["source_id"], set()).add(report.account_code)
    return {
        (source.pk, code): key
        for source in Source.objects.filter(pk__in=codes)
        for code, key in known_accounts(source, sorted(codes[source.pk] - {""})).items()
    }
