from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from breaks.choices import Severity
from breaks.models import Team, TradeBreak
from trades.fields import ExactDecimalField
from workflows.choices import ChosenBy, RoutingOutcome


class RoutingRule(models.Model):
    """
    To which team breaks of a kind go; of the enabled ones the first that fits, by `position`.

    Each condition is a list of alternatives, and an empty one fits every break. They are kept as
    text, so that a counterparty or an account that is merged away leaves a rule that fits less and
    never one that fits everything. Who changed a rule is kept.
    """

    name = models.CharField(max_length=80, unique=True)
    position = models.PositiveIntegerField(
        "place", default=1_000, help_text="Rules are tried in this order, the smallest first."
    )
    is_enabled = models.BooleanField("enabled", default=True, help_text="Off: it is passed over.")

    types = models.JSONField(default=list, blank=True)
    categories = models.JSONField(default=list, blank=True)
    severities = models.JSONField(default=list, blank=True)
    sources = models.JSONField(default=list, blank=True)
    asset_classes = models.JSONField(default=list, blank=True)
    counterparties = models.JSONField(default=list, blank=True)
    accounts = models.JSONField(default=list, blank=True)
    exposure_above = ExactDecimalField(
        null=True, blank=True, help_text="In the base currency; this very amount does not fit."
    )
    exposure_up_to = ExactDecimalField(
        null=True, blank=True, help_text="In the base currency; this very amount fits."
    )
    fits_unknown_exposure = models.BooleanField(
        "an unknown exposure fits",
        default=False,
        help_text="Only where a range is given: without one every exposure fits, an unknown too.",
    )

    team = models.ForeignKey(Team, models.PROTECT, related_name="routing_rules")
    chosen_by = models.CharField(
        "who gets it", max_length=20, choices=ChosenBy, default=ChosenBy.LOAD
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ("position", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(exposure_above=None) | Q(exposure_above__gte=0),
                name="routing_rule_from_not_below_zero",
                violation_error_message="An exposure is never below zero: begin at 0 or above.",
            ),
            models.CheckConstraint(
                condition=Q(exposure_above=None)
                | Q(exposure_up_to=None)
                | Q(exposure_above__lt=F("exposure_up_to")),
                name="routing_rule_range_not_empty",
                violation_error_message="No exposure is in this range: end it above its beginning.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Routing(models.Model):
    """
    By which rule a break is where it is, and of what it was then.

    `team` and `person` are where the rule placed it: where the break is elsewhere, somebody moved
    it. `severity` and `exposure` are what the rules were asked about; one that differs by now makes
    the routing stale. The key is the break's.
    """

    trade_break = models.OneToOneField(
        TradeBreak, models.CASCADE, primary_key=True, related_name="routing"
    )
    rule = models.ForeignKey(RoutingRule, models.SET_NULL, null=True, related_name="+")
    rule_name = models.CharField(max_length=80, blank=True, help_text="As it was called then.")
    outcome = models.CharField(max_length=16, choices=RoutingOutcome)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+")
    # A number and not a key: people may go, and what was is still compared with what is.
    person_id = models.BigIntegerField(null=True)
    severity = models.CharField(max_length=8, choices=Severity)
    exposure = ExactDecimalField(null=True)
    why = models.CharField(max_length=400, help_text="In one line.")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")
        indexes = [
            models.Index(
                fields=["trade_break"],
                condition=Q(
                    outcome__in=[RoutingOutcome.WAITS_FOR_SHIFT, RoutingOutcome.TEAM_IS_EMPTY]
                ),
                name="routing_waits",
            )
        ]

    def __str__(self) -> str:
        return self.why
