from django.db import models
from django.db.models import Q

from predictions.choices import RiskBand
from predictions.models.model_version import ModelVersion
from trades.models import Trade


class TradeScore(models.Model):
    """
    How likely a trade is to break, as one model version saw it before the other side reported.

    One row a trade and model version: an amended trade is scored anew while its other side has
    not come. Once it has, the row stays as it is, to be held against what happened.
    """

    trade = models.ForeignKey(Trade, models.CASCADE, related_name="scores")
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="scores")
    trade_version = models.PositiveIntegerField(help_text="The version of the trade it was.")
    probability = models.FloatField()
    band = models.CharField("risk", max_length=8, choices=RiskBand)
    factors = models.JSONField(
        null=True, help_text="What moves it most; empty where it was too unlikely to ask."
    )
    before_run = models.BooleanField(
        help_text="No run had looked at it yet: only such scores are held against what happened."
    )
    scored_at = models.DateTimeField()

    class Meta:
        ordering = ("-probability", "-pk")
        verbose_name = "trade likely to break"
        verbose_name_plural = "trades likely to break"
        permissions = [("request_tradescore", "Can ask for scores of trades")]
        constraints = [
            models.UniqueConstraint(
                fields=["trade", "model_version"], name="score_once_a_trade_and_model"
            ),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1),
                name="score_is_a_probability",
            ),
        ]
        indexes = [
            models.Index(fields=["model_version", "-probability"], name="score_likeliest_first"),
            models.Index(fields=["scored_at"], name="score_when"),
        ]

    def __str__(self) -> str:
        return f"{self.probability:.1%} of {self.trade}"
