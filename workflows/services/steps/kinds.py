"""What a kind of step is, and what a step is given and gives back."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from trades.leases import LEASE, held
from workflows.choices import StepStatus
from workflows.models import PipelineRun, PipelineStep


class Busy(Exception):
    """Somebody else is at what a step needs, or at the date itself: it waits for them."""


class ClaimLost(Exception):
    """The pipeline was cancelled, or taken over by another worker."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended, its figures by name, and what there is to say about it."""

    status: StepStatus
    counts: Mapping[str, int] = field(default_factory=dict)
    says: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A step to be: its subject, links to what it is about, and how it ends if it need not run."""

    subject: str = ""
    links: Mapping[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None


@dataclass(slots=True)
class Work:
    """A pipeline that this process alone is at, and the time that has passed since `at`."""

    run: PipelineRun
    at: datetime
    _began: float = field(default_factory=time.monotonic)

    @property
    def business_date(self) -> date:
        return self.run.business_date

    @property
    def by(self) -> Any:
        """Whoever asked for it last; nobody where it was the schedule."""
        return self.run.resumed_by or self.run.requested_by

    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self._began)

    def keep(self) -> None:
        """
        Renew the lease while a step is at work.

        A claim that is lost shows when the step ends: what it is at keeps its own.
        """
        held(self.run).update(lease_expires_at=max(self.now(), timezone.now()) + LEASE)

    def hold(self) -> None:
        """
        Renew the lease, and within a transaction lock the row.

        :raises ClaimLost: if the pipeline was cancelled or taken over.
        """
        lease = max(self.now(), timezone.now()) + LEASE
        if not held(self.run).update(lease_expires_at=lease):
            raise ClaimLost(f"{self.run} was cancelled or taken over.")

    def link(self, step: PipelineStep, **rows: Any) -> None:
        """
        Say, before it begins, by which delivery or run a step is done: it can be taken over.

        :raises ClaimLost: if the pipeline was cancelled or taken over.
        """
        for name, row in rows.items():
            setattr(step, name, row)
        with transaction.atomic():
            self.hold()
            step.save(update_fields=list(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """
    One kind of step: `plan` gives those of a business date, in order, `run` does one of them.

    `run` may be called again for a step that was begun: its worker was lost, or it failed.
    `whole` is a step that looks at the desk as it stands: a resumed pipeline does it again.
    """

    code: str
    label: str
    plan: Callable[[date], Iterable[Planned]]
    run: Callable[[PipelineStep, Work], Outcome]
    whole: bool = False


def once(_business_date: date) -> list[Planned]:
    """Plan a step that has no subject of its own: there is one of it a day."""
    return [Planned()]
