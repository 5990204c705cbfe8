"""A trade as its source reported it, with what a break has to know of it and no more."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from trades.models import Trade
from trades.services.columns import read_table


class ReportedTrade(NamedTuple):
    """One trade; `asset_class` is the instrument's where the report does not say."""

    pk: int
    source_id: int
    source_trade_id: str
    trade_date: date
    instrument_id: int | None
    symbol: str
    isin: str
    cusip: str
    sedol: str
    figi: str
    security_name: str
    side: str
    quantity: Decimal
    price: Decimal | None
    currency: str
    execution_ref: str
    asset_class: str


def reported(trades: QuerySet[Trade]) -> dict[int, ReportedTrade]:
    """Return trades by their key, in the order of their keys; one query."""
    told = NullIf("asset_class", Value(""))
    known = Coalesce(told, "instrument__asset_class", Value(""))
    rows = trades.order_by("pk").annotate(known_class=known)
    table = read_table(rows, [*ReportedTrade._fields[:-1], "known_class"])
    columns = [column.to_pylist() for column in table.columns]
    return {row[0]: ReportedTrade(*row) for row in zip(*columns, strict=True)}
