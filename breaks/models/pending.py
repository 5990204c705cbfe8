from django.db import models

from breaks.choices import PendingReason
from matching.models import Reconciliation, ReconciliationRun
from trades.models import Trade


class PendingTrade(models.Model):
    """An in-scope trade that is neither agreed nor broken yet, and what it waits for."""

    reconciliation = models.ForeignKey(Reconciliation, models.CASCADE, related_name="pending")
    trade = models.ForeignKey(Trade, models.CASCADE, related_name="pending")
    run = models.ForeignKey(ReconciliationRun, models.CASCADE, null=True, related_name="pending")
    reason = models.CharField(max_length=9, choices=PendingReason)
    until = models.DateTimeField(
        null=True, blank=True, help_text="When it becomes a break; empty when a person decides."
    )

    class Meta:
        ordering = ("reconciliation", "trade")
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation", "trade"], name="pending_once_a_reconciliation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.trade} waits: {self.get_reason_display()}"
