from django.conf import settings
from django.db import models
from django.db.models import Q

from predictions.choices import TrainingStatus

LIVE = (TrainingStatus.QUEUED, TrainingStatus.RUNNING)


class TrainingRun(models.Model):
    """
    One training of a break-prediction model: the row is the work, taken by one worker at a time.

    `error` is the sentence that says why no model came of it, and what to do.
    """

    status = models.CharField(max_length=9, choices=TrainingStatus, default=TrainingStatus.QUEUED)
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
    rows = models.PositiveIntegerField(default=0, help_text="Trades it learnt from and judged by.")
    timings = models.JSONField(default=dict, blank=True, help_text="Seconds by step.")

    class Meta:
        ordering = ("-requested_at", "-pk")
        permissions = [("start_trainingrun", "Can train a break-prediction model")]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status=TrainingStatus.QUEUED),
                name="training_one_queued",
            ),
            models.UniqueConstraint(
                fields=["status"], condition=Q(status=TrainingStatus.RUNNING),
                name="training_one_running",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Training {self.pk}"
