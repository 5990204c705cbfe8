from django.db import models
from django.db.models import Q

from predictions.choices import Watched
from predictions.models.model_version import ModelVersion


class WatchedWeek(models.Model):
    """
    What a model expected of the trades of one week, and what came of them.

    Counted are trades scored before any run had looked at them. `settled` are those scored so
    long ago that their end is known. `bands` has for each limit how many settled trades were at
    it or above, and how many of those broke.
    """

    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="weeks")
    week = models.DateField(help_text="Its Monday, by trade date.")
    scored = models.PositiveIntegerField()
    settled = models.PositiveIntegerField()
    expected = models.FloatField(help_text="Breaks expected of those settled.")
    broken = models.PositiveIntegerField()
    brier = models.FloatField(null=True)
    calibration_error = models.FloatField(null=True)
    bands = models.JSONField(default=dict)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-week",)
        constraints = [
            models.UniqueConstraint(fields=["model_version", "week"], name="week_once_a_model")
        ]

    def __str__(self) -> str:
        return f"Week of {self.week}"


class FeatureReference(models.Model):
    """How one feature was spread over the trades a model learnt from; made once a version."""

    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="references")
    feature = models.CharField(max_length=60)
    bins = models.JSONField(help_text="Edges of a number, or the values of a word.")
    shares = models.JSONField(help_text="Of each bin, then of what is missing.")
    rows = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "feature"], name="reference_once_a_feature"
            )
        ]

    def __str__(self) -> str:
        return self.feature


class FeatureDrift(models.Model):
    """How far the trades of a week lie, in one feature, from those the model learnt from."""

    week = models.ForeignKey(WatchedWeek, models.CASCADE, related_name="drifts")
    feature = models.CharField(max_length=60)
    stability = models.FloatField(help_text="Population stability index.")
    shares = models.JSONField()

    class Meta:
        ordering = ("-stability", "feature")
        constraints = [
            models.UniqueConstraint(fields=["week", "feature"], name="drift_once_a_feature")
        ]

    def __str__(self) -> str:
        return f"{self.feature} {self.stability:.2f}"


class Crossing(models.Model):
    """
    A limit that a model is past, from the week it was crossed until it is back within it.

    One at a time for each thing watched: people are told of the row, so once a crossing.
    """

    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="crossings")
    watched = models.CharField(max_length=12, choices=Watched)
    feature = models.CharField(max_length=60, blank=True)
    week = models.DateField()
    value = models.FloatField()
    limit = models.FloatField()
    crossed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-crossed_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "watched", "feature"],
                condition=Q(ended_at=None),
                name="crossing_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_watched_display()} {self.feature}".strip()
