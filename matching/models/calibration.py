from django.conf import settings
from django.db import models
from django.db.models import F, Q

from matching.choices import CalibrationMethod, RunStatus
from matching.models.rules import Reconciliation, RuleSet


class Calibration(models.Model):
    """
    One fit of a reconciliation's field weights and thresholds, which ends in a draft.

    The row is the work: see `trades.leases`. `result` is what was used, what was found and what
    the draft changes; the draft is never activated by it.
    """

    reconciliation = models.ForeignKey(Reconciliation, models.PROTECT, related_name="calibrations")
    from_date = models.DateField()
    to_date = models.DateField()
    asked_method = models.CharField(
        "method",
        max_length=9,
        choices=CalibrationMethod,
        default=CalibrationMethod.BEST,
        help_text="What the weights are learned from.",
    )
    against = models.ForeignKey(
        RuleSet, models.PROTECT, related_name="+", help_text="The version that was active."
    )
    draft = models.ForeignKey(
        RuleSet, models.PROTECT, null=True, blank=True, related_name="calibrations"
    )
    status = models.CharField(max_length=9, choices=RunStatus, default=RunStatus.QUEUED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    fencing_token = models.PositiveIntegerField(default=0)
    step = models.CharField(max_length=80, blank=True, help_text="What it is doing now.")
    progress_pct = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-requested_at", "-pk")
        permissions = [("start_calibration", "Can have rules learned from decisions")]
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation"],
                condition=Q(status__in=[RunStatus.QUEUED, RunStatus.RUNNING]),
                name="calibration_one_live_a_reconciliation",
            ),
            models.CheckConstraint(
                condition=Q(from_date__lte=F("to_date")), name="calibration_dates_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"Calibration {self.pk}: {self.reconciliation.code}"
