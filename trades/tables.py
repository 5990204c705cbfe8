"""Trades as the rows of a file, with or without the reports as they were sent."""

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from trades.models import Trade
from trades.reports import as_text
from trades.spreadsheet import Table

_REPORTED = (
    "state", "trade_date", "settlement_date", "executed_at", "symbol", "isin", "cusip", "sedol",
    "figi", "security_name", "asset_class", "side", "quantity", "price", "currency",
    "gross_amount", "commission", "fees", "accrued_interest", "net_amount", "counterparty_name",
    "counterparty_lei", "counterparty_bic", "account_code", "venue", "order_ref", "block_ref",
    "execution_ref",
)  # fmt: skip
_OURS = ("received_at", "changed_at")
COLUMNS = ("id", "source", "trade_id", "version", *_REPORTED, *_OURS)
CHUNK = 2_000


def trade_table(*, with_raw: bool) -> Table:
    columns = (*COLUMNS, "raw") if with_raw else COLUMNS
    return Table("trades", columns, lambda trades: _rows(trades, with_raw), holds_raw=with_raw)


def cell_text(value: Any) -> str:
    """Return a value as exact text; nothing is empty."""
    if isinstance(value, int | float):
        return str(value)
    return as_text(value) or ""


def _rows(trades: QuerySet[Trade], with_raw: bool) -> Iterator[list[str]]:
    rows = trades.select_related(None).select_related("source").prefetch_related(None)
    if not with_raw:
        rows = rows.defer("raw")
    for trade in rows.iterator(chunk_size=CHUNK):
        said = [str(trade.pk), trade.source.code, trade.source_trade_id, str(trade.version)]
        said += [cell_text(getattr(trade, name)) for name in (*_REPORTED, *_OURS)]
        if with_raw:
            said.append(json.dumps(trade.raw, ensure_ascii=False, default=str))
        yield said
