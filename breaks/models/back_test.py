from django.conf import settings
from django.db import models

from matching.models import ReconciliationRun, RuleSet


class BackTest(models.Model):
    """
    What a version of the rules would have made of a past run's trades, beside the active version.

    `definition_digest` tells whether the rules are still those that were tried. `result` is what
    `breaks.services.backtest_report` makes of it; nothing else was written.
    """

    rule_set = models.ForeignKey(RuleSet, models.PROTECT, related_name="back_tests")
    against = models.ForeignKey(
        RuleSet, models.PROTECT, related_name="+", help_text="The version that was active."
    )
    run = models.ForeignKey(ReconciliationRun, models.PROTECT, related_name="back_tests")
    definition_digest = models.CharField(max_length=64)
    result = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = "back-test"

    def __str__(self) -> str:
        return f"Back-test {self.pk}"
