from itertools import pairwise

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from predictions.choices import RiskBand

LIMITS = ("medium_from", "high_from", "critical_from")
_PROBABILITY = (MinValueValidator(0.0), MaxValueValidator(1.0))


class ScoringSettings(models.Model):
    """
    Which probability is how likely, how far back trades are scored, and when the model is doubted.

    There is one row, made by a migration; every change of it is kept.
    """

    medium_from = models.FloatField("medium from", default=0.4, validators=_PROBABILITY,
        help_text="Probability from which on a trade is of medium risk; below it is low. 0.4 is "
        "40 in a hundred.",
    )  # fmt: skip
    high_from = models.FloatField(
        "high from", default=0.6, validators=_PROBABILITY, help_text="Above where medium begins."
    )
    critical_from = models.FloatField(
        "critical from", default=0.8, validators=_PROBABILITY, help_text="Above where high begins."
    )
    predicted_from = models.FloatField(
        "predicted to break from", default=0.5, validators=_PROBABILITY,
        help_text="From this probability on the answer of the API says predicted_break.",
    )  # fmt: skip
    look_back_days = models.PositiveSmallIntegerField(
        "scored for days", default=10,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="Trades dated so many days back are scored and listed while their other side "
        "has not come. Longer ago it is a question of the queue and no longer of foresight.",
    )  # fmt: skip
    drift_limit = models.FloatField(
        "drift of a feature", default=0.25, validators=[MinValueValidator(0.01)],
        help_text="Population stability index of a week's trades against those the model learnt "
        "from. Below 0.1 is calm, above 0.25 another population. Past it people are told once.",
    )  # fmt: skip
    calibration_limit = models.FloatField(
        "calibration error", default=0.05,
        validators=[MinValueValidator(0.001), MaxValueValidator(1.0)],
        help_text="How far, on average, the probabilities of a week may lie from the share that "
        "broke. Past it people are told once.",
    )  # fmt: skip
    least_trades = models.PositiveIntegerField(
        "trades to judge by", default=500, validators=[MinValueValidator(50)],
        help_text="A week with fewer trades whose end is known is drawn, and nobody is told of it.",
    )  # fmt: skip

    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "prediction settings"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="scoring_settings_one_row"),
            models.CheckConstraint(
                condition=Q(medium_from__gt=0, medium_from__lt=F("high_from"))
                & Q(high_from__lt=F("critical_from"), critical_from__lte=1),
                name="scoring_settings_bands_rise",
                violation_error_message="The risk bands do not rise: give medium, then a larger "
                "high, then a larger critical.",
            ),
        ]

    def __str__(self) -> str:
        return "Prediction settings"

    def clean(self) -> None:
        """Refuse bands that do not rise, naming the two that do not."""
        problems: dict[str, str] = {}
        if self.medium_from is not None and self.medium_from <= 0:
            problems["medium_from"] = "From 0 on every trade would be of medium risk; give more."
        for lower, upper in pairwise(LIMITS):
            below, above = getattr(self, lower), getattr(self, upper)
            if below is not None and above is not None and above <= below:
                word = lower.removesuffix("_from")
                problems[upper] = f"It has to be above where {word} begins, {below:g}."
        if problems:
            raise ValidationError(problems)

    @property
    def limits(self) -> tuple[float, float, float]:
        return self.medium_from, self.high_from, self.critical_from

    def band(self, probability: float) -> RiskBand:
        """Return the band of a probability; one that is a limit is of the band above it."""
        return RiskBand(RiskBand.values[sum(probability >= limit for limit in self.limits)])
