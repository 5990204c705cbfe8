"""What becomes of a row in quarantine: fixed and replayed, or discarded with a reason."""

import json
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from connectors.choices import DeliveryStatus, RejectStatus
from connectors.columns import map_header
from connectors.delimited import lines_of, parse_line, read_header
from connectors.models import Delivery, RejectedRow
from connectors.protocol import Order, Record, Unreadable
from connectors.registry import connector_named
from connectors.rows import RowRefused, report_of
from connectors.services.arrivals import load_reading
from connectors.services.claims import Claim
from connectors.services.layouts import habits_of
from connectors.services.reading import checked, content_digest, of_records, zone_of


class RejectNotOpen(Exception):
    """Somebody already replayed or discarded this row."""


class StillWrong(Exception):
    """The corrected row cannot be loaded either; the sentence says why."""


class ReasonMissing(Exception):
    """A row is discarded only with a reason."""


REFUSALS: tuple[type[Exception], ...] = (RejectNotOpen, StillWrong, ReasonMissing)


@transaction.atomic
def replay(*, reject_id: int, fixed: str, by: User | None, at: datetime) -> Delivery:
    """
    Load a row as corrected, in a delivery of its own that names the first.

    The row is read as its file was: below the same header, by the same layout.

    :raises StillWrong: if it is not exactly one good row; nothing changes.
    :raises RejectNotOpen: if it was decided already.
    """
    reject = _decided(reject_id, RejectStatus.REPLAYED, by, at, fixed=fixed)
    first = reject.delivery
    try:
        records = _records(first, fixed)
    except Unreadable as problem:
        raise StillWrong(str(problem)) from problem
    if len(records) != 1:
        raise StillWrong(f"One row is expected, and this is {len(records)}; correct one at a time.")
    try:
        report_of(records[0], habits_of(first.layout, first.source))
    except RowRefused as refusal:
        raise StillWrong(str(refusal)) from refusal
    reading = of_records(
        digest=content_digest(fixed.encode(errors="replace")),
        records=records,
        source=first.source,
        layout=first.layout,
        header=first.header,
    )
    delivery = Delivery(
        feed=first.feed,
        source=first.source,
        name=f"{first.name[-230:]} line {reject.line_number}, fixed",
        status=DeliveryStatus.RUNNING,
        requested_by=by,
        received_at=at,
        started_at=at,
        attempt=1,
        replay_of=first,
    )
    return load_reading(delivery=delivery, reading=reading, claim=Claim(None, at))


@transaction.atomic
def discard(*, reject_id: int, reason: str, by: User | None, at: datetime) -> RejectedRow:
    """
    Leave a row out for good; what was sent, and why it was left out, is kept.

    :raises ReasonMissing: if there is no reason.
    :raises RejectNotOpen: if it was decided already.
    """
    if not reason.strip():
        raise ReasonMissing("Say why this row is not to be loaded.")
    return _decided(reject_id, RejectStatus.DISCARDED, by, at, decision=reason.strip())


def _decided(
    reject_id: int,
    status: RejectStatus,
    by: User | None,
    at: datetime,
    **values: str,
) -> RejectedRow:
    still_open = RejectedRow.objects.filter(pk=reject_id, status=RejectStatus.OPEN)
    changed = still_open.update(status=status, decided_by=by, decided_at=at, **values)
    found = RejectedRow.objects.select_related("delivery__source", "delivery__layout")
    reject = found.get(pk=reject_id)
    if not changed:
        word = reject.get_status_display().lower()
        raise RejectNotOpen(
            f"Line {reject.line_number} of {reject.delivery.name} is already {word}."
        )
    return reject


def _records(first: Delivery, fixed: str) -> list[Record]:
    if first.header and first.layout:
        layout = first.layout
        # The header is one line of known names; its own columns say how many there are.
        names = read_header(lines_of(first.header), layout.delimiter, "The header").header
        return parse_line(first.header, fixed, layout.delimiter, map_header(names, layout.columns))
    if first.header:
        raise Unreadable(
            f"The layout of {first.name} is gone; send the row again in a file of its own."
        )
    return [_interface_record(first, fixed)]


def _interface_record(first: Delivery, fixed: str) -> Record:
    if first.feed is None:
        raise Unreadable(f"{first.name} has no header to read the row by; send it in a file.")
    try:
        native = json.loads(fixed, parse_float=str, parse_int=str)
    except ValueError as problem:
        raise Unreadable(f"The corrected row is not JSON: {problem}.") from problem
    day = first.from_date or first.received_at.date()
    order = Order(
        settings=first.feed.settings,
        from_date=day,
        to_date=first.to_date or day,
        timezone=zone_of(first.source),
        columns=first.layout.columns if first.layout else {},
    )
    return checked(connector_named(first.feed.connector).read(native, 1, order))
