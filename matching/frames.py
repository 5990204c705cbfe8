"""The way from trades to the engine: a queryset becomes columns, no model object between."""

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Model

from trades.choices import IdentifierScheme
from trades.models import Account, Counterparty, Instrument, InstrumentIdentifier, Source
from trades.querysets import TradeQuerySet
from trades.services.columns import read_table

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
    "counterparty": "counterparty_name",
    "counterparty_lei": "counterparty_lei",
    "counterparty_bic": "counterparty_bic",
    "account": "account_code",
}
# What the reference data knows it by, which comes before what the report says.
_PARTY = {"counterparty": "name", "counterparty_lei": "lei", "counterparty_bic": "bic"}
_EXACT = (
    "quantity",
    "price",
    "gross_amount",
    "commission",
    "fees",
    "accrued_interest",
    "net_amount",
)
_SCHEMES = {
    "isin": IdentifierScheme.ISIN,
    "cusip": IdentifierScheme.CUSIP,
    "sedol": IdentifierScheme.SEDOL,
    "figi": IdentifierScheme.FIGI,
}
_DATES = ("trade_date", "settlement_date")
_OTHER = ("executed_at", "version", "source_id", "instrument_id", "counterparty_id", "account_id")


def trades_frame(trades: TradeQuerySet) -> pd.DataFrame:
    """
    Return trades as the engine's canonical columns, one row a trade, indexed by primary key.

    Money, price and quantity are Arrow decimals, `executed_at` is UTC; `version` tells which
    version was read. Counterparty and account carry the name the reference data gives them,
    and an identifier a report lacks is filled in from its instrument, so that a CUSIP on one
    side meets an ISIN on the other. The reference data is read once a table and not joined to
    every row.
    """
    table = read_table(trades.order_by("pk"), ["pk", *_EXACT, *_DATES, *_TEXT.values(), *_OTHER])
    columns = {name: _said(table[field]) for name, field in _TEXT.items()}
    source = _known(Source, ["timezone"], table["source_id"])
    party = _known(Counterparty, _PARTY.values(), table["counterparty_id"])
    account = _known(Account, ["code"], table["account_id"])
    instrument = _known(Instrument, ["asset_class"], table["instrument_id"])
    identifiers = _identifiers(table["instrument_id"])
    columns |= {name: pc.coalesce(party[field], columns[name]) for name, field in _PARTY.items()}
    columns |= {
        "account": pc.coalesce(account["code"], columns["account"]),
        "timezone": source["timezone"],
        "asset_class": pc.coalesce(columns["asset_class"], instrument["asset_class"]),
    }
    columns |= {name: pc.coalesce(columns[name], known) for name, known in identifiers.items()}
    columns |= {name: table[name] for name in (*_EXACT, *_DATES)}
    frame = {name: pd.arrays.ArrowExtensionArray(column) for name, column in columns.items()}
    return pd.DataFrame(
        frame
        | {
            "executed_at": table["executed_at"].to_pandas().array,
            "version": table["version"].to_numpy(),
        },
        index=pd.Index(table["pk"].to_numpy(), name="trade"),
    )


def _said(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of text with nothing where it is empty: not said is unknown."""
    return pc.if_else(pc.equal(column, ""), None, column)


def _known(
    model: type[Model], fields: Iterable[str], keys: pa.ChunkedArray
) -> dict[str, pa.ChunkedArray]:
    """Return what a reference table says under each key, or nothing."""
    fields = list(fields)
    wanted = model._default_manager.filter(pk__among=_distinct(keys))  # noqa: SLF001  any model's
    rows = read_table(wanted.order_by(), ["pk", *fields])
    places = pc.index_in(keys, value_set=rows["pk"])
    return {field: _said(rows[field]).take(places) for field in fields}


def _identifiers(instruments: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
    """Return what the reference data knows, where it knows exactly one value of a scheme."""
    rows = read_table(
        InstrumentIdentifier.objects.filter(
            instrument__among=_distinct(instruments), scheme__in=_SCHEMES.values()
        ).order_by(),
        ["instrument_id", "scheme", "value"],
    )
    found = rows.group_by(["instrument_id", "scheme"]).aggregate(
        [("value", "min"), ("value", "count")]
    )
    found = found.filter(pc.equal(found["value_count"], 1))
    columns = {}
    for name, scheme in _SCHEMES.items():
        known = found.filter(pc.equal(found["scheme"], str(scheme)))
        places = pc.index_in(instruments, value_set=known["instrument_id"])
        columns[name] = known["value_min"].take(places)
    return columns


def _distinct(keys: pa.ChunkedArray) -> list[int]:
    known: list[int] = pc.unique(keys).drop_null().to_pylist()
    return known
