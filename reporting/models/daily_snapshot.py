from django.db import models
from django.db.models import F, Q

from matching.models import Reconciliation, ReconciliationRun


class DailySnapshot(models.Model):
    """
    How one reconciliation stood as a business date's pipeline ended: a point of the trend lines.

    Its figures are of the moment `as_of` and are made of what is kept for good, the runs and the
    histories of the breaks, so that it can be made again. Those of trades are of the newest run
    over exactly the dates of the business date, empty without one.
    """

    business_date = models.DateField()
    reconciliation = models.ForeignKey(Reconciliation, models.PROTECT, related_name="snapshots")
    as_of = models.DateTimeField(help_text="The moment it shows.")

    run = models.ForeignKey(
        ReconciliationRun, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    trades = models.PositiveIntegerField(null=True, help_text="In scope, both sources.")
    matched = models.PositiveIntegerField(null=True, help_text="Of these, in a match.")
    by_itself = models.PositiveIntegerField(null=True, help_text="Matches no person made.")
    to_review = models.PositiveIntegerField(null=True, help_text="Matches proposed for review.")
    breaks = models.PositiveIntegerField(
        null=True, help_text="Live breaks of these trades as the run ended."
    )

    opened = models.PositiveIntegerField(help_text="Breaks found in the day before `as_of`.")
    ended = models.PositiveIntegerField(help_text="How often a break ended in that day.")
    live = models.JSONField(help_text="Live breaks by severity and status, of every date.")
    exposure = models.JSONField(help_text="The known exposure of these by currency, as text.")
    unknown_exposures = models.PositiveIntegerField(help_text="Of these, without a known one.")

    class Meta:
        ordering = ("-business_date", "reconciliation")
        verbose_name = "daily snapshot"
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation", "business_date"], name="snapshot_one_a_date"
            ),
            models.CheckConstraint(
                condition=Q(trades=None) | Q(matched__lte=F("trades")),
                name="snapshot_matched_of_trades",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reconciliation.code}, {self.business_date}"

    def live_count(self, severity: str = "") -> int:
        """Count its live breaks, or those of one severity."""
        return sum(
            sum(by_status.values())
            for name, by_status in self.live.items()
            if severity in ("", name)
        )
