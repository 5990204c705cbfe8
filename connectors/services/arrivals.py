"""A reading is loaded into its delivery: staged a batch at a time, merged in one transaction."""

import json
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO

from django.db import OperationalError, connection, transaction

from connectors.batches import Reject, read_batch
from connectors.choices import DeliveryStatus, DeliveryStep, RejectStatus
from connectors.models import Delivery, RejectedRow
from connectors.services.claims import Claim
from connectors.services.reading import Reading
from trades.reports import value_fields
from trades.services.bulk import write_rows
from trades.services.merging import conflicts, merge
from trades.services.staging import Reports, Staging

_TRIES = 3
_REJECT = ("delivery_id", "line_number", "raw", "reason", "status", "fixed", "decision")
_TRADE_DATE = value_fields().index("trade_date")
_IN_MEMORY = 1024 * 1024


def load_reading(*, delivery: Delivery, reading: Reading, claim: Claim) -> Delivery:
    """
    Load a reading and finish its delivery, all or nothing.

    A delivery without primary key is made. While the rows are read the claim tells how many; if
    the claim was lost, nothing is written.

    :raises LostClaim: if another worker claimed it meanwhile.
    :raises Unreadable: if the source of the records broke off.
    """
    with Staging() as staging:
        read = _stage(reading, staging, claim)
        claim.tell(read.rows, DeliveryStep.MERGING)
        is_new = delivery.pk is None
        for left in reversed(range(_TRIES)):
            try:
                with transaction.atomic():
                    return _load(delivery, reading, read, staging, claim)
            except OperationalError:
                # Postgres ends one of two transactions that wait for each other.
                if not left or connection.in_atomic_block:
                    raise
                if is_new:
                    delivery.pk = None
    raise AssertionError("unreachable")  # pragma: no cover


def fail(*, delivery: Delivery, reason: str, claim: Claim) -> Delivery:
    """Finish a delivery of which nothing could be loaded, saying why."""
    with transaction.atomic():
        claim.hold()
        delivery.status = DeliveryStatus.FAILED
        delivery.error = reason
        _finish(delivery, claim.now())
    return delivery


class Rejects:
    """Rows on their way to quarantine; more than a few wait in a file."""

    def __init__(self) -> None:
        self._file: IO[str] = SpooledTemporaryFile(_IN_MEMORY, "w+")  # noqa: SIM115  closes with this
        weakref.finalize(self, self._file.close)
        self.count = 0

    def add(self, rejects: Iterable[Reject]) -> None:
        for reject in rejects:
            self._file.write(json.dumps([reject.number, reject.text, reject.reason]) + "\n")
            self.count += 1

    def __iter__(self) -> Iterator[Reject]:
        self._file.seek(0)
        return (Reject(*json.loads(line)) for line in self._file)


@dataclass(slots=True)
class _Read:
    """What was read so far: the rows, those that make no report, and the dates reported."""

    rows: int = 0
    rejects: Rejects = field(default_factory=Rejects)
    dates: tuple[str, str] | None = None

    def add(self, reports: Reports, rejects: list[Reject]) -> None:
        self.rows += len(reports.lines) + len(rejects)
        self.rejects.add(rejects)
        # ISO dates of four-digit years are in order as texts.
        if days := [day for day in reports.contents[_TRADE_DATE] if day]:
            known = self.dates or (days[0], days[0])
            self.dates = (min(known[0], *days), max(known[1], *days))


def _stage(reading: Reading, staging: Staging, claim: Claim) -> _Read:
    read = _Read()
    for batch in reading.batches:
        reports, rejects = read_batch(batch, reading.habits)
        staging.add(reports)
        read.add(reports, rejects)
        claim.tell(read.rows, DeliveryStep.READING)
    return read


def _load(
    delivery: Delivery, reading: Reading, read: _Read, staging: Staging, claim: Claim
) -> Delivery:
    claim.hold()
    at = claim.now()
    delivery.layout = reading.layout
    delivery.header = reading.header
    delivery.digest = reading.digest
    if delivery.pk is None:
        delivery.save(force_insert=True)
    merged = merge(staging=staging, source=delivery.source, delivery_id=delivery.pk, at=at)
    in_conflict = (Reject(one.line, one.sent, one.reason) for one in conflicts())
    _quarantine(delivery, chain(read.rejects, in_conflict))
    delivery.status = DeliveryStatus.LOADED
    delivery.error = ""
    delivery.rows_in = delivery.rows_read = read.rows
    delivery.loaded = merged.loaded
    delivery.amended = merged.amended
    delivery.duplicates = merged.duplicates
    delivery.rejected = read.rejects.count + merged.conflicts
    if delivery.from_date is None and read.dates:
        first, last = map(date.fromisoformat, read.dates)
        delivery.from_date, delivery.to_date = first, last
    _finish(delivery, at)
    return delivery


def _finish(delivery: Delivery, at: datetime) -> None:
    delivery.finished_at = at
    delivery.lease_expires_at = None
    delivery.step = ""
    delivery.save()


def _quarantine(delivery: Delivery, rejects: Iterable[Reject]) -> None:
    write_rows(
        RejectedRow,
        _REJECT,
        (
            (delivery.pk, one.number, one.text, one.reason, RejectStatus.OPEN.value, "", "")
            for one in rejects
        ),
    )
