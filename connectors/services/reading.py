"""An arrival becomes reports and rejects, every row of it one or the other."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from zoneinfo import ZoneInfo

from connectors.delimited import read_records
from connectors.habits import Habits
from connectors.models import Layout
from connectors.protocol import FileArrival, Record, RecordArrival
from connectors.rows import RowRefused, report_of
from connectors.services.layouts import choose_layout, habits_of
from trades.models import Source
from trades.reports import TradeReport

_PROGRESS_EVERY = 1000


@dataclass(slots=True)
class Reading:
    """What one arrival holds: reports with the records they came from, rejects with reasons."""

    digest: str
    layout: Layout | None = None
    header: str = ""
    reports: list[TradeReport] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    rejects: list[tuple[Record, str]] = field(default_factory=list)

    @property
    def dates(self) -> tuple[date, date] | None:
        """The first and the last trade date reported, or None without reports."""
        days = [report.trade_date for report in self.reports]
        return (min(days), max(days)) if days else None


def read_arrival(
    *,
    arrival: FileArrival | RecordArrival,
    source: Source,
    layout: Layout | None,
    on_progress: Callable[[int], None] | None = None,
) -> Reading:
    """
    Read a file by its layout, or records as the connector gave them.

    :raises Unreadable: if a file as a whole cannot be read; then nothing of it is to be loaded.
    """
    if isinstance(arrival, RecordArrival):
        reading = Reading(digest=arrival.digest, layout=layout)
        # Interfaces write ISO dates and plain numbers unless a layout says otherwise.
        safe = map(checked, arrival.records)
        fill(reading, safe, habits_of(layout, source), on_progress)
        return reading
    chosen = choose_layout(content=arrival.content, name=arrival.name, layout=layout)
    reading = Reading(
        digest=content_digest(arrival.content),
        layout=chosen.layout,
        header=chosen.table.header_text,
    )
    records = read_records(chosen.table, chosen.columns)
    fill(reading, records, habits_of(chosen.layout, source), on_progress)
    return reading


def fill(
    reading: Reading,
    records: Iterable[Record],
    habits: Habits,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Add each record to the reading, as a report or as a reject."""
    for count, record in enumerate(records, start=1):
        try:
            reading.reports.append(report_of(record, habits))
            reading.records.append(record)
        except RowRefused as refusal:
            reading.rejects.append((record, str(refusal)))
        if on_progress and count % _PROGRESS_EVERY == 0:
            on_progress(count)


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
