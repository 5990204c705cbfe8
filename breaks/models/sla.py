from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from breaks.choices import BreakCategory, BreakType, Severity, WorkStatus
from breaks.models.team import Team, check_timezone

STANDARD = "standard"
A_YEAR = 366 * 24 * 60
_LENGTH = (MinValueValidator(1), MaxValueValidator(A_YEAR))


class SlaPolicy(models.Model):
    """
    One version of how long breaks may take, and of which breaks that is said.

    A version is never edited: an edit makes the next one and retires this (`retired_at`), which
    stays to be read, with the breaks that ended under it. Of the current policies the most
    specific that fits a break counts: team before type, type before category, and one for all
    breaks is always there. Minutes are of business time: the team's hours and calendar.

    The cut-off is the time of day by which the market takes no more corrections. A break is never
    due later than the first cut-off on a business day after its clock began to run (was opened or
    re-opened, or ran on after a pause): found in the afternoon it is due by today's cut-off, found
    after it, or on a holiday, by the next business day's.

    What belongs to a version from above refers to it by its key, and is made anew with the next.
    """

    code = models.SlugField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=80)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="sla_policies",
        help_text="Whose breaks; empty is everybody's.",
    )  # fmt: skip
    category = models.CharField(max_length=12, choices=BreakCategory, blank=True)
    break_type = models.CharField("type", max_length=16, choices=BreakType, blank=True)
    critical_minutes = models.PositiveIntegerField("critical", default=30, validators=_LENGTH)
    high_minutes = models.PositiveIntegerField("high", default=120, validators=_LENGTH)
    medium_minutes = models.PositiveIntegerField("medium", default=480, validators=_LENGTH)
    low_minutes = models.PositiveIntegerField("low", default=480, validators=_LENGTH)
    pauses_while_awaiting = models.BooleanField(
        default=False, help_text="The clock stands while the counterparty is waited for."
    )
    cut_off = models.TimeField(
        null=True, blank=True,
        help_text="Never due later than this time of the business day; empty is no cut-off.",
    )  # fmt: skip
    cut_off_timezone = models.CharField(
        max_length=40, blank=True, validators=[check_timezone],
        help_text="Where the cut-off is that time, as America/New_York is written; "
        "empty is the team's.",
    )  # fmt: skip
    note = models.TextField(blank=True, help_text="What this version changes, and why.")
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("code", "-version")
        verbose_name = "SLA policy"
        verbose_name_plural = "SLA policies"
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="sla_policy_version_once"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(retired_at=None), name="sla_policy_one_current_version"
            ),
            models.UniqueConstraint(
                fields=["team", "category", "break_type"],
                condition=Q(retired_at=None, team__isnull=False),
                name="sla_policy_one_a_team_scope",
            ),
            models.UniqueConstraint(
                fields=["category", "break_type"],
                condition=Q(retired_at=None, team=None),
                name="sla_policy_one_a_scope",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def is_current(self) -> bool:
        return self.retired_at is None

    def minutes(self, severity: str) -> int:
        return int(getattr(self, f"{Severity(severity).lower()}_minutes"))


class ClockChange(models.Model):
    """
    That policies, a calendar or a team's hours were edited, and how far the due times followed.

    The row is the work: whoever takes it up recalculates the live breaks it may touch, in the
    order of their keys, and `done_to` is the last one done. Doing a break twice changes nothing.
    """

    status = models.CharField(max_length=8, choices=WorkStatus, default=WorkStatus.QUEUED)
    reason = models.CharField(max_length=200, help_text="What was edited.")
    team_ids = models.JSONField(
        null=True, blank=True, help_text="Only breaks of these teams; empty is all."
    )
    to_look_at = models.PositiveIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0, help_text="Breaks due at another time by it.")
    done_to = models.PositiveBigIntegerField(default=0)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = "change of due times"
        verbose_name_plural = "changes of due times"
        constraints = [
            models.CheckConstraint(
                condition=Q(looked_at__gte=F("moved")), name="clock_change_moved_were_looked_at"
            )
        ]

    def __str__(self) -> str:
        return self.reason
