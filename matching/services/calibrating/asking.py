"""A calibration as work that is a row: asked for, claimed by one worker, renewed, given up."""

from datetime import date, datetime, timedelta
from typing import Any

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from matching.choices import CalibrationMethod, RunStatus
from matching.models import Calibration, Reconciliation
from matching.rules import active_rule_set
from trades.leases import LEASE, held, take

STALE_AFTER = timedelta(minutes=1)
MAX_ATTEMPTS = 3
GIVEN_UP = (
    f"Given up after {MAX_ATTEMPTS} attempts whose worker was lost each time, as when it runs out "
    "of memory. Learn from fewer days at once."
)


class CalibrationBusy(Exception):
    """The same reconciliation's rules are being learned; the sentence says since when."""


class CalibrationNotClaimable(Exception):
    """Someone else has the calibration, or it has ended."""


class CalibrationTakenOver(Exception):
    """Another worker took the calibration over while this one was at it."""


def request(
    *,
    reconciliation: Reconciliation,
    from_date: date,
    to_date: date,
    method: CalibrationMethod = CalibrationMethod.BEST,
    by: Any,
    at: datetime,
) -> Calibration:
    """
    Queue a calibration on the trade dates from `from_date` to `to_date`, both included.

    :raises CalibrationBusy: if one of the reconciliation is queued or running.
    :raises NoActiveRules: if its rule set has no active version to begin from.
    """
    against = active_rule_set(reconciliation)
    try:
        with transaction.atomic():
            return Calibration.objects.create(
                reconciliation=reconciliation,
                from_date=from_date,
                to_date=to_date,
                asked_method=method,
                against=against,
                requested_by=by,
                requested_at=at,
            )
    except IntegrityError as taken:
        live = Calibration.objects.filter(
            reconciliation=reconciliation, status__in=[RunStatus.QUEUED, RunStatus.RUNNING]
        ).first()
        if live is None:
            raise
        raise CalibrationBusy(
            f"The rules of {reconciliation.code} are being learned since "
            f"{live.requested_at:%H:%M} UTC (calibration {live.pk}); wait until that ends."
        ) from taken


def wake(calibration_id: int) -> None:
    """Send a worker the message to look at a calibration, once the row is committed."""
    transaction.on_commit(
        lambda: current_app.send_task(
            "tasks.calibrate_rules", kwargs={"calibration_id": calibration_id}
        ),
        robust=True,
    )


def abandoned(at: datetime) -> Q:
    """Tell the calibrations that no worker took in time, or whose worker is gone."""
    return Q(status=RunStatus.QUEUED, requested_at__lt=at - STALE_AFTER) | Q(
        status=RunStatus.RUNNING, lease_expires_at__lt=at
    )


def claim(*, calibration_id: int, at: datetime) -> Calibration:
    """
    Take a calibration for the caller alone.

    :raises CalibrationNotClaimable: if another worker has it, it has ended, or it was tried too
        often and is FAILED now.
    """
    if not take(Calibration.objects.filter(pk=calibration_id), at=at, progress_pct=0, error=""):
        raise CalibrationNotClaimable(f"Calibration {calibration_id} is not waiting to be done.")
    row: Calibration = Calibration.objects.select_related(
        "reconciliation__left_source", "reconciliation__right_source", "against", "requested_by"
    ).get(pk=calibration_id)
    # Every claim takes a new token, so the token counts the attempts.
    if row.fencing_token > MAX_ATTEMPTS:
        fail(row, GIVEN_UP, at=at)
        raise CalibrationNotClaimable(f"Calibration {row.pk} was tried {MAX_ATTEMPTS} times.")
    return row


def tell(row: Calibration, step: str, progress_pct: int) -> None:
    """
    Say what the calibration is doing and renew its lease.

    :raises CalibrationTakenOver: if it was taken over.
    """
    lease = timezone.now() + LEASE
    if not held(row).update(step=step, progress_pct=progress_pct, lease_expires_at=lease):
        raise CalibrationTakenOver(f"Calibration {row.pk} was taken over by another worker.")


def fail(row: Calibration, reason: str, *, at: datetime) -> None:
    held(row).update(
        status=RunStatus.FAILED, error=reason[:2000], finished_at=at, lease_expires_at=None, step=""
    )


def cancel(*, calibration_id: int, at: datetime) -> None:
    """Take back a calibration that nobody began; one under way is left to its worker."""
    Calibration.objects.filter(pk=calibration_id, status=RunStatus.QUEUED).update(
        status=RunStatus.CANCELLED, finished_at=at
    )
