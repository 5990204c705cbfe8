"""One file given by a person or a program, loaded while they wait."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from connectors.choices import DeliveryStatus, DeliveryStep
from connectors.models import Delivery, Layout
from connectors.protocol import FileArrival, Unreadable
from connectors.services.arrivals import fail, load_reading
from connectors.services.claims import Claim, Watcher
from connectors.services.reading import open_arrival
from connectors.spool import Spool, TooLarge
from trades.models import Source

_INTERRUPTED = (
    "The process that was loading this file ended before it was done, and nothing of it was "
    "loaded. Give the file again."
)


def receive_file(
    *,
    path: Path,
    source: Source,
    layout: Layout | None = None,
    by: User | None,
    at: datetime,
    watcher: Watcher | None = None,
) -> Delivery:
    """
    Load one delimited file; its delivery is LOADED, or FAILED with a sentence and no row loaded.

    While it runs its delivery tells how far it is, and so does `watcher`. A process that dies
    leaves the delivery behind and nothing else; `end_interrupted` then says so of it. Without
    `layout` the header chooses one.

    :raises Unreadable: if there is no such file; then there is no delivery either.
    """
    end_interrupted(at=at)
    path = Path(path)
    delivery = Delivery(
        source=source,
        layout=layout,
        name=path.name[-255:],
        status=DeliveryStatus.RUNNING,
        step=DeliveryStep.READING,
        requested_by=by,
        received_at=at,
        started_at=at,
        attempt=1,
    )
    claim = Claim(delivery, at, watcher)
    delivery.lease_expires_at = claim.lease()
    try:
        file = _spooled(path)
    except TooLarge as problem:
        delivery.save(force_insert=True)
        return fail(delivery=delivery, reason=str(problem), claim=claim)
    delivery.digest = file.digest
    delivery.save(force_insert=True)
    try:
        arrival = FileArrival(delivery.name, file)
        reading = open_arrival(arrival=arrival, source=source, layout=layout)
        return load_reading(delivery=delivery, reading=reading, claim=claim)
    except Unreadable as problem:
        return fail(delivery=delivery, reason=str(problem), claim=claim)
    except Exception as problem:
        _end(Delivery.objects.filter(pk=delivery.pk), f"{type(problem).__name__}: {problem}", at)
        raise


def _spooled(path: Path) -> Spool:
    limit = settings.MAX_UPLOAD_BYTES
    try:
        with path.open("rb") as content:
            return Spool(content, limit=limit)
    except TooLarge as problem:
        raise TooLarge(
            f"{path.name} has {path.stat().st_size:,} bytes; MAX_UPLOAD_BYTES allows {limit:,}. "
            "Split the file, or raise the limit."
        ) from problem
    except OSError as problem:
        raise Unreadable(f"{path} cannot be read: {problem.strerror or problem}.") from problem


def end_interrupted(*, at: datetime) -> int:
    """
    Say FAILED of the files whose process died while it loaded them; return how many.

    A feed's delivery is claimed again instead: it can be fetched once more, and a file that a
    person gave is gone.
    """
    dead = Delivery.objects.filter(
        feed=None, status=DeliveryStatus.RUNNING, lease_expires_at__lt=at
    )
    if not dead.exists():
        return 0
    with transaction.atomic():
        # One that is being merged is locked, and alive however long that takes.
        pks = list(dead.select_for_update(skip_locked=True).values_list("pk", flat=True))
        return _end(Delivery.objects.filter(pk__in=pks), _INTERRUPTED, at)


def _end(deliveries: QuerySet[Delivery], reason: str, at: datetime) -> int:
    return deliveries.filter(status=DeliveryStatus.RUNNING).update(
        status=DeliveryStatus.FAILED,
        error=reason[:2000],
        step="",
        finished_at=at,
        lease_expires_at=None,
    )
