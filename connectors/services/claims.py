"""Who is at work on a delivery: a claim with a lease, kept alive by the progress it tells."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from connectors.choices import DeliveryStep
from connectors.models import Delivery
from trades.leases import LEASE, held

# Rows read, and the step: for who waits at a terminal.
Watcher = Callable[[int, DeliveryStep], None]

_TOLD_EVERY_SECONDS = 1


class LostClaim(Exception):
    """Another worker has taken over this delivery; what was done here is not kept."""


@dataclass(slots=True)
class Claim:
    """
    A delivery that this process alone is at, and the time that has passed since `at`.

    A claim without delivery belongs to work that is one transaction: nobody sees it run.
    """

    delivery: Delivery | None
    at: datetime
    watcher: Watcher | None = None
    _began: float = field(default_factory=time.monotonic)
    _told: float = 0

    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self._began)

    def lease(self) -> datetime:
        """Return when the claim runs out: by the clock, even where the work is dated back."""
        return max(self.now(), timezone.now()) + LEASE

    def keep(self) -> None:
        """
        Renew the lease.

        :raises LostClaim: if another worker took the delivery over.
        """
        self._update(lease_expires_at=self.lease())

    def tell(self, rows: int, step: DeliveryStep) -> None:
        """
        Renew the lease and let everybody see how far the work is, about once a second.

        :raises LostClaim: if another worker took the delivery over.
        """
        passed = time.monotonic() - self._told
        if step == DeliveryStep.READING and passed < _TOLD_EVERY_SECONDS:
            return
        self._told = time.monotonic()
        if self.watcher:
            self.watcher(rows, step)
        self._update(lease_expires_at=self.lease(), rows_read=rows, step=step)

    def hold(self) -> None:
        """
        Lock the claimed row: whoever wants to claim it too waits until this transaction ends.

        :raises LostClaim: if another worker took the delivery over.
        """
        if self.delivery:
            self._update(attempt=self.delivery.attempt)

    def _update(self, **values: object) -> None:
        if self.delivery and not held(self.delivery, counter="attempt").update(**values):
            raise LostClaim(f"delivery {self.delivery.pk} was taken over by another worker")
