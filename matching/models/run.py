from django.conf import settings
from django.db import models
from django.db.models import F, Q

from matching.choices import RunStatus
from matching.models.rules import Reconciliation, RuleSet


class ReconciliationRun(models.Model):
    """
    One execution of a reconciliation over a range of trade dates.

    The row is the queue: whoever turns QUEUED into RUNNING by a conditional UPDATE owns the run
    while `lease_expires_at` lies ahead and `fencing_token` is the one it was given.
    """

    reconciliation = models.ForeignKey(Reconciliation, models.PROTECT, related_name="runs")
    rule_set = models.ForeignKey(RuleSet, models.PROTECT, related_name="runs")
    from_date = models.DateField()
    to_date = models.DateField()
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

    left_trades = models.PositiveIntegerField(default=0)
    right_trades = models.PositiveIntegerField(default=0)
    matched_left = models.PositiveIntegerField(default=0, help_text="In-scope trades in a match.")
    matched_right = models.PositiveIntegerField(default=0)
    auto_matched = models.PositiveIntegerField(default=0, help_text="Matches no person made.")
    manual_review = models.PositiveIntegerField(default=0, help_text="Matches proposed for review.")
    unmatched_left = models.PositiveIntegerField(default=0)
    unmatched_right = models.PositiveIntegerField(default=0)
    breaks_identified = models.PositiveIntegerField(
        default=0, help_text="Live breaks of the trades in scope when the run ended."
    )
    candidates_cut = models.PositiveBigIntegerField(
        default=0, help_text="Candidate pairs left out because a block was too busy."
    )
    partition_count = models.PositiveIntegerField(
        default=0, help_text="Into how many it is split; 0 until its size is known."
    )
    is_merging = models.BooleanField(
        default=False, help_text="Its partitions have ended and one worker merges them."
    )
    timings = models.JSONField(default=dict, blank=True, help_text="Seconds by step.")

    class Meta:
        ordering = ("-requested_at", "-pk")
        permissions = [("start_run", "Can start a reconciliation")]
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation", "from_date", "to_date"],
                condition=Q(status__in=[RunStatus.QUEUED, RunStatus.RUNNING]),
                name="run_one_live_a_scope",
            ),
            # Scopes may overlap, and two runs that pair the same trades would collide.
            models.UniqueConstraint(
                fields=["reconciliation"],
                condition=Q(status=RunStatus.RUNNING),
                name="run_one_running_a_reconciliation",
            ),
            models.CheckConstraint(
                condition=Q(from_date__lte=F("to_date")), name="run_dates_in_order"
            ),
        ]

    def __str__(self) -> str:
        days = str(self.from_date)
        if self.to_date != self.from_date:
            days += f" to {self.to_date}"
        return f"Run {self.pk}: {self.reconciliation.code}, {days}"
