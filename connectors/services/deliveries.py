"""Fetching: a feed's window is a queued delivery, claimed by one worker and executed."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q

from connectors.choices import DeliveryStatus
from connectors.models import Delivery, Feed
from connectors.protocol import FileArrival, Order, RecordArrival, Unreadable
from connectors.registry import connector_named
from connectors.services.arrivals import LostClaim, fail, load_reading
from connectors.services.reading import Reading, content_digest, read_arrival, zone_of

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 5


class NotClaimable(Exception):
    """The delivery is finished, or another worker is at it."""


def queue_deliveries(
    *,
    feeds: Iterable[Feed],
    by: User | None,
    at: datetime,
    from_date: date | None = None,
    to_date: date | None = None,
) -> list[Delivery]:
    """
    Queue one delivery per feed for a window of trade dates, both included.

    Without dates it is yesterday and today at the feed's source; with one of them, the window
    begins with it and ends today, or begins the day before it ends. A window that is already
    queued is not queued twice.

    :raises Unreadable: if the window ends before it begins.
    """
    if from_date and to_date and to_date < from_date:
        raise Unreadable(f"The window ends on {to_date}, before it begins on {from_date}.")
    with transaction.atomic():
        return [_queued(feed, from_date, to_date, by, at) for feed in feeds]


def _queued(
    feed: Feed, from_date: date | None, to_date: date | None, by: User | None, at: datetime
) -> Delivery:
    today = at.astimezone(zone_of(feed.source)).date()
    last = to_date or max(today, from_date or today)
    first = from_date or last - timedelta(days=1)
    window = {"feed": feed, "from_date": first, "to_date": last}
    waiting = Delivery.objects.filter(status=DeliveryStatus.QUEUED, **window).first()
    return waiting or Delivery.objects.create(
        source_id=feed.source_id,
        layout_id=feed.layout_id,
        name=f"{feed.code} {_span(first, last)}",
        requested_by=by,
        received_at=at,
        **window,
    )


def execute_delivery(*, delivery_id: int, at: datetime) -> list[Delivery]:
    """
    Fetch and load one queued delivery; return it, after those of further files it found.

    A source that cannot be reached or answers nonsense makes it FAILED with a sentence. A
    worker that dies leaves it to be claimed again once its lease has run out.

    :raises NotClaimable: if it is not to be done, or somebody else is at it.
    """
    delivery = _claim(delivery_id, at)
    try:
        return _Execution(delivery, at).run()
    except LostClaim as problem:
        raise NotClaimable(str(problem)) from problem
    except Exception as problem:
        _release(delivery, problem)
        raise


def forget_empty_looks(*, delivery_ids: Iterable[int]) -> None:
    """
    Remove those deliveries of a schedule that found nothing new.

    It looks every few minutes; a row for each time would bury the arrivals people look for.
    """
    Delivery.objects.filter(
        pk__in=delivery_ids, status=DeliveryStatus.LOADED, rows_in=0, digest="", requested_by=None
    ).delete()


def _claim(delivery_id: int, at: datetime) -> Delivery:
    free = Q(status=DeliveryStatus.QUEUED) | Q(
        status=DeliveryStatus.RUNNING, lease_expires_at__lt=at
    )
    claimable = Delivery.objects.filter(free, pk=delivery_id, feed__isnull=False)
    if not claimable.update(
        status=DeliveryStatus.RUNNING,
        attempt=F("attempt") + 1,
        started_at=at,
        lease_expires_at=at + LEASE,
    ):
        raise NotClaimable(f"delivery {delivery_id} is not queued")
    delivery = Delivery.objects.select_related("feed__layout", "source").get(pk=delivery_id)
    if delivery.attempt > MAX_ATTEMPTS:
        last = f" The last ended with: {delivery.error}" if delivery.error else ""
        reason = f"Given up after {MAX_ATTEMPTS} attempts, none of which came to an end.{last}"
        fail(delivery=delivery, reason=reason, at=at, claimed=delivery)
        raise NotClaimable(f"delivery {delivery_id} was tried {MAX_ATTEMPTS} times")
    return delivery


def _release(delivery: Delivery, problem: Exception) -> None:
    """Give a delivery back to the queue after a fault of ours, keeping what went wrong."""
    Delivery.objects.filter(
        pk=delivery.pk, status=DeliveryStatus.RUNNING, attempt=delivery.attempt
    ).update(
        status=DeliveryStatus.QUEUED,
        lease_expires_at=None,
        error=f"{type(problem).__name__}: {problem}"[:2000],
    )


@dataclass(slots=True)
class _Execution:
    """One claimed delivery at work; time passes while it fetches."""

    claimed: Delivery
    at: datetime
    _began: float = field(default_factory=time.monotonic)

    def run(self) -> list[Delivery]:
        """Load each arrival: the last one, or the failure that ends the fetch, as the claimed."""
        done: list[Delivery] = []
        waiting = None
        try:
            for arrival in self._new_ones(self._fetch()):
                if waiting:
                    done.append(self._load(self._further(), waiting))
                waiting = arrival
        except Unreadable as problem:
            if waiting:
                done.append(self._load(self._further(), waiting))
            failed = fail(
                delivery=self.claimed, reason=str(problem), at=self._now(), claimed=self.claimed
            )
            return [*done, failed]
        return [*done, self._load(self.claimed, waiting)]

    def _fetch(self) -> Iterator[FileArrival | RecordArrival]:
        feed = self.claimed.feed
        if feed is None or self.claimed.from_date is None or self.claimed.to_date is None:
            raise Unreadable("The delivery names no feed or no window; queue it again.")
        order = Order(
            settings=feed.settings,
            from_date=self.claimed.from_date,
            to_date=self.claimed.to_date,
            timezone=zone_of(self.claimed.source),
            columns=feed.layout.columns if feed.layout else {},
            keep_alive=self.keep_alive,
        )
        yield from connector_named(feed.connector).fetch(order)

    def keep_alive(self) -> None:
        """:raises LostClaim: if another worker took the delivery over."""
        mine = Delivery.objects.filter(
            pk=self.claimed.pk, status=DeliveryStatus.RUNNING, attempt=self.claimed.attempt
        )
        if not mine.update(lease_expires_at=self._now() + LEASE):
            raise LostClaim(f"delivery {self.claimed.pk} was taken over by another worker")

    def _now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self._began)

    def _further(self) -> Delivery:
        """Return a delivery for one more file found by the same fetch."""
        return Delivery(
            feed=self.claimed.feed,
            source=self.claimed.source,
            status=DeliveryStatus.RUNNING,
            requested_by=self.claimed.requested_by,
            received_at=self.at,
            started_at=self.at,
            attempt=1,
        )

    def _new_ones(
        self, arrivals: Iterator[FileArrival | RecordArrival]
    ) -> Iterator[FileArrival | RecordArrival]:
        """Leave out the files that this feed took before, whatever their name."""
        for arrival in arrivals:
            self.keep_alive()
            if isinstance(arrival, RecordArrival) or not self._was_taken(arrival):
                yield arrival

    def _was_taken(self, arrival: FileArrival) -> bool:
        settled: Sequence[str] = [DeliveryStatus.LOADED]
        if self.claimed.requested_by_id is None:
            # A schedule does not try a bad file again; a person who mended the layout does.
            settled = [DeliveryStatus.LOADED, DeliveryStatus.FAILED]
        return Delivery.objects.filter(
            feed=self.claimed.feed, digest=content_digest(arrival.content), status__in=settled
        ).exists()

    def _load(self, delivery: Delivery, arrival: FileArrival | RecordArrival | None) -> Delivery:
        if arrival is None:
            delivery.name = f"{delivery.name}: nothing new"[-255:]
            nothing = Reading(digest="", layout=self.claimed.layout)
            return load_reading(
                delivery=delivery, reading=nothing, at=self._now(), claimed=self.claimed
            )
        delivery.name = arrival.name[-255:]
        if isinstance(arrival, FileArrival):
            delivery.from_date = delivery.to_date = arrival.of_date
            delivery.digest = content_digest(arrival.content)
        try:
            reading = read_arrival(
                arrival=arrival,
                source=self.claimed.source,
                layout=self.claimed.layout,
                on_progress=lambda _: self.keep_alive(),
            )
        except Unreadable as problem:
            return fail(
                delivery=delivery, reason=str(problem), at=self._now(), claimed=self.claimed
            )
        return load_reading(
            delivery=delivery, reading=reading, at=self._now(), claimed=self.claimed
        )


def _span(from_date: date, to_date: date) -> str:
    return f"{from_date}" if from_date == to_date else f"{from_date} to {to_date}"
