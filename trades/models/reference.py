from django.db import models

from trades.choices import AssetClass, IdentifierScheme, SourceKind
from trades.fields import ExactDecimalField


class Source(models.Model):
    """A system that reports trades."""

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=SourceKind)
    timezone = models.CharField(
        max_length=64,
        default="UTC",
        help_text="IANA name; local times and trade dates are read in it.",
    )
    calendar = models.CharField(
        max_length=16,
        default="XNYS",
        help_text="Exchange calendar of its business days (ISO 10383 MIC).",
    )

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class Instrument(models.Model):
    """A security, currency pair or contract, whatever each source calls it."""

    name = models.CharField(max_length=200, blank=True)
    asset_class = models.CharField(max_length=16, choices=AssetClass, blank=True)
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name or f"Instrument {self.pk}"


class InstrumentIdentifier(models.Model):
    """One name an instrument has in one scheme; a ticker also needs its market."""

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=8, choices=IdentifierScheme)
    value = models.CharField(max_length=40)
    mic = models.CharField("market (MIC)", max_length=4, blank=True)

    class Meta:
        ordering = ("scheme", "value")
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "value", "mic"], name="identifier_names_one_instrument"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.value}{f' {self.mic}' if self.mic else ''}"


class FxRate(models.Model):
    """What one unit of a currency was worth in the base currency from a date on."""

    currency = models.CharField(max_length=3)
    base = models.CharField(max_length=3, default="USD")
    as_of_date = models.DateField()
    rate = ExactDecimalField(help_text="Units of the base currency for one unit of the currency.")

    class Meta:
        ordering = ("currency", "base", "-as_of_date")
        verbose_name = "FX rate"
        verbose_name_plural = "FX rates"
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "base", "as_of_date"], name="fx_rate_one_a_day"
            ),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="fx_rate_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.currency}/{self.base} {self.rate.normalize():f} from {self.as_of_date}"
