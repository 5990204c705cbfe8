"""Fetching: a feed's window is a queued delivery, claimed by one worker and executed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef

from connectors.choices import DeliveryStatus
from connectors.models import Delivery, Feed
from connectors.protocol import FileArrival, Order, RecordArrival, Unreadable
from connectors.registry import connector_named
from connectors.services.arrivals import fail, load_reading
from connectors.services.claims import Claim, LostClaim, Watcher
from connectors.services.reading import of_records, open_arrival, zone_of
from connectors.spool import Spool
from trades.leases import held, take

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


def execute_delivery(
    *, delivery_id: int, at: datetime, watcher: Watcher | None = None
) -> list[Delivery]:
    """
    Fetch and load one queued delivery; return it, after those of further files it found.

    While it runs it tells how far it is with the file it is at, and so does `watcher`.

    A source that cannot be reached or answers nonsense makes it FAILED with a sentence. A
    worker that dies leaves it to be claimed again once its lease has run out.

    :raises NotClaimable: if it is not to be done, or somebody else is at it.
    """
    delivery = _claim(delivery_id, at)
    try:
        window = (delivery.from_date, delivery.to_date)
        return _Execution(delivery, Claim(delivery, at, watcher), window).run()
    except LostClaim as problem:
        raise NotClaimable(str(problem)) from problem
    except Exception as problem:
        _release(delivery, problem)
        raise


def forget_empty_looks(*, delivery_ids: Iterable[int]) -> None:
    """
    Remove those deliveries of a schedule that found nothing new.

    It looks every few minutes; a row for each time would bury the arrivals people look for. The
    first look that succeeds after one that failed is kept: it says that the feed is well again.
    """
    loaded = Delivery.objects.filter(feed=OuterRef("feed"), status=DeliveryStatus.LOADED)
    failed = Delivery.objects.filter(
        ~Exists(
            loaded.filter(
                finished_at__gt=OuterRef("finished_at"),
                finished_at__lt=OuterRef(OuterRef("finished_at")),
            )
        ),
        feed=OuterRef("feed"),
        status=DeliveryStatus.FAILED,
        digest="",
        finished_at__lt=OuterRef("finished_at"),
    )
    Delivery.objects.filter(
        ~Exists(failed), pk__in=delivery_ids, status=DeliveryStatus.LOADED, rows_in=0, digest="",
        requested_by=None,
    ).delete()  # fmt: skip


def _claim(delivery_id: int, at: datetime) -> Delivery:
    asked = Delivery.objects.filter(pk=delivery_id, feed__isnull=False)
    if not take(asked, at=at, counter="attempt", rows_read=0):
        raise NotClaimable(f"delivery {delivery_id} is not queued")
    delivery = Delivery.objects.select_related("feed__layout", "source").get(pk=delivery_id)
    if delivery.attempt > MAX_ATTEMPTS:
        last = f" The last ended with: {delivery.error}" if delivery.error else ""
        reason = f"Given up after {MAX_ATTEMPTS} attempts, none of which came to an end.{last}"
        fail(delivery=delivery, reason=reason, claim=Claim(delivery, at))
        raise NotClaimable(f"delivery {delivery_id} was tried {MAX_ATTEMPTS} times")
    return delivery


def _release(delivery: Delivery, problem: Exception) -> None:
    """Give a delivery back to the queue after a fault of ours, keeping what went wrong."""
    held(delivery, counter="attempt").update(
        status=DeliveryStatus.QUEUED,
        lease_expires_at=None,
        step="",
        error=f"{type(problem).__name__}: {problem}"[:2000],
    )


@dataclass(frozen=True, slots=True)
class _Execution:
    """One claimed delivery at work; time passes while it fetches."""

    claimed: Delivery
    claim: Claim
    window: tuple[date | None, date | None]

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
            return [*done, fail(delivery=self.claimed, reason=str(problem), claim=self.claim)]
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
            keep_alive=self.claim.keep,
        )
        yield from connector_named(feed.connector).fetch(order)

    def _further(self) -> Delivery:
        """Return a delivery for one more file found by the same fetch."""
        return Delivery(
            feed=self.claimed.feed,
            source=self.claimed.source,
            status=DeliveryStatus.RUNNING,
            requested_by=self.claimed.requested_by,
            received_at=self.claim.at,
            started_at=self.claim.at,
            attempt=1,
        )

    def _new_ones(
        self, arrivals: Iterator[FileArrival | RecordArrival]
    ) -> Iterator[FileArrival | RecordArrival]:
        """Leave out the files that this feed took before, whatever their name."""
        for arrival in arrivals:
            self.claim.keep()
            if isinstance(arrival, RecordArrival):
                yield arrival
                continue
            file = Spool.of(arrival.content)
            if not self._was_taken(file):
                yield replace(arrival, content=file)

    def _was_taken(self, file: Spool) -> bool:
        settled: Sequence[str] = [DeliveryStatus.LOADED]
        if self.claimed.requested_by_id is None:
            # A schedule does not try a bad file again; a person who mended the layout does.
            settled = [DeliveryStatus.LOADED, DeliveryStatus.FAILED]
        return Delivery.objects.filter(
            feed=self.claimed.feed, digest=file.digest, status__in=settled
        ).exists()

    def _load(self, delivery: Delivery, arrival: FileArrival | RecordArrival | None) -> Delivery:
        source, layout = self.claimed.source, self.claimed.layout
        if arrival is None:
            delivery.name = f"{delivery.name}: nothing new"[-255:]
            nothing = of_records(digest="", records=(), source=source, layout=layout)
            return load_reading(delivery=delivery, reading=nothing, claim=self.claim)
        delivery.name = arrival.name[-255:]
        if isinstance(arrival, FileArrival):
            delivery.from_date = delivery.to_date = arrival.of_date
            delivery.digest = Spool.of(arrival.content).digest
        try:
            reading = open_arrival(arrival=arrival, source=source, layout=layout)
            return load_reading(delivery=delivery, reading=reading, claim=self.claim)
        except Unreadable as problem:
            # Which dates it holds nobody knows: it is missing for all that were asked for.
            if delivery.from_date is None:
                delivery.from_date, delivery.to_date = self.window
            return fail(delivery=delivery, reason=str(problem), claim=self.claim)


def _span(from_date: date, to_date: date) -> str:
    return f"{from_date}" if from_date == to_date else f"{from_date} to {to_date}"
