from django.conf import settings
from django.db import models
from django.db.models import Q

from matching.choices import QaVerdict
from matching.models.match import Match
from matching.models.rules import Reconciliation
from matching.models.run import ReconciliationRun


class QaDraw(models.Model):
    """
    What was drawn of one run: a run is drawn from once, so nobody draws until they like it.

    `automatic` are the matches it was drawn from, `drawn` how many came out.
    """

    run = models.OneToOneField(
        ReconciliationRun, models.PROTECT, related_name="qa_draw", primary_key=True
    )
    share_pct = models.DecimalField(max_digits=5, decimal_places=2)
    most = models.PositiveIntegerField()
    automatic = models.PositiveIntegerField()
    drawn = models.PositiveIntegerField()
    drawn_at = models.DateTimeField()

    class Meta:
        ordering = ("-drawn_at", "-pk")

    def __str__(self) -> str:
        return f"{self.drawn} of {self.automatic} automatic matches of run {self.pk}"


class QaSample(models.Model):
    """
    An automatic match drawn for a person to say whether it is right.

    A verdict is given once and says nothing on the match's own row: "right" is no decision to
    keep it, and "wrong" takes it apart through the service that does so for everybody.
    """

    match = models.OneToOneField(Match, models.PROTECT, related_name="qa_sample")
    draw = models.ForeignKey(QaDraw, models.PROTECT, related_name="samples")
    # Its match's, for the list and the measure to begin with.
    reconciliation = models.ForeignKey(Reconciliation, models.PROTECT, related_name="+")
    trade_date = models.DateField(help_text="The latest trade date of the match.")
    verdict = models.CharField(max_length=5, choices=QaVerdict, blank=True)
    verdict_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    verdict_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ("trade_date", "pk")
        verbose_name = "QA sample"
        permissions = [("judge_qasample", "Can say whether drawn matches are right")]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="", verdict_by=None, verdict_at=None)
                | (~Q(verdict="") & Q(verdict_by__isnull=False, verdict_at__isnull=False)),
                name="qa_verdict_iff_who_and_when",
            ),
        ]
        indexes = [
            models.Index(fields=["reconciliation", "trade_date"], name="qa_recon_date"),
            models.Index(fields=["verdict", "trade_date"], name="qa_verdict_date"),
        ]

    def __str__(self) -> str:
        return f"Sample {self.pk}: match {self.match_id}"
