from django.conf import settings
from django.db import models
from django.db.models import Q

from breaks.models import ApprovalRequest, TradeBreak
from trades.fields import ExactDecimalField
from workflows.choices import LIVE_SUGGESTIONS, RemedyAction, Risk, SuggestionStatus
from workflows.models.remediation_policy import RemediationPolicy


class RemediationSuggestion(models.Model):
    """
    What would put a break right, why, and what became of the suggestion.

    `does` is what applying it does, as JSON; two suggestions that do the same are the same.
    `outcome` is what applying it did, with all that is needed to put it back.
    """

    trade_break = models.ForeignKey(TradeBreak, models.PROTECT, related_name="suggestions")
    break_version = models.PositiveIntegerField(help_text="Of the break it was made for.")
    action = models.CharField(max_length=16, choices=RemedyAction)
    status = models.CharField(
        max_length=10, choices=SuggestionStatus, default=SuggestionStatus.PROPOSED
    )
    risk = models.CharField(max_length=6, choices=Risk)
    reason = models.TextField(help_text="Why it is suggested.")
    effect = models.TextField(help_text="What applying it is expected to do.")
    does = models.JSONField(default=dict)
    would_clear = models.PositiveIntegerField(default=0, help_text="Breaks that it would end.")
    worth = ExactDecimalField(
        null=True, blank=True, help_text="Exposure of those, in the base currency."
    )
    applies_itself = models.BooleanField(default=False, help_text="The policy lets it.")
    verdict = models.TextField(blank=True, help_text="Why a policy does or does not let it.")
    policy = models.ForeignKey(RemediationPolicy, models.SET_NULL, null=True, blank=True,
                               related_name="suggestions")  # fmt: skip
    policy_version = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Key of the policy's history as it was judged by."
    )
    approval = models.ForeignKey(
        ApprovalRequest, models.PROTECT, null=True, blank=True, related_name="suggestions"
    )
    outcome = models.JSONField(default=dict, blank=True)
    waits_for_run = models.BooleanField(
        default=False, help_text="Trades it touched are still to be reconciled again."
    )
    made_at = models.DateTimeField()
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Empty where the policy applied it.",
    )  # fmt: skip
    applied_at = models.DateTimeField(null=True, blank=True)
    reversed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reversed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["trade_break", "action"],
                condition=Q(status__in=LIVE_SUGGESTIONS),
                name="suggestion_one_live_a_break_and_action",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[SuggestionStatus.APPLIED, SuggestionStatus.REVERSED],
                    applied_at__isnull=False,
                )
                | (
                    ~Q(status__in=[SuggestionStatus.APPLIED, SuggestionStatus.REVERSED])
                    & Q(applied_at=None, applied_by=None)
                ),
                name="suggestion_applied_iff_when",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=SuggestionStatus.REVERSED,
                    reversed_at__isnull=False,
                    reversed_by__isnull=False,
                )
                | (~Q(status=SuggestionStatus.REVERSED) & Q(reversed_at=None, reversed_by=None)),
                name="suggestion_reversed_iff_who_and_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(waits_for_run=True), name="suggestion_waits_for_run"
            )
        ]

    def __str__(self) -> str:
        return f"Suggestion {self.pk}"
