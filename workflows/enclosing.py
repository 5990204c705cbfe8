"""
What goes with a notice by e-mail as files: an app above names what makes them.

It is loaded when such a notice is sent, and asked anew at every attempt: what it returns for one
notice has to be the same each time.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from workflows.choices import NoticeKind


class Enclosure(NamedTuple):
    """One file that goes with an e-mail."""

    name: str
    content: bytes
    media_type: str


Enclose = Callable[[Any], Sequence[Enclosure]]
_LOADERS: dict[NoticeKind, Callable[[], Enclose]] = {}


def enclose(kind: NoticeKind, load: Callable[[], Enclose]) -> None:
    """Say what loads the function that makes the files of notices of a kind."""
    _LOADERS[kind] = load


def enclosed_with(notice: Any) -> Sequence[Enclosure]:
    """Return the files that go with a notice; most have none."""
    if notice.kind not in _LOADERS:
        return ()
    return _LOADERS[notice.kind]()(notice)
