from django.conf import settings
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from breaks.choices import ApprovalStatus, GuardedAct
from breaks.models.trade_break import TradeBreak
from matching.models import Match, Reconciliation, RuleSet
from trades.fields import ExactDecimalField


class ApprovalPolicy(models.Model):
    """From which exposure on an act waits for a second person; who changed it is kept."""

    act = models.CharField(max_length=16, choices=GuardedAct, unique=True)
    is_enabled = models.BooleanField(
        default=True, help_text="Off: whoever may do it does it, without a second person."
    )
    above = ExactDecimalField(
        default=0,
        help_text="Exposure in the base currency above which it needs approval; 0 is always. "
        "An unknown exposure needs it too.",
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ("act",)
        verbose_name_plural = "approval policies"
        constraints = [
            models.CheckConstraint(condition=Q(above__gte=0), name="approval_policy_not_below_zero")
        ]

    def __str__(self) -> str:
        return self.get_act_display()


class ApprovalRequest(models.Model):
    """
    An act that somebody asked for and that a second person lets happen or not.

    `given` is what the act's service is called with, as JSON. Nothing happens until it is
    approved, and then it happens as the act of `made_by`, checked by `decided_by`, who is never
    the same person.
    """

    act = models.CharField(max_length=16, choices=GuardedAct)
    status = models.CharField(max_length=9, choices=ApprovalStatus, default=ApprovalStatus.PENDING)
    trade_break = models.ForeignKey(
        TradeBreak, models.PROTECT, null=True, blank=True, related_name="approvals"
    )
    match = models.ForeignKey(Match, models.SET_NULL, null=True, blank=True, related_name="+")
    reconciliation = models.ForeignKey(
        Reconciliation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    rule_set = models.ForeignKey(RuleSet, models.PROTECT, null=True, blank=True, related_name="+")
    given = models.JSONField(default=dict)
    summary = models.CharField(max_length=200, help_text="What is asked for, in one line.")
    exposure = ExactDecimalField(null=True, blank=True, help_text="In the base currency.")
    reason = models.TextField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True)

    class Meta:
        ordering = ("-made_at", "-pk")
        permissions = [("decide_approvalrequest", "Can approve or turn down requests")]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None)
                | ~Q(decided_by=F("made_by"))
                | Q(status=ApprovalStatus.WITHDRAWN),
                name="approval_maker_is_never_checker",
            ),
            models.CheckConstraint(
                condition=Q(status=ApprovalStatus.PENDING, decided_by=None, decided_at=None)
                | (
                    ~Q(status=ApprovalStatus.PENDING)
                    & Q(decided_by__isnull=False, decided_at__isnull=False)
                ),
                name="approval_decided_iff_who_and_when",
            ),
            models.UniqueConstraint(
                fields=["trade_break", "act"],
                condition=Q(status=ApprovalStatus.PENDING),
                name="approval_one_waiting_a_break_and_act",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-made_at"],
                condition=Q(status=ApprovalStatus.PENDING),
                name="approval_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"Request {self.pk}"
