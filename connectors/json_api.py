"""Any system that answers with JSON records over HTTP: an OMS, a prime broker."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from connectors.columns import column_key, propose
from connectors.http import JsonClient
from connectors.protocol import Order, Record, RecordArrival, Unreadable
from connectors.secrets import from_environment, optional
from connectors.windows import trade_date_of

_LISTS = ("trades", "executions", "data", "results", "items", "records", "content")
_NEXT = ("next", "links.next", "next_page", "paging.next")
_MOST_PAGES = 10_000


class JsonApiConnector:
    """
    Settings, all but the first optional:

    ``url_env``: variable with the URL of the records; ``key_env``: with the key, sent as
    ``header`` (Authorization) after ``prefix`` ("Bearer "); ``records``: where the list is, such
    as "data.trades"; ``columns``: its names, dotted where nested, to canonical ones;
    ``from_param`` and ``to_param`` (from_date, to_date); ``next``: where the next page's URL is;
    or ``page_param`` and ``first_page`` (1): pages by number, until one is empty.
    """

    def fetch(self, order: Order) -> Iterator[RecordArrival]:
        url = from_environment(order.settings, "url_env")
        headers = {}
        if key := optional(order.settings, "key_env"):
            prefix = str(order.settings.get("prefix", "Bearer "))
            headers[str(order.settings.get("header", "Authorization"))] = f"{prefix}{key}"
        client = JsonClient(settings=order.settings, headers=headers, keep_alive=order.keep_alive)
        natives = [item for page in self._pages(client, order, url) for item in page]
        yield RecordArrival(
            name=f"{urlsplit(url).hostname} {order.from_date} to {order.to_date}",
            digest=client.digest,
            records=[self.read(item, place, order) for place, item in enumerate(natives, start=1)],
        )

    def read(self, native: Any, number: int, order: Order) -> Record:
        text = json.dumps(native)
        if not isinstance(native, dict):
            return Record(number, text, {}, {}, "This is no record: a JSON object is expected.")
        flat = _flat(native)
        columns = {**order.columns, **order.settings.get("columns", {})} or propose(list(flat))
        known = {column_key(name): canonical for name, canonical in columns.items()}
        values = {
            canonical: value
            for name, value in flat.items()
            if (canonical := known.get(column_key(name)))
        }
        if not values.get("trade_date") and values.get("executed_at"):
            values["trade_date"] = trade_date_of(values["executed_at"], order)
        return Record(number, text, values, native)

    def _pages(self, client: JsonClient, order: Order, url: str) -> Iterator[list[Any]]:
        settings = order.settings
        window = {
            str(settings.get("from_param", "from_date")): order.from_date.isoformat(),
            str(settings.get("to_param", "to_date")): order.to_date.isoformat(),
        }
        number_param = str(settings.get("page_param", ""))
        first = int(settings.get("first_page", 1))
        address, params, before = url, dict(window), None
        for number in range(first, first + _MOST_PAGES):
            if number_param:
                params = window | {number_param: str(number)}
            answer = client.get(address, params)
            page = _records(answer, str(settings.get("records", "")), url)
            if page and page == before:
                raise Unreadable(
                    f"{_host(url)} sends the same page again; look at the paging settings."
                )
            yield page
            following = _next_link(answer, str(settings.get("next", "")))
            if number_param and page:
                before = page
            elif following and not number_param:
                address, params, before = _same_host(url, urljoin(address, following)), {}, page
            else:
                return
        raise Unreadable(f"{_host(url)} has too many pages in this window; ask for fewer dates.")


def _records(answer: Any, path: str, url: str) -> list[Any]:
    if path:
        found = _at(answer, path)
    elif isinstance(answer, dict):
        found = next((answer[name] for name in _LISTS if isinstance(answer.get(name), list)), None)
    else:
        found = answer
    if not isinstance(found, list):
        where = f"at {path!r}" if path else "in its reply"
        raise Unreadable(f"{_host(url)} has no list of records {where}; set the feed's 'records'.")
    return found


def _next_link(answer: Any, path: str) -> str:
    found = [_at(answer, place) for place in ([path] if path else _NEXT)]
    return next((link for link in found if isinstance(link, str) and link), "")


def _same_host(url: str, following: str) -> str:
    """A key is sent along, so that another page must be on the same host."""
    if urlsplit(url)[:2] != urlsplit(following)[:2]:
        raise Unreadable(
            f"{_host(url)} continues on another host, {_host(following)}; that is refused."
        )
    return following


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested values under dotted names, all as text; what is null is left out."""
    flat: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        elif value is not None:
            flat[f"{prefix}{name}"] = value if isinstance(value, str) else json.dumps(value)
    return flat


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the source"
