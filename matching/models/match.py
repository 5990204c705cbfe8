from django.conf import settings
from django.db import models
from django.db.models import Q

from matching.choices import (
    LIVE_MATCHES,
    REVIEW_REASONS,
    Decision,
    LegSide,
    MatchKind,
    MatchStatus,
)
from matching.models.rules import Reconciliation, RuleSet
from matching.models.run import ReconciliationRun
from matching.querysets import MatchQuerySet
from trades.fields import ExactDecimalField
from trades.models import Trade


class Match(models.Model):
    """Trades of two sources taken for the same business: one or more a side."""

    # The indexes below begin with it.
    reconciliation = models.ForeignKey(
        Reconciliation, models.PROTECT, related_name="matches", db_index=False
    )
    run = models.ForeignKey(
        ReconciliationRun, models.PROTECT, null=True, blank=True, related_name="matches"
    )
    rule_set = models.ForeignKey(RuleSet, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=3, choices=MatchKind)
    decision = models.CharField(max_length=6, choices=Decision)
    status = models.CharField(max_length=10, choices=MatchStatus)
    pass_name = models.CharField(max_length=80)
    score = models.FloatField(null=True, help_text="Likeness, 0 to 1; empty when a person paired.")
    reason = models.CharField(max_length=200, blank=True, help_text="Why it waits for review.")
    created_at = models.DateTimeField()
    first_trade_date = models.DateField(help_text="Earliest trade date compared.")
    last_trade_date = models.DateField(help_text="Latest trade date compared.")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True)

    objects = MatchQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name_plural = "matches"
        permissions = [("decide_match", "Can pair, take apart, confirm and reject matches")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=MatchStatus.PROPOSED) | Q(decision=Decision.REVIEW),
                name="match_only_a_review_is_proposed",
            ),
        ]
        indexes = [
            models.Index(fields=["reconciliation", "status"], name="match_recon_status"),
            models.Index(fields=["reconciliation", "last_trade_date"], name="match_recon_date"),
        ]

    def __str__(self) -> str:
        return f"Match {self.pk}"

    @property
    def reason_in_words(self) -> str:
        """Why it waits for review; a rule set may give reasons of its own."""
        return REVIEW_REASONS.get(self.reason, self.reason.replace("_", " "))

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_MATCHES


class MatchLeg(models.Model):
    """One trade of a match, at the version that was compared."""

    # Its constraints have indexes that begin with these two.
    match = models.ForeignKey(Match, models.CASCADE, related_name="legs", db_index=False)
    # Always its match's, whose own foreign key is checked: a check a leg would only cost time.
    reconciliation = models.ForeignKey(
        Reconciliation, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    trade = models.ForeignKey(Trade, models.PROTECT, related_name="legs")
    side = models.CharField(max_length=5, choices=LegSide)
    trade_version = models.PositiveIntegerField()
    is_live = models.BooleanField(default=True, help_text="False once the match is taken apart.")

    class Meta:
        ordering = ("match", "side", "trade")
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation", "trade"],
                condition=Q(is_live=True),
                name="leg_one_live_a_trade_and_reconciliation",
            ),
            models.UniqueConstraint(fields=["match", "trade"], name="leg_once_a_match"),
        ]

    def __str__(self) -> str:
        return f"{self.side} leg {self.trade}"


class MatchAlternative(models.Model):
    """Another trade that would fit nearly as well as the one proposed."""

    match = models.ForeignKey(Match, models.CASCADE, related_name="alternatives")
    trade = models.ForeignKey(Trade, models.PROTECT, related_name="+")
    side = models.CharField(max_length=5, choices=LegSide)
    score = models.FloatField()

    class Meta:
        ordering = ("match", "-score", "trade")

    def __str__(self) -> str:
        return f"{self.trade} ({self.score:.3f})"


class MatchDifference(models.Model):
    """A field on which matched trades do not agree, as it was compared."""

    match = models.ForeignKey(Match, models.CASCADE, related_name="differences")
    field = models.CharField(max_length=40)
    kind = models.CharField(max_length=16, help_text="Type of break it opens.")
    left_value = models.CharField(max_length=200, blank=True)
    right_value = models.CharField(max_length=200, blank=True)
    difference = ExactDecimalField(null=True, help_text="Left less right; empty if no number.")
    tolerance = models.CharField(max_length=80, blank=True, help_text="What would have passed.")

    class Meta:
        ordering = ("match", "field")
        constraints = [
            models.UniqueConstraint(fields=["match", "field"], name="difference_once_a_field")
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.left_value} against {self.right_value}"
