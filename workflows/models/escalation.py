from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from breaks.models import SlaPolicy, Team, TradeBreak
from workflows.models.channel import Channel


class EscalationLevel(models.Model):
    """
    Who is told when a break is late by a share of its clock, under a policy.

    Levels belong to a policy by its code, not to one of its versions: an edit of the clock keeps
    them. A policy without levels of its own has those of the standard policy. Who changed a
    level is kept.
    """

    policy_code = models.SlugField("policy", max_length=40)
    number = models.PositiveSmallIntegerField(
        "level", validators=[MinValueValidator(1), MaxValueValidator(9)]
    )
    after_pct = models.PositiveSmallIntegerField(
        "late by %", default=0, validators=[MaxValueValidator(1000)],
        help_text="Of the clock, in business time: 0 is when it is due, 50 is 4 hours late of 8.",
    )  # fmt: skip
    is_enabled = models.BooleanField("enabled", default=True)
    tells_assignee = models.BooleanField(
        "assignee", default=False, help_text="Whoever the break is assigned to."
    )
    tells_own_team = models.BooleanField(
        "its team", default=False, help_text="The members of the team whose queue it is in."
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+",
        help_text="All its members.",
    )  # fmt: skip
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    channel = models.ForeignKey(
        Channel, models.PROTECT, null=True, blank=True, related_name="levels"
    )
    sets_status = models.BooleanField(
        "sets Escalated", default=False, help_text="The break becomes Escalated."
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ("policy_code", "number")
        constraints = [
            models.UniqueConstraint(
                fields=["policy_code", "number"],
                name="escalation_level_once_a_policy",
                violation_error_message="The policy has this level already.",
            ),
            models.CheckConstraint(
                condition=Q(tells_assignee=True)
                | Q(tells_own_team=True)
                | Q(team__isnull=False)
                | Q(person__isnull=False)
                | Q(channel__isnull=False),
                name="escalation_level_tells_somebody",
                violation_error_message="Say who is told: assignee, team, person or channel.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_code} level {self.number}"

    @property
    def when_words(self) -> str:
        return "when due" if not self.after_pct else f"+{self.after_pct}% of the clock"

    def clean(self) -> None:
        if self.channel is not None and self.channel.is_personal:
            raise ValidationError(
                {"channel": "It writes to people's own addresses; name a person or a team instead."}
            )


class Escalation(models.Model):
    """That a level fired for a break under a version of its policy: once, and never again."""

    trade_break = models.ForeignKey(TradeBreak, models.PROTECT, related_name="escalations")
    policy = models.ForeignKey(SlaPolicy, models.PROTECT, related_name="escalations")
    level = models.PositiveSmallIntegerField()
    after_pct = models.PositiveSmallIntegerField("late by %")
    due_at = models.DateTimeField(help_text="When the break was due.")
    at = models.DateTimeField()
    told = models.CharField(max_length=200)
    tick = models.UUIDField(editable=False, help_text="The look that found it.")

    class Meta:
        ordering = ("-at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["trade_break", "policy", "level"], name="escalation_fires_once"
            )
        ]
        indexes = [models.Index(fields=["-at"], name="escalation_newest_first")]

    def __str__(self) -> str:
        return f"Escalation {self.pk}"
