"""One file given by a person or a program, loaded while they wait."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User

from connectors.choices import DeliveryStatus
from connectors.models import Delivery, Layout
from connectors.protocol import FileArrival, Unreadable
from connectors.services.arrivals import fail, load_reading
from connectors.services.reading import content_digest, read_arrival
from trades.models import Source


def receive_file(
    *,
    path: Path,
    source: Source,
    layout: Layout | None = None,
    by: User | None,
    at: datetime,
) -> Delivery:
    """
    Load one delimited file; its delivery is LOADED, or FAILED with a sentence and no row loaded.

    Everything is written in one transaction: a process that dies leaves no trace. Without
    `layout` the header chooses one.

    :raises Unreadable: if there is no such file; then there is no delivery either.
    """
    path = Path(path)
    delivery = Delivery(
        source=source,
        layout=layout,
        name=path.name[-255:],
        status=DeliveryStatus.RUNNING,
        requested_by=by,
        received_at=at,
        started_at=at,
        attempt=1,
    )
    try:
        arrival = FileArrival(delivery.name, _content(path))
    except FileTooLarge as problem:
        return fail(delivery=delivery, reason=str(problem), at=at)
    delivery.digest = content_digest(arrival.content)
    try:
        reading = read_arrival(arrival=arrival, source=source, layout=layout)
    except Unreadable as problem:
        return fail(delivery=delivery, reason=str(problem), at=at)
    return load_reading(delivery=delivery, reading=reading, at=at)


class FileTooLarge(Exception):
    """A file has more bytes than the desk takes at once."""


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > settings.MAX_UPLOAD_BYTES:
            raise FileTooLarge(
                f"{path.name} has {size:,} bytes; MAX_UPLOAD_BYTES allows "
                f"{settings.MAX_UPLOAD_BYTES:,}. Split the file, or raise the limit."
            )
        return path.read_bytes()
    except OSError as problem:
        raise Unreadable(f"{path} cannot be read: {problem.strerror or problem}.") from problem
