"""JSON over HTTP: retries with backoff, time-outs, a size limit, no redirects, listed hosts."""

import hashlib
import json
import ssl
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from connectors.outbound import check_url
from connectors.protocol import Unreadable

_MAX_BYTES = 64 * 1024 * 1024
_TIMEOUT = httpx.Timeout(20, connect=5)
_LONGEST_WAIT = 30.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class TryAgain(Exception):
    """The source may answer better in a moment; `after` seconds if it said how long."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class JsonClient:
    """
    Fetches JSON from one source, keeping the digest of all it answered.

    Numbers in the replies are text, exact as sent. Settings of the feed that it reads:
    ``attempts`` (6) and ``first_wait_seconds`` (0.5).
    """

    def __init__(
        self,
        *,
        settings: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
        keep_alive: Callable[[], None],
    ) -> None:
        self._attempts = int(settings.get("attempts", 6))
        self._first_wait = float(settings.get("first_wait_seconds", 0.5))
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._keep_alive = keep_alive
        self._seen = hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._seen.hexdigest()

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        check: Callable[[Any], None] = lambda _: None,
    ) -> Any:
        """
        Return the JSON at a URL; `check` may raise `TryAgain` for a reply that only says so.

        :raises Unreadable: if the source cannot be reached, refuses, or sends no whole JSON.
        """
        check_url(url)
        host = urlsplit(url).hostname
        retrying = stamina.retry_context(
            on=_wait,
            attempts=self._attempts,
            timeout=90,
            wait_initial=self._first_wait,
            wait_max=_LONGEST_WAIT,
            wait_jitter=self._first_wait,
        )
        try:
            for attempt in retrying:
                with attempt:
                    self._keep_alive()
                    body = self._body(url, params or {})
                    answer = _parsed(body, host or url)
                    check(answer)
                    self._seen.update(hashlib.sha256(body).digest())
                    return answer
        except TryAgain as problem:
            raise Unreadable(
                f"{host} could not be fetched: {problem}. Try again later."
            ) from problem
        raise AssertionError("unreachable")  # pragma: no cover

    def _body(self, url: str, params: Mapping[str, str]) -> bytes:
        try:
            with (
                httpx.Client(
                    headers=self._headers,
                    verify=_certificates(),
                    timeout=_TIMEOUT,
                    follow_redirects=False,
                    trust_env=False,
                ) as client,
                client.stream("GET", url, params=dict(params) or None) as reply,
            ):
                _check_status(reply)
                return _capped(reply)
        except httpx.TimeoutException as problem:
            raise TryAgain("it did not answer in time") from problem
        except httpx.RemoteProtocolError as problem:
            raise TryAgain(f"its reply was cut short ({problem})") from problem
        except httpx.HTTPError as problem:
            raise TryAgain(
                f"the connection failed ({problem or type(problem).__name__})"
            ) from problem


@cache
def _certificates() -> ssl.SSLContext:
    """Read the trusted certificates once: it takes longer than most requests."""
    return httpx.create_ssl_context(trust_env=False)


def _wait(problem: Exception) -> bool | float:
    """Tell stamina whether to try again, and after how many seconds if the source said so."""
    if not isinstance(problem, TryAgain):
        return False
    return True if problem.after is None else min(problem.after, _LONGEST_WAIT)


def _check_status(reply: httpx.Response) -> None:
    code, host = reply.status_code, reply.url.host
    if code in _PASSING:
        after = reply.headers.get("Retry-After", "")
        raise TryAgain(f"it answered {code}", float(after) if after.isdecimal() else None)
    if code in {401, 403}:
        raise Unreadable(f"{host} refused us with {code}; look at the feed's credentials.")
    if 300 <= code < 400:
        raise Unreadable(f"{host} sends us elsewhere ({code}), and redirects are not followed.")
    if code != 200:
        raise Unreadable(
            f"{host} answered {code} for {reply.url.path}; look at the feed's settings."
        )


def _capped(reply: httpx.Response) -> bytes:
    body = bytearray()
    for piece in reply.iter_bytes():
        body += piece
        if len(body) > _MAX_BYTES:
            raise Unreadable(
                f"{reply.url.host} sent more than {_MAX_BYTES:,} bytes at once; "
                "ask for fewer dates."
            )
    return bytes(body)


def _parsed(body: bytes, host: str) -> Any:
    try:
        return json.loads(body, parse_float=str, parse_int=str, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        start = body[:80].decode(errors="replace")
        raise Unreadable(
            f"{host} sent no whole JSON ({problem}); it begins {start!r}."
        ) from problem


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")
