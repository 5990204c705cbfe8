"""Receivers on loopback that speak the real protocols: a mail server and a webhook."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """What a webhook answers; `wait` seconds late, with a `pause` after each byte."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0
    pause: float = 0


@dataclass
class Posted:
    path: str
    headers: dict[str, str]
    body: bytes


class Webhook:
    """Answers in turn, the last answer for good; `then` is called once a request was answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.posted: list[Posted] = []
        self.answers: list[Answer] = [Answer()]
        self.then: Callable[[], Any] = lambda: None

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.posted]

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def _pieces(answer: Answer) -> list[bytes]:
    return [bytes([byte]) for byte in answer.body] if answer.pause else [answer.body]


@contextmanager
def webhook() -> Iterator[Webhook]:
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            names = {name.lower(): value for name, value in self.headers.items()}
            receiver.posted.append(Posted(self.path, names, body))
            answer = receiver.next_answer()
            released.wait(answer.wait)
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                for piece in _pieces(answer):
                    self.wfile.write(piece)
                    released.wait(answer.pause)
            except (BrokenPipeError, ConnectionResetError):
                return
            receiver.then()

        def log_message(self, *_: object) -> None:
            """Keep the tests' output to the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Webhook(f"http://127.0.0.1:{server.server_address[1]}")
    with _serving(server):
        yield receiver
        released.set()


@dataclass
class Mailbox:
    """
    A mail server: what it took, and how it answers the next commands of a kind.

    ``refuse["RCPT"] = ["450 4.2.0 later"]`` answers the next RCPT so, and the ones after it well.
    """

    port: int
    taken: list[Message] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        return [message["X-Notification-Id"] for message in self.taken]


class _Session(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as it takes to be handed a message."""

    PLAIN = {"EHLO": "250 loopback", "HELO": "250 loopback", "RSET": "250 ok", "NOOP": "250 ok"}

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        box: Mailbox = self.server.box
        self.say("220 loopback ESMTP")
        recipients: list[str] = []
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            verb = verb.upper()
            if queued := box.refuse.get(verb):
                self.say(queued.pop(0))
            elif verb == "QUIT":
                self.say("221 bye")
                return
            elif verb == "DATA":
                self.say("354 go on")
                self._take(box, recipients)
            else:
                if verb == "MAIL":
                    recipients = []
                if verb == "RCPT":
                    recipients.append(rest.partition(":")[2].strip(" <>"))
                known = "250 ok" if verb in ("MAIL", "RCPT") else "502 not here"
                self.say(self.PLAIN.get(verb, known))

    def _take(self, box: Mailbox, recipients: list[str]) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if queued := box.refuse.get("BODY"):
            self.say(queued.pop(0))
            return
        box.taken.append(message_from_bytes(b"".join(lines)))
        box.to.append(recipients)
        self.say("250 taken")


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session)
    server.daemon_threads = True
    server.box = Mailbox(server.server_address[1])
    with _serving(server):
        yield server.box


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
