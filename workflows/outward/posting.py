"""One POST to a webhook: listed hosts only, no redirects, short time-outs, a small answer."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from urllib.parse import urlsplit

import httpx

from connectors.outbound import HostNotFound, check_url
from connectors.protocol import Unreadable
from workflows.outward.outcomes import Refused, TryLater

_TIMEOUT = httpx.Timeout(10, connect=5)
# Unpacked, a small answer may be a large one.
_ALWAYS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
_PASSING = frozenset({408, 425, 429})
_SHOWN = 200


def post(*, url: str, body: bytes, headers: Mapping[str, str], at: datetime, what: str) -> str:
    """
    Post JSON and return what the receiver answered, in a few words.

    `what` names the address in sentences: the URL itself may be a secret.

    :raises Refused: if the address may not be spoken to, redirects, or says no for good.
    :raises TryLater: if it cannot be reached, takes too long, or says later.
    """
    try:
        check_url(url)
    except HostNotFound as problem:
        raise TryLater(str(problem)) from problem
    except Unreadable as refusal:
        raise Refused(f"{what}: {refusal}") from refusal
    try:
        with (
            httpx.Client(
                verify=_certificates(), timeout=_TIMEOUT, follow_redirects=False, trust_env=False
            ) as client,
            client.stream("POST", url, content=body, headers={**_ALWAYS, **headers}) as reply,
        ):
            return _read(reply, _beginning(reply), at)
    except httpx.TimeoutException as problem:
        raise TryLater(f"{_host(url)} did not answer in time.") from problem
    except httpx.HTTPError as problem:
        said = str(problem).replace(url, what) or type(problem).__name__
        raise TryLater(f"{_host(url)} could not be reached: {said}.") from problem
    except (httpx.InvalidURL, UnicodeError) as problem:
        raise Refused(f"{what} holds no URL.") from problem


@cache
def _certificates() -> ssl.SSLContext:
    """Read the trusted certificates once: it takes longer than most requests."""
    return httpx.create_ssl_context(trust_env=False)


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the host"


def _beginning(reply: httpx.Response) -> str:
    """Return how the answer begins: what came first, for some send theirs without an end."""
    for piece in reply.iter_raw():
        return " ".join(piece.decode(errors="replace").replace("\x00", "").split())[:_SHOWN]
    return ""


def _read(reply: httpx.Response, beginning: str, at: datetime) -> str:
    code, host = reply.status_code, reply.url.host
    said = f"{code} {beginning}".strip()
    if 200 <= code < 300:
        return f"{host} answered {said}"
    if 300 <= code < 400:
        raise Refused(f"{host} sends us elsewhere ({code}), and redirects are not followed.")
    if code in _PASSING or code >= 500:
        asked = _asked_wait(reply.headers.get("Retry-After", ""), at)
        raise TryLater(f"{host} answered {said}", asked)
    raise Refused(f"{host} answered {said}")


def _asked_wait(text: str, at: datetime) -> timedelta | None:
    """Read a Retry-After, seconds or a date; what is neither is passed over."""
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=int(text[:9]))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max(until.replace(tzinfo=until.tzinfo or UTC) - at, timedelta())
