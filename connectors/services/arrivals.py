"""A reading is loaded into its delivery: trades, quarantine and counts in one transaction."""

from datetime import datetime

from django.db import OperationalError, connection, transaction

from connectors.choices import DeliveryStatus, RejectStatus
from connectors.models import Delivery, RejectedRow
from connectors.protocol import Record
from connectors.services.reading import Reading
from trades.services import load_reports
from trades.services.bulk import write_rows

_TRIES = 3
_REJECT = ("delivery_id", "line_number", "raw", "reason", "status", "fixed", "decision")


class LostClaim(Exception):
    """Another worker has taken over this delivery; what was done here is not kept."""


def load_reading(
    *, delivery: Delivery, reading: Reading, at: datetime, claimed: Delivery | None = None
) -> Delivery:
    """
    Load a reading and finish its delivery, all or nothing.

    A delivery without primary key is made. `claimed` is the one whose claim this work is done
    under: if that was lost, nothing is written.

    :raises LostClaim: if another worker claimed it meanwhile.
    """
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                return _load(delivery, reading, at, claimed)
        except OperationalError:
            # Postgres ends one of two transactions that wait for each other.
            if not left or connection.in_atomic_block:
                raise
            if delivery is not claimed:
                delivery.pk = None
    raise AssertionError("unreachable")  # pragma: no cover


def fail(
    *, delivery: Delivery, reason: str, at: datetime, claimed: Delivery | None = None
) -> Delivery:
    """Finish a delivery of which nothing could be loaded, saying why."""
    with transaction.atomic():
        _hold(claimed)
        delivery.status = DeliveryStatus.FAILED
        delivery.error = reason
        _finish(delivery, at)
    return delivery


def _load(delivery: Delivery, reading: Reading, at: datetime, claimed: Delivery | None) -> Delivery:
    _hold(claimed)
    delivery.layout = reading.layout
    delivery.header = reading.header
    delivery.digest = reading.digest
    if delivery.pk is None:
        delivery.save(force_insert=True)
    outcome = load_reports(
        source=delivery.source,
        reports=reading.reports,
        delivery_id=delivery.pk,
        at=at,
        lines=[record.number for record in reading.records],
    )
    rejects = [*reading.rejects, *((reading.records[row], why) for row, why in outcome.conflicts)]
    _quarantine(delivery, rejects)
    delivery.status = DeliveryStatus.LOADED
    delivery.error = ""
    delivery.rows_in = len(reading.reports) + len(reading.rejects)
    delivery.loaded = outcome.loaded
    delivery.amended = outcome.amended
    delivery.duplicates = outcome.duplicates
    delivery.rejected = len(rejects)
    if delivery.from_date is None and reading.dates:
        delivery.from_date, delivery.to_date = reading.dates
    _finish(delivery, at)
    return delivery


def _hold(claimed: Delivery | None) -> None:
    """Lock the claimed row: whoever wants to claim it too waits until this transaction ends."""
    if claimed is None:
        return
    mine = Delivery.objects.filter(
        pk=claimed.pk, status=DeliveryStatus.RUNNING, attempt=claimed.attempt
    )
    if not mine.update(attempt=claimed.attempt):
        raise LostClaim(f"delivery {claimed.pk} was taken over by another worker")


def _finish(delivery: Delivery, at: datetime) -> None:
    delivery.finished_at = at
    delivery.lease_expires_at = None
    delivery.save()


def _quarantine(delivery: Delivery, rejects: list[tuple[Record, str]]) -> None:
    ordered = sorted(rejects, key=lambda reject: reject[0].number)
    write_rows(
        RejectedRow,
        _REJECT,
        [
            (delivery.pk, record.number, record.text, why, RejectStatus.OPEN.value, "", "")
            for record, why in ordered
        ],
    )
