"""The way from trades to the engine: a queryset becomes columns, no model object between."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import pandas as pd
import pyarrow as pa

from trades.choices import IdentifierScheme
from trades.fields import PLACES
from trades.models import InstrumentIdentifier
from trades.querysets import TradeQuerySet
from trades.services.bulk import READ_BATCH

EXACT = pd.ArrowDtype(pa.decimal128(38, PLACES))
TEXT = pd.ArrowDtype(pa.string())

# canonical column of the engine -> where a trade keeps it
_TEXT = {
    "trade_id": "source_trade_id",
    "symbol": "symbol",
    "isin": "isin",
    "cusip": "cusip",
    "sedol": "sedol",
    "figi": "figi",
    "security_name": "security_name",
    "asset_class": "asset_class",
    "side": "side",
    "currency": "currency",
    "venue": "venue",
    "order_ref": "order_ref",
    "block_ref": "block_ref",
    "execution_ref": "execution_ref",
    "state": "state",
    "timezone": "source__timezone",
}
_RESOLVED = {
    # What the reference data knows it by, then what the report says where that is unknown.
    "counterparty": ("counterparty__name", "counterparty_name"),
    "counterparty_lei": ("counterparty__lei", "counterparty_lei"),
    "counterparty_bic": ("counterparty__bic", "counterparty_bic"),
    "account": ("account__code", "account_code"),
}
_EXACT = (
    "quantity",
    "price",
    "gross_amount",
    "commission",
    "fees",
    "accrued_interest",
    "net_amount",
)
_DATES = ("trade_date", "settlement_date")
_SCHEMES = {
    "isin": IdentifierScheme.ISIN,
    "cusip": IdentifierScheme.CUSIP,
    "sedol": IdentifierScheme.SEDOL,
    "figi": IdentifierScheme.FIGI,
}

_FIELDS = (
    "pk", "version", "instrument_id", "instrument__asset_class", "executed_at",
    *_DATES, *_EXACT, *_TEXT.values(), *(field for pair in _RESOLVED.values() for field in pair),
)  # fmt: skip


def trades_frame(trades: TradeQuerySet) -> pd.DataFrame:
    """
    Return trades as the engine's canonical columns, one row a trade, indexed by primary key.

    Money, price and quantity are Arrow decimals, `executed_at` is UTC; `version` tells which
    version was read. Counterparty and account carry the name the reference data gives them,
    and an identifier a report lacks is filled in from its instrument, so that a CUSIP on one
    side meets an ISIN on the other.
    """
    rows = trades.order_by("pk").values_list(*_FIELDS)
    columns = dict(zip(_FIELDS, zip(*rows, strict=True), strict=False)) or dict.fromkeys(
        _FIELDS, ()
    )
    frame = pd.DataFrame(index=pd.Index(columns["pk"], dtype="int64", name="trade"))
    for name, field in _TEXT.items():
        frame[name] = _text(columns[field])
    for name, (resolved, reported) in _RESOLVED.items():
        frame[name] = _text(
            [
                known or said
                for known, said in zip(columns[resolved], columns[reported], strict=True)
            ]
        )
    for name in _EXACT:
        frame[name] = _exact(columns[name])
    for name in _DATES:
        frame[name] = pd.array(
            pa.array(columns[name], pa.date32()), dtype=pd.ArrowDtype(pa.date32())
        )
    frame["executed_at"] = pd.to_datetime(
        pd.Series(columns["executed_at"], index=frame.index), utc=True
    )
    frame["version"] = pd.array(columns["version"], dtype="int64")
    by_instrument = _text(columns["instrument__asset_class"])
    frame["asset_class"] = pd.Series(frame["asset_class"]).fillna(
        pd.Series(by_instrument, index=frame.index)
    )
    _fill_identifiers(frame, columns["instrument_id"])
    return frame


def _text(values: Iterable[str | None]) -> pd.api.extensions.ExtensionArray:
    return pd.array(pa.array([value or None for value in values], pa.string()), dtype=TEXT)


def _exact(values: Sequence[Decimal | None]) -> pd.api.extensions.ExtensionArray:
    return pd.array(pa.array(values, pa.decimal128(38, PLACES)), dtype=EXACT)


def _fill_identifiers(frame: pd.DataFrame, instrument_ids: Sequence[int | None]) -> None:
    """Fill in what the reference data knows, where it knows exactly one value of a scheme."""
    instruments = pd.Series(list(instrument_ids), index=frame.index, dtype="Int64")
    identifiers = InstrumentIdentifier.objects.filter(scheme__in=_SCHEMES.values())
    wanted = set(instrument_ids) - {None}
    if len(wanted) <= READ_BATCH:
        identifiers = identifiers.filter(instrument__in=wanted)
    known = pd.DataFrame.from_records(
        identifiers.values_list("instrument_id", "scheme", "value"),
        columns=["instrument", "scheme", "value"],
    )
    known = known.drop_duplicates(["instrument", "scheme"], keep=False)
    for name, scheme in _SCHEMES.items():
        values = known[known["scheme"] == scheme].set_index("instrument")["value"]
        frame[name] = frame[name].fillna(instruments.map(values).astype(TEXT))
