"""A source outside: a real HTTP server on loopback that answers what a test gives it."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

DATA = Path(__file__).parents[4] / "shared" / "data"


@dataclass
class Reply:
    """One answer: `length` overrules the Content-Length, to cut a body short."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


@dataclass
class Asked:
    path: str
    params: dict[str, str]
    headers: dict[str, str]


class OutsideSource:
    """Answers each path with its replies in turn, the last one for good; or by a function."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._replies: dict[str, list[Any]] = {}
        self.url = ""

    def answers(self, path: str, *replies: Any) -> None:
        self._replies[path] = list(replies)

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        replies = self._replies.get(asked.path)
        if not replies:
            return Reply({"message": "not found"}, status=404)
        found = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(found, Callable):
            found = found(asked)
        return found if isinstance(found, Reply) else Reply(found)


@pytest.fixture
def outside(settings) -> Iterator[OutsideSource]:
    """Run the server and put it on the list of hosts that may be asked."""
    source = OutsideSource()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = Asked(
                parts.path,
                dict(parse_qsl(parts.query)),
                {name.lower(): value for name, value in self.headers.items()},
            )
            reply = source.reply(asked)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header(
                "Content-Length", str(len(body) if reply.length is None else reply.length)
            )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output to the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    source.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.OUTBOUND_HOSTS = ["127.0.0.1"]
    yield source
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def recorded() -> Callable[[str], bytes]:
    """Return a function that reads a recorded reply of a real system, or skips the test."""

    def read(name: str) -> bytes:
        path = DATA / name
        if not path.is_file():
            pytest.skip(f"the recorded reply {name} is not beside this repository")
        return path.read_bytes()

    return read


@pytest.fixture
def quick() -> dict[str, Any]:
    """Return settings of a feed that waits no longer than a test should."""
    return {"attempts": 3, "first_wait_seconds": 0.001, "page_pause_seconds": 0}
