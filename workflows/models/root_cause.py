from django.conf import settings
from django.db import models
from django.db.models import F, Q

from breaks.models import TradeBreak
from matching.models import Reconciliation
from trades.fields import ExactDecimalField
from workflows.choices import AnalysisStatus, FindingAct, FindingStatus, Mechanism


class RootCauseAnalysis(models.Model):
    """One look for the causes of a reconciliation's breaks over a range of trade dates."""

    reconciliation = models.ForeignKey(Reconciliation, models.PROTECT, related_name="analyses")
    from_date = models.DateField()
    to_date = models.DateField()
    status = models.CharField(max_length=9, choices=AnalysisStatus, default=AnalysisStatus.RUNNING)
    step = models.CharField(max_length=80, blank=True, help_text="What it is doing now.")
    progress_pct = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    trades_read = models.PositiveIntegerField(default=0)
    breaks_read = models.PositiveIntegerField(default=0)
    breaks_explained = models.PositiveIntegerField(default=0)
    hypotheses = models.PositiveIntegerField(
        default=0, help_text="How many were tried; every p-value is corrected for them."
    )
    timings = models.JSONField(default=dict, blank=True, help_text="Seconds by step.")

    class Meta:
        ordering = ("-started_at", "-pk")
        verbose_name = "root cause analysis"
        verbose_name_plural = "root cause analyses"
        permissions = [("start_rootcauseanalysis", "Can look for root causes")]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_date__lte=F("to_date")), name="analysis_dates_in_order"
            ),
            models.UniqueConstraint(
                fields=["reconciliation"],
                condition=Q(status=AnalysisStatus.RUNNING),
                name="analysis_one_running_a_reconciliation",
            ),
        ]

    def __str__(self) -> str:
        return f"Analysis {self.pk}: {self.reconciliation.code}, {self.from_date} to {self.to_date}"


class RootCauseFinding(models.Model):
    """
    A cause of many breaks: its mechanism, its evidence, and what fixing it would clear.

    The fingerprint is made of the reconciliation, the mechanism and where it holds, so the next
    analysis refreshes the finding and never opens a twin. A dismissed one stays dismissed as long
    as it rests on no break that it did not rest on then.
    """

    reconciliation = models.ForeignKey(Reconciliation, models.PROTECT, related_name="findings")
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    mechanism = models.CharField(max_length=24, choices=Mechanism)
    headline = models.CharField(max_length=300)
    evidence = models.JSONField(default=dict, help_text="Exact figures; money as text.")
    from_date = models.DateField(help_text="First trade date it shows on.")
    to_date = models.DateField(help_text="Last trade date it shows on.")
    breaks = models.ManyToManyField(
        TradeBreak, through="workflows.RootCauseBreak", related_name="causes"
    )
    break_count = models.PositiveIntegerField("breaks explained", default=0)
    exposure = ExactDecimalField(
        null=True, blank=True, help_text="Money at risk in the base currency; empty is unknown."
    )
    currency = models.CharField(max_length=3, blank=True, help_text="Of the exposure.")
    lift = models.FloatField(
        null=True, blank=True, help_text="Breaks per trade here, as a multiple of everywhere's."
    )
    p_value = models.FloatField(
        help_text="Chance of so many by accident, corrected for all that was tried."
    )
    proposed_fix = models.JSONField(default=dict, blank=True)
    fix_in_words = models.TextField(blank=True)
    would_clear = models.PositiveIntegerField(
        null=True, blank=True, help_text="Breaks the fix would clear; empty is not tried."
    )
    would_clear_exposure = ExactDecimalField(null=True, blank=True)
    place = models.PositiveIntegerField(help_text="Its place among the findings: 1 is named first.")
    beneath = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="lesser",
        help_text="The better finding that explains the same breaks.",
    )
    status = models.CharField(max_length=9, choices=FindingStatus, default=FindingStatus.OPEN)
    analysis = models.ForeignKey(
        RootCauseAnalysis, models.PROTECT, related_name="findings", help_text="The last to see it."
    )
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When an analysis last found it.")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True)
    dismissed_breaks = models.JSONField(
        default=list, blank=True, help_text="Keys of the breaks it rested on when dismissed."
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("status", "place", "-pk")
        verbose_name = "root cause"
        permissions = [("decide_rootcausefinding", "Can accept and dismiss root causes")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=[FindingStatus.ACCEPTED, FindingStatus.DISMISSED])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="finding_decided_iff_who_and_when",
            ),
        ]
        indexes = [
            models.Index(fields=["reconciliation", "status", "place"], name="finding_queue"),
        ]

    def __str__(self) -> str:
        return self.headline


class RootCauseBreak(models.Model):
    """A break that a finding rests on, and whether the proposed fix would clear it."""

    finding = models.ForeignKey(RootCauseFinding, models.CASCADE, related_name="links")
    trade_break = models.ForeignKey(TradeBreak, models.CASCADE, related_name="cause_links")
    would_clear = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["finding", "trade_break"], name="finding_rests_once_on_a_break"
            )
        ]

    def __str__(self) -> str:
        return f"{self.trade_break} by {self.finding}"


class RootCauseEvent(models.Model):
    """What happened to a finding, and by whom; a system act has nobody."""

    finding = models.ForeignKey(RootCauseFinding, models.CASCADE, related_name="events")
    act = models.CharField(max_length=12, choices=FindingAct)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    note = models.TextField(blank=True)

    class Meta:
        ordering = ("finding", "at", "pk")
        verbose_name = "event of a root cause"
        verbose_name_plural = "events of root causes"

    def __str__(self) -> str:
        return f"{self.get_act_display()} at {self.at:%Y-%m-%d %H:%M}"
