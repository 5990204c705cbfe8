"""What an arrival is read by, and the batches of rows it comes in."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from connectors.batches import Batch, batches_of_file, batches_of_records
from connectors.habits import Habits
from connectors.models import Layout
from connectors.protocol import FileArrival, Record, RecordArrival
from connectors.services.layouts import choose_layout, habits_of
from connectors.spool import Spool
from trades.models import Source


@dataclass(frozen=True, slots=True)
class Reading:
    """One arrival, ready to be read once: its batches are made as they are asked for."""

    digest: str
    layout: Layout | None
    header: str
    habits: Habits
    batches: Iterator[Batch]


def open_arrival(
    *, arrival: FileArrival | RecordArrival, source: Source, layout: Layout | None
) -> Reading:
    """
    Return how a file is read, by its layout, or records as the connector gives them.

    :raises Unreadable: if a file as a whole cannot be read; then nothing of it is to be loaded.
    """
    if isinstance(arrival, RecordArrival):
        return of_records(
            digest=arrival.digest, records=arrival.records, source=source, layout=layout
        )
    file = Spool.of(arrival.content)
    chosen = choose_layout(file=file, name=arrival.name, layout=layout)
    return Reading(
        digest=file.digest,
        layout=chosen.layout,
        header=chosen.table.header_text,
        habits=habits_of(chosen.layout, source),
        batches=batches_of_file(chosen.table, chosen.columns),
    )


def of_records(
    *,
    digest: str,
    records: Iterable[Record],
    source: Source,
    layout: Layout | None,
    header: str = "",
) -> Reading:
    """Return the reading of records; ISO dates and plain numbers unless a layout says otherwise."""
    batches = batches_of_records(map(checked, records))
    return Reading(digest, layout, header, habits_of(layout, source), batches)


# JSON can spell what no database stores: a zero character, and half of a pair of surrogates.
_UNSTORABLE = re.compile(r"\\u0000|[\ud800-\udfff]")


def checked(record: Record) -> Record:
    """Return a record of JSON, with a problem if its payload cannot be stored as it is."""
    if _UNSTORABLE.search(json.dumps(record.raw, ensure_ascii=False)):
        return replace(record, problem="The record holds a character that no text has.")
    return record


def content_digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zone_of(source: Source) -> ZoneInfo:
    return ZoneInfo(source.timezone)
