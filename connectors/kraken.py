"""Kraken's public trades: ``GET /0/public/Trades``, paged by a nanosecond ``since``."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.habits import NotReadable, epoch, number
from connectors.http import JsonClient, TryAgain
from connectors.protocol import Order, Record, RecordArrival, Unreadable
from connectors.secrets import optional
from connectors.windows import window
from trades.choices import AssetClass
from trades.identifiers import asset, currency_pair

_BASE = "https://api.kraken.com"
_PASSING = ("rate limit", "too many requests", "throttled", "unavailable", "busy", "timeout")
_NATIONAL = frozenset(["USD", "EUR", "GBP", "JPY", "CAD", "AUD", "CHF"])
_FIELDS = ("price", "volume", "time", "side", "order_type", "misc", "trade_id")


class KrakenPublicConnector:
    """
    Settings: ``pair`` or ``pair_env`` (the variable wins), ``base_url``,
    ``page_pause_seconds`` (1), ``most_pages`` (2000).
    """

    def __init__(self) -> None:
        self._symbols: dict[str, str] = {}

    def fetch(self, order: Order) -> Iterator[RecordArrival]:
        pair = optional(order.settings, "pair_env") or str(order.settings.get("pair", ""))
        if not pair:
            raise Unreadable("The feed names no pair; set KRAKEN_PAIR or its setting 'pair'.")
        client = JsonClient(settings=order.settings, keep_alive=order.keep_alive)
        self._learn_names(client, order, pair)
        start, end = window(order)
        found = [
            row
            for row in self._pages(client, order, pair, _nanoseconds(start), _nanoseconds(end))
            if start <= _executed_at(row["row"], start) < end
        ]
        records = [self.read(row, place, order) for place, row in enumerate(found, start=1)]
        yield RecordArrival(
            name=f"Kraken {pair} {order.from_date} to {order.to_date}",
            digest=client.digest,
            records=_numbered_twins(records),
        )

    def read(self, native: Any, number: int, order: Order) -> Record:
        text = json.dumps(native, default=str)
        if not isinstance(native, dict) or not isinstance(native.get("row"), list):
            return Record(
                number, text, {}, {}, "This is no row of trades: pair and row are expected."
            )
        row, pair = native["row"], str(native.get("pair", ""))
        if len(row) not in {6, 7}:
            return Record(
                number, text, {}, native, f"The row has {len(row)} fields; Kraken sends 6 or 7."
            )
        given = dict(zip(_FIELDS, map(str, row), strict=False))
        try:
            at = _executed_at(row, None)
        except NotReadable as problem:
            return Record(number, text, {}, native, f"Its time cannot be read: {problem}.")
        symbol = self._symbols.get(pair) or currency_pair(pair) or pair
        base, _, quote = symbol.partition("/")
        trade_id = given.get("trade_id") or _content_id(row)
        values = {
            "trade_id": f"{pair}-{trade_id}",
            "execution_ref": f"{pair}-{trade_id}" if "trade_id" in given else "",
            "trade_date": at.astimezone(order.timezone).date().isoformat(),
            "executed_at": at.isoformat(),
            "symbol": symbol,
            "asset_class": AssetClass.FX if base in _NATIONAL else AssetClass.CRYPTO,
            "side": given["side"],
            "quantity": given["volume"],
            "price": given["price"],
            "currency": quote,
        }
        return Record(number, text, values, native)

    def _learn_names(self, client: JsonClient, order: Order, pair: str) -> None:
        """Kraken calls BTC XBT and XXBT: take the names of base and quote from AssetPairs."""
        found = _result(client, order, "AssetPairs", {"pair": pair})
        for code, facts in found.items():
            if not isinstance(facts, dict):
                raise Unreadable(f"Kraken described {code} as {facts!r}, which is no pair.")
            base, _, quote = str(facts.get("wsname") or "").partition("/")
            base, quote = base or str(facts.get("base", "")), quote or str(facts.get("quote", ""))
            self._symbols[code] = f"{asset(base)}/{asset(quote)}"

    def _pages(
        self, client: JsonClient, order: Order, pair: str, start: int, end: int
    ) -> Iterator[dict[str, Any]]:
        since = start - 1
        pause = float(order.settings.get("page_pause_seconds", 1))
        for page in range(int(order.settings.get("most_pages", 2000))):
            if page:
                time.sleep(pause)
            code, rows, last = _page(
                _result(client, order, "Trades", {"pair": pair, "since": str(since)})
            )
            # A page that leads no further holds nothing new.
            if last <= since or not rows:
                return
            yield from ({"pair": code, "row": row} for row in rows)
            if last >= end:
                return
            since = last
        raise Unreadable(f"{pair} has too many trades in this window; ask for fewer dates.")


def _result(
    client: JsonClient, order: Order, method: str, params: dict[str, str]
) -> dict[str, Any]:
    base = str(order.settings.get("base_url", _BASE)).rstrip("/")
    answer = client.get(f"{base}/0/public/{method}", params, check=_check)
    result = answer.get("result")
    if not isinstance(result, dict):
        raise Unreadable(
            f"Kraken's reply to {method} has no result; its interface may have changed."
        )
    return result


def _check(answer: Any) -> None:
    """Kraken answers 200 with a list of errors; some of them pass."""
    if not isinstance(answer, dict):
        raise Unreadable("Kraken's reply is no JSON object; its interface may have changed.")
    errors = [str(error) for error in answer.get("error") or []]
    if any(word in error.lower() for error in errors for word in _PASSING):
        raise TryAgain(f"it answered {', '.join(errors)}")
    if errors:
        raise Unreadable(f"Kraken answered {', '.join(errors)}; look at the feed's settings.")


def _page(result: dict[str, Any]) -> tuple[str, list[Any], int]:
    codes = [name for name in result if name != "last"]
    last = str(result.get("last", ""))
    if len(codes) != 1 or not isinstance(result[codes[0]], list) or not last.isdecimal():
        raise Unreadable("Kraken's page of trades lacks its rows or 'last'; nothing is loaded.")
    return codes[0], result[codes[0]], int(last)


def _executed_at(row: Any, otherwise: datetime | None) -> datetime:
    try:
        return epoch(number(str(row[2])))
    except (NotReadable, IndexError, TypeError) as problem:
        if otherwise is not None:
            return otherwise  # A row that cannot be placed in time is kept, to be rejected.
        raise NotReadable(str(problem)) from problem


def _nanoseconds(at: datetime) -> int:
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1) * 1000


def _content_id(row: list[Any]) -> str:
    """Return an id for a row of six fields, which has none: the same whenever it is fetched."""
    return hashlib.sha256(json.dumps(row).encode()).hexdigest()[:24]


def _numbered_twins(records: list[Record]) -> list[Record]:
    """Tell equal fills without an id of their own apart: the second of two is ``...-2``."""
    seen: Counter[str] = Counter()
    told_apart = []
    for record in records:
        trade_id = record.values.get("trade_id", "")
        if trade_id and not record.values.get("execution_ref"):
            seen[trade_id] += 1
            values = {**record.values, "trade_id": f"{trade_id}-{seen[trade_id]}"}
            told_apart.append(replace(record, values=values))
        else:
            told_apart.append(record)
    return told_apart
