from django.conf import settings
from django.db import models
from django.db.models import Q

from breaks.choices import (
    BY_ITSELF,
    LIVE,
    BreakCategory,
    BreakStatus,
    BreakType,
    ReasonCode,
    Severity,
)
from breaks.models.sla import SlaPolicy
from breaks.models.team import Team
from breaks.querysets import TradeBreakQuerySet
from matching.models import Match, Reconciliation, ReconciliationRun
from trades.fields import ExactDecimalField
from trades.models import Trade

ENDED = [BreakStatus.RESOLVED, BreakStatus.ACCEPTED]


class TradeBreak(models.Model):
    """
    A disagreement between two sources, alive from run to run by its fingerprint.

    The fingerprint is made of the reconciliation, the type, the trades' identities and the
    field, so the same disagreement is the same row however often it is found. `version` rises
    with every change, each of which is one event of the history, and a write names the version
    it read. That a run merely saw it again is no change, and makes nobody's edit stale.
    """

    reconciliation = models.ForeignKey(Reconciliation, models.PROTECT, related_name="breaks")
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    break_type = models.CharField("type", max_length=16, choices=BreakType)
    category = models.CharField(max_length=12, choices=BreakCategory)
    field = models.CharField(max_length=40, blank=True)
    severity = models.CharField(max_length=8, choices=Severity)
    status = models.CharField(max_length=24, choices=BreakStatus, default=BreakStatus.OPEN)

    match = models.ForeignKey(Match, models.SET_NULL, null=True, blank=True, related_name="breaks")
    left_trade = models.ForeignKey(
        Trade, models.PROTECT, null=True, blank=True, related_name="breaks_on_left"
    )
    right_trade = models.ForeignKey(
        Trade, models.PROTECT, null=True, blank=True, related_name="breaks_on_right"
    )
    trade_date = models.DateField()

    left_value = models.CharField(max_length=200, blank=True)
    right_value = models.CharField(max_length=200, blank=True)
    difference = ExactDecimalField(null=True, blank=True, help_text="Left less right.")
    tolerance = models.CharField(max_length=80, blank=True)
    exposure = ExactDecimalField(
        null=True, blank=True, help_text="Money at risk in the base currency; empty is unknown."
    )
    currency = models.CharField(max_length=3, blank=True, help_text="Of the exposure.")
    exposure_note = models.CharField(
        max_length=200, blank=True, help_text="Why the exposure is unknown."
    )

    opened_at = models.DateTimeField(help_text="When it was first found.")
    last_seen_at = models.DateTimeField()
    times_seen = models.PositiveIntegerField(default=1, help_text="Runs that found it.")
    first_run = models.ForeignKey(
        ReconciliationRun, models.PROTECT, null=True, blank=True, related_name="breaks_opened"
    )
    last_run = models.ForeignKey(
        ReconciliationRun, models.PROTECT, null=True, blank=True, related_name="breaks_seen"
    )

    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="breaks"
    )
    team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="breaks",
        help_text="Whose queue it is in; empty is everybody's.",
    )
    sla_policy = models.ForeignKey(
        SlaPolicy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="breaks",
        help_text="The version of the policy that its due time follows.",
    )
    clock_from = models.DateTimeField(help_text="Since when its clock runs, or ran until a pause.")
    clock_spent_us = models.PositiveBigIntegerField(
        default=0,
        db_default=0,
        help_text="Business time run before that, in microseconds.",
    )
    paused_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when its clock stands."
    )
    due_at = models.DateTimeField()
    rank = models.IntegerField(
        help_text="Its place in the queue: the larger, the dearer it is to leave."
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason_code = models.CharField(max_length=24, choices=ReasonCode, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = TradeBreakQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at", "-pk")
        verbose_name = "break"
        permissions = [
            ("work_tradebreak", "Can work breaks"),
            ("accept_tradebreak", "Can accept breaks as a loss"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(Q(status__in=ENDED, resolved_at__isnull=False) & ~Q(reason_code=""))
                | (~Q(status__in=ENDED) & Q(resolved_at=None, resolved_by=None, reason_code="")),
                name="break_ended_iff_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(resolved_by__isnull=False)
                | ~Q(status__in=ENDED)
                | Q(reason_code__in=BY_ITSELF),
                name="break_ended_by_a_person_or_by_itself",
            ),
            models.CheckConstraint(
                condition=Q(paused_at=None) | Q(status=BreakStatus.AWAITING_COUNTERPARTY),
                name="break_paused_only_while_awaiting",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-opened_at"], name="break_status_opened"),
            models.Index(fields=["reconciliation", "trade_date"], name="break_recon_date"),
            models.Index(
                fields=["-rank", "-id"],
                condition=Q(status__in=LIVE),
                # What the queue's tabs, counts and totals read, and the dashboard: they need no
                # row of the table.
                include=[
                    "team",
                    "assigned_to",
                    "severity",
                    "break_type",
                    "opened_at",
                    "due_at",
                    "paused_at",
                    "exposure",
                    "currency",
                    "trade_date",
                    "reconciliation",
                ],
                name="break_live_rank",
            ),
            models.Index(
                fields=["-id"], include=["team", "assigned_to"], name="break_newest_first"
            ),
            models.Index(
                fields=["resolved_at"],
                condition=Q(resolved_at__isnull=False),
                # What is told of the breaks that ended within a time.
                include=[
                    "opened_at",
                    "due_at",
                    "status",
                    "team",
                    "assigned_to",
                    "trade_date",
                    "reconciliation",
                ],
                name="break_ended",
            ),
            # The oldest live ones, page by page.
            models.Index(
                fields=["opened_at", "id"], condition=Q(status__in=LIVE), name="break_live_oldest"
            ),
        ]

    def __str__(self) -> str:
        return f"Break {self.pk}"
