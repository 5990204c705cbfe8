"""
What a connector is: it fetches what a source reported over some dates.

Another package adds one by an entry point in the group ``recon.connectors`` whose object is a
class with these methods and no constructor arguments.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from connectors.spool import Spool


class Unreadable(Exception):
    """
    Nothing of an arrival can be loaded, or nothing could be fetched.

    The text is a sentence for the person who looks after the feed.
    """


@dataclass(frozen=True, slots=True)
class Order:
    """
    What to fetch: the feed's settings and the trade dates, both included, at the source's place.

    `columns` is the layout's map of the source's names to canonical ones, if the feed has one.
    `keep_alive` is to be called now and then during long work; it raises if the work was
    given to somebody else meanwhile.
    """

    settings: Mapping[str, Any]
    from_date: date
    to_date: date
    timezone: ZoneInfo
    columns: Mapping[str, str] = field(default_factory=dict)
    keep_alive: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Record:
    """
    One reported row: canonical column names with values as text, not yet read.

    `number` is the line where it begins, or its place in the reply, from 1. `text` is the row
    as sent, `raw` the same by the source's own names. `problem` says why it has no values.
    """

    number: int
    text: str
    values: Mapping[str, str]
    raw: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FileArrival:
    """
    A delimited file; `of_date` is the date in its name, if there is one.

    `content` is its bytes, or for a file that may be large a `Spool` of an open one.
    """

    name: str
    content: bytes | Spool
    of_date: date | None = None


@dataclass(frozen=True, slots=True)
class RecordArrival:
    """
    Records from an interface; `digest` is of the replies they came in.

    They are read once and a batch at a time, so they may be made as they are asked for.
    """

    name: str
    digest: str
    records: Iterable[Record]


class Connector(Protocol):
    """One way to fetch reports."""

    def fetch(self, order: Order) -> Iterator[FileArrival | RecordArrival]:
        """
        Yield what arrived, or nothing.

        :raises Unreadable: if the source cannot be reached or answers nonsense.
        """
        ...

    def read(self, native: Any, number: int, order: Order) -> Record:
        """Return one record of this interface, as a corrected one is read again."""
        ...
