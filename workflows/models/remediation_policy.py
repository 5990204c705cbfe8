from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from breaks.choices import BreakType
from trades.fields import ExactDecimalField
from workflows.choices import CAN_TOUCH, COSTS_MONEY, RemedyAction

CAPS = ("absolute_cap", "percent_cap", "max_exposure")
WHOLE = 100


class RemediationPolicy(models.Model):
    """
    What one remediation may do, and whether it may do so by itself; every change is kept.

    It never touches a type that is not listed. All caps that are given must hold for it to be
    done without a second person, and what is not known holds no cap.
    """

    name = models.CharField(max_length=80, unique=True)
    action = models.CharField(max_length=16, choices=RemedyAction)
    break_types = models.JSONField(
        default=list, help_text="Types of breaks it may touch; a type not listed is never touched."
    )
    absolute_cap = ExactDecimalField(
        null=True,
        blank=True,
        help_text="Largest difference, in the unit of the field. Holds together with the percent "
        "cap: both must. A difference that is not a number holds neither.",
    )
    percent_cap = ExactDecimalField(
        null=True,
        blank=True,
        help_text="Largest difference in percent of the larger of the two values; 0.01 is one in "
        "ten thousand.",
    )
    max_exposure = ExactDecimalField(
        null=True,
        blank=True,
        help_text="Largest exposure in the base currency. An unknown exposure is above it. Empty "
        "is any exposure, and then an unknown one too.",
    )
    applies_itself = models.BooleanField(
        default=False,
        help_text="Low risk within the caps is applied without anybody asked. Everything else "
        "becomes a request that a second person approves.",
    )
    is_enabled = models.BooleanField(
        default=True, help_text="Off: what this policy allows is neither suggested nor done."
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ("action", "name")
        verbose_name_plural = "remediation policies"
        constraints = [
            *(
                models.CheckConstraint(
                    condition=Q(**{name: None}) | Q(**{f"{name}__gte": 0}),
                    name=f"remediation_{name}_not_below_zero",
                )
                for name in CAPS
            ),
            models.CheckConstraint(
                condition=~Q(action__in=COSTS_MONEY)
                | Q(**{f"{name}__isnull": False for name in CAPS}),
                name="remediation_that_costs_is_capped",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse types that the action can do nothing about, and caps that cap nothing."""
        problems: dict[str, Any] = {}
        fitting = CAN_TOUCH.get(RemedyAction(self.action), ()) if self.action else ()
        wrong = [name for name in self.break_types if name not in fitting]
        label = RemedyAction(self.action).label.lower() if self.action else "this action"
        if not self.break_types:
            problems["break_types"] = "Name at least one type of break; to stop it, switch it off."
        elif wrong and self.action:
            may = " or ".join(BreakType(one).label.lower() for one in fitting)
            problems["break_types"] = f"To {label} is for {may} only; take out {', '.join(wrong)}."
        for name in CAPS:
            cap = getattr(self, name)
            if cap is None and self.action in COSTS_MONEY:
                problems[name] = f"To {label} costs money, so it needs this cap."
            if cap is not None and cap < 0:
                problems[name] = "A cap is never below zero."
        if self.percent_cap is not None and self.percent_cap > WHOLE:
            problems["percent_cap"] = "This is in percent of a value: more than 100 caps nothing."
        if problems:
            raise ValidationError(problems)
