"""
Where this app says what somebody may have to be told of, in the transaction in which it happens.

Who is told, and how, is decided in an app above, which names itself in its `AppConfig.ready`;
without one nobody is. There is one listener, it is called where the lines say so, and what it
raises undoes the act: a notice is part of what it tells of.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Listener:
    """What is called with the entries of a history, and with a request asked for or decided."""

    history: Callable[[Sequence[Any], datetime], None]
    asked: Callable[[Any, datetime], None]
    decided: Callable[[Any, datetime], None]


_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Name the one who is told."""
    _listeners[:] = [listener]


def tell_history(entries: Sequence[Any], at: datetime) -> None:
    for listener in _listeners:
        listener.history(entries, at)


def tell_asked(request: Any, at: datetime) -> None:
    for listener in _listeners:
        listener.asked(request, at)


def tell_decided(request: Any, at: datetime) -> None:
    for listener in _listeners:
        listener.decided(request, at)
