from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from matching.choices import RuleSetStatus
from trades.choices import AssetClass
from trades.models import Source


class RuleSet(models.Model):
    """One version of the rules by which trades are paired and compared."""

    name = models.SlugField(max_length=48)
    version = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=8, choices=RuleSetStatus, default=RuleSetStatus.DRAFT)
    definition = models.JSONField(help_text="Passes, field weights, tolerances and thresholds.")
    note = models.TextField(blank=True, help_text="What this version changes, and why.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    edits = models.PositiveIntegerField(default=0, help_text="Rises when a draft is saved again.")
    edited_at = models.DateTimeField(null=True, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    editors = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="+",
        help_text="Everybody who wrote some of this version: none of them approves it.",
    )
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("name", "-version")
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="rule_set_version_once"),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(status=RuleSetStatus.ACTIVE),
                name="rule_set_one_active_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Reconciliation(models.Model):
    """A named comparison of what two sources report, under a rule set."""

    code = models.SlugField(max_length=48, unique=True)
    name = models.CharField(max_length=120)
    left_source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    right_source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    rule_set_name = models.SlugField(
        max_length=48, default="trades", help_text="Its active version is used when a run starts."
    )
    asset_class = models.CharField(
        max_length=16, choices=AssetClass, blank=True, help_text="Empty means all."
    )
    calendar = models.CharField(
        max_length=16, default="XNYS", help_text="Exchange calendar of its business days (MIC)."
    )
    base_currency = models.CharField(max_length=3, default="USD")
    is_enabled = models.BooleanField(default=True)
    qa_share_pct = models.DecimalField(
        "matches to check, percent",
        max_digits=5,
        decimal_places=2,
        default=Decimal(1),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="Of each run's automatic matches, drawn at random for a person to judge. "
        "0 draws none, and then nothing tells how many are false.",
    )
    qa_most_a_run = models.PositiveIntegerField(
        "at most, a run", default=25, help_text="However large the run is."
    )

    class Meta:
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(
                condition=Q(qa_share_pct__gte=0, qa_share_pct__lte=100),
                name="reconciliation_qa_share_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=~Q(left_source=F("right_source")), name="reconciliation_has_two_sources"
            ),
        ]

    def __str__(self) -> str:
        return self.name
