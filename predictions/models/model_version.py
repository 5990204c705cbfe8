from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from predictions.choices import ModelAct, ModelStatus
from predictions.models.training_run import TrainingRun


class ModelVersion(models.Model):
    """
    A trained model: what it learnt from, how well it foresaw, and the digest of its file.

    Only bytes of that digest are ever loaded. `trained_from` and `trained_to` are the first and
    last trade date it learnt from; `split` has all three parts, each later than the one before.
    A refused one has no file.
    """

    status = models.CharField(max_length=9, choices=ModelStatus, default=ModelStatus.CANDIDATE)
    digest = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256 of its file, in hexadecimal."
    )
    training = models.OneToOneField(
        TrainingRun, models.PROTECT, null=True, blank=True, related_name="version"
    )
    features = models.JSONField(help_text="Name, words, kind and typical value of each, in order.")
    trained_from = models.DateField()
    trained_to = models.DateField()
    rows = models.PositiveIntegerField(help_text="Trades it learnt from.")
    broken = models.PositiveIntegerField(help_text="Of those, how many broke.")
    base_rate = models.FloatField(help_text="Share that broke of those it learnt from.")
    split = models.JSONField(help_text="Rows, breaks, first and last moment of each part.")
    metrics = models.JSONField(help_text="On the test part: of the model itself.")
    compared = models.JSONField(help_text="The same of the simpler ones it had to beat.")
    curves = models.JSONField(help_text="Points of its reliability and precision-recall curves.")
    verdict = models.TextField(help_text="Whether it may be activated, and why.")
    made_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-made_at", "-pk")
        verbose_name = "prediction model"
        permissions = [("activate_modelversion", "Can activate a prediction model")]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status=ModelStatus.ACTIVE), name="model_one_in_force"
            ),
            models.CheckConstraint(
                condition=~Q(digest="") | Q(status=ModelStatus.REFUSED),
                name="model_refused_or_with_a_file",
            ),
        ]

    def __str__(self) -> str:
        return f"Model {self.pk}"

    @property
    def typical(self) -> dict[str, Any]:
        """Return what each feature usually is, by name."""
        return {one["name"]: one["typical"] for one in self.features}


class ModelEvent(models.Model):
    """What happened to a model, and by whom; a system act has nobody."""

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="events")
    act = models.CharField(max_length=11, choices=ModelAct)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    note = models.TextField(blank=True)

    class Meta:
        ordering = ("version", "at", "pk")
        verbose_name = "event of a model"
        verbose_name_plural = "events of models"

    def __str__(self) -> str:
        return f"{self.get_act_display()} at {self.at:%Y-%m-%d %H:%M}"
