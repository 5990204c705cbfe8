from django.db import models
from django.db.models import Q

from breaks.choices import Severity
from trades.fields import ExactDecimalField


class ExposureThreshold(models.Model):
    """From which exposure on a break is at least this severe."""

    severity = models.CharField(max_length=8, choices=Severity, unique=True)
    at_least = ExactDecimalField(help_text="Exposure in the base currency.")

    class Meta:
        ordering = ("-at_least",)
        constraints = [
            models.CheckConstraint(condition=Q(at_least__gt=0), name="threshold_above_zero")
        ]

    def __str__(self) -> str:
        return f"{self.get_severity_display()} from {self.at_least.normalize():f}"
