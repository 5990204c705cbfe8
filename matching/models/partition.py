from django.db import models

from matching.choices import RunStatus
from matching.models.run import ReconciliationRun


class RunPartition(models.Model):
    """
    A share of a run's trades that can be paired without the others: those of some homes.

    The row is the queue: whoever turns QUEUED into RUNNING by a conditional UPDATE owns it while
    its lease lasts and `fencing_token` is the one it was given. `homes` and `outcome` are Arrow
    streams, emptied once the run has taken them in.
    """

    run = models.ForeignKey(ReconciliationRun, models.CASCADE, related_name="partitions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=9, choices=RunStatus, default=RunStatus.QUEUED)
    trades = models.PositiveIntegerField(help_text="Trades of both sources.")
    matched = models.PositiveIntegerField(default=0, help_text="Matches found at home.")
    homes = models.BinaryField(help_text="Which trades, and where each is at home.")
    outcome = models.BinaryField(default=bytes, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    fencing_token = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("run", "number")
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="partition_number_once_a_run")
        ]

    def __str__(self) -> str:
        return f"Partition {self.number} of run {self.run_id}"
