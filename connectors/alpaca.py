"""Alpaca's executions: FILL activities of an account, paper or live by the base URL."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.http import JsonClient
from connectors.protocol import Order, Record, RecordArrival, Unreadable
from connectors.secrets import from_environment
from connectors.windows import trade_date_of, window
from trades.choices import AssetClass
from trades.identifiers import currency_pair

_PAPER = "https://paper-api.alpaca.markets"
_PAGE = 100
_MOST_PAGES = 10_000


class AlpacaConnector:
    """
    Settings: ``base_url`` (paper unless given), ``key_env``, ``secret_env``, ``page_size`` (100),
    ``currency`` (USD).
    """

    def fetch(self, order: Order) -> Iterator[RecordArrival]:
        headers = {
            "APCA-API-KEY-ID": from_environment(order.settings, "key_env", "ALPACA_API_KEY_ID"),
            "APCA-API-SECRET-KEY": from_environment(
                order.settings, "secret_env", "ALPACA_API_SECRET_KEY"
            ),
        }
        client = JsonClient(settings=order.settings, headers=headers, keep_alive=order.keep_alive)
        natives = [item for item in self._activities(client, order) if _is_wanted(item, order)]
        yield RecordArrival(
            name=f"Alpaca fills {order.from_date} to {order.to_date}",
            digest=client.digest,
            records=[self.read(item, place, order) for place, item in enumerate(natives, start=1)],
        )

    def read(self, native: Any, number: int, order: Order) -> Record:
        text = json.dumps(native)
        if not isinstance(native, dict):
            return Record(number, text, {}, {}, "This is no activity: a JSON object is expected.")
        if native.get("activity_type") != "FILL":
            return Record(
                number, text, {}, native, "This is no execution: its activity_type is not FILL."
            )
        given = {name: str(value) for name, value in native.items() if value is not None}
        symbol, when = given.get("symbol", ""), given.get("transaction_time", "")
        pair = currency_pair(symbol) if "/" in symbol else None
        values = {
            "trade_id": given.get("id", ""),
            "execution_ref": given.get("id", ""),
            "order_ref": given.get("order_id", ""),
            "account": given.get("account_id", ""),
            "executed_at": when,
            "trade_date": trade_date_of(when, order),
            "symbol": symbol,
            "asset_class": AssetClass.CRYPTO if pair else AssetClass.EQUITY,
            "side": given.get("side", ""),
            # Of this fill alone: cum_qty counts the order's fills so far.
            "quantity": given.get("qty", ""),
            "price": given.get("price", ""),
            "currency": pair.partition("/")[2]
            if pair
            else str(order.settings.get("currency", "USD")),
        }
        return Record(number, text, values, native)

    def _activities(self, client: JsonClient, order: Order) -> Iterator[Any]:
        base = str(order.settings.get("base_url", _PAPER)).rstrip("/")
        size = int(order.settings.get("page_size", _PAGE))
        start, end = window(order)
        params = {
            "after": start.isoformat().replace("+00:00", "Z"),
            "until": end.isoformat().replace("+00:00", "Z"),
            "direction": "asc",
            "page_size": str(size),
        }
        token = ""
        for _ in range(_MOST_PAGES):
            page = client.get(f"{base}/v2/account/activities/FILL", params)
            if not isinstance(page, list):
                raise Unreadable(f"Alpaca answered no list of activities but {str(page)[:80]!r}.")
            yield from page
            if len(page) < size:
                return
            last = page[-1].get("id") if isinstance(page[-1], dict) else None
            if not last or last == token:
                raise Unreadable("Alpaca's pages of activities do not lead on; nothing is loaded.")
            params["page_token"] = token = last
        raise Unreadable("Alpaca has too many activities in this window; ask for fewer dates.")


def _is_wanted(native: Any, order: Order) -> bool:
    """Leave out other activities and other days; what cannot be told is kept, to be rejected."""
    if not isinstance(native, Mapping):
        return True
    if native.get("activity_type") not in {"FILL", None}:
        return False
    day = trade_date_of(str(native.get("transaction_time", "")), order)
    return not day or order.from_date.isoformat() <= day <= order.to_date.isoformat()
